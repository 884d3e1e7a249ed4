"""Reads log entries for people, as lists or a table; each reading is logged itself."""

import json
from collections.abc import Iterable
from datetime import datetime

from atm.audit.log import AuditLog
from credentials.sealed.files import JsonObject

_COLUMNS = ("n", "at", "kind")
_HIDDEN = (*_COLUMNS, "stores", "previous", "mac", "sealed")


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
    """Return *entries* as lines of text: number, time, kind, then the other fields."""
    rows = [(*(_plain(entry.get(name)) for name in _COLUMNS), _rest(entry)) for entry in entries]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return "\n".join(
        f"{n:>{widths[0]}}  {at:<{widths[1]}}  {kind:<{widths[2]}}  {rest}".rstrip()
        for n, at, kind, rest in rows
    )


def _time(entry: JsonObject) -> datetime:
    """Return the time of *entry*; the year 1 if it cannot be read."""
    try:
        return datetime.fromisoformat(str(entry.get("at"))).astimezone()
    except (ValueError, OverflowError):
        return datetime.fromisoformat("0001-01-02T00:00:00+00:00")


def _rest(entry: JsonObject) -> str:
    shown = [
        f"{_plain(name)}={_plain(value)}"
        for name, value in entry.items()
        if name not in _HIDDEN and value is not None
    ]
    return "  ".join([*shown, "(names and amounts encrypted)"] if "sealed" in entry else shown)


def _plain(value: object) -> str:
    """Return *value* as text without control characters or changes of direction."""
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    text = value if isinstance(value, str) else json.dumps(value)
    return text if text.isprintable() else json.dumps(text)
