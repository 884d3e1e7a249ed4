"""Login in a real window: name, PIN, face."""

import time
from typing import Any

import pytest

from atm.login.decision import Outcome
from face_auth.types import Verdict
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.countdown import Countdown
from kiosk.screens.customer.login_pin import LoginPin
from kiosk.screens.customer.login_step import Typed
from tests.kiosk.login_steps import log_in, refused, to_pin

pytestmark = pytest.mark.gui

HELD = Marks(Ring.FILLING, 6, 12, "up")
"""Where a login that a test holds back is: one movement of three met, half of the next."""


@pytest.fixture
def page(kiosk: Any) -> Any:
    """The page for the PIN of maria.lopez."""
    to_pin(kiosk)
    return kiosk


@pytest.fixture
def checking(page: Any, machine: Any) -> Any:
    """The page for the face, with a check that is held back."""
    machine.held = True
    page.type("1234")
    page.key("Return")
    page.until(lambda: page.screen.view._marks == HELD)
    return page


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(kiosk: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that every wait is counted down by."""
    clock = Clock()
    kiosk.app.pause = Countdown(clock)
    monkeypatch.setattr("kiosk.screens.customer.login_face.Countdown", lambda: Countdown(clock))
    return clock


def press(kiosk: Any, pin: str = "1234") -> None:
    """Type the PIN and go on."""
    kiosk.type(pin)
    kiosk.key("Return")


def chips(kiosk: Any) -> list[str]:
    """Return the words of the top bar's chips."""
    return [chip.face.cget("text") for chip in kiosk.app.window.top.chips]


def test_right_pin_and_face_open_the_account(page: Any, machine: Any) -> None:
    press(page)
    page.on("Account")
    assert machine.calls == ["login maria.lopez 1234"]


def test_nothing_is_checked_before_the_press(page: Any, machine: Any) -> None:
    page.type("1234")
    page.settle(0.3)
    assert machine.calls == []
    page.touch(page.screen.press)
    page.on("Account")
    assert machine.calls == ["login maria.lopez 1234"]


def test_the_check_runs_before_the_face_page_is_drawn(
    page: Any, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiosk.screens.customer.login_face import LoginFace

    drawn = LoginFace._lay

    def once_checked(face: LoginFace) -> None:
        end = time.monotonic() + 60
        while not machine.calls and time.monotonic() < end:
            time.sleep(0.001)
        assert machine.calls == ["login maria.lopez 1234"]
        drawn(face)

    monkeypatch.setattr(LoginFace, "_lay", once_checked)
    press(page)
    page.on("Account")


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome.REFUSED, "Not admitted. Check your name and PIN, then try again."),
        (Outcome.NO_FACE, "We could not see your face. Move it into the oval and try again."),
        (Outcome.FAULT, "Service not available. Ask staff."),
        (Outcome.PAUSED, "Paused after too many refusals. Try again in 30 seconds, or ask staff."),
    ],
)
def test_a_refusal_says_one_of_four_sentences(
    page: Any, machine: Any, clock: Clock, outcome: Outcome, sentence: str
) -> None:
    machine.outcome = outcome
    press(page)
    page.until(lambda: refused(page))
    assert (page.screen.line.tone, page.screen.line.sentence) == ("bad", sentence)
    assert page.screen.view._marks == Marks(Ring.REFUSED)
    page.until(lambda: page.screen.again.focused or not page.screen.again.enabled)
    assert chips(page) == ["Back", "Cancel", "Help"]


def test_whoever_is_refused_is_told_the_same_wait_whatever_was_wrong(
    page: Any, machine: Any, clock: Clock
) -> None:
    machine.outcome = Outcome.REFUSED
    press(page)
    page.until(lambda: refused(page))
    said = page.screen.more
    for now, words in ((0.0, "60 seconds"), (0.5, "60 seconds"), (58.5, "2 seconds")):
        clock.now = 1000.0 + now
        expected = f"If refused again, wait {words}, or ask staff."
        page.until(lambda e=expected: said.cget("text") == e)  # type: ignore[misc]
    assert page.screen.again.enabled  # who mistyped need not wait
    clock.now = 1060.0
    page.until(lambda: said.cget("text") == "If refused again, ask staff.")


def test_after_a_refusal_the_name_is_kept_and_the_pin_is_not(page: Any, machine: Any) -> None:
    machine.outcome = Outcome.REFUSED
    press(page)
    page.until(lambda: refused(page))
    machine.outcome = None
    page.touch(page.screen.again)
    page.on("LoginPin")
    assert page.screen.pin.text == ""
    page.until(lambda: page.screen.press.enabled)
    press(page)
    page.on("Account")
    assert machine.calls == ["login maria.lopez 1234"] * 2


