"""Logins with the virtual card through Debian's pcscd: real PC/SC, a card of our own."""

import gc
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from atm.card.cards import Cards
from atm.card.reader import CardReader, ReaderError
from atm.card.result import CardReason, CardResult
from atm.login.decision import Outcome
from atm.people import Application, Signatures, StaffMember
from tests.atm.card.test_card_login import seen as seen_face
from tests.card.conftest import Pcscd, until
from tests.virtual_card import ASSERT, INFO, VirtualCard

# A connection of pyscard's that outlives pcscd complains in its finaliser.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
FOLDER_ID = "ab" * 16
TWO = Signatures(StaffMember("ruiz"), StaffMember("okafor"))


class Branch:
    """A bank that reads its cards through PC/SC, as an installed machine does."""

    def __init__(self, bank: Any, face: Callable[[str], Any]) -> None:
        self.bank, self._face = bank, face
        self.cards = Cards(FOLDER_ID, bank.store, CardReader(), required=True)

    def enrol(self, name: str) -> None:
        enrolment = self.bank.enrolment()
        enrolment._cards = self.cards
        application = Application(name, f"{name} Doe", 50_000, "4071", datetime.now(UTC))
        enrolment.enrol(application, TWO, lambda who, stop: self._face(who))

    def login(self, name: str = "ada") -> Outcome:
        logins = self.bank.logins(check_card=self.cards.check)
        decision = logins.login(name, "4071", seen_face())
        assert (decision.session is not None) == (decision.outcome is Outcome.GRANTED)
        return decision.outcome

    def reason(self) -> str:
        return str(self.bank.audit.tail(1, "decision")[0]["reasons"][-1])

    def check(self, name: str = "ada") -> CardResult:
        stop = threading.Event()
        threading.Timer(0.5, stop.set).start()
        return self.cards.check(self.bank.store.get(name), stop)


@pytest.fixture
def branch(bank: Any, face: Callable[[str], Any], pcscd: Pcscd) -> Iterator[Branch]:
    made = Branch(bank, face)
    yield made
    made.cards.reader.release()
    gc.collect()  # while pcscd still runs


def enrolled(branch: Branch, pcscd: Pcscd, name: str = "ada", **card: Any) -> VirtualCard:
    """Enrol a customer with a card, and take it out again."""
    made = VirtualCard(**card)
    inserted = pcscd.insert(made)
    branch.enrol(name)
    pcscd.take_out(inserted)
    return made


def test_a_card_enrols_fills_in_the_name_logs_in_and_is_missed(
    branch: Branch, pcscd: Pcscd
) -> None:
    card = pcscd.insert(VirtualCard())
    branch.enrol("ada")
    assert branch.cards.username() == "ada"
    for _ in range(2):
        assert branch.login() is Outcome.GRANTED
    assert card.apdus > 10
    reader = branch.cards.reader
    assert reader.still_there()
    assert reader.problem == ""
    pcscd.take_out(card)
    assert not reader.still_there()
    pcscd.insert(card.card)
    assert not reader.still_there()  # it was away
    assert branch.login() is Outcome.GRANTED


def test_a_card_that_is_put_back_at_once_was_away(branch: Branch, pcscd: Pcscd) -> None:
    card = pcscd.insert(VirtualCard())
    branch.enrol("ada")
    assert branch.login() is Outcome.GRANTED
    pcscd.take_out(card)
    pcscd.insert(card.card)
    assert not branch.cards.reader.still_there()


def test_a_card_with_its_own_pin_works_with_a_typed_username(branch: Branch, pcscd: Pcscd) -> None:
    pcscd.insert(VirtualCard(has_pin=True))
    branch.enrol("ada")
    assert branch.cards.username() is None
    assert branch.login() is Outcome.GRANTED


def test_no_card_another_card_and_two_cards_are_refused(branch: Branch, pcscd: Pcscd) -> None:
    ada, bob = enrolled(branch, pcscd), enrolled(branch, pcscd, "bob")
    assert branch.check().reason is CardReason.NONE
    pcscd.insert(bob)
    assert branch.login() is Outcome.REFUSED
    assert branch.reason() == "card: other_card"
    pcscd.insert(ada, slot=1)
    assert branch.check().reason is CardReason.TWO
    assert ASSERT not in ada.commands


def test_another_banks_card_is_refused(branch: Branch, pcscd: Pcscd) -> None:
    pcscd.insert(VirtualCard())
    other = Cards("cd" * 16, branch.bank.store, branch.cards.reader, required=True)
    branch.cards, own = other, branch.cards
    branch.enrol("ada")
    branch.cards = own
    assert branch.login() is Outcome.REFUSED
    assert branch.reason() == "card: other_card"


def test_a_replayed_answer_and_a_counter_set_back_are_refused(branch: Branch, pcscd: Pcscd) -> None:
    card = pcscd.insert(VirtualCard()).card
    branch.enrol("ada")
    answer, heard = card.answer, []

    def repeated(message: bytes) -> bytes:
        found = answer(message)
        if message[0] != ASSERT:
            return found
        heard.append(found)
        return heard[0]

    card.answer = repeated  # type: ignore[method-assign]
    assert branch.login() is Outcome.GRANTED
    assert branch.login() is Outcome.REFUSED
    assert branch.reason() == "card: false_signature"
    card.answer = answer  # type: ignore[method-assign]
    card.counter = 0
    assert branch.login() is Outcome.REFUSED
    assert branch.reason() == "card: counter_set_back"


@pytest.mark.parametrize("command", [INFO, ASSERT])
def test_a_card_taken_out_at_any_step_gives_no_answer(
    branch: Branch, pcscd: Pcscd, command: int
) -> None:
    card = enrolled(branch, pcscd)
    inserted = pcscd.insert(card)

    def take_out(found: int) -> None:
        if found == command:
            inserted.take_out()

    card.before = take_out
    found = branch.check()
    assert (found.accepted, found.card) == (False, None)
    assert found.reason in (CardReason.REMOVED, CardReason.NONE)


def test_without_pcscd_there_is_no_reader_and_no_refusal(branch: Branch, pcscd: Pcscd) -> None:
    card = enrolled(branch, pcscd)
    pcscd.stop()
    with pytest.raises(ReaderError):
        branch.check()
    assert branch.login() is Outcome.FAULT
    assert branch.cards.reader.problem
    pcscd.start()
    pcscd.insert(card)
    until(lambda: branch.cards.reader.problem == "")
    assert branch.login() is Outcome.GRANTED


def test_a_daemon_that_ends_during_the_session_takes_the_card_away(
    branch: Branch, pcscd: Pcscd
) -> None:
    pcscd.insert(VirtualCard())
    branch.enrol("ada")
    assert branch.login() is Outcome.GRANTED
    pcscd.stop()
    assert not branch.cards.reader.still_there()
