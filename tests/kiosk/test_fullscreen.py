"""Full screen is left by staff alone; larger windows enlarge the page."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from atm.settings import Settings
from face_auth.models import Threshold
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.status_line import StatusLine

pytestmark = pytest.mark.gui


@pytest.fixture
def full(machine: Any, settings: Settings, kiosk_on: Callable[..., Any]) -> Any:
    """A kiosk in full screen."""
    return kiosk_on(machine, settings=dataclasses.replace(settings, fullscreen=True))


def test_full_screen_has_staff_in_the_place_of_close(full: Any) -> None:
    assert full.screen.last.cget("text") == "Staff"


def test_a_window_has_both(kiosk: Any) -> None:
    assert kiosk.screen.last.cget("text") == "Close"
    buttons = [c.cget("text") for c in kiosk.screen.controls if isinstance(c, Button) and c.shown]
    assert buttons == ["Staff", "Close"]


def test_full_screen_is_not_closed_by_the_window_manager_or_escape(full: Any) -> None:
    full.app._close_asked()
    full.key("Escape")
    assert not full.app.closed


def test_the_page_fills_the_screen(full: Any) -> None:
    across, down = full.root.winfo_screenwidth(), full.root.winfo_screenheight()
    full.until(lambda: full.root.winfo_width() == across and full.root.winfo_height() == down)
    scale = theme.sheet(across, down)
    assert full.app.window.scale == pytest.approx(scale)
    full.until(lambda: full.screen.winfo_width() == across)
    tile = full.screen.existing
    assert tile.winfo_rootx() + tile.winfo_width() == pytest.approx(
        across - theme.MARGIN * scale, abs=3
    )
    font = full.root.tk.splitlist(tile.line._label.cget("font"))
    assert int(font[1]) == -round(25 * scale)


def button(kiosk: Any, text: str) -> Any:
    """Return the button of the page in front that says *text*."""
    found = [c for c in kiosk.screen.controls if isinstance(c, Button) and c.cget("text") == text]
    assert len(found) == 1, text
    return found[0]


def test_staff_leave_full_screen(full: Any, sign_in: Callable[[Any], None]) -> None:
    sign_in(full)
    full.touch(button(full, "Leave full screen"))
    full.on("Home")
    assert full.screen.last.cget("text") == "Close"
    assert not full.app.window.fullscreen


def test_staff_are_offered_a_demonstration_where_there_is_no_camera(
    full: Any, machine: Any, sign_in: Callable[[Any], None]
) -> None:
    machine.camera.state = "lost"
    sign_in(full)
    assert button(full, "Demonstration").enabled


def test_staff_close_the_kiosk_after_a_yes(
    full: Any, machine: Any, sign_in: Callable[[Any], None]
) -> None:
    sign_in(full)
    full.touch(button(full, "Close the kiosk"))
    full.touch(full.app.dialog.no)
    assert not full.app.closed and full.app.dialog is None
    full.touch(button(full, "Close the kiosk"))
    full.touch(full.app.dialog.yes)
    assert full.app.closed and machine.closed


def test_staff_create_a_customer_from_their_menu_without_signing_in_again(
    full: Any, sign_in: Callable[[Any], None]
) -> None:
    sign_in(full)
    full.touch(full.screen.controls[0])
    full.on("Consent")


def test_a_window_made_larger_enlarges_its_page(kiosk: Any) -> None:
    if kiosk.root.winfo_screenwidth() < 1600 or kiosk.root.winfo_screenheight() < 1000:
        pytest.skip("the screen is too small")
    before = kiosk.screen.existing.winfo_width()
    kiosk.root.geometry("1600x1000+0+0")
    kiosk.until(lambda: kiosk.app.window.scale == pytest.approx(1.25))
    kiosk.settle(0.2)
    assert kiosk.screen.existing.winfo_width() == pytest.approx(1.25 * before, abs=3)
    chip = kiosk.app.window.top.chips[1]
    assert chip.winfo_rootx() + chip.winfo_width() <= kiosk.root.winfo_rootx() + 1600


def test_a_panel_of_known_width_gets_larger_keys(
    machine: Any, settings: Settings, kiosk_on: Callable[..., Any]
) -> None:
    kiosk = kiosk_on(machine, wait=False)
    across = kiosk.root.winfo_screenwidth()
    largest = theme.sheet(across, kiosk.root.winfo_screenheight())
    kiosk.close()
    if largest <= 1.05:
        pytest.skip("the screen has no room")
    pixels_per_mm = 1.05 * theme.TOUCH / 15
    panel = dataclasses.replace(settings, screen_width_mm=across / pixels_per_mm)
    kiosk = kiosk_on(machine, settings=panel)
    button = kiosk.screen.last
    assert button.winfo_height() / pixels_per_mm >= 15 - 1 / pixels_per_mm
    size = int(kiosk.root.tk.splitlist(kiosk.screen.line._label.cget("font"))[1])
    assert -size / pixels_per_mm >= 4.8


@pytest.mark.parametrize(
    ("dpi", "panel_mm", "hinted"),
    [(288, None, True), (96, None, False), (288, 300.0, False)],
)
def test_a_display_of_very_small_pixels_is_mentioned(
    machine: Any,
    settings: Settings,
    kiosk_on: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    dpi: int,
    panel_mm: float | None,
    hinted: bool,
) -> None:
    monkeypatch.setattr(
        "tkinter.Tk.winfo_screenmmwidth", lambda root: 25.4 * root.winfo_screenwidth() / dpi
    )
    kiosk_on(machine, settings=dataclasses.replace(settings, screen_width_mm=panel_mm))
    assert ("set screen_width_mm" in caplog.text) == hinted


@pytest.mark.parametrize(
    ("provisional", "fnmr", "tone", "says"),
    [
        (
            False,
            0.0761,
            "info",
            "0.01\u00a0% of strangers pass, 7.6\u00a0% of customers' tries fail",
        ),
        (True, None, "warn", "not calibrated: 0.01\u00a0% of strangers pass"),
    ],
)
def test_staff_read_how_strictly_faces_are_judged(
    full: Any,
    machine: Any,
    sign_in: Callable[[Any], None],
    provisional: bool,
    fnmr: float | None,
    tone: str,
    says: str,
) -> None:
    machine.threshold = Threshold(0.14, "1e-4", provisional, fnmr)
    sign_in(full)
    lines = [w for w in full.screen.winfo_children() if isinstance(w, StatusLine)]
    assert [line.tone for line in lines] == [tone]
    assert says in lines[0].sentence
