"""Touches around a change of pages, sent through the display as a panel sends them."""

import _tkinter
import os
import subprocess
from typing import Any

import pytest

from kiosk.screens.customer.login import log_in

pytestmark = pytest.mark.gui


def middle(widget: Any) -> tuple[int, int]:
    """Return where a finger touches *widget*, on the screen."""
    return (
        widget.winfo_rootx() + widget.winfo_width() // 2,
        widget.winfo_rooty() + widget.winfo_height() // 2,
    )


def finger(*acts: Any) -> None:
    """Have the display tell of a finger: spots to go to, `click`, `mousedown`, `mouseup`.

    The window learns of it only when it looks at its events; where a touch goes is decided now.
    """
    words: list[str] = []
    for act in acts:
        words += ["mousemove", *map(str, act)] if isinstance(act, tuple) else [act, "1"]
    subprocess.run(["xdotool", *words], check=True, env=dict(os.environ), timeout=60)


@pytest.fixture
def spot(kiosk: Any) -> tuple[int, int]:
    """Where the key m of the page for the name is; home is in front."""
    kiosk.app.show(log_in)
    kiosk.root.update()
    found = middle(next(key for key in kiosk.screen.letters.keys if key.value == "m"))
    kiosk.app.go_home()
    kiosk.settle(0.1)
    return found


def until_page(kiosk: Any, name: str) -> None:
    """Handle one event after another until that page is in front, and none after that."""

    def step() -> bool:
        kiosk.root.tk.dooneevent(_tkinter.DONT_WAIT)
        return type(kiosk.screen).__name__ == name

    for _ in range(1_000_000):
        if step():
            return
    raise AssertionError("the page did not come")


def test_a_touch_right_after_the_one_that_changed_the_page_reaches_the_new_page(
    kiosk: Any, spot: tuple[int, int]
) -> None:
    finger(middle(kiosk.screen.existing), "click")
    until_page(kiosk, "LoginName")
    kiosk.root.winfo_pointerxy()  # a round trip: the display has the new page
    finger(spot, "click")
    kiosk.until(lambda: kiosk.screen.username.text == "m")


def test_a_touch_before_the_new_page_is_there_does_nothing_on_the_old_one(
    kiosk: Any, spot: tuple[int, int]
) -> None:
    home = kiosk.screen
    finger(middle(home.existing), "click", middle(home.create), "click")
    kiosk.on("LoginName")
    kiosk.settle(0.3)
    assert type(kiosk.screen).__name__ == "LoginName"  # not the sign-in of staff
    assert kiosk.screen.username.text == ""
    finger(spot, "click")
    kiosk.until(lambda: kiosk.screen.username.text == "m")


def test_a_finger_put_down_on_the_old_page_presses_nothing_on_the_new_one(kiosk: Any) -> None:
    spot = middle(kiosk.screen.existing)
    finger(spot, "mousedown")
    kiosk.until(lambda: kiosk.screen.existing._held)
    kiosk.app.go_home()
    home = kiosk.screen
    assert middle(home.existing) == spot
    finger("mouseup")
    kiosk.settle(0.3)
    assert kiosk.screen is home
    finger(spot, "click")
    kiosk.on("LoginName")
