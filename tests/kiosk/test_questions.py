"""Every dialog: its subject, which answer does no harm, and the page behind it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image

from atm.accounts.accounts import Hold
from atm.people import Customer, StaffMember
from kiosk.screens.customer.out_of_service import FaultDetails
from kiosk.screens.enrolment.consent import Consent
from kiosk.screens.staff.customer import CustomerPage
from kiosk.screens.staff.delete_with_money import DeleteWithMoney
from kiosk.screens.staff.holds import SettleHold
from kiosk.screens.staff.staff_list import Member
from kiosk.screens.staff.staff_menu import StaffMenu
from kiosk.widgets import theme
from kiosk.words import messages
from tests.kiosk.login_steps import to_pin
from tests.kiosk.staff_steps import words

pytestmark = pytest.mark.gui

ANA = StaffMember("Ana Ruiz")
MARIA = Customer("c" * 32, "maria.lopez", "Maria Lopez")
HOLD = Hold(1, MARIA.customer_id, 2_000, datetime.now(UTC), "ABCD2345")


def menu(app: Any) -> Any:
    return StaffMenu(app, ANA, Consent)


def delete(app: Any) -> Any:
    page = CustomerPage(app, ANA, MARIA, "active", menu)
    app.root.after(1, page.delete.press)
    return page


def unlock(app: Any) -> Any:
    page = CustomerPage(app, ANA, MARIA, "locked", menu)
    app.root.after(1, page.unlock.press)
    return page


def settle(paid: bool) -> Callable[[Any], Any]:
    def make(app: Any) -> Any:
        page = SettleHold(app, ANA, HOLD, MARIA.username, menu)
        app.root.after(1, (page.paid if paid else page.not_paid).press)
        return page

    return make


def close(page: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def make(app: Any) -> Any:
        made = page(app)
        app.root.after(1, made.ask_to_close)
        return made

    return make


DESTRUCTIVE = [
    (delete, ["maria.lopez", "Maria Lopez"]),
    (settle(True), ["maria.lopez", "20.00"]),
    (settle(False), ["maria.lopez", "20.00"]),
    (close(menu), ["kiosk"]),
    (close(lambda app: FaultDetails(app, ANA)), ["kiosk"]),
]


def said(dialog: Any) -> str:
    """Return the question and the line below it."""
    return f"{dialog.title.cget('text')} {dialog.line.cget('text')}"


@pytest.mark.parametrize(("make", "named"), DESTRUCTIVE)
@pytest.mark.parametrize("key", ["Return", "space", "Escape"])
def test_what_destroys_is_named_red_and_never_fallen_into(
    kiosk: Any, machine: Any, make: Callable[[Any], Any], named: list[str], key: str
) -> None:
    kiosk.app.show(make)
    dialog = kiosk.asked()
    assert all(word in said(dialog) for word in named)
    assert dialog.yes.look.fill == theme.BAD != theme.PRIMARY
    assert kiosk.app.focus.current is dialog.no and dialog.no.focused
    kiosk.key(key)
    assert kiosk.app.dialog is None and not kiosk.app.closed
    kiosk.settle(0.2)
    assert machine.acts == []


def test_an_unlock_names_the_customer(kiosk: Any) -> None:
    kiosk.app.show(unlock)
    dialog = kiosk.asked()
    assert "maria.lopez" in said(dialog) and "Maria Lopez" in said(dialog)
    assert dialog.yes.look.fill == theme.PRIMARY  # nothing is destroyed
    assert dialog.no.focused


def test_a_signature_that_destroys_names_it_and_is_red(kiosk: Any) -> None:
    kiosk.app.show(lambda app: DeleteWithMoney(app, ANA, MARIA, 135_000, menu))
    kiosk.settle(0.1)
    kiosk.touch(kiosk.screen.controls[-1])
    kiosk.on("SecondSignature")
    assert any("maria.lopez" in text and "1,350.00" in text for text in words(kiosk.screen))
    kiosk.app.show(lambda app: Member(app, ANA, "Ben Okafor", menu, waits=False, last=False))
    kiosk.screen._remove()
    kiosk.on("SecondSignature")
    assert any("Ben Okafor" in text for text in words(kiosk.screen))
    assert kiosk.screen.go.look.fill == theme.PRIMARY  # Next, below the letters
    kiosk.screen.fields[1].take_focus()
    kiosk.root.update()
    assert kiosk.screen.go.cget("text") == "Sign"
    assert kiosk.screen.go.look.fill == theme.BAD


@pytest.mark.parametrize("name", ["maximiliana.fernandez.de.la.huerta", "x" * 64])
def test_a_long_name_is_cut_to_what_the_question_has_room_for(kiosk: Any, name: str) -> None:
    customer = Customer("c" * 32, name, "Maximiliana Fernández de la Huerta y Castro " * 2)
    kiosk.app.show(lambda app: CustomerPage(app, ANA, customer, "active", menu))
    kiosk.screen.delete.press()
    dialog = kiosk.asked()
    assert dialog.title.cget("text").startswith(f"Delete {name[:8]}")
    assert dialog.title.cget("text").endswith("…?")
    for label in (dialog.title, dialog.line):
        assert label._label.winfo_reqwidth() <= label.winfo_width() + 1
        assert label._label.winfo_reqheight() <= label.winfo_height() + 1


@pytest.mark.parametrize("key", ["Return", "space", "Escape"])
def test_more_time_has_the_answer_that_goes_on_before_it(kiosk: Any, key: str) -> None:
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")
    kiosk.screen.username.text = "maria"
    kiosk.app.attendance._ask()
    dialog = kiosk.asked()
    assert kiosk.app.focus.current is dialog.yes and dialog.yes.focused
    kiosk.key(key)
    assert kiosk.app.dialog is None
    assert kiosk.screen.username.text == "maria"  # the visit goes on


def test_behind_a_question_no_camera_is_accused(kiosk: Any) -> None:
    to_pin(kiosk)
    view = kiosk.screen.view

    def shown() -> set[str]:
        return {view._sheet.itemcget(item, "text") for item in (view._title, view._line)}

    kiosk.app.attendance._ask()
    assert shown() == {""} and not view.live  # what lies behind the question, as a picture
    kiosk.settle(0.6)  # it was looked at twice
    assert not shown() & {messages.SILENT, messages.ASK}
    kiosk.key("Return")
    kiosk.until(lambda: view.live)


def test_before_the_first_picture_a_camera_is_waited_for_and_a_lost_one_is_named(
    kiosk: Any, machine: Any
) -> None:
    for state, said in (
        ("starting", (messages.WAIT, "")),
        ("ready", (messages.WAIT, "")),
        ("lost", (messages.SILENT, messages.ASK)),
    ):
        machine.camera.state = state
        assert kiosk.screen.no_picture(messages.ASK) == said


def test_one_question_in_the_place_of_another_lies_over_the_same_page(kiosk: Any) -> None:
    kiosk.app.show(delete)
    first = kiosk.asked()
    kiosk.settle(0.2)
    kiosk.app.attendance._ask()  # nobody answered the first one
    second = kiosk.app.dialog
    assert second is not first
    behind = [np.asarray(dialog._shot.resize((320, 200), Image.Resampling.BOX)) for dialog in
              (first, second)]  # fmt: skip
    assert np.array_equal(*behind) and behind[0].std() > 10
