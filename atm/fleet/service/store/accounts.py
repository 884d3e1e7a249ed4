"""Accounts in the shared store; each database transaction touches the rows of one customer.

The numbers that decide on a withdrawal (balance, amount on hold, amount of that day) are in the
account's own row, under one MAC, so that deleting a hold or a transaction gains nothing.
"""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy import Connection, select

from atm.accounts.accounts import (
    AccountExistsError,
    Hold,
    LedgerError,
    OpenHoldError,
    PayingOutError,
    Transaction,
    Withdrawal,
    check_hold,
    check_opening,
    check_reference,
    random_reference,
)
from atm.fleet.service.store.account_rows import AccountTables, CustomerAccount, hold_of
from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import HOLDS, TRANSACTIONS
from atm.fleet.service.store.sealed_table import Row

PAYING_OUT_S: Final = 120.0
"""No dispenser takes so long: a younger hold may still be paid out, so staff cannot settle it."""


class AccountRows:
    """Accounts in the database; implements `atm.ports.Accounts`."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        *,
        zone: tzinfo = UTC,
        paying_out_s: float = PAYING_OUT_S,
    ) -> None:
        """Keep accounts in *database*, sealed with the keys of *ring*; days begin as in *zone*."""
        self._database = database
        self._tables = AccountTables.of(ring)
        self._zone = zone
        self._paying_out_s = paying_out_s

    def open_account(self, customer_id: str, opening_minor: int) -> None:
        """Open an account for the customer with a balance of *opening_minor* (0 to 10**12).

        Raises:
            AccountExistsError: If there is an open account.
            InvalidAmountError: If the amount is negative, too large or not whole.
        """
        check_opening(opening_minor)

        def work(connection: Connection) -> None:
            account = self._account(connection, customer_id)
            if account.row is None:
                account.row = self._tables.accounts.insert(
                    connection, customer_id=customer_id, balance_minor=0, held_minor=0, day="",
                    day_minor=0, opened_by=None, transactions=0, holds=0,
                )  # fmt: skip
            elif account.row["opened_by"] is not None:
                raise AccountExistsError
            account.change(opened_by=account.row["transactions"] + 1)
            account.add("opening", opening_minor, random_reference())

        self._database.run(work)

    def has_account(self, customer_id: str) -> bool:
        """Return whether the customer has an account."""

        def work(connection: Connection) -> bool:
            row = self._tables.accounts.get(connection, customer_id)
            return row is not None and row["opened_by"] is not None

        return self._database.run(work)

    def balance(self, customer_id: str) -> int:
        """Return the balance in minor units, including amounts on hold.

        Raises:
            UnknownAccountError: If there is no account.
        """
        return int(self._open_row(customer_id)["balance_minor"])

    def available(self, customer_id: str) -> int:
        """Return the balance less what is on hold, in minor units.

        Raises:
            UnknownAccountError: If there is no account.
        """
        row = self._open_row(customer_id)
        return int(row["balance_minor"] - row["held_minor"])

    def transactions(self, customer_id: str, limit: int = 5) -> list[Transaction]:
        """Return the last *limit* transactions of the account, newest first.

        Raises:
            UnknownAccountError: If there is no account.
        """

        def work(connection: Connection) -> list[Row]:
            opened_by = self._account(connection, customer_id).open_row()["opened_by"]
            return self._tables.transactions.select(
                connection,
                select(TRANSACTIONS)
                .where(TRANSACTIONS.c.customer_id == customer_id, TRANSACTIONS.c.n >= opened_by)
                .order_by(TRANSACTIONS.c.n.desc())
                .limit(max(0, limit)),
            )

        return [
            Transaction(
                row["kind"], row["amount_minor"], row["balance_minor"],
                row["at"].astimezone(UTC), row["reference"],
            )
            for row in self._database.run(work)
        ]  # fmt: skip

    def check_withdrawal(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
    ) -> None:
        """Check that an amount could be put on hold now; see `Ledger.check_withdrawal`."""

        def work(connection: Connection) -> None:
            account = self._account(connection, customer_id)
            self._check_hold(account, amount_minor, smallest_note_minor, day_limit_minor)

        self._database.run(work)

    def hold(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
        reference: str | None = None,
    ) -> Hold:
        """Put *amount_minor* on hold; see `Ledger.hold` for arguments and errors."""
        if reference is not None:
            check_reference(reference)

        def work(connection: Connection) -> Hold:
            account = self._account(connection, customer_id)
            if reference is not None and (made := account.made(reference, amount_minor)):
                return made
            day, spent = self._check_hold(
                account, amount_minor, smallest_note_minor, day_limit_minor
            )
            row = account.open_row()
            account.change(
                held_minor=row["held_minor"] + amount_minor,
                day=day,
                day_minor=spent + amount_minor,
                holds=row["holds"] + 1,
            )
            return account.hold(amount_minor, day, reference or random_reference())

        return self._database.run(work)

    def book(self, hold: Hold) -> Withdrawal:
        """Book the hold: the notes were paid out.

        Raises:
            UnknownHoldError: If there is no such hold.
            SettledHoldError: If it was booked or released before.
        """
        return self._database.run(
            lambda connection: self._account(connection, hold.customer_id).book(hold.reference)
        )

    def release(self, hold: Hold) -> None:
        """Release the hold: no notes were paid out.

        Raises:
            UnknownHoldError: If there is no such hold.
            SettledHoldError: If it was booked or released before.
        """
        self._database.run(
            lambda connection: self._account(connection, hold.customer_id).release(hold.reference)
        )

    def open_holds(self) -> list[Hold]:
        """Return all open holds, oldest first; reads every shard."""
        query = select(HOLDS).where(HOLDS.c.state == "open").order_by(HOLDS.c.at)
        rows = self._database.run(lambda connection: self._tables.holds.select(connection, query))
        return [hold_of(row) for row in rows]

    @contextlib.contextmanager
    def paying_out(self) -> Iterator[None]:
        """Do nothing: `settle` sees from a hold's age that it may still be paid out."""
        yield

    def settle(self, hold: Hold, paid: bool) -> None:
        """Book (*paid*) or release a hold that a crash or an uncertain dispenser left behind.

        Raises:
            PayingOutError: If the hold is so young that it may still be paid out.
            UnknownHoldError: If there is no such hold.
            SettledHoldError: If it was booked or released before.
        """

        def work(connection: Connection) -> None:
            account = self._account(connection, hold.customer_id)
            at = account.open_hold(hold.reference)["at"]
            if self._database.now(connection) - at.timestamp() < self._paying_out_s:
                raise PayingOutError
            if paid:
                account.book(hold.reference)
            else:
                account.release(hold.reference)

        self._database.run(work)

    def remove_account(self, customer_id: str) -> None:
        """Close the account: the balance is booked out, and the transactions stay.

        Raises:
            UnknownAccountError: If there is no account.
            OpenHoldError: If a withdrawal from it is on hold.
        """

        def work(connection: Connection) -> None:
            account = self._account(connection, customer_id)
            row = account.open_row()
            if row["held_minor"]:
                raise OpenHoldError
            account.add("closing", -row["balance_minor"], random_reference())
            account.change(opened_by=None)

        self._database.run(work)

    def check(self, customer_id: str) -> None:
        """Check the account against all of its transactions and holds.

        Raises:
            LedgerError: If they do not add up to the account's row.
        """

        def work(connection: Connection) -> bool:
            return self._account(connection, customer_id).add_up()

        if not self._database.run(work):
            raise LedgerError(f"The account of customer {customer_id} does not add up.")

    def _check_hold(
        self, account: CustomerAccount, amount: int, smallest_note_minor: int, day_limit_minor: int
    ) -> tuple[str, int]:
        """Check *amount*; returns the day it counts for and what was withdrawn on that day."""
        row = account.open_row()
        day = max(account.today(self._zone), row["day"])  # a clock put back gives no new day
        spent = row["day_minor"] if day == row["day"] else 0
        check_hold(
            amount,
            available_minor=row["balance_minor"] - row["held_minor"],
            spent_minor=spent,
            smallest_note_minor=smallest_note_minor,
            day_limit_minor=day_limit_minor,
        )
        return day, spent

    def _open_row(self, customer_id: str) -> Row:
        return self._database.run(
            lambda connection: self._account(connection, customer_id).open_row()
        )

    def _account(self, connection: Connection, customer_id: str) -> CustomerAccount:
        now = datetime.fromtimestamp(self._database.now(connection), UTC)
        row = self._tables.accounts.get(connection, customer_id)
        return CustomerAccount(connection, self._tables, customer_id, now, row)
