"""Pages in other windows and at larger text: nothing typed is lost, and all comes into view."""

from typing import Any

import pytest

from kiosk.widgets import theme
from kiosk.widgets.status_line import StatusLine
from tests.kiosk.login_steps import log_in
from tests.kiosk.looking import Case, box, inside, wear

pytestmark = pytest.mark.gui

SMALLEST = Case((1024, 600), 2.0)


@pytest.fixture
def form(kiosk: Any) -> Any:
    """The page of staff who sign in, with a name typed."""
    kiosk.key("Tab", "Tab", "Return")
    kiosk.on("StaffSignIn")
    kiosk.type("ana")
    return kiosk


def test_text_grows_and_what_was_typed_stays(form: Any) -> None:
    label = form.screen.fields[0].caption._label
    before = int(form.root.tk.splitlist(label.cget("font"))[1])
    form.app.window.set_text_step(2.0)
    form.root.update()
    assert int(form.root.tk.splitlist(label.cget("font"))[1]) == 2 * before
    assert form.screen.fields[0].text == "ana"
    assert form.app.focus.current is form.screen.fields[0]
    form.app.window.set_text_step(1.0)
    assert int(form.root.tk.splitlist(label.cget("font"))[1]) == before


def test_a_page_without_room_scrolls_by_buttons_and_keys(form: Any) -> None:
    assert not form.screen.turners()
    wear(form, SMALLEST)
    up, down = form.screen.turners()
    assert down.enabled and not up.enabled
    form.touch(down)
    assert up.enabled and form.screen.winfo_y() < 0
    form.key("Prior")
    assert form.screen.winfo_y() == 0 and not up.enabled
    form.key("Next")
    assert form.screen.winfo_y() < 0


def test_the_focus_comes_into_view(form: Any) -> None:
    wear(form, SMALLEST)
    area = box(form.app.window.area)
    last = form.screen.stops()[-1]
    assert not inside(box(last), area)
    last.take_focus()
    form.root.update()
    assert inside(box(last), area)


def test_an_error_comes_into_view_with_its_field(kiosk: Any) -> None:
    log_in(kiosk)
    kiosk.on("Account")
    wear(kiosk, Case((1024, 768), 2.0))
    area, amount = box(kiosk.app.window.area), kiosk.screen.amount
    amount.take_focus()
    kiosk.type("0")
    kiosk.key("Return")
    assert amount.error
    kiosk.settle(0.3)
    assert inside(box(amount.note), area) and inside(box(amount.entry), area)


def test_portrait_puts_one_under_the_other_what_stands_side_by_side(kiosk: Any) -> None:
    home = kiosk.screen
    assert home.existing.winfo_rootx() > kiosk.root.winfo_rootx() + 500
    wear(kiosk, Case((1080, 1920), 1.0))
    assert home.existing.winfo_rootx() < kiosk.root.winfo_rootx() + 100
    assert home.existing.winfo_width() > 900


def test_a_page_fills_the_surface_at_four_to_three(kiosk: Any) -> None:
    wear(kiosk, Case((1024, 768), 1.0))
    assert kiosk.app.window.scale == pytest.approx(0.96)
    assert kiosk.screen.winfo_width() == kiosk.app.window.area.winfo_width()
    assert kiosk.screen.winfo_height() == pytest.approx(kiosk.app.window.area.winfo_height(), abs=2)


@pytest.mark.parametrize(
    ("size", "sheet"),
    [
        ((1280, 800), (1280, 800)), ((1920, 1080), (1312, 738)), ((1024, 768), (1067, 800)),
        ((1024, 600), (1312, 769)), ((1080, 1920), (864, 1536)),
    ],
)  # fmt: skip
def test_the_sheet_takes_the_shape_of_the_window(
    size: tuple[int, int], sheet: tuple[int, int]
) -> None:
    scale = theme.sheet(*size)
    assert tuple(round(pixels / scale) for pixels in size) == sheet


def test_a_long_sentence_is_set_smaller_but_not_below_body_text(kiosk: Any) -> None:
    line = StatusLine(kiosk.root, kiosk.app.window.fonts, size=theme.HEADING)
    line.say("info", "Look left")
    line.arrange(0, 0, 400, 200)
    assert line.cget("font").cget("size") == theme.HEADING
    line.say("info", "Please wait here. " * 20)
    assert line.cget("font").cget("size") == theme.SMALLEST
    line.say("info", "Look left")
    assert line.cget("font").cget("size") == theme.HEADING
    line.destroy()


def test_a_small_panel_of_known_width_gets_larger_text_and_keys() -> None:
    scale = theme.sheet(1024, 600, 222.0)  # 10.1 inch
    pixels_per_mm = 1024 / 222.0
    assert theme.TOUCH * scale / pixels_per_mm >= 15
    assert theme.BODY * scale / pixels_per_mm >= 4.8
