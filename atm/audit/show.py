"""Reads log entries for people, as lists or a table; each reading is logged itself."""

import json
import re
import textwrap
from collections.abc import Iterable
from datetime import datetime

from atm.audit.log import AuditLog
from credentials.sealed.files import JsonObject

WIDTH = 80
_HIDDEN = ("n", "at", "kind", "stores", "previous", "mac", "sealed")
_LOGGED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00")


def show(
    log: AuditLog,
    who: str,
    *,
    customer: str | None = None,
    since: datetime | None = None,
    kind: str | None = None,
    reading: bytes = b"",
) -> list[JsonObject]:
    """Return the matching entries, oldest first, with the entry of this reading.

    Args:
        log: The log.
        who: Name of the reader.
        customer: The id of a customer.
        since: A time with its zone.
        kind: A kind of entry.
        reading: The key of the encrypted fields; without it they stay encrypted.

    Raises:
        AuditError: If the reading cannot be logged or the log cannot be read.
        ValueError: If *since* has no zone.
    """
    if since is not None and since.tzinfo is None:
        raise ValueError("the time has no zone")
    log.append(
        "audit read",
        staff=[who],
        customer=customer,
        since=None if since is None else since.isoformat(),
        of=kind,
    )
    return [
        entry
        for entry in log.entries(reading)
        if customer in (None, entry.get("customer"))
        and kind in (None, entry.get("kind"))
        and (since is None or _time(entry) >= since)
    ]


def table(entries: Iterable[JsonObject]) -> str:
    """Return *entries* as text of 80 columns: number, time, kind, then the other fields.

    What does not fit goes on, indented; only one word that is longer makes a line longer.
    """
    rows = [(_plain(entry.get("n")), entry) for entry in entries]
    width = max((len(n) for n, _ in rows), default=0)
    return "\n".join(_row(f"{n:>{width}}  ", entry) for n, entry in rows)


def _row(number: str, entry: JsonObject) -> str:
    """Return one entry; a field moves to the next line as a whole where it fits there."""
    indent = " " * (len(number) + 2)
    lines = [f"{number}{_seconds(entry)}  {_plain(entry.get('kind'))}"]
    for field in _fields(entry):
        if len(lines[-1]) + 2 + len(field) <= WIDTH:
            lines[-1] += f"  {field}"
            continue
        lines += textwrap.wrap(
            field, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines)


def _seconds(entry: JsonObject) -> str:
    """Return the entry's time to the second, as the log has it: in UTC."""
    at = _plain(entry.get("at"))
    return f"{at[:10]} {at[11:19]}Z" if _LOGGED.fullmatch(at) else at


def _time(entry: JsonObject) -> datetime:
    """Return the time of *entry*; the year 1 if it cannot be read."""
    try:
        return datetime.fromisoformat(str(entry.get("at"))).astimezone()
    except (ValueError, OverflowError):
        return datetime.fromisoformat("0001-01-02T00:00:00+00:00")


def _fields(entry: JsonObject) -> list[str]:
    shown = [
        f"{_plain(name)}={_plain(value)}"
        for name, value in entry.items()
        if name not in _HIDDEN and value is not None
    ]
    return [*shown, "(names and amounts encrypted)"] if "sealed" in entry else shown


def _plain(value: object) -> str:
    """Return *value* as text without control characters or changes of direction."""
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    text = value if isinstance(value, str) else json.dumps(value)
    return text if text.isprintable() else json.dumps(text)
