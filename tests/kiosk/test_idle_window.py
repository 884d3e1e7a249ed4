"""Nobody there: "More time?", then everything typed is dropped."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from atm.settings import Settings
from face_auth.quality import Verdict

pytestmark = pytest.mark.gui


@pytest.fixture
def short(machine: Any, settings: Settings, kiosk_on: Callable[..., Any]) -> Any:
    """A kiosk that asks after 1.2 s and waits for 1.2 s, with nobody before its camera."""
    machine.verdict = Verdict.NO_FACE
    return kiosk_on(machine, settings=dataclasses.replace(settings, idle_s=1.2, more_time_s=1.2))


def enter(kiosk: Any) -> None:
    """Go to the login page and type something."""
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("ExistingUser")
    kiosk.type("maria")


def test_nobody_answers_and_everything_is_dropped(short: Any) -> None:
    enter(short)
    short.until(lambda: short.app.dialog is not None)
    assert short.app.dialog.title.cget("text") == "More time?"
    assert "This page closes in" in short.app.dialog.line.cget("text")
    assert not short.screen.view.live  # what stands still is not shown as live
    short.on("Home")
    assert short.app.dialog is None
    short.touch(short.screen.existing)
    short.on("ExistingUser")
    assert short.screen.username.text == ""


def test_yes_goes_on_with_what_was_typed(short: Any) -> None:
    enter(short)
    short.until(lambda: short.app.dialog is not None)
    short.touch(short.app.dialog.yes)
    assert short.app.dialog is None
    assert short.screen.username.text == "maria"
    short.until(lambda: short.screen.view.live)
    short.until(lambda: short.app.dialog is not None)  # and is asked again


def test_no_ends_at_once(short: Any) -> None:
    enter(short)
    short.until(lambda: short.app.dialog is not None)
    short.touch(short.app.dialog.no)
    assert type(short.screen).__name__ == "Home"


def test_a_visible_customer_is_not_asked(short: Any, machine: Any) -> None:
    machine.verdict = Verdict.OK
    enter(short)
    short.settle(2.0)
    assert short.app.dialog is None
    machine.verdict = Verdict.NO_FACE
    short.until(lambda: short.app.dialog is not None)


def test_a_visible_customer_counts_on_pages_without_a_camera_pane(short: Any, machine: Any) -> None:
    machine.verdict = Verdict.OK
    short.touch(short.screen.create)
    short.on("StaffSignIn")
    short.settle(2.4)
    assert short.app.dialog is None


def test_a_key_puts_the_question_off(short: Any) -> None:
    enter(short)
    for _ in range(10):
        short.settle(0.25)
        short.type("x")
    assert short.app.dialog is None


def test_an_account_is_logged_out(short: Any, machine: Any) -> None:
    enter(short)
    short.screen.username.text, short.screen.pin.text = "maria.lopez", "1234"
    short.screen.pin.take_focus()
    short.key("Return")
    short.on("Account")
    short.touch(short.screen.show_button)
    short.until(lambda: "1,350" in short.screen.balance.cget("text"))
    short.until(lambda: short.app.dialog is not None)
    assert "logged out in" in short.app.dialog.line.cget("text")
    assert "1,350" not in short.screen.balance.cget("text")
    short.on("Home")
    assert machine.sessions[0]._ledger is None


def test_home_goes_back_to_the_default_language(short: Any) -> None:
    short.touch(short.app.window.top.chips[1].face)
    assert short.app.language.code == "es"
    short.until(lambda: short.app.language.code == "en")
    assert type(short.screen).__name__ == "Home" and short.app.dialog is None
