"""Staff menu and its smaller pages in a real window, and their time-outs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from atm.accounts.accounts import Hold
from atm.staff.acts import Refusal
from face_auth.types import Verdict
from kiosk import idle
from kiosk.screens.staff.refusals import reasons_in_words
from tests.kiosk.staff_steps import BEN_PIN, home, sign, tile, words

pytestmark = pytest.mark.gui


def test_the_menu_has_a_tile_for_each_task(menu: Any) -> None:
    titles = [each.title.cget("text") for each in menu.screen.tiles]
    assert titles == [
        "Create New User", "Customers", "Last refusals", "Staff", "Health", "Camera",
    ]  # fmt: skip
    menu.until(lambda: menu.screen.status().right == "2 accounts locked")


def test_open_holds_have_a_tile_only_while_there_are_any(
    kiosk: Any, machine: Any, sign_in: Callable[[Any], None]
) -> None:
    hold = Hold(7, "c" * 32, 10_000, datetime.now(UTC), "KX7Q2M4P")
    machine.office.open_holds = [(hold, "maria.lopez")]
    sign_in(kiosk)
    kiosk.until(lambda: len(kiosk.screen.tiles) == 7)
    kiosk.touch(tile(kiosk, "Withdrawals to settle"))
    kiosk.on("Holds")
    kiosk.until(lambda: kiosk.screen.listing.rows)
    kiosk.touch(kiosk.screen.listing.rows[0])
    kiosk.on("SettleHold")
    kiosk.touch(kiosk.screen.not_paid)
    kiosk.touch(kiosk.app.dialog.no)
    assert machine.acts == []
    kiosk.touch(kiosk.screen.not_paid)
    kiosk.touch(kiosk.app.dialog.yes)
    home(kiosk, "ok", "The withdrawal is settled.")
    assert machine.acts == [("settle", 7, False, "Ana Ruiz")]


def test_a_minute_without_input_signs_staff_out_whoever_is_seen(
    menu: Any, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.verdict = Verdict.OK  # a customer stands there
    monkeypatch.setattr(idle, "STAFF_IDLE_S", 1.5)
    menu.key("Tab")
    assert menu.screen.status().right == "Signed out in 2 seconds."
    menu.settle(0.9)
    menu.key("Tab")  # somebody works
    menu.settle(0.9)
    assert type(menu.screen).__name__ == "StaffMenu"
    menu.until(lambda: type(menu.screen).__name__ == "Home")
    assert menu.screen.line.sentence == "Staff were signed out: nothing was touched."


def test_sixty_seconds_are_the_minute() -> None:
    assert idle.STAFF_IDLE_S == 60


def test_a_question_that_nobody_answers_ends_with_the_minute_too(
    menu: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    menu.screen.ask_to_close()
    monkeypatch.setattr(idle, "STAFF_IDLE_S", 0.3)
    menu.on("Home")
    assert menu.app.dialog is None


def test_the_second_member_of_staff_is_added_by_the_first_alone(menu: Any, machine: Any) -> None:
    del machine.staff._known["Ben Okafor"]
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: menu.screen.add_button.enabled)
    menu.touch(menu.screen.add_button)
    menu.on("NewStaff")
    menu.type("Chiara")
    menu.key("Return")
    for _ in range(2):
        menu.type("314159")
        menu.key("Return")
    home(menu, "ok", "The new member of staff can sign in.")
    assert machine.acts == [("add_staff", "Chiara", "314159", ["Ana Ruiz"])]


def test_a_third_one_is_signed_by_two(menu: Any, machine: Any) -> None:
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: menu.screen.add_button.enabled)
    menu.touch(menu.screen.add_button)
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("NewStaff")
    menu.type("Chiara")
    menu.key("Return")
    for _ in range(2):
        menu.type("314159")
        menu.key("Return")
    menu.on("Home")
    assert machine.acts == [("add_staff", "Chiara", "314159", ["Ana Ruiz", "Ben Okafor"])]


@pytest.mark.parametrize(
    ("action", "act"), [("Unlock", "unlock_staff"), ("Remove", "remove_staff")]
)
def test_staff_are_unlocked_and_removed_by_two(
    menu: Any, machine: Any, action: str, act: str
) -> None:
    machine.staff._known["Chiara"] = "314159"
    machine.staff.waiting.add("Chiara")
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: len(menu.screen.listing.rows) == 3)
    assert words(menu.screen).count("has to wait") == 1
    menu.touch(menu.screen.listing.rows[2])
    menu.on("Member")
    menu.touch(tile(menu, action))
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("Home")
    assert machine.acts == [(act, "Chiara", ["Ana Ruiz", "Ben Okafor"])]


def test_the_last_one_cannot_be_removed(menu: Any, machine: Any) -> None:
    del machine.staff._known["Ben Okafor"]
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: menu.screen.listing.rows)
    menu.touch(menu.screen.listing.rows[0])
    menu.on("Member")
    assert not tile(menu, "Remove").enabled and not tile(menu, "Unlock").enabled
    assert "The last member of staff cannot be removed." in words(menu.screen)


def test_refusals_are_told_with_their_reasons(menu: Any, machine: Any) -> None:
    at = datetime(2026, 11, 22, 10, 42)
    machine.office.refused = [
        Refusal(at, "maria.lopez", "refused", ("pin: wrong_pin", "face: match"), 1),
        Refusal(at, None, "refused", ("pin: unknown_name", "face: no_match"), 4),
    ]
    menu.touch(tile(menu, "Last refusals"))
    menu.on("Refusals")
    menu.until(lambda: "× 4" in words(menu.screen))
    said = words(menu.screen)
    assert {
        "22 Nov, 10:42 · maria.lopez",
        "wrong PIN, right face\nIf it is forgotten, give a new PIN.",
    } <= set(said)
    assert {
        "22 Nov, 10:42 · unknown name",
        "unknown name, another face\nHelp to find the username under Customers.",
    } <= set(said)
    assert machine.acts == [("audit read", "Ana Ruiz")]


def test_reasons_that_are_not_known_are_shown_as_they_are() -> None:
    def same(message: str) -> str:
        return message

    assert reasons_in_words(("pin: locked", "face: NoFaceError: none"), same) == (
        "locked, no face seen"
    )
    assert reasons_in_words(("face: NoFaceError: none", "mostly: too_near"), same) == (
        "no face seen, Step back a little"
    )
    assert reasons_in_words(("no_face_in_time",), same) == "too few good pictures"
    assert reasons_in_words(("something_new",), same) == "something_new"


def test_the_camera_is_registered_once_its_picture_is_seen(menu: Any, machine: Any) -> None:
    machine.camera.state = "lost"
    menu.touch(tile(menu, "Camera"))
    menu.on("RegisterCamera")
    menu.settle(0.3)
    assert not menu.screen.press.enabled
    machine.camera.state = "ready"
    menu.until(lambda: menu.screen.press.enabled)
    menu.touch(menu.screen.press)
    home(menu, "ok", "This camera is registered. No other one is taken.")
    assert machine.acts == [("register_camera", "Ana Ruiz")]
