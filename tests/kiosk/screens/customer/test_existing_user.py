"""Login page in a real window."""

import time
from typing import Any

import pytest

from atm.login.decision import Outcome
from face_auth.types import Verdict
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.countdown import Countdown

pytestmark = pytest.mark.gui

HELD = Marks(Ring.FILLING, 6, 12, "up")
"""Where a login that a test holds back is: one movement of three met, half of the next."""


@pytest.fixture
def page(kiosk: Any) -> Any:
    """The login page, with nothing typed."""
    kiosk.app.by_touch = False
    kiosk.key("Tab", "Return")
    kiosk.on("ExistingUser")
    kiosk.until(lambda: kiosk.screen.press.enabled)
    return kiosk


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(page: Any) -> Clock:
    """The clock that the machine's pause is counted down by."""
    clock = Clock()
    page.app.pause = Countdown(clock)
    return clock


def fill(kiosk: Any, pin: str = "1234") -> None:
    """Type name and PIN."""
    kiosk.screen.username.take_focus()
    kiosk.screen.username.clear()
    kiosk.type("maria.lopez")
    kiosk.key("Return")
    kiosk.type(pin)


def test_right_pin_and_face_open_the_account(page: Any, machine: Any) -> None:
    fill(page)
    page.key("Return")
    page.on("Account")
    assert machine.calls == ["login maria.lopez 1234"]


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome.REFUSED, "Not admitted. Wait a minute and try again, or ask staff."),
        (Outcome.NO_FACE, "We could not see your face. Try again."),
        (Outcome.FAULT, "Service not available. Ask staff."),
        (Outcome.PAUSED, "Paused after too many refusals. Try again in 30 seconds, or ask staff."),
    ],
)
def test_a_refusal_says_one_of_four_sentences(
    page: Any, machine: Any, clock: Clock, outcome: Outcome, sentence: str
) -> None:
    machine.outcome = outcome
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.line.tone == "bad")
    assert page.screen.line.sentence == sentence
    assert page.screen.pin.text == "" and page.screen.username.text == "maria.lopez"
    assert page.screen.view._marks == Marks(Ring.REFUSED)


def test_a_pause_counts_down_with_login_faded_and_then_it_is_live_again(
    page: Any, machine: Any, clock: Clock
) -> None:
    machine.outcome = Outcome.PAUSED
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.line.tone == "bad")
    line, screen = page.screen.line, page.screen
    said = "Paused after too many refusals. Try again in {}, or ask staff."
    for now, words in ((0.0, "30 seconds"), (1.0, "29 seconds"), (28.6, "1 second")):
        clock.now = 1000.0 + now
        page.until(lambda w=words: line.sentence == said.format(w))  # type: ignore[misc]
        assert not screen.press.enabled and screen.press.cget("text") == "Login"
    page.type("1234")
    page.key("Return")
    page.settle(0.3)
    assert line.sentence == said.format("1 second")  # typing does not hide it
    assert len(machine.calls) == 1 and not screen.press.enabled
    clock.now = 1029.5
    page.until(lambda: screen.press.enabled)
    page.until(lambda: line.sentence == "Look at the camera and press Login")
    assert screen.view._marks == Marks()
    machine.outcome = None
    page.key("Return")
    page.on("Account")


def test_a_pause_holds_for_whoever_comes_next(page: Any, machine: Any, clock: Clock) -> None:
    page.app.pause.begin(42.5)
    page.key("Escape")
    page.on("Home")
    page.until(lambda: "Try again in 43 seconds" in page.screen.line.sentence)
    page.touch(page.screen.existing)
    page.on("ExistingUser")
    page.until(lambda: page.screen.view.live)
    page.settle(0.3)
    assert not page.screen.press.enabled
    assert "Try again in 43 seconds" in page.screen.line.sentence
    clock.now += 43
    page.until(lambda: page.screen.press.enabled)


def test_after_a_refusal_the_focus_goes_to_the_sentence_then_to_the_pin(
    page: Any, machine: Any
) -> None:
    machine.outcome = Outcome.REFUSED
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.line.tone == "bad")
    assert page.app.focus.current is page.screen.line
    page.until(lambda: page.app.focus.current is page.screen.pin)


def test_a_digit_typed_on_the_sentence_goes_to_the_pin(page: Any, machine: Any) -> None:
    machine.outcome = Outcome.REFUSED
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.line.tone == "bad")
    page.type("7")
    assert page.screen.pin.text == "7" and page.app.focus.current is page.screen.pin
    page.until(lambda: page.screen.line.tone != "bad")
    assert page.screen.view._marks == Marks()


def test_during_a_login_everything_is_locked_and_the_arc_grows(page: Any, machine: Any) -> None:
    machine.held = True
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.view._marks == HELD)
    screen = page.screen
    assert (screen.line.tone, screen.line.sentence) == ("up", "Turn towards the arrow")
    assert screen.press.cget("text") == "Checking…" and not screen.press.enabled
    assert not any(key.enabled for key in screen.digits.keys)
    page.type("99")
    assert (screen.username.text, screen.pin.text) == ("maria.lopez", "1234")
    assert [chip.face.cget("text") for chip in page.app.window.top.chips] == ["Cancel"]
    machine.hold.set()
    page.on("Account")


