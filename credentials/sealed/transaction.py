"""A transaction on a sealed SQLite file: rows with MACs, and the seal over the set of all rows.

The hash over the set is MSet-XOR-Hash: Clarke, Devadas, van Dijk, Gassend and Suh, "Incremental
Multiset Hash Functions and Their Application to Memory Integrity Checking", ASIACRYPT 2003.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlcipher3 import dbapi2 as sqlite3

from credentials.sealed.seal import MAC_BYTES, Seal, Value

Row = tuple[Any, ...]


class AlteredError(Exception):
    """The file is not as this program left it; `Database` raises its own error instead."""


class Transaction:
    """A transaction that holds the file exclusively; rows that it reads were checked."""

    def __init__(
        self, connection: sqlite3.Connection, name: str, keys: Mapping[str, str], seal: Seal
    ) -> None:
        """Use an open transaction; `Database.transaction` makes it."""
        self._connection = connection
        self._readable = connection
        self._name = name
        self._keys = keys
        self._seal = seal
        self.generation = 0
        self.rows = 0
        """The hash over the set of all rows, as a number."""
        self.changed = False

    def get(self, table: str, key: Value) -> Row | None:
        """Return the row of *table* whose key is *key*, without its MAC."""
        row = self._found(table, key)
        return None if row is None else self._checked(table, row)

    def select(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Return the rows of a SELECT; their MACs were checked when they were copied."""
        rows: list[Row] = self._readable.execute(sql, parameters).fetchall()
        return rows

    def put(self, table: str, *values: Value) -> None:
        """Insert a row, or replace the one with the same key, which is the first value."""
        old = self._found(table, values[0])
        mac = self._seal.mac(self._purpose(table), *values)
        if old is None:
            marks = ", ".join("?" * (len(values) + 1))
            self._write(f"INSERT INTO {table} VALUES ({marks})", (*values, mac))
        else:
            self._checked(table, old)
            self.rows ^= self._share(old[-1])
            columns = [row[1] for row in self._readable.execute(f"PRAGMA table_info ({table})")]
            marks = ", ".join("?" * len(columns))
            self._write(
                f"UPDATE {table} SET ({', '.join(columns)}) = ({marks})"
                f" WHERE {self._keys[table]} = ?",
                (*values, mac, values[0]),
            )
        self.rows ^= self._share(mac)

    def remove(self, table: str, key: Value) -> None:
        """Delete the row of *key*, if there is one."""
        old = self._found(table, key)
        if old is not None:
            self._checked(table, old)
            self.rows ^= self._share(old[-1])
            self._write(f"DELETE FROM {table} WHERE {self._keys[table]} = ?", (key,))

    def open_seal(self) -> None:
        """Read and check the seal.

        Raises:
            AlteredError: If the seal is not as this program left it.
        """
        found = self._connection.execute("SELECT generation, nonce, rows, mac FROM seal").fetchall()
        if len(found) != 1:
            raise AlteredError
        generation, nonce, rows, mac = found[0]
        if not self._seal.check(mac, *self._sealed(generation, nonce, rows)):
            raise AlteredError
        self.generation = generation
        self.rows = int.from_bytes(rows) ^ self._mask(nonce)

    def check_every_row(self, copied: sqlite3.Connection | None = None) -> None:
        """Check the MAC of each row, and all rows against the seal; copy them into *copied*.

        Raises:
            AlteredError: If the rows are not as this program left them.
        """
        # A select by an index that does not fit its table would miss rows.
        if self._connection.execute("PRAGMA integrity_check (1)").fetchall() != [("ok",)]:
            raise AlteredError
        total = 0
        for table, key in self._keys.items():
            last = None
            for row in self._connection.execute(f"SELECT * FROM {table} ORDER BY {key}"):
                (this, *_) = self._checked(table, row)
                if this == last:  # two of the same would cancel out in the sum
                    raise AlteredError
                last = this
                total ^= self._share(row[-1])
                if copied is not None:
                    marks = ", ".join("?" * len(row))
                    copied.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        if total != self.rows:
            raise AlteredError

    def read_from(self, copied: sqlite3.Connection) -> None:
        """Read rows from *copied* from now on, and write them there as well."""
        self._readable = copied

    def write_seal(self) -> None:
        """Write the seal of the current rows with the next generation."""
        self.generation += 1
        nonce = secrets.token_bytes(MAC_BYTES)
        rows = (self.rows ^ self._mask(nonce)).to_bytes(MAC_BYTES)
        mac = self._seal.mac(*self._sealed(self.generation, nonce, rows))
        self._connection.execute(
            "INSERT OR REPLACE INTO seal VALUES (1, ?, ?, ?, ?)",
            (self.generation, nonce, rows, mac),
        )

    def _found(self, table: str, key: Value) -> Row | None:
        found: Row | None = self._readable.execute(
            f"SELECT * FROM {table} WHERE {self._keys[table]} = ?", (key,)
        ).fetchone()
        return found

    def _write(self, sql: str, values: Sequence[Value | bytes]) -> None:
        """Change one row, in the file and in the copy.

        Raises:
            AlteredError: If the file does not have this row, which the copy has.
        """
        if self._connection.execute(sql, values).rowcount != 1:
            raise AlteredError
        if self._readable is not self._connection:
            self._readable.execute(sql, values)
        self.changed = True

    def _sealed(self, *values: Value) -> tuple[Any, ...]:
        schema = self._connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        )
        return (self._purpose("seal"), *values, *(each for row in schema for each in row))

    def _checked(self, table: str, row: Row) -> Row:
        if not self._seal.check(row[-1], self._purpose(table), *row[:-1]):
            raise AlteredError
        return row[:-1]

    def _share(self, mac: bytes) -> int:
        return int.from_bytes(self._seal.mac(self._purpose("row"), mac))

    def _mask(self, nonce: bytes) -> int:
        return int.from_bytes(self._seal.mac(self._purpose("mask"), nonce))

    def _purpose(self, table: str) -> str:
        return f"{self._name}/{table}"
