"""Enrolment with a card; staff block a lost card, and two replace it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from atm.answer_thread import ThreadResult
from atm.card import cards as card_module
from atm.card.result import CardError, CardReason, RegisteredCard
from atm.enrolment.enrolment import EnrolmentError
from atm.errors import AtmError
from atm.login.decision import Outcome
from atm.people import Application, StaffMember
from credentials.errors import StaleRecordError, UnknownUserError
from credentials.store import JsonStore
from tests.atm.card.conftest import FOLDER_ID, TWO
from tests.atm.card.test_card_login import seen
from tests.atm.conftest import SEAL
from tests.patience import LIMIT_S
from tests.virtual_card import ASSERT, MAKE, VirtualCard

RUIZ = StaffMember("ruiz")


def test_enrolment_keeps_the_key_in_the_sealed_record_and_no_name_on_the_card(made) -> None:
    (credential,) = made.ada.credentials
    card = RegisteredCard.parse(made.record("ada").card)
    assert (card.credential_id, card.counter, card.blocked) == (credential.credential_id, 1, False)
    assert credential.rp_id == f"{FOLDER_ID}.invalid"
    assert credential.user_id.hex() == made.record("ada").customer_id
    text = made.bank.store.path.read_text()
    assert card.text in text
    made.bank.store.path.write_text(text.replace(card.text, replace(card, counter=0).text))
    with pytest.raises(Exception, match="altered"):
        JsonStore(made.bank.store.path, SEAL).get("ada")


def test_the_card_text_is_read_back_as_it_was_and_nothing_else_is_taken() -> None:
    for card in (RegisteredCard(b"\xff" * 300, b"\xfe" * 77, 2**32 - 1, True),
                 RegisteredCard(b"a", b"b", 0)):  # fmt: skip
        assert RegisteredCard.parse(card.text) == card
        for text in (card.text + ".", card.text + "x", card.text[1:], ""):
            with pytest.raises(CardError):
                RegisteredCard.parse(text)


def test_without_a_card_nobody_is_enrolled_where_one_is_required(made) -> None:
    made.reader.cards = [made.ada, made.bob]
    enrolment = made.bank.enrolment()
    enrolment._cards = made.cards()
    captured: list[str] = []
    cancel = threading.Event()
    application = Application("eve", "Eve Doe", 0, "4071", datetime.now(UTC))

    def enrol():
        return enrolment.enrol(
            application, RUIZ, lambda who, stop: captured.append(who), cancel=cancel
        )

    running = ThreadResult("enrol", enrol)
    running.start()
    cancel.set()
    running.join(LIMIT_S)
    assert isinstance(running.result, EnrolmentError)
    assert (running.result.code, captured, made.bank.store.get("eve")) == ("cancelled", [], None)
    made.reader.cards = [VirtualCard()]
    made.reader.cards[0].before = lambda command: made.reader.take_out()
    made.reader.plugged = False
    with pytest.raises(EnrolmentError, match="reader does not answer") as caught:
        enrolment.enrol(application, RUIZ, lambda who, stop: captured.append(who))
    assert (caught.value.code, captured, made.bank.store.get("eve")) == ("card", [], None)


def test_a_card_that_makes_no_key_is_refused_with_a_sentence(made) -> None:
    def refuse(message: bytes) -> bytes:
        return b"\x27" if message[0] == MAKE else VirtualCard().answer(message)

    card = VirtualCard()
    card.answer = refuse
    with pytest.raises(EnrolmentError, match="Try another card"):
        made.enrol("eve", card)
    assert made.bank.store.get("eve") is None


def test_a_card_of_another_bank_in_disguise_is_not_registered(made) -> None:
    card = VirtualCard()
    data = card._data
    card._data = lambda rp_id, flags: data("other.invalid", flags)
    with pytest.raises(EnrolmentError, match="Try another card"):
        made.enrol("eve", card)


def test_the_card_fills_in_the_username(made) -> None:
    made.reader.cards = [made.ada]
    assert made.cards().username() == "ada"
    made.reader.cards = []
    assert made.cards().username() is None
    made.reader.cards = [made.ada, made.bob]
    assert made.cards().username() is None
    made.reader.cards = [made.ada]
    assert made.cards("cd" * 16).username() is None


def test_a_key_that_an_unfinished_enrolment_left_on_the_card_does_not_matter(made) -> None:
    made.reader.cards = [made.ada]
    made.cards().register("0f" * 16)
    assert made.cards().username() == "ada"
    made.cards().register(made.record("bob").customer_id)
    assert made.cards().username() is None  # of two customers


def test_a_card_with_its_own_pin_works_with_a_typed_username(made) -> None:
    card = VirtualCard(has_pin=True)
    made.enrol("cleo", card)
    assert [each.discoverable for each in card.credentials] == [False]
    made.reader.cards = [card]
    assert made.cards().username() is None
    assert made.logins().login("cleo", "4071", seen()).outcome is Outcome.GRANTED


def test_a_card_that_answers_nothing_without_a_touch_works_with_a_typed_username(made) -> None:
    made.reader.cards = [made.ada]
    made.ada.silent = False
    assert made.cards().username() is None
    assert made.check("ada", wait=True).accepted


def test_a_blocked_card_opens_nothing_until_two_replace_it(made) -> None:
    made.reader.cards = [made.ada]
    made.acts.block("ADA", staff=RUIZ)
    assert made.bank.audit.tail(1, "card")[0]["staff"] == ["ruiz"]
    for required in (True, False):
        made.required = required
        assert made.logins().login("ada", "4071", seen()).outcome is Outcome.REFUSED
        assert made.bank.audit.tail(1, "decision")[0]["reasons"][-1] == "card: card_blocked"
    assert ASSERT not in made.ada.commands
    new = VirtualCard()
    made.reader.cards = [new]
    made.acts.replace("ada", signed=TWO)
    done = made.bank.audit.tail(1, "card")[0]
    assert (done["act"], done["staff"]) == ("replace", ["ruiz", "okafor"])
    assert done["record"] == made.bank.store.record_mac(made.record("ada").customer_id)
    made.bank.attempts.clear(made.record("ada").customer_id)
    assert made.logins().login("ada", "4071", seen()).outcome is Outcome.GRANTED
    made.reader.cards = [made.ada]
    assert made.check("ada", wait=True).reason is CardReason.OTHER


def test_a_replacement_that_fails_leaves_the_old_card(made) -> None:
    before = made.record("ada")
    made.reader.plugged = False
    with pytest.raises(CardError):
        made.acts.replace("ada", signed=TWO)
    made.reader.plugged, made.reader.cards = True, [VirtualCard()]
    made.reader.cards[0].before = lambda command: (
        made.bank.store.replace(replace(before, full_name="Ada Two")) if command == MAKE else None
    )
    with pytest.raises(StaleRecordError):
        made.acts.replace("ada", signed=TWO)
    assert made.record("ada").card == before.card


def test_nobody_waits_for_the_new_card_once_it_is_broken_off(made, monkeypatch) -> None:
    monkeypatch.setattr(card_module, "REGISTER_S", 10 * LIMIT_S)
    before = made.record("ada")
    made.reader.cards = []
    cancel = threading.Event()
    running = ThreadResult("replace", lambda: made.acts.replace("ada", signed=TWO, cancel=cancel))
    running.start()
    cancel.set()
    running.join(LIMIT_S)
    assert isinstance(running.result, CardError)
    assert made.record("ada").card == before.card


def test_there_must_be_such_a_customer_and_a_card_to_block(made) -> None:
    made.required = False
    made.enrol("cleo", card=False)
    with pytest.raises(AtmError, match="no card"):
        made.acts.block("cleo", staff=RUIZ)
    for act in (
        lambda: made.acts.block("nobody", staff=RUIZ),
        lambda: made.acts.replace("nobody", signed=TWO),
    ):
        with pytest.raises(UnknownUserError):
            act()


def test_the_reader_tells_whether_the_card_of_the_session_stayed(made) -> None:
    cards = made.cards()
    assert not cards.reader.still_there()  # nobody logged in with one
    made.reader.cards = [made.ada]
    assert cards.check(made.record("ada"), threading.Event()).accepted
    assert cards.reader.still_there()
    made.reader.take_out()
    assert not cards.reader.still_there()
    made.reader.cards = [made.ada]  # back again: it was away
    assert not cards.reader.still_there()
    assert cards.check(made.record("ada"), threading.Event()).accepted
    cards.reader.release()
    assert not cards.reader.still_there()


def test_health_says_that_the_reader_is_missing(made) -> None:
    reader = made.cards().reader
    assert reader.problem == ""
    made.reader.plugged = False
    assert "card reader does not answer" in reader.problem
