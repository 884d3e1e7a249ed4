"""The logins that were not granted, as staff read them."""

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
        username: Who was claimed; None for a name that nobody has, or has any more.
        outcome: As `atm.login.decision.Outcome` has it.
        reasons: In the log's words.
        times: How often in that minute.
    """

    at: datetime
    username: str | None
    outcome: str
    reasons: tuple[str, ...]
    times: int


def refusal(entry: JsonObject, names: Mapping[str, str]) -> Refusal:
    """Return what *entry* of the log says; *names* are usernames by customer id.

    Raises:
        AuditError: If it is not as the log writes it.
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
