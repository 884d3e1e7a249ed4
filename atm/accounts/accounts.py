"""Transactions, holds and withdrawals of an account, and the rules by which money is held."""

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
    """Return eight base32 characters."""
    return "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(8))


@dataclass(frozen=True, slots=True)
class Transaction:
    """One line of an account.

    Attributes:
        kind: "opening", "withdrawal" or "closing".
        amount_minor: What the balance changed by, so withdrawals are negative.
        balance_minor: The balance afterwards.
        at: When, in UTC.
        reference: Eight letters and digits, unique among the account's, and in the file of one
            machine among all.
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
        hold_id: Never used twice.
        customer_id: Whose money.
        amount_minor: More than zero.
        at: When, in UTC.
        reference: What the dispenser is told, and the transaction's once it is booked.
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
    """The ledger cannot be used, or refuses; nothing was changed."""


class UnknownAccountError(LedgerError):
    """The customer has no account."""

    sentence = "There is no such account."


class AccountExistsError(LedgerError):
    """The customer has an account already."""

    sentence = "There is an account already."


class OpenHoldError(LedgerError):
    """The account cannot be closed while a withdrawal from it is on hold."""

    sentence = "A withdrawal from this account is on hold. Settle it first."


class InvalidAmountError(LedgerError):
    """Zero, negative, or no whole number of minor units, or too large to open with."""

    sentence = "This amount is not possible."


class NotAMultipleError(LedgerError):
    """The amount cannot be paid in the notes there are."""

    def __init__(self, smallest_note_minor: int) -> None:
        """Keep what the amount must be a multiple of, in minor units."""
        super().__init__("The amount is not a multiple of the smallest note.")
        self.smallest_note_minor = smallest_note_minor


class InsufficientFundsError(LedgerError):
    """More than there is, less what is on hold."""

    def __init__(self, available_minor: int) -> None:
        """Keep what may be withdrawn, in minor units."""
        super().__init__("The amount is more than the balance.")
        self.available_minor = available_minor


class DayLimitError(LedgerError):
    """More than may still be withdrawn today."""

    def __init__(self, remaining_minor: int) -> None:
        """Keep what may still be withdrawn today, in minor units."""
        super().__init__("The amount is more than may still be withdrawn today.")
        self.remaining_minor = remaining_minor


class UnknownHoldError(LedgerError):
    """There is no hold of that number."""

    sentence = "There is no such withdrawal on hold."


class InvalidReferenceError(LedgerError):
    """The reference is none, or stands for another withdrawal."""

    sentence = "This reference cannot be used for this withdrawal."


class SettledHoldError(LedgerError):
    """The hold was booked or released before; that happens once."""

    def __init__(self, booked: Withdrawal | None = None) -> None:
        """Keep what it was *booked* as, None if it was released.

        Whoever lost the answer to their own booking finds it here.
        """
        super().__init__("This withdrawal is settled already.")
        self.booked = booked


class PayingOutError(LedgerError):
    """A withdrawal is just being paid out; staff settle only what was left behind."""

    sentence = "Money is being paid out now. Try again when nobody withdraws."


def check_opening(opening_minor: int) -> None:
    """Accept what an account is opened with: 0 to `LARGEST_MINOR` minor units.

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
    """Accept an amount that may be held for a withdrawal; all are minor units.

    Args:
        amount_minor: What is to be held.
        available_minor: The balance less what is on hold.
        spent_minor: What was withdrawn that day, or is on hold of that day.
        smallest_note_minor: What the amount must be a multiple of.
        day_limit_minor: What may be withdrawn in one day altogether.

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
    """Accept a reference that `random_reference` could have made.

    Raises:
        InvalidReferenceError: If it is none.
    """
    if not _REFERENCE.fullmatch(reference):
        raise InvalidReferenceError
