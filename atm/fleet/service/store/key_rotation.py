"""Key rotation: makes a new service key and reseals the rows under it while the service runs.

It can be killed at any moment and started again. Rows that are only ever added (transactions, the
log) keep their MAC, and PIN hashes keep their pepper until their owner's next good login; so no key
is ever removed from the file.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select, tuple_, update

from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import NAME_BYTES, KeyRing, add_key
from atm.fleet.service.store.kiosks import KioskError
from atm.fleet.service.store.schema import (
    ACCOUNTS,
    ATTEMPTS,
    CUSTOMERS,
    FACES,
    HOLDS,
    KIOSKS,
    STAFF,
    STAFF_ATTEMPTS,
)
from atm.fleet.service.store.sealed_table import SealedTable
from credentials.errors import StoreError
from face_auth.gallery.sealed_faces import MAGIC

SEALS_AFTER_S: Final = 10.0
"""How long after it was made a key begins to seal. Every copy of the service has read it by then if
they share the file; if each has its own, copy the file to all within this time, or set another."""

_TABLES: Final = (CUSTOMERS, ATTEMPTS, ACCOUNTS, HOLDS, STAFF, STAFF_ATTEMPTS, KIOSKS)
_BLOBS: Final = ("template", "captures", "mean")
_AT_ONCE = 200

Key = tuple[Any, ...]
Progress = Callable[[str, int], None]


def unseen(table: str, rows: int) -> None:
    """Show no progress."""


def rotate(
    database: Database,
    keys: Path,
    *,
    seals_after_s: float = SEALS_AFTER_S,
    progress: Progress = unseen,
) -> int:
    """Make a new key, wait until it seals, and reseal every row; returns how many.

    Args:
        database: The database of the rows.
        keys: The key file.
        seals_after_s: See `SEALS_AFTER_S`.
        progress: Called with a table's name and the number of its rows so far.

    Raises:
        AtmError, CredentialError: If the keys cannot be written, the database does not answer, or
            a row was altered; rows that were resealed stay so.
    """
    add_key(keys, seals_after_s)
    ring = KeyRing(keys)
    before = ring.current().newest
    while ring.current().newest == before:
        time.sleep(min(0.2, seals_after_s))
    return reseal(database, ring, progress)


def reseal(database: Database, ring: KeyRing, progress: Progress = unseen) -> int:
    """Reseal every row under the newest key of *ring*; see `rotate`."""
    newest, seals, rows = ring.current().newest, ring.current().faces, 0
    for table in _TABLES:
        sealed = SealedTable(table, ring, KioskError if table is KIOSKS else StoreError)
        older = func.substr(table.c.mac, 1, NAME_BYTES) != newest
        rows += _each(database, table, older, partial(_reseal_row, sealed), progress)
    blobs = [FACES.c[purpose] for purpose in _BLOBS]
    older = or_(
        *(
            func.substr(column, len(MAGIC) + 1, NAME_BYTES) != seals[column.name].key_id
            for column in blobs
        )
    )
    return rows + _each(database, FACES, older, partial(_reencrypt_face, ring), progress)


def _each(
    database: Database,
    table: Table,
    older: ColumnElement[bool],
    bring: Callable[[Key, Connection], None],
    progress: Progress,
) -> int:
    keys, done = tuple(table.primary_key.columns), 0
    query = select(*keys).where(older).order_by(*keys).limit(_AT_ONCE)

    def page(connection: Connection) -> list[Key]:
        return [tuple(row) for row in connection.execute(query)]

    while found := database.run(page):
        for key in found:
            database.run(partial(bring, key))
        query = query.where(tuple_(*keys) > found[-1])
        done += len(found)
        progress(table.name, done)
    return done


def _reseal_row(table: SealedTable, key: Key, connection: Connection) -> None:
    row = table.get(connection, *key)
    if row is not None:
        table.update(connection, row)


def _reencrypt_face(ring: KeyRing, key: Key, connection: Connection) -> None:
    customer_id, template_id = key
    mine = (FACES.c.customer_id == customer_id, FACES.c.template_id == template_id)
    seals = ring.current().faces
    found = connection.execute(select(*(FACES.c[each] for each in _BLOBS)).where(*mine)).one()
    changed = {
        purpose: seals[purpose].seal(
            seals[purpose].open(sealed, template_id, customer_id, where=f"the {purpose} of {key}"),
            template_id,
            customer_id,
        )
        for purpose, sealed in zip(_BLOBS, found, strict=True)
        if sealed is not None  # it was removed meanwhile
    }
    if changed:
        connection.execute(update(FACES).where(*mine).values(**changed))
