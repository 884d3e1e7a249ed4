"""A card at the window: it fills in the name, and must stay until the end."""

import threading
from typing import Any

import pytest

from atm.card.result import CardError
from kiosk.screens.customer.covered import CardTaken
from tests.kiosk.conftest import LIMIT_S
from tests.kiosk.fake_machine import FakeCards
from tests.kiosk.login_steps import log_in, to_pin

pytestmark = pytest.mark.gui


@pytest.fixture
def cards(machine: Any) -> FakeCards:
    """The reader of a machine that requires cards."""
    machine.cards = FakeCards()
    return machine.cards


def begin(kiosk: Any) -> None:
    kiosk.on("Home")
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")


def test_the_card_fills_in_the_name_and_the_customer_goes_on_to_the_pin(
    cards: FakeCards, kiosk: Any
) -> None:
    begin(kiosk)
    assert kiosk.screen.username.note.cget("text") == "Put your card in the reader."
    cards.name = "maria.lopez"
    kiosk.on("LoginPin")
    assert kiosk.screen.typed.username == "maria.lopez"
    assert kiosk.screen.pin.note.cget("text") == "Leave your card in the reader."
    kiosk.until(lambda: kiosk.screen.press.enabled)
    kiosk.type("1234")
    kiosk.key("Return")
    kiosk.on("Account")
    assert "face and card at" in kiosk.app.window.status_bar._shown.text


def test_what_was_typed_is_not_written_over(cards: FakeCards, kiosk: Any) -> None:
    asked, answer = threading.Event(), threading.Event()

    def username() -> str:
        asked.set()
        assert answer.wait(LIMIT_S)
        return "maria.lopez"

    cards.username = username  # type: ignore[method-assign]
    begin(kiosk)
    kiosk.until(asked.is_set)
    kiosk.type("bo")
    answer.set()
    kiosk.until(lambda: kiosk.screen._looking.over)
    assert type(kiosk.screen).__name__ == "LoginName"
    assert kiosk.screen.username.text == "bo"


def test_a_reader_that_fails_leaves_the_letters(cards: FakeCards, kiosk: Any) -> None:
    cards.error = CardError("no reader")
    begin(kiosk)
    kiosk.settle(0.5)
    to_pin_from_name(kiosk)


def to_pin_from_name(kiosk: Any) -> None:
    kiosk.type("maria.lopez")
    kiosk.key("Return")
    kiosk.on("LoginPin")


def test_where_a_card_is_optional_the_sentences_say_so(machine: Any, kiosk: Any) -> None:
    machine.cards = FakeCards(required=False)
    begin(kiosk)
    note = kiosk.screen.username.note.cget("text")
    assert note == "If you have a card, put it in the reader."
    to_pin_from_name(kiosk)
    assert kiosk.screen.pin.note.cget("text") == "If you have a card, leave it in the reader."


def test_without_cards_nobody_is_asked_for_one(kiosk: Any) -> None:
    page = to_pin(kiosk)
    assert page.pin.note is None
    log = kiosk.app.window
    kiosk.type("1234")
    kiosk.key("Return")
    kiosk.on("Account")
    assert "card" not in log.status_bar._shown.text


@pytest.mark.parametrize("how", ["taken out", "reader fails"])
def test_a_card_that_is_taken_out_closes_the_account(
    cards: FakeCards, kiosk: Any, machine: Any, how: str
) -> None:
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.settle(1.2)
    assert type(kiosk.screen).__name__ == "Account"  # it is there
    if how == "taken out":
        cards.there = False
    else:
        cards.error = CardError("no reader")
    kiosk.on("CardTaken")
    assert machine.sessions[0]._ledger is None
    pages = [w for w in kiosk.app.window.area.winfo_children() if w.winfo_exists()]
    assert [type(each) for each in pages] == [CardTaken]


def test_a_session_without_a_card_is_not_watched_for_one(
    cards: FakeCards, kiosk: Any, machine: Any
) -> None:
    log_in(kiosk)
    kiosk.on("Account")
    machine.sessions[0].by_card = False
    cards.there = False
    kiosk.settle(1.5)
    assert type(kiosk.screen).__name__ == "Account"


def test_the_goodbye_reminds_of_the_card(cards: FakeCards, kiosk: Any) -> None:
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.touch(kiosk.screen.leave)
    kiosk.on("Goodbye")
    told = [
        each.cget("text") for each in kiosk.screen.pane.winfo_children() if hasattr(each, "_label")
    ]
    assert "Take your card with you." in told
