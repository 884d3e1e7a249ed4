"""Hover hints: for a mouse at rest, never after a touch or while busy, always inside the window."""

import dataclasses
from typing import Any

import pytest

from kiosk.widgets import hint, theme
from kiosk.widgets.hint import place
from tests.kiosk.login_steps import to_pin

LEFT_BUTTON = 0x100


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hint come after a tenth of a second."""
    monkeypatch.setattr(hint, "DELAY_S", 0.1)
    monkeypatch.setattr(hint, "LOOK_S", 0.02)


def move(kiosk: Any, widget: Any, kind: str = "Motion", **more: Any) -> None:
    """Move a mouse over *widget*, or do something else with it there."""
    kiosk.root.update()
    x, y = widget.winfo_rootx() + 20, widget.winfo_rooty() + 20
    drawn = getattr(widget, "_canvas", widget)  # what a tile is drawn on
    drawn.event_generate(f"<{kind}>", x=20, y=20, rootx=x, rooty=y, **more)


def shown(widget: Any) -> bool:
    """Whether the hint of *widget* is on the screen."""
    return hasattr(widget, "hint") and bool(widget.hint.winfo_viewable())


def assert_inside(kiosk: Any, tip: Any) -> None:
    """Assert that *tip* lies within the window."""
    root = kiosk.root
    assert root.winfo_rootx() <= tip.winfo_rootx()
    assert root.winfo_rooty() <= tip.winfo_rooty()
    assert tip.winfo_rootx() + tip.winfo_width() <= root.winfo_rootx() + root.winfo_width()
    assert tip.winfo_rooty() + tip.winfo_height() <= root.winfo_rooty() + root.winfo_height()


@pytest.mark.gui
def test_a_mouse_at_rest_is_told_and_the_hint_goes_with_its_page(kiosk: Any) -> None:
    tile = kiosk.screen.existing
    move(kiosk, tile)
    kiosk.until(lambda: shown(tile))
    tip = tile.hint
    assert tip.msg_var.get() == "PIN and face, then your account"
    size = int(kiosk.root.tk.splitlist(tip.message_widget.cget("font"))[1])
    assert -size >= theme.SMALLEST
    assert_inside(kiosk, tip)
    kiosk.touch(kiosk.screen.create)
    kiosk.on("StaffSignIn")
    kiosk.settle(0.2)
    assert not tip.winfo_exists()


@pytest.mark.gui
def test_a_page_that_comes_under_a_still_pointer_is_no_visit(kiosk: Any) -> None:
    move(kiosk, kiosk.screen.existing, "Enter")
    kiosk.settle(0.3)
    assert not shown(kiosk.screen.existing)


@pytest.mark.gui
def test_after_a_touch_there_is_none_until_the_pointer_moves_again(
    kiosk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tile = kiosk.screen.create
    monkeypatch.setattr(tile, "command", None)
    move(kiosk, tile)  # a finger: the pointer jumps there, then presses
    move(kiosk, tile, "ButtonPress-1")
    move(kiosk, tile, state=LEFT_BUTTON)
    move(kiosk, tile, "ButtonRelease-1", state=LEFT_BUTTON)
    move(kiosk, tile, "Enter")
    kiosk.settle(0.4)
    assert not shown(tile)
    move(kiosk, tile)
    kiosk.until(lambda: shown(tile))


@pytest.mark.gui
def test_a_press_hides_what_is_shown(kiosk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tile = kiosk.screen.create
    monkeypatch.setattr(tile, "command", None)
    move(kiosk, tile)
    kiosk.until(lambda: shown(tile))
    move(kiosk, tile, "ButtonPress-1")
    kiosk.root.update()
    assert not shown(tile)


@pytest.mark.gui
@pytest.mark.parametrize("size", [None, (1024, 768)])
def test_the_login_button_has_its_hint_in_the_window_and_it_goes_with_the_page(
    machine: Any, settings: Any, kiosk_on: Any, size: tuple[int, int] | None
) -> None:
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, fullscreen=size is None))
    if size is not None:
        kiosk.root.minsize(*size)
        kiosk.root.geometry("{}x{}".format(*size))
        kiosk.until(lambda: kiosk.root.winfo_width() == size[0])
    screen = to_pin(kiosk)
    kiosk.settle(0.2)
    move(kiosk, screen.press)
    kiosk.until(lambda: shown(screen.press))
    tip = screen.press.hint
    assert_inside(kiosk, tip)
    top, bottom = tip.winfo_rooty(), tip.winfo_rooty() + tip.winfo_height()
    button = screen.press.winfo_rooty(), screen.press.winfo_rooty() + screen.press.winfo_height()
    assert bottom <= button[0] or top >= button[1]  # it does not cover what it explains
    machine.held = True
    screen.pin.text = "1234"
    screen.press.press()  # by a key: the mouse rests where it is
    kiosk.on("LoginFace")
    assert not tip.winfo_exists()
    machine.hold.set()


WINDOW = (0, 0, 1000, 600)


@pytest.mark.parametrize(
    ("control", "others", "corner"),
    [
        ((100, 100, 300, 150), [], (100, 160)),
        ((100, 540, 300, 590), [], (100, 500)),  # no room below
        ((900, 100, 990, 150), [], (800, 160)),  # no room at the right
        ((100, 100, 300, 150), [(100, 160, 300, 220)], (100, 60)),  # something stands below
        ((300, 100, 500, 150), [(300, 160, 500, 220), (300, 20, 500, 90)], (90, 100)),
        ((100, 100, 300, 150), [(100, 160, 300, 220), (100, 20, 300, 90)], (310, 100)),
    ],
)
def test_a_hint_stands_inside_the_window_and_over_no_control(
    control: Any, others: list[Any], corner: tuple[int, int]
) -> None:
    assert place(control, others, WINDOW, (200, 30), 10) == corner
