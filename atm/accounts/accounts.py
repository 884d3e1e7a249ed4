"""Transactions, holds and withdrawals, and the rules that every withdrawal must meet."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from atm.accounts.money import LARGEST_MINOR
from atm.errors import AtmError

TransactionKind = Literal["opening", "withdrawal", "closing"]

_REFERENCE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # base32: no 0, 1, 8
_REFERENCE = re.compile("[A-Z2-7]{8}")


def random_reference() -> str:
    """Return a random reference of eight base32 characters."""
    return "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(8))


@dataclass(frozen=True, slots=True)
class Transaction:
    """One booked change of an account's balance.

    Attributes:
        kind: "opening", "withdrawal" or "closing".
        amount_minor: Change of the balance, negative for withdrawals.
        balance_minor: The balance afterwards.
        at: When, in UTC.
        reference: Eight letters and digits, unique within the account; unique among all accounts
            in the ledger of one machine.
    """

    kind: TransactionKind
    amount_minor: int
    balance_minor: int
    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Money set aside for a withdrawal that is neither booked nor returned yet.

    Attributes:
        hold_id: Number of the hold, never used twice.
        customer_id: The account's customer.
        amount_minor: More than zero.
        at: When, in UTC.
        reference: Sent to the dispenser; the transaction has it once the hold is booked.
    """

    hold_id: int
    customer_id: str
    amount_minor: int
    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A booked withdrawal: its reference, its amount (positive) and the balance it left."""

    reference: str
    amount_minor: int
    balance_minor: int


class LedgerError(AtmError):
    """The ledger cannot be used or refused the operation; nothing was changed."""


class UnknownAccountError(LedgerError):
    """The customer has no account."""

    sentence = "There is no such account."


class AccountExistsError(LedgerError):
    """The customer has an account already."""

    sentence = "The customer already has an account."


class OpenHoldError(LedgerError):
    """The account cannot be closed while a withdrawal from it is on hold."""

    sentence = "A withdrawal from this account is on hold. Settle it first."


class InvalidAmountError(LedgerError):
    """The amount is zero, negative, no whole number of minor units, or too large to open with."""

    sentence = "This amount is not possible."


class NotAMultipleError(LedgerError):
    """The amount cannot be paid in the notes of this machine."""

    def __init__(self, smallest_note_minor: int) -> None:
        """Keep the smallest note, in minor units."""
        super().__init__("The amount is not a multiple of the smallest note.")
        self.smallest_note_minor = smallest_note_minor


class InsufficientFundsError(LedgerError):
    """The amount is more than the balance less what is on hold."""

    def __init__(self, available_minor: int) -> None:
        """Keep the available amount, in minor units."""
        super().__init__("The amount is more than the balance.")
        self.available_minor = available_minor


class DayLimitError(LedgerError):
    """The amount is more than what remains of today's limit."""

    def __init__(self, remaining_minor: int) -> None:
        """Keep the rest of today's limit, in minor units."""
        super().__init__("The amount is more than may still be withdrawn today.")
        self.remaining_minor = remaining_minor


class UnknownHoldError(LedgerError):
    """There is no hold with that number."""

    sentence = "There is no such withdrawal on hold."


class InvalidReferenceError(LedgerError):
    """The reference has the wrong form, or belongs to another withdrawal."""

    sentence = "This reference cannot be used for this withdrawal."


class SettledHoldError(LedgerError):
    """The hold was booked or released before; a hold is settled once."""

    def __init__(self, booked: Withdrawal | None = None) -> None:
        """Keep the withdrawal it was *booked* as, None if it was released.

        A caller that lost the answer to its own booking finds the booking here.
        """
        super().__init__("This withdrawal is settled already.")
        self.booked = booked


class PayingOutError(LedgerError):
    """A withdrawal is being paid out now; staff settle only abandoned holds."""

    sentence = "Money is being paid out now. Try again when no withdrawal is running."


def check_opening(opening_minor: int) -> None:
    """Check an opening balance: 0 to `LARGEST_MINOR` minor units.

    Raises:
        InvalidAmountError: If it is negative, too large or not whole.
    """
    if type(opening_minor) is not int or not 0 <= opening_minor <= LARGEST_MINOR:
        raise InvalidAmountError


def check_hold(
    amount_minor: int,
    *,
    available_minor: int,
    spent_minor: int,
    smallest_note_minor: int,
    day_limit_minor: int,
) -> None:
    """Check an amount that is to be held for a withdrawal; all amounts are in minor units.

    Args:
        amount_minor: Amount to hold.
        available_minor: The balance less what is on hold.
        spent_minor: Amount withdrawn that day, with the holds made that day.
        smallest_note_minor: The amount must be a multiple of it.
        day_limit_minor: Largest sum of a day's withdrawals.

    Raises:
        InvalidAmountError: If the amount is zero, negative or not whole.
        NotAMultipleError: If it cannot be paid in the notes there are.
        InsufficientFundsError: If it is more than what is available.
        DayLimitError: If it is more than what remains of the day's limit.
    """
    if type(amount_minor) is not int or amount_minor <= 0:
        raise InvalidAmountError
    if amount_minor % smallest_note_minor:
        raise NotAMultipleError(smallest_note_minor)
    if amount_minor > available_minor:
        raise InsufficientFundsError(available_minor)
    remaining_minor = max(0, day_limit_minor - spent_minor)
    if amount_minor > remaining_minor:
        raise DayLimitError(remaining_minor)


def check_reference(reference: str) -> None:
    """Check that *reference* has the form that `random_reference` makes.

    Raises:
        InvalidReferenceError: If it has another form.
    """
    if not _REFERENCE.fullmatch(reference):
        raise InvalidReferenceError
