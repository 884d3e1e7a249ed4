"""Table rows of the ledger: accounts, transactions and holds, with their SQL schema."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from atm.accounts.accounts import (
    Hold,
    InvalidReferenceError,
    SettledHoldError,
    Transaction,
    TransactionKind,
    UnknownAccountError,
    UnknownHoldError,
    Withdrawal,
)
from credentials.sealed import transaction

SCHEMA = (
    """
    CREATE TABLE accounts (
        customer_id TEXT PRIMARY KEY,
        balance_minor INTEGER NOT NULL CHECK (balance_minor >= 0),
        opened_by INTEGER NOT NULL,
        mac BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE transactions (
        id INTEGER PRIMARY KEY,
        customer_id TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('opening', 'withdrawal', 'closing')),
        amount_minor INTEGER NOT NULL CHECK ((amount_minor >= 0) = (kind = 'opening')
                                             OR amount_minor = 0),
        balance_minor INTEGER NOT NULL CHECK (balance_minor >= 0),
        at TEXT NOT NULL,
        day TEXT NOT NULL,
        reference TEXT NOT NULL UNIQUE,
        mac BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE holds (
        id INTEGER PRIMARY KEY,
        customer_id TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        at TEXT NOT NULL,
        day TEXT NOT NULL,
        reference TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('open', 'booked', 'released')),
        mac BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX transactions_of ON transactions (customer_id, day)",
    "CREATE INDEX open_holds_of ON holds (customer_id) WHERE state = 'open'",
    """
    CREATE TRIGGER transactions_never_change BEFORE UPDATE ON transactions
    BEGIN SELECT RAISE (ABORT, 'a transaction is never changed'); END
    """,
    """
    CREATE TRIGGER transactions_never_go BEFORE DELETE ON transactions
    BEGIN SELECT RAISE (ABORT, 'a transaction is never deleted'); END
    """,
    """
    CREATE TRIGGER holds_settle_once BEFORE UPDATE ON holds WHEN OLD.state <> 'open'
    BEGIN SELECT RAISE (ABORT, 'a settled hold is never changed'); END
    """,
    """
    CREATE TRIGGER holds_never_go BEFORE DELETE ON holds
    BEGIN SELECT RAISE (ABORT, 'a hold is never deleted'); END
    """,
)
KEYS = {"accounts": "customer_id", "transactions": "id", "holds": "id"}

_LARGEST_ID = 2**63 - 1


