"""Database table whose rows carry MACs: a row that the service did not write is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, insert, select, update

from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import OPTIONAL
from credentials.sealed.seal import Value

Row = Mapping[str, Any]


class SealedTable:
    """Reads and writes the rows of one table with their MACs, within a transaction."""

    def __init__(self, table: Table, ring: KeyRing, error: type[Exception]) -> None:
        """Seal with the keys of *ring*; an altered row raises *error*."""
        self.table = table
        self._ring = ring
        self._error = error
        self._keys = tuple(table.primary_key.columns)
        self._sealed = tuple(column.name for column in table.columns if column.name != "mac")
        self._optional = {each.name for each in table.columns if each.info.get(OPTIONAL)}

    def get(self, connection: Connection, *key: object) -> Row | None:
        """Return the row of the primary *key*, None if there is none."""
        found = self.select(connection, self._where(select(self.table), key))
        return found[0] if found else None

    def select(self, connection: Connection, query: Select[Any]) -> list[Row]:
        """Return the rows that *query*, a SELECT of the whole table, finds."""
        found: list[Row] = [dict(row) for row in connection.execute(query).mappings()]
        keys = self._ring.current()
        for row in found:
            if not keys.check(row["mac"], self.table.name, *self._values(row)):
                raise self._error(
                    f"A row of the table {self.table.name} was altered by another program."
                )
        return found

    def insert(self, connection: Connection, **values: object) -> Row:
        """Add a row with a value for every column but the MAC; returns it."""
        row = self._with_mac(values)
        connection.execute(insert(self.table).values(**row))
        return row

    def update(self, connection: Connection, old: Row, **changes: object) -> Row:
        """Change the row *old*, which this transaction read; returns the new one."""
        row = self._with_mac({name: old[name] for name in self._sealed} | changes)
        key = [old[column.name] for column in self._keys]
        connection.execute(self._where(update(self.table), key).values(**changes, mac=row["mac"]))
        return row

    def mac(self, row: Row) -> bytes:
        """Return the MAC of *row* by the newest key."""
        return self._ring.current().mac(self.table.name, *self._values(row))

    def _with_mac(self, values: Mapping[str, object]) -> Row:
        return {**values, "mac": self.mac(values)}

    def _values(self, row: Row) -> list[Value]:
        return [
            _plain(row[name])
            for name in self._sealed
            if row[name] is not None or name not in self._optional
        ]

    def _where(self, statement: Any, key: Any) -> Any:
        return statement.where(
            *(column == value for column, value in zip(self._keys, key, strict=True))
        )


def _plain(value: Any) -> Value:
    """Return *value* as it is sealed: a time in UTC, in whatever zone the database shows it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value  # type: ignore[no-any-return]
