"""Audit log of each kiosk in the shared store: one chain of sealed entries for each kiosk.

Each entry holds the MAC of the entry before, and its own MAC covers that. Somebody who can write to
the database without the key can neither add nor change an entry; missing newest entries show only
in a comparison with the kiosk's own log.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from atm.audit import AuditError
from atm.audit.entries import LONGEST_LINE, check_field
from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import AUDIT
from atm.fleet.service.store.sealed_table import Row, SealedTable
from credentials.sealed.files import JsonObject

_FIRST: Final = bytes(36)
_PAGE = 1000


class AuditRows:
    """Audit log of one kiosk; implements `atm.ports.Log`."""

    def __init__(self, database: Database, ring: KeyRing, kiosk_id: str) -> None:
        """Keep the log in *database*, which should be another object than the customers'.

        Then an entry stays even if the transaction that it reports is rolled back.
        """
        self._database = database
        self._table = SealedTable(AUDIT, ring, AuditError)
        self._kiosk_id = kiosk_id

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        """Add an entry, durable when this returns; *anchor* makes no difference here.

        Raises:
            ServiceUnavailable: If it cannot be stored; the logged act must not happen then.
            AuditError: If the newest entry was altered.
            ValueError: As `atm.audit.AuditLog.append`.
        """
        for name, value in fields.items():
            check_field(name, value)
        text = json.dumps(fields, allow_nan=False)
        if len(text) > LONGEST_LINE:
            raise ValueError("the entry is too long for the log")

        def work(connection: Connection) -> None:
            newest = self._table.select(
                connection, self._mine().order_by(AUDIT.c.n.desc()).limit(1)
            )
            self._table.insert(
                connection,
                kiosk_id=self._kiosk_id,
                n=newest[0]["n"] + 1 if newest else 1,
                at=datetime.fromtimestamp(self._database.now(connection), UTC),
                kind=kind,
                fields=text,
                previous=bytes(newest[0]["mac"]) if newest else _FIRST,
            )

        self._database.run(work)

    def remember(self) -> None:
        """Do nothing: the counters lie in this database, whose own backups tell their age."""

    def tail(self, n: int, *kinds: str) -> list[JsonObject]:
        """Return the last *n* entries (of *kinds* only, if given), oldest first.

        Raises:
            AuditError: If one was altered.
        """
        query = self._mine().order_by(AUDIT.c.n.desc()).limit(n)
        if kinds:
            query = query.where(AUDIT.c.kind.in_(kinds))
        return [_entry(row) for row in self._select(query)[::-1]]

    def newest_of(self, folder: str) -> JsonObject | None:
        """Return the newest entry that the kiosk sent of its folder *folder*, None without one.

        Raises:
            AuditError: If it was altered.
        """
        sent = AUDIT.c.fields.contains(f'"own": ["{folder}"', autoescape=True)
        query = self._mine().where(AUDIT.c.kind.startswith("kiosk "), sent)
        found = self._select(query.order_by(AUDIT.c.n.desc()).limit(1))
        return _entry(found[0]) if found else None

    def entries(self) -> Iterator[JsonObject]:
        """Yield all entries, oldest first.

        Raises:
            AuditError: If an entry was altered, is missing, or was inserted.
        """
        number, previous = 0, _FIRST
        while True:
            query = self._mine().where(AUDIT.c.n > number).order_by(AUDIT.c.n).limit(_PAGE)
            rows = self._select(query)
            for row in rows:
                if (row["n"], bytes(row["previous"])) != (number + 1, previous):
                    raise AuditError("An entry of the log is missing, or was inserted.")
                number, previous = row["n"], bytes(row["mac"])
                yield _entry(row)
            if not rows:
                return

    def _select(self, query: Select[Any]) -> list[Row]:
        return self._database.run(lambda connection: self._table.select(connection, query))

    def _mine(self) -> Select[Any]:
        return select(AUDIT).where(AUDIT.c.kiosk_id == self._kiosk_id)


def _entry(row: Row) -> JsonObject:
    at = row["at"].astimezone(UTC).isoformat(timespec="milliseconds")
    return {"n": row["n"], "at": at, "kind": row["kind"], **json.loads(row["fields"])}
