"""Touch alone and the keyboard alone can each do everything; the focus is always visible."""

from typing import Any

import pytest

from kiosk.widgets import theme
from kiosk.widgets.focus import GAP, OUTSET, RING
from tests.kiosk.login_steps import to_pin

pytestmark = pytest.mark.gui


def test_touch_alone_enrols_logs_in_and_withdraws(kiosk: Any, machine: Any) -> None:
    kiosk.touch(kiosk.screen.create)
    kiosk.on("StaffSignIn")
    machine.staff._known = {"ana": "654321"}
    kiosk.pad(kiosk.screen.letters, "ana")
    kiosk.touch(kiosk.screen.go)  # Next
    kiosk.pad(kiosk.screen.digits, "654321")
    kiosk.touch(kiosk.screen.go)
    kiosk.on("Consent")
    kiosk.touch(kiosk.screen.yes)
    kiosk.on("Details")
    letters = kiosk.screen.letters
    kiosk.pad(letters, "jose")
    kiosk.touch(kiosk.screen.fields[1].entry)
    kiosk.touch(letters._shift)
    kiosk.pad(letters, "Jos")
    kiosk.touch(letters._switch)
    kiosk.pad(letters, "é")
    kiosk.touch(letters._switch)  # digits
    kiosk.touch(letters._switch)
    kiosk.pad(letters, " d")
    assert kiosk.screen.fields[1].text == "José d"
    kiosk.touch(kiosk.screen.go)
    kiosk.pad(kiosk.screen.digits, "50")
    kiosk.touch(kiosk.screen.go)
    kiosk.on("CustomerPin")
    kiosk.pad(kiosk.screen.digits, "47135")
    kiosk.touch(kiosk.screen.digits.keys[-1])  # back
    kiosk.touch(kiosk.screen.fields[1].entry)
    kiosk.pad(kiosk.screen.digits, "4713")
    kiosk.touch(kiosk.screen.go)
    kiosk.on("FaceStep")
    kiosk.until(lambda: kiosk.screen.save.enabled)
    kiosk.touch(kiosk.screen.save)
    kiosk.on("Saved")
    assert machine.enrolled[0].pin == "4713"
    kiosk.touch(kiosk.screen.primary)
    kiosk.on("Home")
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")
    kiosk.pad(kiosk.screen.letters, "maria.lopez")
    kiosk.touch(kiosk.screen.go)
    kiosk.on("LoginPin")
    kiosk.pad(kiosk.screen.digits, "1234")
    kiosk.until(lambda: kiosk.screen.press.enabled)
    kiosk.touch(kiosk.screen.press)
    kiosk.on("Account")
    kiosk.touch(kiosk.screen.presets[0])
    kiosk.touch(kiosk.asked().yes)
    kiosk.on("TakeMoney")
    kiosk.touch(kiosk.screen.primary)
    kiosk.on("Goodbye")
    kiosk.touch(kiosk.screen.primary)
    kiosk.on("Home")


def tab_to(kiosk: Any, control: Any) -> None:
    """Press Tab until *control* has the focus."""
    for _ in range(20):
        if kiosk.app.focus.current is control:
            return
        kiosk.key("Tab")
    raise AssertionError("Tab does not lead there")


def test_the_keyboard_alone_does_it_too(kiosk: Any, machine: Any) -> None:
    tab_to(kiosk, kiosk.screen.existing)
    kiosk.key("Return")
    kiosk.on("LoginName")
    kiosk.type("maria.lopez")
    kiosk.key("Return")
    kiosk.on("LoginPin")
    kiosk.type("1234")
    kiosk.until(lambda: kiosk.screen.press.enabled)
    tab_to(kiosk, kiosk.screen.press)
    kiosk.key("space")
    kiosk.on("Account")
    tab_to(kiosk, kiosk.screen.presets[1])
    kiosk.key("Return")
    tab_to(kiosk, kiosk.asked().yes)
    kiosk.key("Return")
    kiosk.on("TakeMoney")
    tab_to(kiosk, kiosk.screen.primary)
    kiosk.key("Return")
    kiosk.on("Goodbye")
    kiosk.key("Return")
    kiosk.on("Home")
    tab_to(kiosk, kiosk.app.window.top.chips[0])
    kiosk.key("Return", "Tab", "Return")  # the one after English
    assert kiosk.app.language.code == "de"