def test_a_pause_counts_down_and_then_login_is_live_again(
    page: Any, machine: Any, clock: Clock
) -> None:
    machine.outcome = Outcome.PAUSED
    press(page)
    page.until(lambda: refused(page))
    said = "Paused after too many refusals. Try again in {}, or ask staff."
    for now, words in ((0.0, "30 seconds"), (1.0, "29 seconds"), (28.6, "1 second")):
        clock.now = 1000.0 + now
        page.until(lambda w=words: page.screen.line.sentence == said.format(w))  # type: ignore[misc]
        assert not page.screen.again.enabled
    page.key("Escape")  # back to the PIN, where the pause goes on
    page.on("LoginPin")
    page.type("1234")
    page.until(lambda: page.screen.line.sentence == said.format("1 second"))
    page.key("Return")
    page.settle(0.2)
    assert len(machine.calls) == 1 and not page.screen.press.enabled
    clock.now = 1029.5
    page.until(lambda: page.screen.line.sentence == "Look at the camera and press Login")
    machine.outcome = None
    page.key("Return")
    page.on("Account")


def test_a_pause_holds_for_whoever_comes_next(kiosk: Any, machine: Any, clock: Clock) -> None:
    kiosk.app.pause.begin(42.5)
    kiosk.until(lambda: "Try again in 43 seconds" in kiosk.screen.line.sentence)
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")
    kiosk.type("maria.lopez")
    kiosk.key("Return")
    kiosk.on("LoginPin")
    kiosk.until(lambda: kiosk.screen.view.live)
    kiosk.settle(0.3)
    assert not kiosk.screen.press.enabled
    assert "Try again in 43 seconds" in kiosk.screen.line.sentence
    clock.now += 43
    kiosk.until(lambda: kiosk.screen.press.enabled)


def test_after_a_refusal_the_focus_goes_to_the_sentence_then_to_trying_again(
    page: Any, machine: Any
) -> None:
    machine.outcome = Outcome.REFUSED
    press(page)
    page.until(lambda: refused(page))
    assert page.app.focus.current is page.screen.line
    page.until(lambda: page.app.focus.current is page.screen.again)


def test_while_checked_one_instruction_the_step_and_the_arc_are_shown(
    checking: Any, machine: Any
) -> None:
    screen = checking.screen
    assert (screen.line.tone, screen.line.sentence) == ("up", "Nod up, towards the arrows")
    assert screen.step.cget("text") == "Movement 2 of 3"
    assert chips(checking) == ["Back", "Cancel", "Help"]
    machine.hold.set()
    checking.on("Account")


def test_the_pin_is_forgotten_once_the_check_has_it(checking: Any, machine: Any) -> None:
    assert checking.screen.typed == Typed("maria.lopez", "")
    machine.hold.set()


def test_the_preview_goes_on_during_a_login_and_never_faster_than_the_camera(
    checking: Any, machine: Any
) -> None:
    before, start = checking.screen.view.pictures, time.monotonic()
    checking.until(lambda: checking.screen.view.pictures >= before + 20)
    shown = checking.screen.view.pictures - before
    assert shown <= 25 * (time.monotonic() - start) + 2
    assert checking.screen.view._marks == HELD
    machine.hold.set()


def test_nobody_is_asked_for_more_time_during_a_login(checking: Any, machine: Any) -> None:
    machine.verdict = Verdict.NO_FACE
    checking.app.idle._idle_s = 0.6
    checking.settle(1.5)
    assert checking.app.dialog is None
    machine.hold.set()


def test_escape_breaks_a_login_off_and_a_late_yes_admits_nobody(
    checking: Any, machine: Any
) -> None:
    checking.key("Escape")
    checking.on("LoginPin")
    assert checking.screen.pin.text == ""
    machine.hold.set()
    checking.until(lambda: machine.sessions)
    checking.until(lambda: machine.sessions[0]._ledger is None)  # logged out again
    checking.settle(0.2)
    assert type(checking.screen).__name__ == "LoginPin"


def test_leaving_the_page_drops_a_login(checking: Any, machine: Any) -> None:
    checking.app.go_home()
    machine.hold.set()
    checking.until(lambda: machine.sessions and machine.sessions[0]._ledger is None)
    checking.settle(0.1)
    assert type(checking.screen).__name__ == "Home"


def test_who_goes_back_to_correct_the_name_keeps_what_was_typed(page: Any, machine: Any) -> None:
    page.type("1234")
    page.touch(page.app.window.top.chips[0].face)  # Back
    page.on("LoginName")
    assert page.screen.username.text == "maria.lopez"
    page.key("BackSpace", "z", "Return")
    page.on("LoginPin")
    assert page.screen.pin.text == "1234"
    page.until(lambda: page.screen.press.enabled)
    page.key("Return")
    page.on("Account")
    assert machine.calls == ["login maria.lopez 1234"]


