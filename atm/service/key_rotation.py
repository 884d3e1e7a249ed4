"""A new key for the service, and all that the old ones sealed brought under it, while it runs.

It can be killed at any moment and called again. Rows that are only ever added (transactions, the
log) keep the MAC they got, and PIN hashes their pepper until their owner's next good login; so no
key is ever taken out of the file.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, Table, func, or_, select, update

from atm.service.database import Database
from atm.service.keys import NAME_BYTES, KeyRing, add_key
from atm.service.kiosks import KioskError
from atm.service.schema import (
    ACCOUNTS,
    ATTEMPTS,
    CUSTOMERS,
    FACES,
    HOLDS,
    KIOSKS,
    STAFF,
    STAFF_ATTEMPTS,
)
from atm.service.sealed_table import SealedTable
from credentials.errors import StoreError
from face_auth.sealed_faces import MAGIC

SEALS_AFTER_S: Final = 10.0
"""So long after a key was made it begins to seal: every copy of the service has read it then, if
they share the file. Where each has its own, copy it to all within this time, or give another."""

_TABLES: Final = (CUSTOMERS, ATTEMPTS, ACCOUNTS, HOLDS, STAFF, STAFF_ATTEMPTS, KIOSKS)
_BLOBS: Final = ("template", "captures", "mean")
_AT_ONCE = 200

Key = tuple[Any, ...]
Bring = Callable[[Connection, Key], None]
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
    """Make a new key, wait until it seals, and bring every row under it; returns how many.

    Args:
        database: Where the rows are.
        keys: The file of keys.
        seals_after_s: See `SEALS_AFTER_S`.
        progress: Called with a table's name and the number of its rows so far.

    Raises:
        AtmError, CredentialError: If the keys cannot be written, the database does not answer, or
            a row was altered; what is done stays done.
    """
    add_key(keys, seals_after_s)
    ring = KeyRing(keys)
    before = ring.current().newest
    while ring.current().newest == before:
        time.sleep(min(0.2, seals_after_s))
    return reseal(database, ring, progress)


def reseal(database: Database, ring: KeyRing, progress: Progress = unseen) -> int:
    """Bring every row under the newest key of *ring*; see `rotate`."""
    rows = 0
    for table in _TABLES:
        sealed = SealedTable(table, ring, KioskError if table is KIOSKS else StoreError)
        rows += _each(database, table, _older_macs(table, ring), _resealing(sealed), progress)
    return rows + _each(database, FACES, _older_faces(ring), _reencrypting(ring), progress)


def _each(
    database: Database,
    table: Table,
    query: Select[Any],
    bring: Bring,
    progress: Progress,
) -> int:
    done = 0

    def page(connection: Connection) -> list[Key]:
        return [tuple(row) for row in connection.execute(query.limit(_AT_ONCE))]

    while found := database.run(page):
        for key in found:
            database.run(partial(_with_key, bring, key))
        done += len(found)
        progress(table.name, done)
    return done


def _with_key(bring: Bring, key: Key, connection: Connection) -> None:
    bring(connection, key)


def _older_macs(table: Table, ring: KeyRing) -> Select[Any]:
    newest = ring.current().newest
    return select(*table.primary_key.columns).where(
        func.substr(table.c.mac, 1, NAME_BYTES) != newest
    )


def _resealing(table: SealedTable) -> Bring:
    def bring(connection: Connection, key: Key) -> None:
        row = table.get(connection, *key)
        if row is not None:
            table.update(connection, row)

    return bring


def _older_faces(ring: KeyRing) -> Select[Any]:
    seals = ring.current().faces

    def older(purpose: str) -> Any:
        column: Column[bytes] = FACES.c[purpose]
        return func.substr(column, len(MAGIC) + 1, NAME_BYTES) != seals[purpose].key_id

    return select(FACES.c.customer_id, FACES.c.template_id).where(or_(*map(older, _BLOBS)))


def _reencrypting(ring: KeyRing) -> Bring:
    def bring(connection: Connection, key: Key) -> None:
        customer_id, template_id = key
        mine = (FACES.c.customer_id == customer_id, FACES.c.template_id == template_id)
        seals = ring.current().faces
        changed = {}
        for purpose in _BLOBS:
            sealed = connection.execute(select(FACES.c[purpose]).where(*mine)).scalar_one()
            if sealed is not None:  # it was removed meanwhile
                where = f"the {purpose} {template_id}"
                plain = seals[purpose].open(bytes(sealed), template_id, customer_id, where=where)
                changed[purpose] = seals[purpose].seal(plain, template_id, customer_id)
        if changed:
            connection.execute(update(FACES).where(*mine).values(**changed))

    return bring
