"""An export as plain text that reads well on paper: 76 columns, one part after the other."""

import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from atm.accounts.money import plain_amount

WIDTH: Final = 76
"""Columns: A4 with margins, in a letter of 10 points."""
_NAME: Final = 32
_IN_THE_LINE: Final = ("n", "at", "kind")


def printed(kept: Mapping[str, Any], now: datetime) -> str:
    """Return the export *kept*, as `atm.maintenance.export.export` made it, as text.

    Args:
        kept: The export.
        now: Time of the print; aware.
    """
    consents = {name: value for name, value in kept.items() if "consent" in name}
    lines = [
        "What this bank's machine keeps about you",
        f"Printed {_time(now)}. All times are in UTC.",
        *_part("You", kept["customer"]),
        *_part("Your consent", consents),
        *_part("Your face", kept["face"] or {"pictures": "none"}),
        *_account(kept["account"]),
        *_heading("What happened"),
    ]
    for entry in kept["log"]:
        lines += _entry(entry)
    return "\n".join([*lines, "", "End."])


def _heading(title: str) -> list[str]:
    return ["", title, "-" * len(title)]


def _part(title: str, values: Mapping[str, Any]) -> list[str]:
    return _heading(title) + [line for pair in values.items() for line in _pair(*pair)]


def _pair(name: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}:"] + [
            line for pair in value.items() for line in _pair("  " + pair[0], pair[1])
        ]
    indent = " " * (_NAME + 1)
    return textwrap.wrap(
        f"{name:{_NAME}} {_plain(value)}", WIDTH, subsequent_indent=indent, drop_whitespace=True
    )


def _account(account: Mapping[str, Any] | None) -> list[str]:
    if account is None:
        return _part("Your account", {"account": "none"})
    currency = account["currency"]
    lines = _part("Your account", {
        "balance": plain_amount(account["balance in minor units"], currency)
    })  # fmt: skip
    for hold in account["on hold, in minor units"]:
        amount = plain_amount(hold["amount"], currency)
        lines += _pair("on hold", f"{amount}, {_time(hold['at'])}, {hold['reference']}")
    lines += ["", f"{'time':19} {'kind':10} {'amount':>16} {'balance':>16} reference"]
    for each in account["transactions"]:
        amount = plain_amount(each["amount in minor units"], currency)
        balance = plain_amount(each["balance in minor units"], currency)
        lines.append(
            f"{_time(each['at']):19} {each['kind']:10} {amount:>16} {balance:>16}"
            f" {each['reference']}"
        )
    return lines


def _entry(entry: Mapping[str, Any]) -> list[str]:
    rest = "; ".join(
        f"{name}: {_plain(value)}" for name, value in entry.items() if name not in _IN_THE_LINE
    )
    return textwrap.wrap(
        f"{_time(entry['at'])}  {entry['kind']}. {rest}", WIDTH, subsequent_indent=" " * 4
    )


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value))
    return str(value)


def _time(at: str | datetime) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
