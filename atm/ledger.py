"""Accounts, their balances and every change to them, in whole minor units."""

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, cast

from atm.errors import AtmError
from atm.money import LARGEST_MINOR
from credentials.database import Database

TransactionKind = Literal["opening", "withdrawal", "closing"]

_REFERENCE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # base32: no 0, 1, 8
_REFERENCE_LENGTH = 8

_SCHEMA = (
    """
    CREATE TABLE accounts (
        customer_id TEXT PRIMARY KEY,
        balance_minor INTEGER NOT NULL CHECK (balance_minor >= 0),
        opened_by INTEGER NOT NULL REFERENCES transactions (id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE transactions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer_id TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('opening', 'withdrawal', 'closing')),
        amount_minor INTEGER NOT NULL CHECK ((amount_minor >= 0) = (kind = 'opening')
                                             OR amount_minor = 0),
        balance_minor INTEGER NOT NULL CHECK (balance_minor >= 0),
        at TEXT NOT NULL,
        day TEXT NOT NULL,
        reference TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    "CREATE INDEX transactions_of ON transactions (customer_id, day)",
    """
    CREATE TRIGGER transactions_never_change BEFORE UPDATE ON transactions
    BEGIN SELECT RAISE (ABORT, 'a transaction is never changed'); END
    """,
    """
    CREATE TRIGGER transactions_never_go BEFORE DELETE ON transactions
    BEGIN SELECT RAISE (ABORT, 'a transaction is never deleted'); END
    """,
)


class LedgerError(AtmError):
    """The ledger cannot be used, or refuses; nothing was changed."""


class UnknownAccountError(LedgerError):
    """The customer has no account."""

    def __init__(self) -> None:
        """Say the one sentence there is."""
        super().__init__("There is no such account.")


class AccountExistsError(LedgerError):
    """The customer has an account already."""

    def __init__(self) -> None:
        """Say the one sentence there is."""
        super().__init__("There is an account already.")


class InvalidAmountError(LedgerError):
    """Zero, negative, or no whole number of minor units, or too large to open with."""

    def __init__(self) -> None:
        """Say the one sentence there is."""
        super().__init__("This amount is not possible.")


class NotAMultipleError(LedgerError):
    """The amount cannot be paid in the notes there are."""

    def __init__(self, smallest_note_minor: int) -> None:
        """Keep what the amount must be a multiple of, in minor units."""
        super().__init__("The amount is not a multiple of the smallest note.")
        self.smallest_note_minor = smallest_note_minor


class InsufficientFundsError(LedgerError):
    """More than the balance."""

    def __init__(self, balance_minor: int) -> None:
        """Keep the balance, in minor units."""
        super().__init__("The amount is more than the balance.")
        self.balance_minor = balance_minor


class DayLimitError(LedgerError):
    """More than may still be withdrawn today."""

    def __init__(self, remaining_minor: int) -> None:
        """Keep what may still be withdrawn today, in minor units."""
        super().__init__("The amount is more than may still be withdrawn today.")
        self.remaining_minor = remaining_minor


@dataclass(frozen=True, slots=True)
class Transaction:
    """One line of an account.

    Attributes:
        kind: "opening", "withdrawal" or "closing".
        amount_minor: What the balance changed by, so withdrawals are negative.
        balance_minor: The balance afterwards.
        at: When, in UTC.
        reference: Eight letters and digits, unique in the ledger.
    """

    kind: TransactionKind
    amount_minor: int
    balance_minor: int
    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A booked withdrawal: its reference, its amount (positive) and the balance it left."""

    reference: str
    amount_minor: int
    balance_minor: int


def _local_now() -> datetime:
    return datetime.now().astimezone()


def _random_reference() -> str:
    return "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(_REFERENCE_LENGTH))


class Ledger:
    """Every account in one SQLite file, shared by threads and processes.

    A change is on disk when its call returns, and is undone if the call raises. The balance is
    always the sum of the account's transactions, which are only ever added to.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = _local_now,
        new_reference: Callable[[], str] = _random_reference,
    ) -> None:
        """Open or make the file *path*.

        Args:
            path: The file; its folder exists.
            clock: Returns the time with the zone whose calendar days the day limit counts in.
            new_reference: Proposes references; one that is taken is asked for again.

        Raises:
            LedgerError: If the file cannot be used; so does every method.
        """
        self._database = Database(path, _SCHEMA, LedgerError)
        self._clock = clock
        self._new_reference = new_reference

    def open_account(self, customer_id: str, opening_minor: int) -> None:
        """Give the customer an account with *opening_minor* in it (0 to 10**12).

        Raises:
            AccountExistsError: If there is one.
            InvalidAmountError: If the amount is negative, too large or not whole.
        """
        if type(opening_minor) is not int or not 0 <= opening_minor <= LARGEST_MINOR:
            raise InvalidAmountError
        with self._database.transaction() as connection:
            if _find_account(connection, customer_id) is not None:
                raise AccountExistsError
            number, _ = self._book(connection, customer_id, "opening", opening_minor, opening_minor)
            connection.execute(
                "INSERT INTO accounts VALUES (?, ?, ?)", (customer_id, opening_minor, number)
            )

    def balance(self, customer_id: str) -> int:
        """Return the balance in minor units.

        Raises:
            UnknownAccountError: If there is no account.
        """
        with self._database.transaction() as connection:
            return _account(connection, customer_id)[0]

    def transactions(self, customer_id: str, limit: int = 5) -> list[Transaction]:
        """Return the last *limit* transactions of the account, newest first.

        Raises:
            UnknownAccountError: If there is no account.
        """
        with self._database.transaction() as connection:
            _, opened_by = _account(connection, customer_id)
            rows = connection.execute(
                "SELECT kind, amount_minor, balance_minor, at, reference FROM transactions"
                " WHERE customer_id = ? AND id >= ? ORDER BY id DESC LIMIT ?",
                (customer_id, opened_by, max(0, limit)),
            ).fetchall()
        return [
            Transaction(kind, amount, balance, datetime.fromisoformat(at), reference)
            for kind, amount, balance, at, reference in rows
        ]

    def withdraw(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
        today: date | None = None,
    ) -> Withdrawal:
        """Take *amount_minor* from the account.

        Args:
            customer_id: Whose account.
            amount_minor: More than zero.
            smallest_note_minor: What the amount must be a multiple of.
            day_limit_minor: What may be withdrawn in one calendar day altogether.
            today: That day; by the clock when None.

        Raises:
            InvalidAmountError: If the amount is zero, negative or not whole.
            NotAMultipleError: If it is not a multiple of the smallest note.
            UnknownAccountError: If there is no account.
            InsufficientFundsError: If it is more than the balance.
            DayLimitError: If it is more than may still be withdrawn that day.
        """
        if type(amount_minor) is not int or amount_minor <= 0:
            raise InvalidAmountError
        if amount_minor % smallest_note_minor:
            raise NotAMultipleError(smallest_note_minor)
        day = today or self._clock().date()
        with self._database.transaction() as connection:
            balance, _ = _account(connection, customer_id)
            if amount_minor > balance:
                raise InsufficientFundsError(balance)
            remaining = max(0, day_limit_minor - _withdrawn(connection, customer_id, day))
            if amount_minor > remaining:
                raise DayLimitError(remaining)
            left = balance - amount_minor
            _, reference = self._book(
                connection, customer_id, "withdrawal", -amount_minor, left, day
            )
            connection.execute(
                "UPDATE accounts SET balance_minor = ? WHERE customer_id = ?", (left, customer_id)
            )
        return Withdrawal(reference, amount_minor, left)

    def day_remaining(
        self, customer_id: str, *, day_limit_minor: int, today: date | None = None
    ) -> int:
        """Return what the day limit still allows, in minor units, whatever the balance.

        Raises:
            UnknownAccountError: If there is no account.
        """
        day = today or self._clock().date()
        with self._database.transaction() as connection:
            _account(connection, customer_id)
            return max(0, day_limit_minor - _withdrawn(connection, customer_id, day))

    def remove_account(self, customer_id: str) -> None:
        """Close the account: what is left is booked out, and its transactions stay.

        Raises:
            UnknownAccountError: If there is no account.
        """
        with self._database.transaction() as connection:
            balance, _ = _account(connection, customer_id)
            self._book(connection, customer_id, "closing", -balance, 0)
            connection.execute("DELETE FROM accounts WHERE customer_id = ?", (customer_id,))

    def customer_ids(self) -> set[str]:
        """Return the customers who have an account."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT customer_id FROM accounts").fetchall()
        return {customer_id for (customer_id,) in rows}

    def _book(
        self,
        connection: sqlite3.Connection,
        customer_id: str,
        kind: TransactionKind,
        amount_minor: int,
        balance_minor: int,
        day: date | None = None,
    ) -> tuple[int, str]:
        now = self._clock()
        reference = self._new_reference()
        while connection.execute(
            "SELECT 1 FROM transactions WHERE reference = ?", (reference,)
        ).fetchone():
            reference = self._new_reference()
        number = connection.execute(
            "INSERT INTO transactions"
            " (customer_id, kind, amount_minor, balance_minor, at, day, reference)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                customer_id,
                kind,
                amount_minor,
                balance_minor,
                now.astimezone(UTC).isoformat(),
                (day or now.date()).isoformat(),
                reference,
            ),
        ).lastrowid
        return cast(int, number), reference


def _find_account(connection: sqlite3.Connection, customer_id: str) -> tuple[int, int] | None:
    row = connection.execute(
        "SELECT balance_minor, opened_by FROM accounts WHERE customer_id = ?", (customer_id,)
    ).fetchone()
    return cast(tuple[int, int] | None, row)


def _account(connection: sqlite3.Connection, customer_id: str) -> tuple[int, int]:
    found = _find_account(connection, customer_id)
    if found is None:
        raise UnknownAccountError
    return found


def _withdrawn(connection: sqlite3.Connection, customer_id: str, day: date) -> int:
    row = connection.execute(
        "SELECT coalesce(sum(-amount_minor), 0) FROM transactions"
        " WHERE customer_id = ? AND kind = 'withdrawal' AND day = ?",
        (customer_id, day.isoformat()),
    ).fetchone()
    return cast(int, row[0])