class LedgerRows:
    """Reads and adds the ledger's rows within one transaction of its file."""

    def __init__(
        self, db: transaction.Transaction, now: datetime, new_reference: Callable[[], str]
    ) -> None:
        """Use the open transaction *db*; rows are added at *now*, in the ledger's time zone."""
        self.db = db
        self.today = now.date().isoformat()
        self._now = now.astimezone(UTC)
        self._new_reference = new_reference

    def account(self, customer_id: str) -> tuple[int, int]:
        """Return the balance and the number of the transaction that opened the account.

        Raises:
            UnknownAccountError: If there is no account.
        """
        found = self.db.get("accounts", customer_id)
        if found is None:
            raise UnknownAccountError
        _, balance, opened_by = found
        return balance, opened_by

    def held(self, customer_id: str) -> int:
        """Return the sum of the customer's open holds, in minor units."""
        return self._number(
            "SELECT coalesce(sum(amount_minor), 0) FROM holds"
            " WHERE customer_id = ? AND state = 'open'",
            customer_id,
        )

    def withdrawn(self, customer_id: str, day: str) -> int:
        """Return the sum that was withdrawn or put on hold on *day* (an ISO date)."""
        booked = self._number(
            "SELECT coalesce(sum(-amount_minor), 0) FROM transactions"
            " WHERE customer_id = ? AND kind = 'withdrawal' AND day = ?",
            customer_id, day,
        )  # fmt: skip
        return booked + self._number(
            "SELECT coalesce(sum(amount_minor), 0) FROM holds"
            " WHERE customer_id = ? AND state = 'open' AND day = ?",
            customer_id, day,
        )  # fmt: skip

    def transactions(self, customer_id: str, opened_by: int, limit: int) -> list[Transaction]:
        """Return the last *limit* transactions since *opened_by*, newest first."""
        found = self.db.select(
            "SELECT kind, amount_minor, balance_minor, at, reference FROM transactions"
            " WHERE customer_id = ? AND id >= ? ORDER BY id DESC LIMIT ?",
            (customer_id, opened_by, max(0, limit)),
        )
        return [
            Transaction(kind, amount, balance, datetime.fromisoformat(at), reference)
            for kind, amount, balance, at, reference in found
        ]

    def open_holds(self) -> list[Hold]:
        """Return all holds that are neither booked nor released, oldest first."""
        found = self.db.select(
            "SELECT id, customer_id, amount_minor, at, reference FROM holds"
            " WHERE state = 'open' ORDER BY id"
        )
        return [
            Hold(number, customer_id, amount, datetime.fromisoformat(at), reference)
            for number, customer_id, amount, at, reference in found
        ]

    def add(
        self,
        customer_id: str,
        kind: TransactionKind,
        amount_minor: int,
        balance_minor: int,
        *,
        day: str | None = None,
        reference: str | None = None,
    ) -> int:
        """Add a transaction, by default of today and with a new reference; return its number."""
        number = self._next("transactions")
        self.db.put(
            "transactions", number, customer_id, kind, amount_minor, balance_minor,
            self._now.isoformat(), day or self.today, reference or self._reference(),
        )  # fmt: skip
        return number

    def hold_made(self, customer_id: str, amount_minor: int, reference: str) -> Hold | None:
        """Return the open hold that was made with *reference*, None if none was.

        Raises:
            InvalidReferenceError: If it belongs to another customer or amount.
            SettledHoldError: If that hold was settled before.
        """
        found = self.db.select(
            "SELECT id, customer_id, amount_minor, at, state FROM holds WHERE reference = ?",
            (reference,),
        )
        if not found:
            if self._taken(reference):
                raise InvalidReferenceError
            return None
        ((number, owner, amount, at, state),) = found
        if (owner, amount) != (customer_id, amount_minor):
            raise InvalidReferenceError
        if state != "open":
            raise SettledHoldError(self._withdrawal(reference))
        return Hold(number, owner, amount, datetime.fromisoformat(at), reference)

    def hold(self, customer_id: str, amount_minor: int, reference: str | None = None) -> Hold:
        """Add an open hold, by default with a new reference."""
        reference = reference or self._reference()
        hold = Hold(self._next("holds"), customer_id, amount_minor, self._now, reference)
        self.db.put(
            "holds", hold.hold_id, customer_id, amount_minor,
            hold.at.isoformat(), self.today, hold.reference, "open",
        )  # fmt: skip
        return hold

    def settle(
        self, hold_id: int, state: Literal["booked", "released"]
    ) -> tuple[str, int, str, str]:
        """Close an open hold; return customer, amount in minor units, ISO date and reference.

        Raises:
            UnknownHoldError: If there is no such hold.
            SettledHoldError: If it was settled before.
        """
        found = self.db.get("holds", hold_id) if 0 < hold_id <= _LARGEST_ID else None
        if found is None:
            raise UnknownHoldError
        _, customer_id, amount, at, day, reference, before = found
        if before != "open":
            raise SettledHoldError(self._withdrawal(reference))
        self.db.put("holds", hold_id, customer_id, amount, at, day, reference, state)
        return customer_id, amount, day, reference

    def _withdrawal(self, reference: str) -> Withdrawal | None:
        found = self.db.select(
            "SELECT amount_minor, balance_minor FROM transactions WHERE reference = ?", (reference,)
        )
        return Withdrawal(reference, -found[0][0], found[0][1]) if found else None

    def _next(self, table: str) -> int:
        return self._number(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")

    def _reference(self) -> str:
        while True:
            reference = self._new_reference()
            if not self._taken(reference):
                return reference

    def _taken(self, reference: str) -> bool:
        return bool(
            self._number(
                "SELECT EXISTS (SELECT 1 FROM transactions WHERE reference = ?1)"
                " OR EXISTS (SELECT 1 FROM holds WHERE reference = ?1)",
                reference,
            )
        )

    def _number(self, sql: str, *parameters: str) -> int:
        ((number,),) = self.db.select(sql, parameters)
        return int(number)
