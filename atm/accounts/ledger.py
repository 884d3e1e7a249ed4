"""Ledger of all accounts in one sealed SQLite file; amounts are whole minor units."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from atm.accounts import reconciliation
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
from atm.accounts.ledger_rows import KEYS, SCHEMA, LedgerRows
from credentials.sealed.database import Database
from credentials.sealed.seal import Seal


def _local_now() -> datetime:
    return datetime.now().astimezone()


class Ledger:
    """Every account in one sealed SQLite file, shared by threads and processes.

    A change is on disk when its call returns, and is undone if the call raises. The balance is
    always the sum of the account's transactions, which are only ever added to. A withdrawal is
    first held, then booked once the money is out, or released; see `atm.accounts.session`.
    """

    def __init__(
        self,
        path: Path,
        seal: Seal,
        *,
        clock: Callable[[], datetime] = _local_now,
        new_reference: Callable[[], str] = random_reference,
    ) -> None:
        """Open or make the file *path*.

        Args:
            path: The file; its folder exists.
            seal: Makes the MAC of each row.
            clock: Returns the time with the zone whose calendar days the day limit counts in.
            new_reference: Proposes references; it is called again while one is taken.

        Raises:
            LedgerError: If the file cannot be used or was altered; so does every method.
        """
        self._database = Database(path, SCHEMA, KEYS, seal, LedgerError)
        self._lock = path.with_name(f"{path.name}.lock")
        self._clock = clock
        self._new_reference = new_reference

    @property
    def generation(self) -> int:
        """Number of changes of the ledger, as last seen by this object."""
        return self._database.generation

    def refresh(self) -> None:
        """Read `generation` from the file again, for another process may have changed it."""
        self._database.refresh()

    def check(self) -> None:
        """Recompute every account from its transactions and holds.

        Raises:
            LedgerError: If a balance is not what the transactions come to, or a booked withdrawal
                and its hold do not match.
        """
        with self._open() as rows:
            if not reconciliation.adds_up(rows.db):
                raise LedgerError(
                    f"The accounts in {self._database.path} do not add up;"
                    " two members of staff must restore it."
                )

    def open_account(self, customer_id: str, opening_minor: int) -> None:
        """Open an account for the customer with *opening_minor* in it (0 to 10**12).

        Raises:
            AccountExistsError: If there is one.
            InvalidAmountError: If the amount is negative, too large or not whole.
        """
        check_opening(opening_minor)
        with self._open() as rows:
            if rows.db.get("accounts", customer_id) is not None:
                raise AccountExistsError
            opened_by = rows.add(customer_id, "opening", opening_minor, opening_minor)
            rows.db.put("accounts", customer_id, opening_minor, opened_by)

    def balance(self, customer_id: str) -> int:
        """Return the balance in minor units; money on hold is still part of it.

        Raises:
            UnknownAccountError: If there is no account.
        """
        with self._open() as rows:
            return rows.account(customer_id)[0]

    def available(self, customer_id: str) -> int:
        """Return the balance less what is on hold, in minor units.

        Raises:
            UnknownAccountError: If there is no account.
        """
        with self._open() as rows:
            return rows.account(customer_id)[0] - rows.held(customer_id)

    def transactions(self, customer_id: str, limit: int = 5) -> list[Transaction]:
        """Return the last *limit* transactions of the account, newest first.

        Raises:
            UnknownAccountError: If there is no account.
        """
        with self._open() as rows:
            _, opened_by = rows.account(customer_id)
            return rows.transactions(customer_id, opened_by, limit)

    def check_withdrawal(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
    ) -> None:
        """Check that an amount could be held now; nothing is changed.

        Raises:
            LedgerError: What `hold` would raise.
        """
        with self._open() as rows:
            _check_hold(rows, customer_id, amount_minor, smallest_note_minor, day_limit_minor)

    def hold(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
        reference: str | None = None,
    ) -> Hold:
        """Set *amount_minor* aside, so that it can be paid out; until then nothing is booked.

        Args:
            customer_id: The account's customer.
            amount_minor: More than zero.
            smallest_note_minor: The amount must be a multiple of it.
            day_limit_minor: Largest sum of a calendar day's withdrawals.
            reference: As `random_reference` makes them; by default the ledger makes one. A caller
                that lost the answer sends it again and gets the hold that it made.

        Raises:
            InvalidAmountError: If the amount is zero, negative or not whole.
            NotAMultipleError: If it is not a multiple of the smallest note.
            UnknownAccountError: If there is no account.
            InsufficientFundsError: If it is more than the balance less what is on hold.
            DayLimitError: If it is more than may still be withdrawn that day; holds count.
            InvalidReferenceError: If *reference* has another form or is another withdrawal's.
            SettledHoldError: If the hold that *reference* made was booked or released.
        """
        if reference is not None:
            check_reference(reference)
        with self._open() as rows:
            if reference is not None:
                made = rows.hold_made(customer_id, amount_minor, reference)
                if made is not None:
                    return made
            _check_hold(rows, customer_id, amount_minor, smallest_note_minor, day_limit_minor)
            return rows.hold(customer_id, amount_minor, reference)

    def book(self, hold: Hold) -> Withdrawal:
        """Book a hold as a withdrawal, once the notes are out.

        Raises:
            UnknownHoldError: If there is no such hold.
            SettledHoldError: If it was booked or released before.
        """
        with self._open() as rows:
            customer_id, amount, day, reference = rows.settle(hold.hold_id, "booked")
            balance, opened_by = rows.account(customer_id)
            left = balance - amount
            rows.add(customer_id, "withdrawal", -amount, left, day=day, reference=reference)
            rows.db.put("accounts", customer_id, left, opened_by)
        return Withdrawal(reference, amount, left)

    def release(self, hold: Hold) -> None:
        """Release a hold, because no notes came out.

        Raises:
            UnknownHoldError: If there is no such hold.
            SettledHoldError: If it was booked or released before.
        """
        with self._open() as rows:
            rows.settle(hold.hold_id, "released")

    def open_holds(self) -> list[Hold]:
        """Return all holds that are neither booked nor released, oldest first."""
        with self._open() as rows:
            return rows.open_holds()

    @contextlib.contextmanager
    def paying_out(self) -> Iterator[None]:
        """Block the settling of holds during a pay-out; the lock ends with the process.

        Raises:
            LedgerError: If the lock file cannot be made.
        """
        with self._locked(fcntl.LOCK_SH):
            yield

    def settle(self, hold: Hold, paid: bool) -> None:
        """Book (*paid*) or release a hold that a crash or an uncertain dispenser left open.

        Raises:
            PayingOutError: If a withdrawal is just being paid out.
            UnknownHoldError: If there is no such hold.
            SettledHoldError: If it was booked or released before.
        """
        with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
            if paid:
                self.book(hold)
            else:
                self.release(hold)

    def remove_account(self, customer_id: str) -> None:
        """Close the account: its balance is booked out, and its transactions stay.

        Raises:
            UnknownAccountError: If there is no account.
            OpenHoldError: If a withdrawal from it is on hold.
        """
        with self._open() as rows:
            balance, _ = rows.account(customer_id)
            if rows.held(customer_id):
                raise OpenHoldError
            rows.add(customer_id, "closing", -balance, 0)
            rows.db.remove("accounts", customer_id)

    def has_account(self, customer_id: str) -> bool:
        """Return whether the customer has an account."""
        with self._open() as rows:
            return rows.db.get("accounts", customer_id) is not None

    def customer_ids(self) -> set[str]:
        """Return the ids of all customers who have an account."""
        with self._open() as rows:
            found = rows.db.select("SELECT customer_id FROM accounts")
        return {customer_id for (customer_id,) in found}

    @contextlib.contextmanager
    def _open(self) -> Iterator[LedgerRows]:
        with self._database.transaction() as db:
            yield LedgerRows(db, self._clock(), self._new_reference)

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        try:
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LedgerError(f"The file {self._lock} cannot be used: {error.strerror}.") from error
        try:
            try:
                fcntl.flock(handle, how)
            except BlockingIOError:
                raise PayingOutError from None
            yield
        finally:
            os.close(handle)


def _check_hold(
    rows: LedgerRows, customer_id: str, amount: int, smallest_note_minor: int, day_limit_minor: int
) -> None:
    """Check *amount* against the account as *rows* have it now; see `check_hold`."""
    check_hold(
        amount,
        available_minor=rows.account(customer_id)[0] - rows.held(customer_id),
        spent_minor=rows.withdrawn(customer_id, rows.today),
        smallest_note_minor=smallest_note_minor,
        day_limit_minor=day_limit_minor,
    )
