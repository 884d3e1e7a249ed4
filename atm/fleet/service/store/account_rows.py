"""Rows of one customer's account within one transaction: balance, transactions and holds."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal, Self

from sqlalchemy import Connection, select

from atm.accounts.accounts import (
    Hold,
    InvalidReferenceError,
    LedgerError,
    SettledHoldError,
    TransactionKind,
    UnknownAccountError,
    UnknownHoldError,
    Withdrawal,
)
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import ACCOUNTS, HOLDS, TRANSACTIONS
from atm.fleet.service.store.sealed_table import Row, SealedTable


@dataclass(frozen=True, slots=True)
class AccountTables:
    """The tables of accounts, transactions and holds."""

    accounts: SealedTable
    transactions: SealedTable
    holds: SealedTable

    @classmethod
    def of(cls, ring: KeyRing) -> Self:
        """Return the tables, sealed with the keys of *ring*."""
        return cls(
            *(SealedTable(each, ring, LedgerError) for each in (ACCOUNTS, TRANSACTIONS, HOLDS))
        )


class CustomerAccount:
    """One customer's account within one transaction; `row` is None if there never was one."""

    def __init__(
        self,
        connection: Connection,
        tables: AccountTables,
        customer_id: str,
        now: datetime,
        row: Row | None,
    ) -> None:
        """Read and write within the transaction of *connection*; new rows get the time *now*."""
        self._connection = connection
        self._tables = tables
        self._customer_id = customer_id
        self._now = now
        self.row = row

    def today(self, zone: tzinfo) -> str:
        """Return the day in *zone*, an ISO date."""
        return self._now.astimezone(zone).date().isoformat()

    def open_row(self) -> Row:
        """Return the row of the open account; UnknownAccountError if it is not open."""
        if self.row is None or self.row["opened_by"] is None:
            raise UnknownAccountError
        return self.row

    def change(self, **changes: object) -> None:
        """Change the account's row."""
        assert self.row is not None
        self.row = self._tables.accounts.update(self._connection, self.row, **changes)

    def add(self, kind: TransactionKind, amount_minor: int, reference: str) -> int:
        """Add a transaction and return the balance after it."""
        assert self.row is not None
        number = self.row["transactions"] + 1
        balance = int(self.row["balance_minor"]) + amount_minor
        self._tables.transactions.insert(
            self._connection, customer_id=self._customer_id, n=number, kind=kind,
            amount_minor=amount_minor, balance_minor=balance, at=self._now, reference=reference,
        )  # fmt: skip
        self.change(balance_minor=balance, transactions=number)
        return balance

    def hold(self, amount_minor: int, day: str, reference: str) -> Hold:
        """Add an open hold, which the account's row counts already."""
        row = self._tables.holds.insert(
            self._connection, customer_id=self._customer_id, reference=reference,
            n=self.open_row()["holds"], amount_minor=amount_minor, at=self._now, day=day,
            state="open",
        )  # fmt: skip
        return hold_of(row)

    def made(self, reference: str, amount_minor: int) -> Hold | None:
        """Return the open hold with *reference*, None if there is none."""
        if self._found(reference) is None:
            return None
        row = self.open_hold(reference)
        if row["amount_minor"] != amount_minor:
            raise InvalidReferenceError
        return hold_of(row)

    def open_hold(self, reference: str) -> Row:
        """Return the row of an open hold; UnknownHoldError, SettledHoldError if there is none."""
        row = self._found(reference)
        if row is None:
            raise UnknownHoldError
        if row["state"] != "open":
            raise SettledHoldError(self._withdrawal(row) if row["state"] == "booked" else None)
        return row

    def book(self, reference: str) -> Withdrawal:
        """Book an open hold as a withdrawal; errors as `open_hold`."""
        row = self._settle(reference, "booked")
        balance = self.add("withdrawal", -row["amount_minor"], reference)
        return Withdrawal(reference, row["amount_minor"], balance)

    def release(self, reference: str) -> None:
        """Release an open hold; errors as `open_hold`."""
        row, account = self._settle(reference, "released"), self.open_row()
        if row["day"] == account["day"]:
            self.change(day_minor=account["day_minor"] - row["amount_minor"])

    def add_up(self) -> bool:
        """Return whether all transactions and holds add up to the account's row."""
        rows, holds = self._all(self._tables.transactions), self._all(self._tables.holds)
        if self.row is None:
            return not rows and not holds
        withdrawn = {r["reference"]: -r["amount_minor"] for r in rows if r["kind"] == "withdrawal"}
        booked = {r["reference"]: r["amount_minor"] for r in holds if r["state"] == "booked"}
        held = sum(r["amount_minor"] for r in holds if r["state"] == "open")
        balance = 0
        for number, row in enumerate(sorted(rows, key=lambda r: r["n"]), start=1):
            balance += row["amount_minor"]
            if row["n"] != number or row["balance_minor"] != balance:
                return False
        return (
            (self.row["balance_minor"], self.row["held_minor"]) == (balance, held)
            and (self.row["transactions"], self.row["holds"]) == (len(rows), len(holds))
            and withdrawn == booked
        )

    def _settle(self, reference: str, state: Literal["booked", "released"]) -> Row:
        row = self.open_hold(reference)
        self._tables.holds.update(self._connection, row, state=state)
        self.change(held_minor=self.open_row()["held_minor"] - row["amount_minor"])
        return row

    def _found(self, reference: str) -> Row | None:
        return self._tables.holds.get(self._connection, self._customer_id, reference)

    def _withdrawal(self, hold: Row) -> Withdrawal:
        (row,) = self._tables.transactions.select(
            self._connection,
            select(TRANSACTIONS).where(
                TRANSACTIONS.c.customer_id == self._customer_id,
                TRANSACTIONS.c.reference == hold["reference"],
            ),
        )
        return Withdrawal(row["reference"], -row["amount_minor"], row["balance_minor"])

    def _all(self, table: SealedTable) -> list[Row]:
        columns: Any = table.table.c
        query = select(table.table).where(columns.customer_id == self._customer_id)
        return table.select(self._connection, query)


def hold_of(row: Row) -> Hold:
    """Return the hold in *row*."""
    return Hold(
        row["n"], row["customer_id"], row["amount_minor"], row["at"].astimezone(UTC),
        row["reference"],
    )  # fmt: skip
