"""Resealing of sealed files under a new key, when the machine's key is changed.

Each function can be killed and called again: the file is always sealed completely by the old key or
by the new one. No other program may use the file until it is done.
"""

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite3

from credentials.errors import DamagedStoreError, StoreError
from credentials.sealed.database import connect
from credentials.sealed.files import PARTIAL_SUFFIX, JsonObject, sync_folder
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal
from credentials.sealed.transaction import AlteredError, Transaction


def reseal_records(path: Path, old: Seal, new: Seal) -> None:
    """Reseal a `RecordFile` with *new*; its previous copy becomes a copy of the new file.

    Raises:
        StoreError: If neither seal fits, or the file cannot be written.
    """

    def same(records: list[JsonObject]) -> list[JsonObject]:
        return records

    if not path.exists():
        return
    target = RecordFile(path, same, new)
    with contextlib.suppress(DamagedStoreError):
        target.read()
        return
    source = RecordFile(path, same, old)
    target.rewrite(source.read(), source.generation + 1)


def reseal_database(path: Path, old: Seal, new: Seal) -> None:
    """Reseal a `Database` with *new*: a resealed copy of all rows replaces the file.

    Raises:
        StoreError: If neither seal fits, or the file cannot be read or written.
    """
    if not path.exists():
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PARTIAL_SUFFIX}")
    try:
        for stray in path.parent.glob(f".{path.name}.*{PARTIAL_SUFFIX}"):
            stray.unlink(missing_ok=True)
        if _fits(path, new):
            return
        with contextlib.closing(connect(path, old)) as source:
            source.execute("BEGIN IMMEDIATE")
            keys = sealed_tables(source)
            checked = check_all(Transaction(source, path.name, keys, old))
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with contextlib.closing(connect(temporary, new)) as target:
                copy = Transaction(target, path.name, keys, new)
                copy.generation = checked.generation
                _copy(source, target, copy, keys)
            temporary.replace(path)
        sync_folder(path.parent)
    except (AlteredError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.OperationalError):
            raise StoreError(f"The file {path} cannot be used: {error}.") from error
        raise StoreError(
            f"The file {path} is damaged or was altered; two members of staff must restore it."
        ) from error
    except OSError as error:
        raise StoreError(f"The file {path} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _fits(path: Path, seal: Seal) -> bool:
    """Return whether *path* is encrypted with *seal*.

    Raises:
        AlteredError: If it is, but not as this program left it.
    """
    with contextlib.closing(connect(path, seal)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            return False
        check_all(Transaction(connection, path.name, sealed_tables(connection), seal))
        return True


def check_all(transaction: Transaction) -> Transaction:
    """Check the seal and every row; return *transaction*.

    Raises:
        AlteredError: If they are not as this program left them.
    """
    transaction.open_seal()
    transaction.check_every_row()
    return transaction


def sealed_tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Return each sealed table with its key column; the seal proves the schema later.

    Raises:
        AlteredError: If a table is not as this program makes them.
    """
    found = {}
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'seal'"
    )
    for (name,) in names.fetchall():
        if not name.isidentifier():
            raise AlteredError
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info ({name})")]
        if columns[-1] != "mac" or not columns[0].isidentifier():
            raise AlteredError
        found[name] = columns[0]
    return found


def _copy(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    copy: Transaction,
    keys: Mapping[str, str],
) -> None:
    """Write tables and rows, then indexes and triggers, and the seal."""
    (version,) = source.execute("PRAGMA user_version").fetchone()
    schema = source.execute("SELECT type, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    target.execute("PRAGMA synchronous = FULL")
    target.execute("BEGIN IMMEDIATE")
    for kind, sql in schema:
        if kind == "table":
            target.execute(sql)
    for table in keys:
        for row in source.execute(f"SELECT * FROM {table}"):
            copy.put(table, *row[:-1])
    for kind, sql in schema:
        if kind != "table":
            target.execute(sql)
    copy.write_seal()
    target.execute(f"PRAGMA user_version = {version}")
    target.execute("COMMIT")
