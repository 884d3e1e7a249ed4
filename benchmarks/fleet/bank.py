"""Bank with any number of made-up customers: tables filled by COPY, with sealed rows as usual.

Rows are as many and as large as real ones. Only `PAYING` of the customers have their own PIN hash,
because a hash takes as long as at a login; the others have one that is bound to another customer's
id, so nobody can log in as them.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import psycopg
from sqlalchemy import Table

from atm.accounts.accounts import random_reference
from atm.fleet.service.store.schema import (
    ACCOUNTS,
    ATTEMPTS,
    AUDIT,
    CUSTOMERS,
    FACES,
    LOGINS,
    TRANSACTIONS,
)
from atm.fleet.service.store.sealed_table import SealedTable
from atm.fleet.service.store.stores import ServiceStores
from credentials.errors import StoreError
from face_auth.gallery import Capture, Template
from face_auth.gallery.duplicates import mean_of
from face_auth.gallery.sealed_faces import pack_captures, pack_template
from face_auth.recognition.classifier import CustomerSvm

PIN: Final = "493817"
PAYING: Final = 200
OPENING_MINOR: Final = 10**9
DIMENSIONS: Final = 512
FILLED: Final = (CUSTOMERS, ACCOUNTS, TRANSACTIONS, FACES)

_BATCH = 1000
_TEMPLATES = 32


@dataclass(frozen=True, slots=True)
class Size:
    """Size of the tables on the disk.

    Attributes:
        customers: Number of customers.
        by_table: Bytes of each table with its indexes and out-of-line storage.
        pictures: Bytes of one customer's encrypted pictures.
    """

    customers: int
    by_table: dict[str, int]
    pictures: float


class MadeUpBank:
    """Fills one database with more and more made-up customers."""

    def __init__(
        self,
        stores: ServiceStores,
        connect: Callable[[], psycopg.Connection[Any]],
        network_sha256: str,
        captures: Sequence[Capture],
        *,
        with_pictures: int,
    ) -> None:
        """Begin with the empty database of *stores*.

        Args:
            stores: The stores.
            connect: Returns a connection as the tables' owner.
            network_sha256: SHA-256 of the face network that the kiosks run.
            captures: The pictures of each of the first *with_pictures* customers; the others have
                none, and neither a login nor a search reads them.
            with_pictures: Number of customers with pictures.
        """
        self._stores = stores
        self._connect = connect
        self._network = network_sha256
        self._pictures = pack_captures(captures)
        self._with_pictures = with_pictures
        self._rng = np.random.default_rng(20261123)
        faces = [self.face("") for _ in range(_TEMPLATES)]
        self._templates = [pack_template(each) for each in faces]
        self._hash = stores.hasher.hash("nobody", PIN)
        self.customers = 0
        self.paying: list[str] = []

    def face(self, customer_id: str) -> Template:
        """Return a random template with the shapes of a real one."""
        rows = self._rng.normal(size=DIMENSIONS) + 0.3 * self._rng.normal(size=(5, DIMENSIONS))
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        svm = CustomerSvm(self._rng.normal(size=DIMENSIONS).astype(np.float32), -1.0)
        return Template(customer_id, "bundled", self._network, rows, svm)

    def fill(self, customers: int) -> None:
        """Add customers until there are *customers*."""
        every = max(1, customers // PAYING)
        for begin in range(self.customers, customers, _BATCH):
            numbers = range(begin, min(customers, begin + _BATCH))
            paying = {n for n in numbers if n % every == 0}
            made = [self._rows(number, number in paying) for number in numbers]
            with self._connect() as connection, connection.transaction():
                for table in FILLED:
                    _copy(connection, table, [rows[table.name] for rows in made])
        self.customers = max(self.customers, customers)
        with self._connect() as connection:
            connection.execute("ANALYZE")

    def size(self) -> Size:
        """Return the current size of the tables."""
        with self._connect() as connection:
            query = "SELECT pg_total_relation_size(%s::regclass)"
            sizes = {
                table.name: int(_first(connection.execute(query, [table.name])))
                for table in (*FILLED, LOGINS, ATTEMPTS, AUDIT)
            }
            query = "SELECT avg(pg_column_size(captures)) FROM faces WHERE captures IS NOT NULL"
            pictures = float(_first(connection.execute(query)))
        return Size(self.customers, sizes, pictures)

    def _rows(self, number: int, pays: bool) -> dict[str, dict[str, object]]:
        """Return the row of customer *number* in each table, by the table's name."""
        username = f"made.up.{number}"
        owner, template_id = self._stores.new_id(username), uuid.uuid4().hex
        if pays:
            self.paying.append(username)
        now = datetime.now(UTC)
        customer = {
            "customer_id": owner,
            "username": username,
            "full_name": f"Made Up {number}",
            "pin_hash": self._stores.hasher.hash(owner, PIN) if pays else self._hash,
            "template_id": template_id,
            "consent_at": now.isoformat(),
            "created_at": now.isoformat(),
            "excused": None,
            "folded": f"{username}\nmade up {number}",
        }
        account = {
            "customer_id": owner, "balance_minor": OPENING_MINOR, "held_minor": 0, "day": "",
            "day_minor": 0, "opened_by": 1, "transactions": 1, "holds": 0,
        }  # fmt: skip
        opening = {
            "customer_id": owner, "n": 1, "kind": "opening", "amount_minor": OPENING_MINOR,
            "balance_minor": OPENING_MINOR, "at": now, "reference": random_reference(),
        }  # fmt: skip
        return {
            CUSTOMERS.name: self._sealed(CUSTOMERS, customer),
            ACCOUNTS.name: self._sealed(ACCOUNTS, account),
            TRANSACTIONS.name: self._sealed(TRANSACTIONS, opening),
            FACES.name: self._face(owner, template_id, number),
        }

    def _face(self, owner: str, template_id: str, number: int) -> dict[str, object]:
        mean = mean_of(self._rng.normal(size=(1, DIMENSIONS)).astype(np.float32))[0]
        plain: dict[str, bytes | None] = {
            "template": self._templates[number % len(self._templates)],
            "captures": self._pictures if number < self._with_pictures else None,
            "mean": bytes.fromhex(self._network) + mean.astype(np.float16).tobytes(),
        }
        seals = self._stores.ring.current().faces
        return {"customer_id": owner, "template_id": template_id} | {
            name: None if data is None else seals[name].seal(data, template_id, owner)
            for name, data in plain.items()
        }

    def _sealed(self, table: Table, row: Mapping[str, object]) -> dict[str, object]:
        return {**row, "mac": SealedTable(table, self._stores.ring, StoreError).mac(row)}


def pictures() -> list[Capture]:
    """Return five pictures as an enrolment stores them, of a real face if photographs are there."""
    from benchmarks.frames import large_faces, photographs_folder
    from face_auth.enrolment import cut_capture
    from face_auth.recognition.detection import Detector

    frames, _ = large_faces(photographs_folder(None), 5)
    detector = Detector()
    return [cut_capture(frame, detector.detect(frame)[0]) for frame in frames]


def _copy(
    connection: psycopg.Connection[Any], table: Table, rows: Sequence[dict[str, object]]
) -> None:
    names = [column.name for column in table.columns]
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _first(cursor: psycopg.Cursor[Any]) -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row[0]
