"""Refused logins, as staff read them from the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from atm.audit import AuditError
from credentials.sealed.files import JsonObject


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login that was not granted.

    Attributes:
        at: When, aware.
        username: The claimed customer's; None for an unknown or deleted one.
        outcome: As `atm.login.decision.Outcome` has it.
        reasons: In the log's words.
        times: Number of equal refusals in that minute.
    """

    at: datetime
    username: str | None
    outcome: str
    reasons: tuple[str, ...]
    times: int


def refusal(entry: JsonObject, names: Mapping[str, str]) -> Refusal:
    """Return the refusal in *entry* of the log; *names* are usernames by customer id.

    Raises:
        AuditError: If the entry does not have the log's format.
    """
    try:
        return Refusal(
            at=datetime.fromisoformat(str(entry["at"])),
            username=names.get(str(entry.get("customer"))),
            outcome=str(entry["outcome"]),
            reasons=tuple(map(str, cast("list[object]", entry["reasons"]))),
            times=int(str(entry.get("repeated", 1))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AuditError("The log was altered; ask the auditor to verify it.") from error
