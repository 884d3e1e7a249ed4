"""What an admitted customer may do until they log out."""

from dataclasses import dataclass

from atm.errors import AtmError
from atm.ledger import Ledger, Transaction, Withdrawal

MINOR_PER_MAJOR = 100


@dataclass(frozen=True, slots=True)
class Customer:
    """Who somebody is to the bank; nothing secret."""

    customer_id: str
    username: str
    full_name: str


class SessionClosedError(AtmError):
    """The customer has logged out; nothing more may be done in their name."""


class Session:
    """One customer's open account. Made only by a granted login."""

    def __init__(
        self, customer: Customer, ledger: Ledger, *, smallest_note: int, day_limit: int
    ) -> None:
        """Open the account of *customer*; note and limit are in whole units of the currency."""
        self.customer = customer
        self._ledger: Ledger | None = ledger
        self._smallest_note_minor = smallest_note * MINOR_PER_MAJOR
        self._day_limit_minor = day_limit * MINOR_PER_MAJOR

    def balance(self) -> int:
        """Return the balance in minor units."""
        return self._open().balance(self.customer.customer_id)

    def transactions(self, limit: int = 5) -> list[Transaction]:
        """Return the latest transactions, newest first."""
        return self._open().transactions(self.customer.customer_id, limit=limit)

    def withdraw(self, amount_minor: int) -> Withdrawal:
        """Book a withdrawal.

        Raises:
            LedgerError: If balance, day limit or notes do not allow it; nothing has changed then.
            SessionClosedError: After `close`.
        """
        return self._open().withdraw(
            self.customer.customer_id,
            amount_minor,
            smallest_note_minor=self._smallest_note_minor,
            day_limit_minor=self._day_limit_minor,
        )

    def close(self) -> None:
        """Log out. Closing twice is no error."""
        self._ledger = None

    def _open(self) -> Ledger:
        if self._ledger is None:
            raise SessionClosedError("You are logged out. Please log in again.")
        return self._ledger