@pytest.mark.parametrize("way", ["cancel", "home", "back, then home"])
def test_leaving_wipes_what_was_typed(page: Any, way: str) -> None:
    page.type("1234")
    typed = page.screen.typed
    assert typed.username == "maria.lopez"
    if way == "cancel":
        page.touch(page.app.window.top.chips[1].face)
    elif way == "home":
        page.app.go_home()
    else:
        page.key("Escape")
        page.on("LoginName")
        assert typed == Typed("maria.lopez", "1234")
        page.key("Escape")
    page.on("Home")
    assert typed == Typed("", "")
    page.screen.existing.press()
    page.on("LoginName")
    assert page.screen.username.text == ""


def test_a_pin_is_in_no_text_of_what_was_typed() -> None:
    assert "1234" not in repr(Typed("maria", "1234"))


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict.NO_FACE, "Place your face in the oval"),
        (Verdict.TOO_FAR, "Come a little closer"),
        (Verdict.TOO_NEAR, "Step back a little"),
        (Verdict.OFF_CENTRE, "Move your face into the oval"),
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
    page.until(lambda: page.screen.line.sentence == "Type your PIN")


def test_one_bad_frame_changes_no_sentence(page: Any, machine: Any) -> None:
    page.type("1234")
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


def test_the_camera_is_awake_while_the_name_is_typed(kiosk: Any, machine: Any) -> None:
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")
    machine.camera.last = None
    kiosk.until(lambda: machine.camera.last is not None)


def test_a_lost_camera_is_said_and_shows_no_frozen_picture(page: Any, machine: Any) -> None:
    page.until(lambda: page.screen.view.live)
    machine.camera.state = "lost"
    page.until(lambda: not page.screen.view.live)
    page.until(lambda: page.screen.line.tone == "warn")
    assert page.screen.line.sentence == "The camera does not answer. Ask staff."
    view = page.screen.view
    assert view._sheet.itemcget(view._title, "text") == "The camera does not answer."
    middle, rows = view._photo.width() // 2, range(40, view._photo.height() - 40, 40)
    assert {view._photo._PhotoImage__photo.get(middle, y) for y in rows} == {(58, 70, 89)}
    assert not page.screen.press.enabled
    machine.camera.state = "ready"
    page.until(lambda: page.screen.view.live and page.screen.press.enabled)
    assert view._sheet.itemcget(view._title, "text") == ""


def test_login_waits_for_the_models(page: Any, machine: Any) -> None:
    machine.ready = False
    page.until(lambda: not page.screen.press.enabled)
    assert page.screen.line.sentence == "One moment, please"
    press(page)
    page.settle(0.1)
    assert machine.calls == []


def test_an_empty_field_goes_nowhere(kiosk: Any, machine: Any) -> None:
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")
    kiosk.touch(kiosk.screen.go)
    assert type(kiosk.screen).__name__ == "LoginName"
    assert kiosk.screen.username.note.cget("text") == "Type a username."
    assert kiosk.app.focus.current is kiosk.screen.username
    kiosk.type("maria")
    kiosk.key("Return")
    kiosk.on("LoginPin")
    kiosk.until(lambda: kiosk.screen.press.enabled)
    kiosk.touch(kiosk.screen.press)
    assert kiosk.app.focus.current is kiosk.screen.pin
    kiosk.settle(0.1)
    assert type(kiosk.screen) is LoginPin and machine.calls == []


def test_the_pin_is_masked_and_takes_digits_only(page: Any) -> None:
    page.type("12a4-")
    assert page.screen.pin.text == "124"
    assert page.screen.pin.entry.cget("show") in ("•", "●")
    page.type("5" * 20)
    assert len(page.screen.pin.text) == 12


@pytest.mark.parametrize(
    "problem", ["Camera changed. Ask staff.", "Camera not registered. Ask staff."]
)
def test_a_camera_that_staff_did_not_register_judges_nobody(
    page: Any, machine: Any, problem: str
) -> None:
    page.type("1234")
    machine.camera_problem = problem
    page.until(lambda: page.screen.line.sentence == problem)
    assert not page.screen.press.enabled
    assert page.app.window.status_bar._shown.text == "Camera not accepted"
    machine.camera_problem = ""
    page.until(lambda: page.screen.press.enabled)


def test_leaving_an_account_says_goodbye_and_goes_home_by_itself(
    kiosk: Any, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.screens.customer.goodbye.STAYS_S", 0.3)
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.touch(kiosk.screen.leave)
    assert type(kiosk.screen).__name__ == "Goodbye"
    assert machine.sessions[0]._ledger is None  # closed already
    kiosk.on("Home")


def test_a_touch_anywhere_ends_the_goodbye(kiosk: Any, machine: Any) -> None:
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.key("Escape")
    kiosk.on("Goodbye")
    kiosk.touch(kiosk.screen)
    assert type(kiosk.screen).__name__ == "Home"
