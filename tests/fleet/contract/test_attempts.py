"""Contract tests of attempt counters: what each attempt costs its owner, in every store."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from credentials.attempt_rules import Ending, Standing
from tests.fleet.contract.banks import Bank

T = TypeVar("T")
ADA, BOB = "a" * 32, "b" * 32


def at_once(number: int, work: Callable[[], T]) -> list[T]:
    """Do *work* on so many threads that begin together."""
    barrier = threading.Barrier(number)

    def begin() -> T:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(number) as threads:
        return [each.result() for each in [threads.submit(begin) for _ in range(number)]]


def attempt(bank: Bank, ending: Ending, owner: str = ADA) -> None:
    assert bank.attempts.reserve(owner) is Standing.FREE
    bank.attempts.settle(owner, ending)


def test_three_wrong_pins_lock_until_staff_unlock(bank: Bank) -> None:
    for _ in range(3):
        assert bank.attempts.standing(ADA) is Standing.FREE
        attempt(bank, Ending.WRONG_PIN)
    bank.clock.leap(10 * 86400)
    again = bank.reopened()
    assert again.attempts.reserve(ADA) is again.attempts.standing(ADA) is Standing.LOCKED
    assert again.attempts.reserve(BOB) is Standing.FREE
    again.attempts.clear(ADA)
    assert bank.attempts.reserve(ADA) is Standing.FREE
    again.close()


def test_an_admission_forgives_two_wrong_pins(bank: Bank) -> None:
    for ending in (Ending.WRONG_PIN, Ending.WRONG_PIN, Ending.ADMITTED) * 3:
        attempt(bank, ending)
    assert bank.attempts.standing(ADA) is Standing.FREE


def test_another_face_costs_a_wait_that_doubles_up_to_an_hour(bank: Bank) -> None:
    waits = [60, 120, 240, 480, 960, 1920, 3600, 3600]
    for wait_s in waits:
        attempt(bank, Ending.FOREIGN_FACE)
        bank.clock.leap(wait_s - 5)
        assert bank.attempts.reserve(ADA) is Standing.WAITING
        bank.clock.leap(5)
        assert bank.attempts.standing(ADA) is Standing.FREE


def test_thirty_other_faces_lock(bank: Bank) -> None:
    for _ in range(30):
        assert bank.attempts.standing(ADA) is Standing.FREE
        attempt(bank, Ending.FOREIGN_FACE)
        bank.clock.leap(3600)
    assert bank.attempts.reserve(ADA) is Standing.LOCKED


def test_a_wait_that_staff_forgave_begins_at_a_minute_again(bank: Bank) -> None:
    for _ in range(3):
        attempt(bank, Ending.FOREIGN_FACE)
        bank.clock.leap(240)
    bank.attempts.clear(ADA)
    attempt(bank, Ending.FOREIGN_FACE)
    assert bank.attempts.standing(ADA) is Standing.WAITING
    bank.clock.leap(60)
    assert bank.attempts.standing(ADA) is Standing.FREE


def test_eight_threads_at_once_have_three_attempts_judged(bank: Bank) -> None:
    standings = at_once(8, lambda: bank.attempts.reserve(ADA))
    assert sorted(standings) == [Standing.FREE] * 3 + [Standing.WAITING] * 5


def test_eight_threads_that_settle_have_each_wrong_pin_counted(bank: Bank) -> None:
    def one() -> Standing:
        standing = bank.attempts.reserve(ADA)
        if standing is Standing.FREE:
            bank.attempts.settle(ADA, Ending.WRONG_PIN)
        return standing

    assert at_once(8, one).count(Standing.FREE) == 3
    assert bank.attempts.standing(ADA) is Standing.LOCKED


def test_reservations_that_no_login_holds_any_more_cost_a_wait(bank: Bank) -> None:
    for _ in range(3):
        assert bank.attempts.reserve(ADA) is Standing.FREE
    assert bank.attempts.reserve(ADA) is Standing.WAITING
    again = bank.reopened()
    again.clock.leap(120)
    assert again.attempts.reserve(ADA) is Standing.WAITING  # now they count as other faces
    again.clock.leap(60)
    assert again.attempts.reserve(ADA) is Standing.FREE
    again.close()


def test_a_locked_owner_is_no_other_one(bank: Bank) -> None:
    bank.attempts.lock(ADA)
    standings = bank.attempts.standings([ADA, BOB])
    assert standings == {ADA: Standing.LOCKED, BOB: Standing.FREE}


@pytest.mark.parametrize("ending", [Ending.WRONG_PIN, Ending.FOREIGN_FACE])
def test_a_reservation_that_was_forgiven_still_ends_as_it_ends(bank: Bank, ending: Ending) -> None:
    bank.attempts.reserve(ADA)
    bank.attempts.clear(ADA)
    bank.attempts.settle(ADA, ending)
    for _ in range(2 if ending is Ending.WRONG_PIN else 0):
        attempt(bank, Ending.WRONG_PIN)
    wanted = Standing.LOCKED if ending is Ending.WRONG_PIN else Standing.WAITING
    assert bank.attempts.standing(ADA) is wanted
