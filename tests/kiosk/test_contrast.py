"""Contrast of every palette, on the pixels of real pages."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from atm.people import StaffMember
from kiosk.access import defaults
from kiosk.screens.customer.goodbye import Goodbye
from kiosk.screens.enrolment.consent import Consent
from kiosk.screens.enrolment.details import Details
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.staff.sign_in import StaffSignIn
from kiosk.screens.staff.staff_page import NotDone
from kiosk.widgets import theme
from tests.kiosk.contrast import LEAST, picture, spread, weak
from tests.kiosk.login_steps import log_in, to_pin

pytestmark = pytest.mark.gui

STAFF = StaffMember("Ana Ruiz")


def pages(kiosk: Any) -> Iterator[str]:
    """Bring pages with every kind of widget to the front."""
    app = kiosk.app

    def show(make: Callable[[Any], Any]) -> None:
        app.show(make)
        kiosk.settle(0.3)

    app.go_home()
    kiosk.settle(0.4)
    yield "home"
    kiosk.key("Tab")
    yield "home, focus"
    app.open_access()
    kiosk.settle(0.2)
    yield "help and access"
    app.open_access()
    show(lambda a: StaffSignIn(a, lambda _staff: None))
    kiosk.screen.fields[0].text = "Ana"
    kiosk.screen.complain(kiosk.screen.fields[1], "Name or PIN is wrong.")
    yield "staff sign-in, with an error"
    show(lambda a: Consent(a, STAFF))
    yield "consent"
    show(lambda a: Details(a, Draft(STAFF, datetime.now(UTC))))
    yield "details"
    show(lambda a: NotDone(a, STAFF, "The printer has no paper."))
    yield "not done"
    show(Goodbye)
    yield "goodbye"
    app.go_home()
    to_pin(kiosk)
    kiosk.type("1234")
    kiosk.settle(0.2)
    yield "PIN"
    app.go_home()
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.screen.show_button.press()
    kiosk.until(lambda: "1,350" in kiosk.screen.balance.cget("text"))
    yield "account"
    kiosk.screen.presets[0].press()
    kiosk.asked()
    yield "question"
    kiosk.app.dialog.yes.press()
    kiosk.on("TakeMoney")
    yield "money"


@pytest.mark.parametrize("palette", theme.PALETTES)
def test_text_and_edges_stand_out_on_every_page(
    kiosk: Any, palette: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "kiosk.visit.defaults", lambda settings: replace(defaults(settings), palette=palette)
    )
    wrong: set[str] = set()
    for page in pages(kiosk):
        assert theme.worn() == palette, page
        wrong |= set(weak(kiosk, page, *LEAST[palette]))
    assert not wrong, "\n".join(sorted(wrong))


def test_a_grey_word_on_grey_is_found() -> None:
    assert spread(Image.new("RGB", (9, 9), "#808080")) == pytest.approx(1.0)
    shot = Image.new("RGB", (9, 9), "#808080")
    shot.putpixel((4, 4), (0x90, 0x90, 0x90))
    assert 1.1 < spread(shot) < 1.4


def test_no_colour_of_a_page_is_left_from_the_palette_before(kiosk: Any) -> None:
    kiosk.app.choose(palette="yellow")
    kiosk.settle(0.4)
    shot = picture(kiosk.root)
    ground = max(shot.getcolors(shot.width * shot.height))[1]
    assert ground == (0, 0, 0)
    light = [colour for _n, colour in shot.getcolors(shot.width * shot.height) if colour[2] > 120]
    assert not light, f"neither yellow nor black: {light[:5]}"
