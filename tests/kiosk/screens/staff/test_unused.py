"""Page of unused accounts in a real window: who is told, what is kept, and what a touch deletes."""

import dataclasses
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from atm.people import Customer
from atm.staff.inactivity import Inactive, Kept
from tests.kiosk.staff_steps import home, tile, words

pytestmark = pytest.mark.gui

FOUND = [
    Inactive(Customer(str(n), f"name{n}", "Ada"), date(2025, 1, 31), date(2026, 2, 1), kept)
    for n, kept in enumerate(Kept)
]


class Accounts:
    """One account for each reason."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine

    def listed(self, *, staff: Any) -> list[Inactive]:
        return FOUND

    def delete(self, username: str, *, staff: Any) -> None:
        self._machine.act("delete unused", username, staff.name)


@pytest.fixture
def page(machine: Any, settings: Any, kiosk_on: Any, sign_in: Any) -> Any:
    machine.bank = SimpleNamespace(inactivity=Accounts(machine))
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, keep_inactive_days=365))
    sign_in(kiosk)
    kiosk.touch(tile(kiosk, "Unused accounts"))
    kiosk.on("UnusedAccounts")
    kiosk.until(lambda: kiosk.screen.listing.rows)
    return kiosk


def test_each_account_is_told_with_what_keeps_it_and_only_a_due_one_is_touched(page: Any) -> None:
    told = " ".join(words(page.screen))
    for sentence in (
        "unused since 31 Jan 2025", "due on 1 Feb 2026", "there is money on it",
        "a withdrawal is open", "the consent names no time",
    ):  # fmt: skip
        assert sentence in told, sentence
    touched = [c for c in page.screen.listing.controls if type(c).__name__ == "ListRow"]
    assert touched == page.screen.listing.rows[:1]


def test_a_due_account_is_deleted_after_a_question_by_whoever_is_signed_in(
    page: Any, machine: Any
) -> None:
    page.touch(page.screen.listing.rows[0])
    page.touch(page.asked().no)
    assert machine.acts == []
    page.touch(page.screen.listing.rows[0])
    page.touch(page.asked().yes)
    home(page, "ok", "The customer is deleted.")
    assert machine.acts == [("delete unused", "name0", "Ana Ruiz")]
