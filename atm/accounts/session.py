"""Session of an admitted customer: balance, withdrawals and PIN change until the log-out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

from atm.accounts.accounts import Hold, LedgerError, Transaction, Withdrawal
from atm.accounts.dispenser import Dispenser, NotDispensed
from atm.errors import AtmError
from atm.people import Customer

if TYPE_CHECKING:
    from face_auth.gallery import Template

T = TypeVar("T")


class OwnAccount(Protocol):
    """Interface of an account that a session needs; see `Ledger`, `RemoteAccounts`."""

    def available(self, customer_id: str) -> int:
        """Return the balance less what is on hold, in minor units."""
        ...

    def transactions(self, customer_id: str, limit: int = 5) -> list[Transaction]:
        """Return the last transactions, newest first."""
        ...

    def check_withdrawal(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
    ) -> None:
        """Check that an amount could be held now; raise what `hold` would raise."""
        ...

    def hold(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
    ) -> Hold:
        """Put an amount on hold."""
        ...

    def book(self, hold: Hold) -> Withdrawal:
        """Book a hold as a withdrawal, once the notes are out."""
        ...

    def release(self, hold: Hold) -> None:
        """Release a hold, because no notes came out."""
        ...

    def paying_out(self) -> AbstractContextManager[None]:
        """Block the settling of holds during a pay-out."""
        ...


class SessionClosedError(AtmError):
    """The customer has logged out; the session accepts no further act."""

    sentence = "You are logged out. Please log in again."


class WithdrawalError(AtmError):
    """Base of the errors of a pay-out; only its subclasses are raised."""


class ReturnedError(WithdrawalError):
    """No note came out, and nothing was taken from the account."""

    sentence = "No money came out, and nothing was taken from the account."


class HeldError(WithdrawalError):
    """It is unknown whether notes came out; the amount is on hold until staff settle it."""

    def __init__(self, hold: Hold) -> None:
        """Keep amount and reference of the *hold*, which the customer is told."""
        super().__init__(
            f"Please ask staff: the amount of {hold.amount_minor} minor units is on hold,"
            f" reference {hold.reference}."
        )
        self.amount_minor = hold.amount_minor
        self.reference = hold.reference


class Session:
    """One customer's open session; only a granted login makes one."""

    def __init__(
        self,
        customer: Customer,
        ledger: OwnAccount,
        dispenser: Dispenser,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
        record: Callable[..., None] | None,
        template: Callable[[], Template],
        save_pin: Callable[[str], None],
        attended: bool = False,
    ) -> None:
        """Open a session of *customer*; all amounts are in minor units of the currency.

        Args:
            customer: The admitted customer.
            ledger: The ledger with the customer's account.
            dispenser: Pays the notes out.
            smallest_note_minor: Each withdrawal must be a multiple of it.
            day_limit_minor: Largest sum of a calendar day's withdrawals.
            record: Writes an entry of the audit log: ``record("withdrawal", step=…, customer=…,
                amount_minor=…, reference=…)``, with the steps "held" and then "booked",
                "returned" or "uncertain". No money comes out unless "held" was written.
            template: Returns the template that the customer's face is compared with.
            save_pin: Saves a new PIN for the customer.
            attended: Whether a member of staff is present in place of the face.
        """
        self.customer = customer
        self.attended = attended
        self.balance_asked = False
        """Whether the customer asked to see the balance in this session."""
        self.by_card = False
        """Whether the customer logged in with a card, which must stay in the reader."""
        self._ledger: OwnAccount | None = ledger
        self._dispenser = dispenser
        self._smallest_note_minor = smallest_note_minor
        self._day_limit_minor = day_limit_minor
        self._record = record
        self._template: Callable[[], Template] | None = template
        self._save_pin: Callable[[str], None] | None = save_pin

    @property
    def dispenser_name(self) -> str:
        """Name of the dispenser; see `atm.accounts.dispenser.SIMULATED`."""
        return self._dispenser.name

    def balance(self) -> int:
        """Return the balance less what is on hold, in minor units."""
        self.balance_asked = True
        return _open(self._ledger).available(self.customer.customer_id)

    def transactions(self, limit: int = 5) -> list[Transaction]:
        """Return the latest transactions, newest first."""
        return _open(self._ledger).transactions(self.customer.customer_id, limit=limit)

    def check_withdrawal(self, amount_minor: int) -> None:
        """Check that an amount could be withdrawn now; nothing is changed.

        Raises:
            LedgerError: If balance, day limit or notes do not allow it.
            SessionClosedError: After `close`.
        """
        _open(self._ledger).check_withdrawal(
            self.customer.customer_id,
            amount_minor,
            smallest_note_minor=self._smallest_note_minor,
            day_limit_minor=self._day_limit_minor,
        )

    def withdraw(self, amount_minor: int) -> Withdrawal:
        """Hold the amount, pay it out and book it; a crash in between leaves the hold.

        Raises:
            LedgerError: If balance, day limit or notes do not allow it; nothing has changed then.
            ReturnedError: If no note came out; nothing has changed then.
            HeldError: If notes may have come out, or did and could not be booked: staff settle.
            SessionClosedError: After `close`.
            Exception: Any error of *record* before a note came out; nothing has changed then.
        """
        ledger = _open(self._ledger)
        with ledger.paying_out():
            hold = ledger.hold(
                self.customer.customer_id,
                amount_minor,
                smallest_note_minor=self._smallest_note_minor,
                day_limit_minor=self._day_limit_minor,
            )
            try:
                self._log("held", hold)
            except BaseException:
                ledger.release(hold)
                raise
            try:
                self._dispenser.dispense(hold.reference, hold.amount_minor)
            except NotDispensed as error:
                self._return(ledger, hold, error)
            except Exception as error:
                self._log_after("uncertain", hold)
                raise HeldError(hold) from error
            try:
                withdrawal = ledger.book(hold)
            except LedgerError as error:
                self._log_after("uncertain", hold)
                raise HeldError(hold) from error
        self._log_after("booked", hold)
        return withdrawal

    def template(self) -> Template:
        """Return the template that later frames of this customer are compared with.

        Raises:
            AtmError: If the customer was deleted meanwhile.
            SessionClosedError: After `close`.
        """
        return _open(self._template)()

    def save_pin(self, pin: str) -> None:
        """Save a new PIN for the customer; call it directly after a login.

        Raises:
            PolicyError: If *pin* is not allowed.
            AtmError, CredentialError: If it could not be saved; the old PIN holds.
            SessionClosedError: After `close`.
        """
        _open(self._save_pin)(pin)

    def close(self) -> None:
        """Log out and drop all access to the account. Closing twice is no error."""
        self._ledger = self._template = self._save_pin = None

    def _return(self, ledger: OwnAccount, hold: Hold, cause: NotDispensed) -> NoReturn:
        try:
            ledger.release(hold)
        except LedgerError as error:
            self._log_after("uncertain", hold)
            raise HeldError(hold) from error
        self._log_after("returned", hold)
        raise ReturnedError from cause

    def _log(self, step: str, hold: Hold) -> None:
        if self._record is not None:
            self._record(
                "withdrawal",
                step=step,
                customer=hold.customer_id,
                amount_minor=hold.amount_minor,
                reference=hold.reference,
            )

    def _log_after(self, step: str, hold: Hold) -> None:
        """Log the end of a pay-out. A failure is ignored: "held" is already in the log."""
        with contextlib.suppress(Exception):
            self._log(step, hold)


def _open(part: T | None) -> T:
    """Return *part* if the session is still open."""
    if part is None:
        raise SessionClosedError
    return part
