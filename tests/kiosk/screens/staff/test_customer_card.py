"""A lost card is blocked by one signature and replaced by two, in the window."""

from typing import Any

import pytest

from atm.card.result import CardError
from tests.kiosk.fake_machine import FakeCards
from tests.kiosk.staff_steps import BEN_PIN, home, open_customer, sign, tile

pytestmark = pytest.mark.gui

BOTH = ["Ana Ruiz", "Ben Okafor"]


@pytest.fixture
def page(menu: Any, machine: Any) -> Any:
    """The card of Maria Lopez."""
    machine.cards = FakeCards()
    open_customer(menu, "maria")
    menu.touch(tile(menu, "Card"))
    menu.on("CustomerCard")
    return menu


def test_a_machine_without_cards_offers_none(menu: Any) -> None:
    open_customer(menu, "maria")
    assert not menu.screen.card.shown
    assert menu.screen.without_face.title.cget("text") == "Without the face"


def test_a_lost_card_is_blocked_after_a_question(page: Any, machine: Any) -> None:
    page.touch(page.screen.block)
    page.touch(page.asked().no)
    assert machine.acts == []
    page.touch(page.screen.block)
    page.touch(page.asked().yes)
    home(page, "ok", "The card is blocked.")
    assert machine.acts == [("block card", "maria.lopez", "Ana Ruiz")]


def test_a_new_card_takes_two_signatures_and_waits_for_the_card(page: Any, machine: Any) -> None:
    page.touch(page.screen.new_card)
    sign(page, "Ben Okafor", BEN_PIN)
    page.on("NewCard")
    page.settle(0.2)
    assert machine.acts == []
    machine.card_acts.card.set()
    home(page, "ok", "The new card is registered. The old one is no longer valid.")
    assert machine.acts == [("replace card", "maria.lopez", BOTH)]


def test_nobody_waits_for_a_card_after_cancel(page: Any, machine: Any) -> None:
    page.touch(page.screen.new_card)
    sign(page, "Ben Okafor", BEN_PIN)
    page.on("NewCard")
    page.until(lambda: machine.card_acts.waits is not None)
    page.key("Escape")
    home(page, "info", "Nothing was stored.")
    assert machine.card_acts.waits.is_set()
    assert machine.acts == []


def test_a_card_that_makes_no_key_says_what_to_do(page: Any, machine: Any) -> None:
    machine.act_error = CardError("This card makes no key for this bank. Try another card.")
    machine.card_acts.card.set()
    page.touch(page.screen.new_card)
    sign(page, "Ben Okafor", BEN_PIN)
    page.on("NotDone")
    assert "Try another card." in page.screen.said.words
