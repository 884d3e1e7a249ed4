"""Change of a PIN in a real window."""

from typing import Any

import pytest

from atm.login.decision import Outcome
from face_auth.types import Verdict
from kiosk.countdown import Countdown
from tests.kiosk.login_steps import log_in

pytestmark = pytest.mark.gui


@pytest.fixture
def page(kiosk: Any) -> Any:
    """The page on which Maria Lopez types her old PIN and the new one."""
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.key("Tab", "Tab", "Return")
    kiosk.on("ChangePin")
    return kiosk


def fill(kiosk: Any, old: str = "1234", new: str = "4713", again: str = "4713") -> None:
    """Type all three."""
    for word in filter(None, (old, new, again)):
        kiosk.type(word)
        kiosk.key("Return")


def test_old_pin_and_face_together_change_it(page: Any, machine: Any) -> None:
    fill(page)
    page.on("PinChanged")
    assert machine.acts == [("change_pin", "maria.lopez", "1234", "4713")]
    page.touch(page.screen.controls[-1])
    page.on("Account")
    assert machine.sessions[0]._ledger is not None


def test_nothing_begins_before_the_face_is_well_in_view(page: Any, machine: Any) -> None:
    machine.verdict = Verdict.TOO_FAR
    fill(page)
    page.on("LookToChange")
    page.until(lambda: page.screen.line.sentence == "Come a little closer")
    page.settle(0.5)
    assert machine.acts == []
    machine.verdict = Verdict.OK
    page.on("PinChanged")


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome.REFUSED, "PIN not changed. Type the old one again, or ask staff."),
        (Outcome.NO_FACE, "We could not see your face. Move it into the oval and try again."),
        (Outcome.PAUSED, "Paused after too many refusals. Try again in 13 seconds, or ask staff."),
    ],
)
def test_a_refusal_changes_nothing_and_does_not_say_which_factor(
    page: Any, machine: Any, outcome: Outcome, sentence: str
) -> None:
    page.app.pause = Countdown(lambda: 0.0)
    machine.outcome = outcome
    fill(page)
    page.until(lambda: machine.acts)  # the page that looks may have come and gone
    page.on("ChangePin")
    assert page.screen.explanation() == ("Your PIN was not changed.", sentence)
    assert [field.text for field in page.screen.fields] == ["", "", ""]


def test_a_pause_counts_down_here_too(page: Any, machine: Any) -> None:
    now = [0.0]
    page.app.pause = Countdown(lambda: now[0])
    machine.outcome = Outcome.PAUSED
    fill(page)
    page.until(lambda: machine.acts)
    page.on("ChangePin")
    screen = page.screen
    assert not screen.go.enabled  # from the first moment of the page
    page.until(lambda: "in 13 seconds," in screen.explained.cget("text"))
    now[0] = 11.3
    page.until(lambda: "in 1 second," in screen.explained.cget("text"))
    fill(page)
    page.settle(0.3)
    assert len(machine.acts) == 1 and not screen.go.enabled
    now[0] = 12.2
    page.until(lambda: screen.go.enabled)
    assert screen.explained.cget("text").startswith("PIN not changed.")


@pytest.mark.parametrize(
    ("words", "field", "sentence"),
    [
        (("", "", ""), 0, "Type a PIN."),
        (("1234", "1234", ""), 1, "This PIN counts up or down. Choose another."),
        (("4713", "4713", ""), 1, "This is your old PIN. Choose another."),
        (("1234", "4713", "4714"), 1, "The two PINs differ. Type both again."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_tried(
    page: Any, machine: Any, words: tuple[str, str, str], field: int, sentence: str
) -> None:
    if words == ("", "", ""):
        page.touch(page.screen.go)
    else:
        fill(page, *words)
    assert page.screen.fields[field].error == sentence
    assert machine.acts == []


def test_escape_leads_back_to_the_account(page: Any, machine: Any) -> None:
    page.key("Escape")
    page.on("Account")
    assert machine.sessions[0]._ledger is not None and machine.acts == []
