"""Presence watch: an account is covered unless its owner is known to be there alone."""

from typing import Any

import pytest

from face_auth.types import PresenceState
from kiosk import presence
from kiosk.screens.customer.covered import Covered
from tests.kiosk.conftest import SILENT_S
from tests.kiosk.fake_machine import HOLD_S
from tests.kiosk.login_steps import log_in

pytestmark = pytest.mark.gui


@pytest.fixture
def page(kiosk: Any) -> Any:
    """The account of Maria Lopez, with its balance in sight."""
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.touch(kiosk.screen.show_button)
    kiosk.until(lambda: "1,350" in kiosk.screen.balance.cget("text"))
    return kiosk


def watching(page: Any) -> Any:
    """Return what says who is there, once it was asked."""
    attendance = page.app.attendance
    page.until(lambda: attendance._watch is not None and attendance._watch._presence is not None)
    return attendance._watch._presence


def covered(page: Any, machine: Any) -> None:
    """Check that nothing of the account is left: no page, no session, no question."""
    page.on("Covered")
    assert machine.sessions[0]._ledger is None
    assert page.app.dialog is None
    pages = [w for w in page.app.window.area.winfo_children() if w.winfo_exists()]
    assert [type(each) for each in pages] == [Covered]
    assert "Maria" not in " ".join(c.face.cget("text") for c in page.app.window.top.chips)


def test_the_owner_is_left_in_peace(page: Any, machine: Any) -> None:
    page.settle(1.5)
    assert type(page.screen).__name__ == "Account"
    assert machine.watched == machine.sessions  # one watch for the whole session


@pytest.mark.parametrize("found", [PresenceState.GONE, PresenceState.OTHER])
def test_anybody_else_covers_the_account(page: Any, machine: Any, found: PresenceState) -> None:
    machine.presence = found
    covered(page, machine)
    page.touch(page.screen.controls[-2])
    page.on("LoginName")
    assert page.screen.username.text == ""


def test_a_question_over_the_account_goes_with_it(page: Any, machine: Any) -> None:
    page.touch(page.screen.presets[0])
    assert page.asked() is not None
    machine.presence = PresenceState.OTHER
    covered(page, machine)
    assert machine.ledger.balance("c" * 32) == 135_000


def test_the_watch_goes_on_over_the_pages_of_an_account(page: Any, machine: Any) -> None:
    page.touch(page.screen.change)
    page.on("ChangePin")
    page.settle(0.7)
    assert len(machine.watched) == 1
    machine.presence = PresenceState.GONE
    covered(page, machine)


def test_a_watch_that_fails_covers_the_account(page: Any, machine: Any) -> None:
    def broken(_frame: object) -> PresenceState:
        raise RuntimeError("no network")

    watching(page).judge = broken
    covered(page, machine)


def test_a_camera_that_falls_silent_covers_the_account(
    page: Any, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "SILENT_S", 1.0)
    machine.camera.state = "lost"
    covered(page, machine)


def test_a_watch_that_hangs_covers_the_account(
    page: Any, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "SILENT_S", 1.0)

    def hanging(_frame: object) -> PresenceState:
        machine.hold.wait(HOLD_S)
        return PresenceState.HERE

    watching(page).judge = hanging
    covered(page, machine)


def test_five_seconds_is_how_long_nobody_may_know() -> None:
    assert SILENT_S == 5.0


@pytest.mark.parametrize("camera", ["ready", "lost"])
def test_notes_under_way_are_not_covered(
    page: Any, machine: Any, monkeypatch: pytest.MonkeyPatch, camera: str
) -> None:
    book = machine.ledger.book

    def slowly(*args: Any) -> Any:
        monkeypatch.setattr(presence, "SILENT_S", 1.5)
        machine.presence, machine.camera.state = PresenceState.GONE, camera
        machine.hold.wait(2.5)
        return book(*args)

    machine.ledger.book = slowly
    shown: list[str] = []
    show = page.app.window.show
    page.app.window.show = lambda screen: (shown.append(type(screen).__name__), show(screen))
    page.touch(page.screen.presets[0])
    page.touch(page.asked().yes)
    covered(page, machine)
    assert shown == ["TakeMoney", "Covered"]
    assert machine.ledger.balance("c" * 32) == 133_000


def test_nothing_is_watched_after_the_end(page: Any, machine: Any) -> None:
    page.key("Escape")
    page.on("Goodbye")
    machine.presence = PresenceState.GONE
    page.settle(1.0)
    assert type(page.screen).__name__ in ("Goodbye", "Home")
    assert page.app.attendance._watch is None
