"""Contract tests of accounts: money adds up, is paid once, and stays below the day limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from atm.accounts.accounts import (
    AccountExistsError,
    DayLimitError,
    Hold,
    InsufficientFundsError,
    InvalidAmountError,
    InvalidReferenceError,
    LedgerError,
    NotAMultipleError,
    OpenHoldError,
    SettledHoldError,
    UnknownAccountError,
    UnknownHoldError,
    Withdrawal,
)
from tests.fleet.contract.banks import Bank, now

ADA, BOB = "a" * 32, "b" * 32


def keep(bank: Bank, amount_minor: int, owner: str = ADA, **others: str) -> Hold:
    return bank.ledger.hold(
        owner, amount_minor, smallest_note_minor=1000, day_limit_minor=100000, **others
    )


@pytest.fixture(autouse=True)
def opened(bank: Bank) -> None:
    bank.ledger.open_account(ADA, 135000)


def test_an_account_is_opened_once(bank: Bank) -> None:
    assert bank.ledger.has_account(ADA)
    assert not bank.ledger.has_account(BOB)
    with pytest.raises(AccountExistsError):
        bank.ledger.open_account(ADA, 1)
    for amount in (-1, 10**12 + 1, 1.5, True):
        with pytest.raises(InvalidAmountError):
            bank.ledger.open_account(BOB, amount)
    assert bank.ledger.balance(ADA) == 135000
    for ask in (bank.ledger.balance, bank.ledger.available, bank.ledger.transactions):
        with pytest.raises(UnknownAccountError):
            ask(BOB)


def verdict(ask: Callable[[], object]) -> tuple[str, object]:
    """Return what *ask* raises, and what it says is left."""
    try:
        ask()
    except LedgerError as error:
        return type(error).__name__, dict(vars(error))
    return "", {}


@pytest.mark.parametrize("held", [0, 30000])
@pytest.mark.parametrize("amount", [-1000, 0, 1, 1500, 70000, 100000, 101000, 135000, 136000])
def test_a_check_says_what_a_hold_would_and_changes_nothing(
    bank: Bank, held: int, amount: int
) -> None:
    if held:
        keep(bank, held)
    before = (bank.ledger.available(ADA), bank.ledger.open_holds())
    checked = verdict(
        lambda: bank.ledger.check_withdrawal(
            ADA, amount, smallest_note_minor=1000, day_limit_minor=100000
        )
    )
    assert (bank.ledger.available(ADA), bank.ledger.open_holds()) == before
    assert checked == verdict(lambda: keep(bank, amount))


def test_a_withdrawal_is_held_and_then_booked(bank: Bank) -> None:
    hold = keep(bank, 30000)
    again = bank.reopened()
    assert (again.ledger.balance(ADA), again.ledger.available(ADA)) == (135000, 105000)
    assert again.ledger.open_holds() == [hold]
    assert again.ledger.book(hold) == Withdrawal(hold.reference, 30000, 105000)
    assert (bank.ledger.balance(ADA), bank.ledger.available(ADA)) == (105000, 105000)
    assert bank.ledger.open_holds() == []
    found = bank.ledger.transactions(ADA)
    assert [(each.kind, each.amount_minor, each.balance_minor) for each in found] == [
        ("withdrawal", -30000, 105000),
        ("opening", 135000, 135000),
    ]
    assert found[0].reference == hold.reference
    assert bank.ledger.transactions(ADA, 1) == found[:1]
    again.close()


def test_no_more_is_held_than_there_is_or_notes_can_pay(bank: Bank) -> None:
    bank.ledger.open_account(BOB, 5000)
    keep(bank, 3000, BOB)
    with pytest.raises(InsufficientFundsError) as caught:
        keep(bank, 3000, BOB)
    assert caught.value.available_minor == 2000
    with pytest.raises(NotAMultipleError):
        keep(bank, 1500, BOB)
    for amount in (0, -1000, 1000.0):
        with pytest.raises(InvalidAmountError):
            keep(bank, amount, BOB)
    with pytest.raises(UnknownAccountError):
        keep(bank, 1000, "c" * 32)


def test_the_days_limit_counts_bookings_and_holds_and_ends_with_the_day(bank: Bank) -> None:
    bank.ledger.book(keep(bank, 40000))
    returned = keep(bank, 10000)
    keep(bank, 30000)
    bank.ledger.release(returned)
    with pytest.raises(DayLimitError) as caught:
        keep(bank, 31000)
    assert caught.value.remaining_minor == 30000
    bank.clock.leap(86400)
    with pytest.raises(InsufficientFundsError):  # the day is new, the balance is not
        keep(bank, 66000)
    keep(bank, 65000)


def test_what_is_released_on_another_day_does_not_raise_that_days_limit(bank: Bank) -> None:
    yesterday = keep(bank, 20000)
    bank.clock.leap(86400)
    keep(bank, 90000)
    bank.ledger.release(yesterday)
    with pytest.raises(DayLimitError) as caught:
        keep(bank, 11000)
    assert caught.value.remaining_minor == 10000


@pytest.mark.parametrize("first", ["book", "release", "paid", "unpaid"])
def test_a_hold_is_settled_once(bank: Bank, first: str) -> None:
    hold = keep(bank, 30000)

    def settle(ledger, way: str) -> None:
        ways = {"book": ledger.book, "release": ledger.release}
        if way in ways:
            ways[way](hold)
        else:
            ledger.settle(hold, way == "paid")

    settle(bank.ledger, first)
    booked = Withdrawal(hold.reference, 30000, 105000) if first in ("book", "paid") else None
    for again in ("book", "release", "paid", "unpaid"):
        with pytest.raises(SettledHoldError) as caught:
            settle(bank.ledger, again)
        assert caught.value.booked == booked
    left = 105000 if booked else 135000
    assert bank.ledger.balance(ADA) == bank.ledger.available(ADA) == left


def test_a_hold_that_nobody_made_is_not_settled(bank: Bank) -> None:
    hold = Hold(7, ADA, 1000, now(), "AAAAAAAA")
    for way in (bank.ledger.book, bank.ledger.release):
        with pytest.raises(UnknownHoldError):
            way(hold)
    with pytest.raises(UnknownHoldError):
        bank.ledger.settle(hold, paid=True)


def test_a_reference_that_is_sent_again_holds_the_money_once(bank: Bank) -> None:
    hold = keep(bank, 30000, reference="MYKEY234")
    assert keep(bank, 30000, reference="MYKEY234") == hold
    assert bank.ledger.available(ADA) == 105000
    with pytest.raises(InvalidReferenceError):
        keep(bank, 31000, reference="MYKEY234")
    booked = bank.ledger.book(hold)
    with pytest.raises(SettledHoldError) as caught:
        keep(bank, 30000, reference="MYKEY234")
    assert caught.value.booked == booked
    assert bank.ledger.balance(ADA) == 105000


@pytest.mark.parametrize("reference", ["", "mykey234", "MYKEY23", "MYKEY2345", "MYKEY230"])
def test_a_reference_must_look_like_one(bank: Bank, reference: str) -> None:
    with pytest.raises(InvalidReferenceError):
        keep(bank, 1000, reference=reference)
    assert bank.ledger.open_holds() == []


def test_eight_threads_take_no_more_than_there_is_and_it_adds_up(bank: Bank) -> None:
    bank.ledger.open_account(BOB, 45000)

    def take() -> int:
        taken = 0
        while True:
            try:
                taken += bank.ledger.book(keep(bank, 5000, BOB)).amount_minor
            except InsufficientFundsError:
                return taken

    with ThreadPoolExecutor(8) as threads:
        taken = [each.result() for each in [threads.submit(take) for _ in range(8)]]
    assert sum(taken) == 45000
    assert bank.ledger.balance(BOB) == bank.ledger.available(BOB) == 0
    rows = bank.ledger.transactions(BOB, 100)
    assert sum(each.amount_minor for each in rows) == 0
    assert len({each.reference for each in rows}) == 10


def test_an_account_is_closed_with_what_is_left_booked_out(bank: Bank) -> None:
    hold = keep(bank, 5000)
    with pytest.raises(OpenHoldError):
        bank.ledger.remove_account(ADA)
    bank.ledger.release(hold)
    bank.ledger.remove_account(ADA)
    with pytest.raises(UnknownAccountError):
        bank.ledger.remove_account(ADA)
    assert not bank.ledger.has_account(ADA)
    bank.ledger.open_account(ADA, 700)
    assert [each.kind for each in bank.ledger.transactions(ADA)] == ["opening"]


def test_what_is_said_of_a_hold_does_not_change_it(bank: Bank) -> None:
    hold = keep(bank, 5000)
    assert bank.ledger.book(replace(hold, amount_minor=1)).amount_minor == 5000