def test_keys_of_a_pad_are_one_stop_moved_through_by_arrows(kiosk: Any) -> None:
    screen = to_pin(kiosk)
    tab_to(kiosk, screen.digits.keys[0])
    kiosk.key("Right", "Down", "Down", "Return")  # 1 -> 2 -> 5 -> 8
    assert screen.typing.text == "8"
    kiosk.key("Down", "Left", "Left")  # 0, then clear, then nothing beyond it
    assert kiosk.app.focus.current is screen.digits.keys[9]
    kiosk.type("5")  # a physical digit goes to the field, from the pad too
    assert screen.typing.text == "85"
    kiosk.key("Tab")
    assert kiosk.app.focus.current is screen.press
    kiosk.root.focus_get().event_generate("<Shift-Tab>")
    kiosk.root.update()
    assert kiosk.app.focus.current is screen.digits.keys[9]  # where the pad was left


@pytest.mark.parametrize("in_the_field", [True, False])
def test_a_number_pad_types_digits_without_num_lock_too(kiosk: Any, in_the_field: bool) -> None:
    screen = to_pin(kiosk)
    if not in_the_field:
        tab_to(kiosk, screen.digits.keys[0])
    kiosk.key("KP_End", "KP_Down", "KP_Next", "KP_Left", "KP_Begin")
    kiosk.key("KP_Right", "KP_Home", "KP_Up", "KP_Prior", "KP_Insert")
    assert screen.pin.text == "1234567890"


def test_touching_a_pad_leaves_the_focus_in_the_field(kiosk: Any) -> None:
    to_pin(kiosk)
    kiosk.touch(kiosk.screen.digits.keys[4])
    assert kiosk.app.focus.current is kiosk.screen.pin and kiosk.screen.pin.focused
    assert kiosk.screen.pin.text == "5"


def test_digits_stand_as_on_a_telephone(kiosk: Any) -> None:
    to_pin(kiosk)
    rows: dict[int, list[tuple[int, str]]] = {}
    for key in kiosk.screen.digits.keys:
        rows.setdefault(key.winfo_rooty(), []).append((key.winfo_rootx(), key.value))
    ordered = ["".join(v for _x, v in sorted(row)) for _y, row in sorted(rows.items())]
    assert ordered == ["123", "456", "789", "✕0←"]


def test_the_focus_ring_is_ink_outside_the_control_with_a_white_gap(kiosk: Any) -> None:
    assert (RING, GAP) == (4, 3)
    kiosk.key("Tab")
    tile = kiosk.screen.existing
    ring = tile.ring
    assert ring.winfo_ismapped()
    scale = kiosk.app.window.scale
    assert tile.winfo_x() - ring.winfo_x() == pytest.approx(OUTSET * scale, abs=1)
    assert ring.winfo_width() - tile.winfo_width() == pytest.approx(2 * OUTSET * scale, abs=2)
    assert (ring.cget("border_color"), ring.cget("border_width")) == (theme.INK, RING)
    assert ring.cget("fg_color") == theme.SURFACE == tile.cget("bg_color")
    kiosk.key("Tab")
    assert not ring.winfo_ismapped() and tile.cget("bg_color") == theme.PAPER


@pytest.mark.parametrize("pages", [["existing"], ["create"]])
def test_tab_goes_in_reading_order_and_never_gets_lost(kiosk: Any, pages: list[str]) -> None:
    for page in ["", *pages]:
        if page:
            kiosk.app.by_touch = False
            getattr(kiosk.screen, page).press()
            kiosk.settle(0.5)
        if page == "create":
            kiosk.screen.fields[-1].take_focus()  # the pad follows the field
            kiosk.settle(0.05)
        stops = kiosk.app.focus.stops()
        seen = []
        kiosk.root.focus_set()
        kiosk.app.focus.current = None
        for _ in stops:
            kiosk.key("Tab")
            current = kiosk.app.focus.current
            assert current.focused and current.ring is not None and current.ring.winfo_ismapped()
            seen.append(current)
        assert seen == stops
        kiosk.key("Tab")
        assert kiosk.app.focus.current is stops[0]


def test_a_finger_that_slides_off_a_button_presses_nothing(kiosk: Any) -> None:
    tile = kiosk.screen.existing
    kiosk.root.update()
    tile._canvas.event_generate("<ButtonPress-1>", x=10, y=10)
    tile._canvas.event_generate("<ButtonRelease-1>", x=-200, y=-50)
    kiosk.settle(0.05)
    assert type(kiosk.screen).__name__ == "Home"


def test_a_finger_that_was_put_down_elsewhere_presses_nothing(kiosk: Any) -> None:
    tile = kiosk.screen.existing
    x, y = tile.winfo_rootx() + 10, tile.winfo_rooty() + 10
    tile._canvas.event_generate("<ButtonRelease-1>", x=10, y=10, rootx=x, rooty=y)
    kiosk.settle(0.1)
    assert type(kiosk.screen).__name__ == "Home"
    tile._canvas.event_generate("<ButtonPress-1>", x=10, y=10, rootx=x, rooty=y)
    tile._canvas.event_generate("<ButtonRelease-1>", x=10, y=10, rootx=x, rooty=y)
    kiosk.on("LoginName")
