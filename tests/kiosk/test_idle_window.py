"""Idle time-out in the window: "More time?", then everything typed is dropped."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from atm.settings import Settings
from face_auth.types import Verdict
from kiosk.idle import IdleClock
from tests.kiosk.login_steps import log_in, to_pin

pytestmark = pytest.mark.gui

IDLE_S = MORE_S = 12.0


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock by which the kiosk tells that nobody is there."""
    return Clock()


@pytest.fixture
def short(
    machine: Any,
    settings: Settings,
    kiosk_on: Callable[..., Any],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """A kiosk that asks after 12 s and waits for 12 s, with nobody before its camera."""
    monkeypatch.setattr(
        "kiosk.app.IdleClock", lambda idle_s, more_s: IdleClock(idle_s, more_s, clock)
    )
    machine.verdict = Verdict.NO_FACE
    asks = dataclasses.replace(settings, idle_s=IDLE_S, more_time_s=MORE_S)
    return kiosk_on(machine, settings=asks)


def asked(kiosk: Any, clock: Clock) -> None:
    """Let so much time pass that the question comes."""
    clock.now += IDLE_S - 0.1
    kiosk.settle(0.6)  # it was looked at twice
    assert kiosk.app.dialog is None
    clock.now += 0.2
    kiosk.until(lambda: kiosk.app.dialog is not None)


def seen(kiosk: Any, clock: Clock) -> None:
    """Let three quarters of the time pass, and wait until the customer was seen after that."""
    clock.now += IDLE_S * 0.75
    kiosk.until(lambda: kiosk.app.idle._active_at == clock.now)
    kiosk.settle(0.6)
    assert kiosk.app.dialog is None


def enter(kiosk: Any) -> None:
    """Go to the page for the PIN and type something."""
    to_pin(kiosk)
    kiosk.type("12")


def test_nobody_answers_and_everything_is_dropped(short: Any, clock: Clock) -> None:
    enter(short)
    asked(short, clock)
    assert short.app.dialog.title.cget("text") == "More time?"
    assert "This page closes in" in short.app.dialog.line.cget("text")
    assert not short.screen.view.live  # what stands still is not shown as live
    clock.now += MORE_S - 0.1
    short.settle(0.6)
    assert short.app.dialog is not None
    clock.now += 0.2
    short.on("Home")
    assert short.app.dialog is None
    short.touch(short.screen.existing)
    short.on("LoginName")
    assert short.screen.username.text == ""
    short.type("maria")
    short.key("Return")
    short.on("LoginPin")
    assert short.screen.pin.text == ""


def test_yes_goes_on_with_what_was_typed(short: Any, clock: Clock) -> None:
    enter(short)
    asked(short, clock)
    short.touch(short.app.dialog.yes)
    assert short.app.dialog is None
    assert (short.screen.typed.username, short.screen.pin.text) == ("maria.lopez", "12")
    short.until(lambda: short.screen.view.live)
    asked(short, clock)  # again


def test_no_ends_at_once(short: Any, clock: Clock) -> None:
    enter(short)
    asked(short, clock)
    short.touch(short.app.dialog.no)
    assert type(short.screen).__name__ == "Home"


def test_a_visible_customer_is_not_asked(short: Any, machine: Any, clock: Clock) -> None:
    machine.verdict = Verdict.OK
    enter(short)
    for _ in range(3):
        seen(short, clock)
    machine.verdict = Verdict.NO_FACE
    short.until(lambda: short.screen.line.sentence == "Place your face in the oval")
    asked(short, clock)


def test_a_visible_customer_counts_on_pages_without_a_camera_pane(
    short: Any, machine: Any, clock: Clock
) -> None:
    machine.verdict = Verdict.OK
    short.touch(short.screen.create)
    short.on("StaffSignIn")
    for _ in range(3):
        seen(short, clock)


def test_a_key_puts_the_question_off(short: Any, clock: Clock) -> None:
    enter(short)
    for _ in range(3):
        clock.now += IDLE_S * 0.75
        short.type("1")
        short.settle(0.6)
    assert short.app.dialog is None
    asked(short, clock)


def test_an_account_is_logged_out(short: Any, machine: Any, clock: Clock) -> None:
    log_in(short)
    short.on("Account")
    short.touch(short.screen.show_button)
    short.until(lambda: "1,350" in short.screen.balance.cget("text"))
    asked(short, clock)
    assert "logged out in" in short.app.dialog.line.cget("text")
    assert "1,350" not in short.screen.balance.cget("text")
    clock.now += MORE_S + 0.1
    short.on("Home")
    assert machine.sessions[0]._ledger is None


def test_home_goes_back_to_the_default_language(short: Any, clock: Clock) -> None:
    short.touch(short.app.window.top.chips[1].face)
    assert short.app.language.code == "es"
    clock.now += IDLE_S + 0.1
    short.until(lambda: short.app.language.code == "en")
    assert type(short.screen).__name__ == "Home" and short.app.dialog is None