def test_the_preview_goes_on_during_a_login_and_never_faster_than_the_camera(
    page: Any, machine: Any
) -> None:
    machine.held = True
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.view._marks == HELD)
    before, start = page.screen.view.pictures, time.monotonic()
    page.until(lambda: page.screen.view.pictures >= before + 20)
    shown = page.screen.view.pictures - before
    assert shown <= 25 * (time.monotonic() - start) + 2
    assert page.screen.view._marks == HELD
    machine.hold.set()


def test_nobody_is_asked_for_more_time_during_a_login(page: Any, machine: Any) -> None:
    machine.held = True
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.view._marks == HELD)
    machine.verdict = Verdict.NO_FACE
    page.app.idle._idle_s = 0.6
    page.settle(1.5)
    assert page.app.dialog is None
    machine.hold.set()


def test_escape_breaks_a_login_off_and_a_late_yes_admits_nobody(page: Any, machine: Any) -> None:
    machine.held = True
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.view._marks == HELD)
    page.key("Escape")
    assert page.screen.press.enabled and page.screen.pin.text == ""
    machine.hold.set()
    page.until(lambda: machine.sessions)
    page.until(lambda: machine.sessions[0]._ledger is None)  # logged out again
    page.settle(0.2)
    assert type(page.screen).__name__ == "ExistingUser"


def test_leaving_the_page_drops_a_login(page: Any, machine: Any) -> None:
    machine.held = True
    fill(page)
    page.key("Return")
    page.until(lambda: page.screen.view._marks == HELD)
    page.app.go_home()
    machine.hold.set()
    page.until(lambda: machine.sessions and machine.sessions[0]._ledger is None)
    page.settle(0.1)
    assert type(page.screen).__name__ == "Home"


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict.NO_FACE, "Place your face in the oval"),
        (Verdict.TOO_FAR, "Come a little closer"),
        (Verdict.TOO_DARK, "Turn your face towards the light"),
        (Verdict.SEVERAL, "Only one person, please"),
    ],
)
def test_before_the_press_the_page_helps(
    page: Any, machine: Any, verdict: Verdict, sentence: str
) -> None:
    machine.verdict = verdict
    page.until(lambda: page.screen.line.sentence == sentence)
    machine.verdict = Verdict.OK
    page.until(lambda: page.screen.line.sentence == "Type your username and your PIN")


def test_one_bad_frame_changes_no_sentence(page: Any, machine: Any) -> None:
    fill(page)
    page.until(lambda: page.screen.line.sentence.endswith("press Login"))
    guide, judged = machine.assess, []

    def one_bad(frame: Any) -> Any:
        machine.verdict = Verdict.OK if judged else Verdict.BLURRED
        judged.append(machine.verdict)
        return guide(frame)

    machine.assess = one_bad
    said = set()
    while len(judged) < 6:
        page.settle(0.01)
        said.add(page.screen.line.sentence)
    assert said == {"Look at the camera and press Login"}


def test_a_lost_camera_is_said_and_shows_no_frozen_picture(page: Any, machine: Any) -> None:
    page.until(lambda: page.screen.view.live)
    machine.camera.state = "lost"
    page.until(lambda: not page.screen.view.live)
    page.until(lambda: page.screen.line.tone == "warn")
    assert page.screen.line.sentence == "The camera does not answer. Ask staff."
    view = page.screen.view
    assert view._sheet.itemcget(view._title, "text") == "The camera does not answer."
    assert {view._photo._PhotoImage__photo.get(300, y) for y in (100, 206, 300)} == {(58, 70, 89)}
    assert not page.screen.press.enabled
    machine.camera.state = "ready"
    page.until(lambda: page.screen.view.live and page.screen.press.enabled)
    assert view._sheet.itemcget(view._title, "text") == ""


def test_login_waits_for_the_models(page: Any, machine: Any) -> None:
    machine.ready = False
    page.until(lambda: not page.screen.press.enabled)
    assert page.screen.line.sentence == "One moment, please"
    fill(page)
    page.key("Return")
    assert machine.calls == []


def test_pressing_with_an_empty_field_goes_to_that_field(page: Any, machine: Any) -> None:
    page.touch(page.screen.press)
    assert page.app.focus.current is page.screen.username
    page.type("maria")
    page.touch(page.screen.press)
    assert page.app.focus.current is page.screen.pin
    assert machine.calls == []


def test_the_pin_is_masked_and_takes_digits_only(page: Any) -> None:
    page.screen.pin.take_focus()
    page.type("12a4-")
    assert page.screen.pin.text == "124"
    assert page.screen.pin.entry.cget("show") in ("•", "●")
    page.type("5" * 20)
    assert len(page.screen.pin.text) == 12


def test_leaving_drops_what_was_typed(page: Any) -> None:
    fill(page)
    page.app.go_home()
    page.key("Tab", "Return")
    page.on("ExistingUser")
    assert (page.screen.username.text, page.screen.pin.text) == ("", "")


@pytest.mark.parametrize(
    "problem", ["Camera changed. Ask staff.", "Camera not registered. Ask staff."]
)
def test_a_camera_that_staff_did_not_register_judges_nobody(
    page: Any, machine: Any, problem: str
) -> None:
    fill(page)
    page.until(lambda: page.screen.press.enabled)
    machine.camera_problem = problem
    page.until(lambda: page.screen.line.sentence == problem)
    assert not page.screen.press.enabled
    assert page.app.window.status_bar._shown.text == "Camera not accepted"
    machine.camera_problem = ""
    page.until(lambda: page.screen.press.enabled)
