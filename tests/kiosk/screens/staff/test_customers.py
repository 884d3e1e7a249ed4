"""Customer search and what staff do for customers, in a real window."""

import dataclasses
from typing import Any

import pytest

from atm.errors import AtmError
from atm.people import Customer
from tests.kiosk.fake_machine import STAFF_PIN
from tests.kiosk.staff_steps import BEN_PIN, home, open_customer, sign, tile, words

pytestmark = pytest.mark.gui


def test_customers_are_listed_before_a_search_as_many_as_have_room(menu: Any) -> None:
    menu.app.by_touch = True
    menu.touch(tile(menu, "Customers"))
    menu.on("Customers")
    listing = menu.screen.listing
    menu.until(lambda: listing.rows)
    shown = len(listing.rows)
    assert 3 < shown < 8 and listing.position == f"1–{shown} / 8"
    up, down = listing.controls[-2:]
    assert not up.enabled
    menu.touch(down)
    assert listing.position == f"{shown + 1}–8 / 8" and len(listing.rows) == 8 - shown
    assert {"olu", "zoe"} <= set(words(menu.screen))
    assert up.enabled and not down.enabled
    menu.touch(up)
    assert listing.position == f"1–{shown} / 8"


def test_names_are_listed_as_a_reader_looks_for_them(menu: Any, machine: Any) -> None:
    names = ["zoe", "émile", "Eva", "elsa", "Zacharie"]
    machine.office.known = [(Customer(name * 8, name, name), "active") for name in names]
    machine.staff._known = {"Zoe": "1", "Ana Ruiz": STAFF_PIN, "Änne": "2", "Anton": "3"}
    menu.touch(tile(menu, "Customers"))
    menu.on("Customers")
    menu.until(lambda: menu.screen.listing.rows)
    listed = words(menu.screen)
    assert [n for n in dict.fromkeys(listed) if n in names] == [
        "elsa", "émile", "Eva", "Zacharie", "zoe",
    ]  # fmt: skip
    menu.key("Escape")
    menu.touch(tile(menu, "Staff"))
    menu.on("StaffList")
    menu.until(lambda: menu.screen.listing.rows)
    listed = [n for n in words(menu.screen) if n in machine.staff._known]
    assert listed == ["Ana Ruiz", "Änne", "Anton", "Zoe"]


def test_customers_are_searched_by_touch(menu: Any) -> None:
    menu.touch(tile(menu, "Customers"))
    menu.on("Customers")
    menu.until(lambda: menu.screen.listing.rows)
    menu.touch(menu.screen.field.entry)
    menu.until(lambda: menu.screen.letters_open and menu.screen.letters.winfo_viewable())
    assert not menu.screen.listing.rows  # nothing lies behind the letters
    menu.pad(menu.screen.letters, "zo")
    menu.touch(menu.screen.letters.onward)
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
    home(menu, "ok", "The customer can log in again.")
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
    assert [chip.face.cget("text") for chip in menu.app.window.top.chips] == ["Cancel", "Help"]
    menu.type("1111")
    menu.key("Return")
    assert menu.screen.fields[0].error == "This PIN repeats itself. Choose another."
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
        ("Ben Okafor", "000000", "Name or PIN is wrong, or this name has to wait."),
    ],
)
def test_one_person_is_not_two(menu: Any, machine: Any, name: str, pin: str, sentence: str) -> None:
    open_customer(menu, "maria")
    menu.touch(menu.screen.new_pin)
    sign(menu, name, pin)
    fields = menu.screen.fields
    menu.until(lambda: any(field.error for field in fields))
    assert [field.error for field in fields if field.error] == [sentence]
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
    home(menu, "ok", "The customer is deleted.")
    assert machine.acts == [("delete", "maria.lopez", "Ana Ruiz", None)]


def test_a_balance_keeps_the_account_unless_two_sign(menu: Any, machine: Any) -> None:
    open_customer(menu, "maria")
    menu.touch(menu.screen.delete)
    menu.touch(menu.app.dialog.yes)
    menu.on("DeleteWithMoney")
    assert "There is still €1,350.00 in this account." in words(menu.screen)
    menu.key("Return")  # the safe way has the focus
    menu.on("CustomerPage")
    assert machine.acts == []
    menu.touch(menu.screen.delete)
    menu.touch(menu.app.dialog.yes)
    menu.on("DeleteWithMoney")
    menu.touch(menu.screen.controls[-1])
    sign(menu, "Ben Okafor", BEN_PIN)
    home(menu, "ok", "The customer is deleted.")
    assert machine.acts == [("delete", "maria.lopez", "Ana Ruiz", ["Ana Ruiz", "Ben Okafor"])]


def test_what_an_act_failed_at_is_said_to_staff_and_not_at_home(menu: Any, machine: Any) -> None:
    machine.act_error = AtmError("The log /srv/atm/audit.jsonl cannot be written.")
    open_customer(menu, "alan")
    menu.touch(menu.screen.unlock)
    menu.touch(menu.app.dialog.yes)
    menu.on("NotDone")
    assert "The log /srv/atm/audit.jsonl cannot be written." in words(menu.screen)
    assert menu.screen.for_staff  # and after a minute signed out
    menu.key("Return")
    menu.on("Home")
    assert not any("audit" in text for text in words(menu.root))


def test_a_customer_at_the_screen_is_not_told_what_is_for_staff(menu: Any, machine: Any) -> None:
    machine.act_error = AtmError("The log /srv/atm/audit.jsonl cannot be written.")
    open_customer(menu, "maria")
    menu.touch(menu.screen.new_pin)
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("NewPin")
    for _ in range(2):
        menu.type("4713")
        menu.key("Return")
    home(menu, "bad", "Service not available. Ask staff.")


def test_an_error_without_a_sentence_is_not_shown(menu: Any, machine: Any) -> None:
    machine.act_error = ValueError("0x7f")
    open_customer(menu, "alan")
    menu.touch(menu.screen.unlock)
    menu.touch(menu.app.dialog.yes)
    home(menu, "bad", "Service not available. Ask staff.")


@pytest.mark.parametrize("marked", [False, True])
def test_two_mark_a_customer_as_served_without_the_face_and_take_it_back(
    menu: Any, machine: Any, marked: bool
) -> None:
    menu.app.host.settings = dataclasses.replace(menu.app.settings, without_face="attended")
    machine.without_face = marked
    open_customer(menu, "zoe")
    menu.touch(menu.screen.without_face)
    menu.on("WithoutFace")
    menu.until(lambda: menu.screen.change.enabled)
    told = "by PIN, beside staff" if marked else "needs PIN and face"
    assert told in menu.screen.line.sentence
    menu.touch(menu.screen.change)
    assert machine.acts == []
    sign(menu, "Ben Okafor", BEN_PIN)
    after = "needs the face again" if marked else "may be served without the face"
    home(menu, "ok", f"The customer {after}.")
    assert machine.acts == [("serve_without_face", "zoe", not marked, ["Ana Ruiz", "Ben Okafor"])]


def test_the_face_is_never_left_out_where_the_setting_is_off(menu: Any) -> None:
    open_customer(menu, "zoe")
    assert not menu.screen.without_face.winfo_viewable()
    assert not menu.screen.without_face.reachable
