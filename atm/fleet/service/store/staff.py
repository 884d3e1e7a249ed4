"""Members of staff and their wrong PINs in the shared store; rules in `atm.staff.registry`."""

from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import Connection, func, select

from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import STAFF, STAFF_ATTEMPTS
from atm.fleet.service.store.sealed_table import Row, SealedTable
from atm.people import StaffError
from atm.staff.staff_file import Staff, StaffEntry, parse_staff
from credentials.attempt_rules import Place, WrongPinCount
from credentials.errors import StoreError
from credentials.sealed.files import JsonObject


class StaffRows:
    """Members of staff in the database; implements `atm.staff.registry.StaffEntries`."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        """Keep members in *database*, sealed with the keys of *ring*."""
        self._database = database
        self._table = SealedTable(STAFF, ring, StaffError)

    def read(self) -> Staff:
        """Return all members; a look-up by name reads one row only."""
        return _Members(self._database, self._table)

    def change(self, edit: Callable[[Staff], list[JsonObject]]) -> None:
        """Replace the members by the result of *edit*, in one transaction."""

        def work(connection: Connection) -> None:
            rows = {row["name_key"]: row for row in _all(self._table, connection)}
            found = {key: _entry(row) for key, row in rows.items() if row["name"] is not None}
            wanted = parse_staff(edit(found))
            for key, entry in wanted.items():
                if key not in rows:
                    self._table.insert(connection, name_key=key, **entry.plain())
                elif found.get(key) != entry:
                    self._table.update(connection, rows[key], **entry.plain())
            for key in found.keys() - wanted.keys():
                blank = {"staff_id": None, "name": None, "pin_hash": None}
                self._table.update(connection, rows[key], **blank)

        self._database.run(work)


class StaffAttemptRows:
    """Wrong PINs of staff at one kiosk; implements `StaffAttempts`. The counters never fall."""

    def __init__(self, database: Database, ring: KeyRing, kiosk_id: str) -> None:
        """Count for the kiosk *kiosk_id*; waits use the clock of *database*."""
        self._database = database
        self._table = SealedTable(STAFF_ATTEMPTS, ring, StoreError)
        self._kiosk_id = kiosk_id

    def reserve(self, owner_id: str, place: Place) -> bool:
        """Count one attempt as wrong, durable when this returns; False while the owner waits."""

        def work(connection: Connection) -> bool:
            row = self._table.get(connection, owner_id, self._kiosk_id, place.value)
            count, judged = _count(row).reserved(self._database.now(connection))
            if judged and row is None:
                self._table.insert(
                    connection, staff_id=owner_id, kiosk_id=self._kiosk_id, place=place.value,
                    wrong=1, wrong_forgiven=0, since=count.since,
                )  # fmt: skip
            elif judged and row is not None:
                self._table.update(connection, row, wrong=row["wrong"] + 1, since=count.since)
            return judged

        return self._database.run(work)

    def clear(self, owner_id: str, place: Place | None = None) -> None:
        """Forgive the attempts at *place* of this kiosk, by default those of every kiosk."""

        def work(connection: Connection) -> None:
            query = select(STAFF_ATTEMPTS).where(STAFF_ATTEMPTS.c.staff_id == owner_id)
            if place is not None:
                query = query.where(
                    STAFF_ATTEMPTS.c.kiosk_id == self._kiosk_id,
                    STAFF_ATTEMPTS.c.place == place.value,
                )
            for row in self._table.select(connection, query):
                self._table.update(connection, row, wrong_forgiven=row["wrong"])

        self._database.run(work)

    def waits(self, owner_id: str, place: Place) -> bool:
        """Return whether an attempt of *owner_id* at *place* would not be judged now."""

        def work(connection: Connection) -> bool:
            row = self._table.get(connection, owner_id, self._kiosk_id, place.value)
            return _count(row).left(self._database.now(connection)) > 0

        return self._database.run(work)


class _Members(Mapping[str, StaffEntry]):
    """Members by the keys of their names, each read when it is looked up."""

    def __init__(self, database: Database, table: SealedTable) -> None:
        self._database = database
        self._table = table

    def __getitem__(self, key: str) -> StaffEntry:
        row = self._database.run(lambda connection: self._table.get(connection, key))
        if row is None or row["name"] is None:
            raise KeyError(key)
        return _entry(row)

    def __iter__(self) -> Iterator[str]:
        rows = self._database.run(lambda connection: _all(self._table, connection))
        return iter([row["name_key"] for row in rows if row["name"] is not None])

    def __len__(self) -> int:
        query = select(func.count()).select_from(STAFF).where(STAFF.c.name.is_not(None))
        return self._database.run(lambda connection: connection.execute(query).scalar_one())


def _all(table: SealedTable, connection: Connection) -> list[Row]:
    return table.select(connection, select(STAFF))


def _entry(row: Row) -> StaffEntry:
    return StaffEntry(row["staff_id"], row["name"], row["pin_hash"])


def _count(row: Row | None) -> WrongPinCount:
    if row is None:
        return WrongPinCount()
    return WrongPinCount(row["wrong"] - row["wrong_forgiven"], row["since"])
