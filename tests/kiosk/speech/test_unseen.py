"""A customer who listens: the account stays open while they turn away, and nothing vanishes."""

from typing import Any

import pytest

from face_auth.types import PresenceState
from kiosk import unseen
from kiosk.presence import PresenceWatch
from kiosk.screens.customer import balance, covered, goodbye
from kiosk.unseen import KEPT_S, MOST_TIMES, WARNED_S, UnseenQuestion
from tests.kiosk.fake_machine import FakeMachine
from tests.kiosk.login_steps import log_in
from tests.kiosk.speech.ear import Ear

pytestmark = pytest.mark.gui

QUESTION = "Are you still there?"


@pytest.fixture
def account(speaking: Any, ear: Ear) -> Any:
    """The account of a customer who listens."""
    log_in(speaking)
    speaking.on("Account")
    speaking.until(lambda: "Show balance, button" in ear.words)
    return speaking


def question(kiosk: Any) -> UnseenQuestion:
    """Return what asks at the account, once it is watched."""
    attendance = kiosk.app.attendance
    kiosk.until(lambda: attendance._watch is not None)
    return attendance._watch._question


def asked(kiosk: Any) -> bool:
    """Return whether the question is in front."""
    title = getattr(kiosk.app.dialog, "title", None)
    return title is not None and title.cget("text") == QUESTION


def test_who_turns_away_is_asked_and_goes_on_by_a_key(
    account: Any, machine: FakeMachine, ear: Ear
) -> None:
    account.key("Return")
    account.until(lambda: "1350 euros" in ear.words)
    machine.presence = PresenceState.GONE
    account.until(lambda: "press Enter to go on" in ear.words)
    account.until(lambda: "Yes, button" in ear.words)
    assert "1,350" not in account.screen.balance.cget("text"), "who may be gone is not shown it"
    account.key("Return")
    account.settle(0.8)
    assert account.app.dialog is None
    assert type(account.screen).__name__ == "Account"
    assert machine.sessions[0]._ledger is not None


def test_the_question_goes_when_the_customer_is_seen(account: Any, machine: FakeMachine) -> None:
    machine.presence = PresenceState.GONE
    account.until(lambda: asked(account))
    machine.presence = PresenceState.HERE
    account.until(lambda: account.app.dialog is None)
    assert not account.app.unseen
    account.touch(account.screen.presets[0])
    assert "Withdraw" in account.asked().title.cget("text")


def test_nothing_is_paid_out_while_the_customer_is_not_seen(
    account: Any, machine: FakeMachine, ear: Ear
) -> None:
    machine.presence = PresenceState.GONE
    account.until(lambda: asked(account))
    account.key("Return")
    account.until(lambda: account.app.dialog is None)
    account.touch(account.screen.presets[0])
    account.until(lambda: "Turn to the camera, then choose again" in ear.words)
    assert account.app.dialog is None
    assert machine.ledger.balance("c" * 32) == 135_000


def test_without_an_answer_the_account_is_covered(
    account: Any, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unseen, "WARNED_S", 0.6)
    machine.presence = PresenceState.GONE
    account.on("Covered")
    assert machine.sessions[0]._ledger is None and account.app.dialog is None


def test_another_face_covers_the_account_at_once(
    account: Any, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unseen, "WARNED_S", 3600.0)
    machine.presence = PresenceState.GONE
    account.until(lambda: asked(account))
    machine.presence = PresenceState.OTHER
    account.on("Covered")
    assert machine.sessions[0]._ledger is None and account.app.dialog is None


def test_speech_that_is_switched_on_later_keeps_no_account_open(
    kiosk: Any, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unseen, "WARNED_S", 3600.0)
    kiosk.app.reader.voice = Ear()
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.until(lambda: kiosk.app.attendance._watch is not None)
    kiosk.key("F1", "F1")
    assert kiosk.app.access.speech
    machine.presence = PresenceState.GONE
    kiosk.on("Covered")


def test_two_answers_count_and_then_the_face_must_be_seen(account: Any) -> None:
    clock = [0.0]
    made = UnseenQuestion(account.app, lambda: clock[0])
    for turn in range(MOST_TIMES):
        assert not made.not_seen(), turn
        clock[0] += WARNED_S - 0.1
        assert not made.not_seen() and asked(account)
        account.key("Return")
        assert account.app.dialog is None
        clock[0] += KEPT_S - 0.1
        assert not made.not_seen() and account.app.dialog is None
        clock[0] += 0.2
    assert made.not_seen()
    made.seen()
    assert not made.not_seen() and asked(account)
    assert clock[0] < 2 * (WARNED_S + KEPT_S) + 1


def test_the_question_is_alone(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = UnseenQuestion(account.app)
    idle = account.app.idle
    monkeypatch.setattr(idle, "_idle_s", 0.0)
    account.until(lambda: idle.asking)
    monkeypatch.setattr(idle, "_idle_s", 3600.0)
    made.not_seen()
    assert asked(account) and not idle.asking


def test_the_watch_asks_only_where_there_is_a_voice(account: Any) -> None:
    session = account.screen.session
    assert PresenceWatch(account.app, session, covered.Covered)._question is not None
    account.app.reader.voice = None
    assert PresenceWatch(account.app, session, covered.Covered)._question is None


def test_the_balance_stays_while_something_is_said(
    account: Any, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balance, "SHOWN_S", 0.5)
    ear.slow = True
    account.key("Return")
    account.until(lambda: "1350 euros" in ear.words)
    account.app.idle._busy_at -= 3600  # as if the window had stood still for so long
    account.settle(1.2)
    assert "1,350" in account.screen.balance.cget("text")
    ear.busy = ear.slow = False
    account.until(lambda: "1,350" not in account.screen.balance.cget("text"))


@pytest.mark.parametrize("module", [goodbye, covered])
def test_a_page_that_leaves_by_itself_is_heard_to_its_end(
    speaking: Any, ear: Ear, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    monkeypatch.setattr(module, "STAYS_S", 0.5)
    ear.slow = True
    speaking.app.show(getattr(module, module.__name__.rpartition(".")[2].title()))
    speaking.until(lambda: ear.busy)
    speaking.settle(1.2)
    assert type(speaking.screen).__name__ != "Home"
    ear.busy = ear.slow = False
    speaking.on("Home")
