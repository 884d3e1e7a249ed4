"""Credential records in the shared store."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import CUSTOMERS
from atm.fleet.service.store.sealed_table import Row, SealedTable
from credentials.credential_record import LATER_FIELDS, CredentialRecord, well_formed
from credentials.errors import (
    DuplicateUserError,
    PolicyError,
    StaleRecordError,
    StoreError,
    UnknownUserError,
)

_PAGE = 2000
_ID = re.compile(r"[0-9a-f]{32}")
_BLANK: Final[dict[str, str | None]] = {
    column.name: None for column in CUSTOMERS.columns if column.name not in ("customer_id", "mac")
}


class CredentialRows:
    """A `CredentialStore` in a database; each customer's id follows from the username."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        """Keep the records in *database*, sealed with the keys of *ring*."""
        self._database = database
        self._ring = ring
        self._table = SealedTable(CUSTOMERS, ring, StoreError)

    def get(self, username: str) -> CredentialRecord | None:
        """Return the record of *username* as typed, None if there is none."""
        try:
            return self.by_id(self._ring.customer_id(username))
        except PolicyError:
            return None

    def by_id(self, customer_id: str) -> CredentialRecord | None:
        """Return the record of *customer_id*, None if there is none."""
        row = self._database.run(lambda connection: self._row(connection, customer_id))
        return None if row is None else _record(row)

    def all(self) -> list[CredentialRecord]:
        """Return every record, in the order of creation; reads every shard, page by page."""
        found: list[CredentialRecord] = []
        query = (
            select(CUSTOMERS)
            .where(CUSTOMERS.c.username.is_not(None))
            .order_by(CUSTOMERS.c.customer_id)
            .limit(_PAGE)
        )
        while page := self._records(query):
            found += page
            query = query.where(CUSTOMERS.c.customer_id > page[-1].customer_id)
        return sorted(found, key=lambda record: (record.created_at, record.customer_id))

    def find(self, text: str, at_most: int) -> list[CredentialRecord]:
        """Return the first records with *text* in a name, by username; reads every shard."""
        return self._records(
            select(CUSTOMERS)
            .where(CUSTOMERS.c.folded.contains(text.strip().casefold(), autoescape=True))
            .order_by(CUSTOMERS.c.username.collate("C"))
            .limit(at_most)
        )

    def usernames(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return the usernames of those of *customer_ids* that exist, by id."""
        wanted = [each for each in customer_ids if _ID.fullmatch(each)]
        query = select(CUSTOMERS).where(CUSTOMERS.c.customer_id.in_(wanted))
        return {record.customer_id: record.username for record in self._records(query)}

    def add(self, record: CredentialRecord) -> None:
        """Add *record*; it is durable when this returns.

        Raises:
            DuplicateUserError: If its username is taken.
            ValueError: If a field is not as `CredentialRecord` says, or the id is not the
                username's.
        """
        self._check(record)

        def work(connection: Connection) -> None:
            row = self._table.get(connection, record.customer_id)
            if row is None:
                self._table.insert(connection, **_values(record))
            elif row["username"] is None:  # deleted before
                self._table.update(connection, row, **_changes(record))
            else:
                raise DuplicateUserError(record.username)

        self._database.run(work)

    def replace(
        self, record: CredentialRecord, *, instead_of: CredentialRecord | None = None
    ) -> None:
        """Replace the record with the same customer id; durable when this returns.

        Raises:
            UnknownUserError: If there is none.
            StaleRecordError: If *instead_of* is given and is not the stored record any more.
            ValueError: As `add`; a username cannot be changed here.
        """
        self._check(record)

        def work(connection: Connection) -> None:
            row = self._row(connection, record.customer_id)
            if row is None:
                raise UnknownUserError(record.customer_id)
            if instead_of is not None and _record(row) != instead_of:
                raise StaleRecordError(record.customer_id)
            self._table.update(connection, row, **_changes(record))

        self._database.run(work)

    def remove(self, customer_id: str) -> None:
        """Blank the row of *customer_id*, so that nothing of the record stays.

        Raises:
            UnknownUserError: If there is none.
        """

        def work(connection: Connection) -> None:
            row = self._row(connection, customer_id)
            if row is None:
                raise UnknownUserError(customer_id)
            self._table.update(connection, row, **_BLANK)

        self._database.run(work)

    def record_mac(self, customer_id: str) -> str | None:
        """Return the MAC of a customer's record in hexadecimal digits, None without a record."""
        row = self._database.run(lambda connection: self._row(connection, customer_id))
        return None if row is None else bytes(row["mac"]).hex()

    def _check(self, record: CredentialRecord) -> None:
        if not well_formed(record):
            raise ValueError("a field of the record is malformed")
        if self._ring.customer_id(record.username) != record.customer_id:
            raise ValueError("the customer id does not belong to the username")

    def _row(self, connection: Connection, customer_id: str) -> Row | None:
        if not _ID.fullmatch(customer_id):
            return None
        row = self._table.get(connection, customer_id)
        return None if row is None or row["username"] is None else row

    def _records(self, query: Select[Any]) -> list[CredentialRecord]:
        rows = self._database.run(lambda connection: self._table.select(connection, query))
        return [_record(row) for row in rows if row["username"] is not None]


def _values(record: CredentialRecord) -> dict[str, str | None]:
    folded = f"{record.username}\n{record.full_name}".casefold()
    known = {name: value for name, value in asdict(record).items() if name not in LATER_FIELDS}
    return {**known, "folded": folded}


def _changes(record: CredentialRecord) -> dict[str, str | None]:
    return {name: value for name, value in _values(record).items() if name != "customer_id"}


def _record(row: Row) -> CredentialRecord:
    return CredentialRecord(
        **{name: value for name, value in row.items() if name not in ("folded", "mac")}
    )
