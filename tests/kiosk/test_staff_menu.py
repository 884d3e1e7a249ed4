"""The staff's pages in a real window: who may do what, and that they end by themselves."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import customtkinter
import pytest

from atm.accounts import Hold
from atm.errors import AtmError
from atm.office import Refusal
from atm.session import Customer
from face_auth.quality import Verdict
from kiosk import attendance
from kiosk.screens.refusals import reasons_in_words

pytestmark = pytest.mark.gui

BEN_PIN = "271828"
PEOPLE = [
    (Customer(f"{number:032x}", name, name.title()), state)
    for number, (name, state) in enumerate(
        [
            ("ada", "active"), ("alan", "locked"), ("grace", "waiting"), ("jan", "active"),
            ("li", "pending"), ("maria.lopez", "active"), ("olu", "active"), ("zoe", "locked"),
        ]
    )
]  # fmt: skip


@pytest.fixture
def menu(kiosk: Any, machine: Any, sign_in: Callable[[Any], None]) -> Any:
    """The staff menu of Ana Ruiz; Ben Okafor works there too."""
    machine.staff._known["Ben Okafor"] = BEN_PIN
    machine.office.known = list(PEOPLE)
    sign_in(kiosk)
    return kiosk


def tile(kiosk: Any, title: str) -> Any:
    """Return the tile of the page in front with that title."""
    return next(
        c for c in kiosk.screen.controls if hasattr(c, "title") and c.title.cget("text") == title
    )


def words(widget: Any) -> list[str]:
    """Return every word in *widget*."""
    own = [str(widget.cget("text"))] if isinstance(widget, customtkinter.CTkLabel) else []
    return own + [text for child in widget.winfo_children() for text in words(child)]


def open_customer(kiosk: Any, name: str) -> None:
    """Go from the menu to the page of a customer."""
    kiosk.touch(tile(kiosk, "Customers"))
    kiosk.on("Customers")
    kiosk.type(name)
    kiosk.key("Return")
    kiosk.until(lambda: len(kiosk.screen.listing.rows) == 1)
    kiosk.touch(kiosk.screen.listing.rows[0])
    kiosk.on("CustomerPage")


def sign(kiosk: Any, name: str, pin: str) -> None:
    """Type a second signature."""
    kiosk.on("SecondSignature")
    kiosk.type(name)
    kiosk.key("Return")
    kiosk.type(pin)
    kiosk.key("Return")


def home(kiosk: Any, tone: str, sentence: str) -> None:
    """Wait until the task is over: home, staff signed out, and what came of it."""
    kiosk.on("Home")
    assert (kiosk.screen.line.tone, kiosk.screen.line.sentence) == (tone, sentence)


def test_the_menu_has_a_tile_for_each_task(menu: Any) -> None:
    titles = [each.title.cget("text") for each in menu.screen.tiles]
    assert titles == [
        "Create New User", "Customers", "Last refusals", "Staff", "Health", "Camera",
    ]  # fmt: skip
    menu.until(lambda: menu.screen.foot().right == "2 accounts locked")


def test_open_holds_have_a_tile_only_while_there_are_any(
    kiosk: Any, machine: Any, sign_in: Callable[[Any], None]
) -> None:
    hold = Hold(7, "c" * 32, 10_000, datetime.now(UTC), "KX7Q2M4P")
    machine.office.open_holds = [(hold, "maria.lopez")]
    sign_in(kiosk)
    kiosk.until(lambda: len(kiosk.screen.tiles) == 7)
    kiosk.touch(tile(kiosk, "Open holds"))
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
    monkeypatch.setattr(attendance, "STAFF_IDLE_S", 1.5)
    menu.key("Tab")
    assert menu.screen.foot().right == "Signed out in 2 seconds."
    menu.settle(0.9)
    menu.key("Tab")  # somebody works
    menu.settle(0.9)
    assert type(menu.screen).__name__ == "StaffMenu"
    menu.until(lambda: type(menu.screen).__name__ == "Home")
    assert menu.screen.line.sentence == "Staff were signed out: nothing was touched."


def test_sixty_seconds_are_the_minute() -> None:
    assert attendance.STAFF_IDLE_S == 60


def test_a_question_that_nobody_answers_ends_with_the_minute_too(
    menu: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    menu.screen._close()
    monkeypatch.setattr(attendance, "STAFF_IDLE_S", 0.3)
    menu.on("Home")
    assert menu.app.dialog is None


def test_six_customers_are_listed_at_a_time(menu: Any) -> None:
    tile(menu, "Customers").press()
    menu.on("Customers")
    listing = menu.screen.listing
    menu.until(lambda: len(listing.rows) == 6)
    assert listing.position == "1–6 / 8"
    up, down = listing.controls[-2:]
    assert not up.enabled
    menu.touch(down)
    assert listing.position == "7–8 / 8" and len(listing.rows) == 2
    assert {"olu", "zoe"} <= set(words(menu.screen))
    assert up.enabled and not down.enabled


def test_customers_are_searched_by_touch(menu: Any) -> None:
    menu.app.by_touch = True
    menu.touch(tile(menu, "Customers"))
    menu.on("Customers")
    menu.until(lambda: menu.screen.letters_open)
    menu.settle(0.2)
    assert not menu.screen.listing.rows  # nothing lies behind the letters
    menu.pad(menu.screen.letters, "zo")
    menu.touch(menu.screen._go)
    menu.until(lambda: len(menu.screen.listing.rows) == 1)
    assert "zoe" in words(menu.screen)


def test_the_keyboard_alone_unlocks_a_customer(menu: Any, machine: Any) -> None:
    menu.key("Tab")
    assert menu.app.focus.current is tile(menu, "Customers")
    menu.key("Return")
    menu.on("Customers")
    menu.type("alan")
    menu.key("Return")
    menu.until(lambda: len(menu.screen.listing.rows) == 1)
    menu.key("Tab", "Tab", "Return")
    menu.on("CustomerPage")
    assert menu.app.focus.current is menu.screen.unlock
    menu.key("Return")
    menu.key("Left", "Return")  # from No to Yes
    home(menu, "ok", "alan can log in again.")
    assert machine.acts == [("unlock", "alan", "Ana Ruiz")]


@pytest.mark.parametrize(
    ("name", "can"),
    [
        ("ada", {"New PIN", "New face", "Delete"}),
        ("alan", {"Unlock", "New PIN", "New face", "Delete"}),
        ("grace", {"Unlock", "New PIN", "New face", "Delete"}),
        ("li", {"Delete"}),
    ],
)
def test_only_what_makes_sense_is_offered(menu: Any, name: str, can: set[str]) -> None:
    open_customer(menu, name)
    page = menu.screen
    tiles = (page.unlock, page.new_pin, page.new_face, page.delete)
    assert {each.title.cget("text") for each in tiles if each.enabled} == can
    assert menu.app.focus.current is not page.delete


def test_a_new_pin_is_signed_by_two_and_typed_by_the_customer(menu: Any, machine: Any) -> None:
    open_customer(menu, "maria")
    menu.touch(menu.screen.new_pin)
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("NewPin")
    assert "Customer: type your new PIN" in words(menu.screen)
    assert [chip.face.cget("text") for chip in menu.app.window.top.chips] == ["Cancel"]
    menu.type("1111")
    menu.key("Return")
    assert menu.screen.fields[0].complaint == "This PIN repeats itself. Choose another."
    menu.screen.fields[0].clear()
    for _ in range(2):
        menu.type("4713")
        menu.key("Return")
    home(menu, "ok", "The new PIN is saved. The old one is no longer valid.")
    assert machine.acts == [("new_pin", "maria.lopez", "4713", ["Ana Ruiz", "Ben Okafor"])]


def test_the_customer_who_cancels_does_not_come_to_the_staffs_pages(
    menu: Any, machine: Any
) -> None:
    open_customer(menu, "maria")
    menu.touch(menu.screen.new_pin)
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("NewPin")
    menu.key("Escape")
    home(menu, "info", "Nothing was stored.")
    assert machine.acts == []


@pytest.mark.parametrize(
    ("name", "pin", "sentence"),
    [
        ("Ana Ruiz", "654321", "Another person must sign."),
        ("Ben Okafor", "000000", "Name or PIN is wrong, or this name is locked."),
    ],
)
def test_one_person_is_not_two(menu: Any, machine: Any, name: str, pin: str, sentence: str) -> None:
    open_customer(menu, "maria")
    menu.touch(menu.screen.new_pin)
    sign(menu, name, pin)
    fields = menu.screen.fields
    menu.until(lambda: any(field.complaint for field in fields))
    assert [field.complaint for field in fields if field.complaint] == [sentence]
    assert fields[1].text == ""
    menu.key("Escape")
    menu.on("CustomerPage")
    assert machine.acts == []


def test_a_new_face_is_signed_by_two_and_keeps_the_rest(menu: Any, machine: Any) -> None:
    open_customer(menu, "maria")
    menu.touch(menu.screen.new_face)
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("NewFace")
    menu.until(lambda: menu.screen.save.enabled)
    machine.enrol_error = "not_one_person"
    menu.key("Return")
    menu.until(lambda: menu.screen.line.tone == "bad")
    assert menu.screen.line.sentence == "More than one person. Press Save again."
    machine.enrol_error = ""
    menu.key("Return")
    home(menu, "ok", "The new face is saved. The old one is erased.")
    assert machine.acts == [("new_face", "maria.lopez", ["Ana Ruiz", "Ben Okafor"])]


def test_deleting_is_asked_first(menu: Any, machine: Any) -> None:
    machine.ledger.remove_account("c" * 32)
    machine.ledger.open_account("c" * 32, 0)
    open_customer(menu, "maria")
    menu.touch(menu.screen.delete)
    menu.key("Return")  # No has the focus
    assert menu.app.dialog is None and machine.acts == []
    menu.touch(menu.screen.delete)
    menu.touch(menu.app.dialog.yes)
    home(menu, "ok", "maria.lopez is deleted.")
    assert machine.acts == [("delete", "maria.lopez", "Ana Ruiz", None)]


def test_a_balance_keeps_the_account_unless_two_sign(menu: Any, machine: Any) -> None:
    open_customer(menu, "maria")
    menu.touch(menu.screen.delete)
    menu.touch(menu.app.dialog.yes)
    menu.on("ClosingWithMoney")
    assert "There is still €\u00a01,350.00 in this account." in words(menu.screen)
    menu.key("Return")  # the safe way has the focus
    menu.on("CustomerPage")
    assert machine.acts == []
    menu.touch(menu.screen.delete)
    menu.touch(menu.app.dialog.yes)
    menu.on("ClosingWithMoney")
    menu.touch(menu.screen.controls[-1])
    sign(menu, "Ben Okafor", BEN_PIN)
    home(menu, "ok", "maria.lopez is deleted.")
    assert machine.acts == [("delete", "maria.lopez", "Ana Ruiz", ["Ana Ruiz", "Ben Okafor"])]


def test_what_an_act_failed_at_is_said_and_staff_are_signed_out(menu: Any, machine: Any) -> None:
    machine.act_error = AtmError("The log cannot be written: make room on the disk.")
    open_customer(menu, "alan")
    menu.touch(menu.screen.unlock)
    menu.touch(menu.app.dialog.yes)
    home(menu, "bad", "The log cannot be written: make room on the disk.")


def test_an_error_without_a_sentence_is_not_shown(menu: Any, machine: Any) -> None:
    machine.act_error = ValueError("0x7f")
    open_customer(menu, "alan")
    menu.touch(menu.screen.unlock)
    menu.touch(menu.app.dialog.yes)
    home(menu, "bad", "Service not available. Ask staff.")


def test_the_second_member_of_staff_is_added_by_the_first_alone(menu: Any, machine: Any) -> None:
    del machine.staff._known["Ben Okafor"]
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: menu.screen.add.enabled)
    menu.touch(menu.screen.add)
    menu.on("NewStaff")
    menu.type("Chiara")
    menu.key("Return")
    for _ in range(2):
        menu.type("314159")
        menu.key("Return")
    home(menu, "ok", "Chiara is a member of staff now.")
    assert machine.acts == [("add_staff", "Chiara", "314159", ["Ana Ruiz"])]


def test_a_third_one_is_signed_by_two(menu: Any, machine: Any) -> None:
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: menu.screen.add.enabled)
    menu.touch(menu.screen.add)
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
    machine.staff.locked.add("Chiara")
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: len(menu.screen.listing.rows) == 3)
    assert words(menu.screen).count("locked") == 1
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
    assert {"22 Nov, 10:42 · maria.lopez", "wrong PIN, right face"} <= set(said)
    assert {"22 Nov, 10:42 · unknown name", "unknown name, another face"} <= set(said)
    assert machine.acts == [("audit read", "Ana Ruiz")]


def test_reasons_that_are_not_known_are_shown_as_they_are() -> None:
    def same(message: str) -> str:
        return message

    assert reasons_in_words(("pin: locked", "face: NoFaceError: none"), same) == (
        "locked, no face seen"
    )
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
