"""Databases of version 2, which stood on the disk in clear, made into databases of today."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from credentials.errors import StoreError
from credentials.sealed.database import connect
from credentials.sealed.resealing import check_all, sealed_tables
from credentials.sealed.seal import Seal, Value
from credentials.sealed.transaction import AlteredError, Transaction

CLEAR_VERSION: Final = 2
"""The last version without encryption."""

Tables = dict[str, list[dict[str, Value]]]
"""The rows of each table, by the names of their columns, without MACs."""


def read_clear(path: Path, seal: Seal) -> tuple[int, Tables]:
    """Return generation and rows of the database *path* of version 2.

    What a crash left to be rolled back is rolled back in the file.

    Raises:
        StoreError: If it was altered, is of another version, or cannot be read.
    """
    try:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as source:
            source.execute("BEGIN IMMEDIATE")
            (version,) = source.execute("PRAGMA user_version").fetchone()
            keys = sealed_tables(source)
            checked = check_all(Transaction(source, path.name, keys, seal))
            if version != CLEAR_VERSION:
                raise AlteredError
            return checked.generation, _rows(checked, keys)
    except (AlteredError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _damaged(path) from error


def write_rows(path: Path, seal: Seal, tables: Tables, generation: int) -> None:
    """Put *tables* into the new, empty database *path* of today; it has *generation* afterwards.

    Columns that only the new database has get NULL, or zero or an empty text where that is not
    allowed.

    Raises:
        StoreError: If a table or a column of theirs is not there.
    """
    with contextlib.closing(connect(path, seal)) as target:
        target.execute("PRAGMA journal_mode = TRUNCATE")
        target.execute("PRAGMA synchronous = FULL")
        target.execute("BEGIN IMMEDIATE")
        keys = sealed_tables(target)
        copy = check_all(Transaction(target, path.name, keys, seal))
        for table, rows in tables.items():
            columns = _columns(copy, table)
            for row in rows:
                if not row.keys() <= columns.keys():
                    raise StoreError(f"The rows of {table} do not fit into {path}.")
                copy.put(table, *(row.get(name, empty) for name, empty in columns.items()))
        copy.generation = generation - 1
        copy.write_seal()
        target.execute("COMMIT")


def read_rows(path: Path, seal: Seal) -> tuple[int, Tables]:
    """Return generation and rows of the database *path* of today.

    Raises:
        StoreError: If it was altered.
    """
    try:
        with contextlib.closing(connect(path, seal)) as connection:
            connection.execute("BEGIN")
            keys = sealed_tables(connection)
            checked = check_all(Transaction(connection, path.name, keys, seal))
            return checked.generation, _rows(checked, keys)
    except AlteredError as error:
        raise _damaged(path) from error


def _rows(transaction: Transaction, keys: dict[str, str]) -> Tables:
    found: Tables = {}
    for table, key in keys.items():
        names = list(_columns(transaction, table))
        rows = transaction.select(f"SELECT {', '.join(names)} FROM {table} ORDER BY {key}")
        found[table] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


def _columns(transaction: Transaction, table: str) -> dict[str, Value]:
    """Return the columns of *table* but its MAC, each with the value of one that is not known."""
    empty: dict[str, Value] = {"TEXT": "", "INTEGER": 0, "REAL": 0.0, "BLOB": b""}
    return {
        name: empty[kind] if not_null else None
        for _, name, kind, not_null, _, _ in transaction.select(f"PRAGMA table_info ({table})")
        if name != "mac"
    }


def _damaged(path: Path) -> StoreError:
    return StoreError(
        f"The file {path} is damaged or was altered; restore it with the program of before."
    )
