"""Keyboard handling: what each key but Tab does, wherever the focus is."""

from __future__ import annotations

from typing import Any

from kiosk.shell import Shell
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import FocusKeeper
from kiosk.widgets.key import Key

_ARROWS = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}
_PAGES = {"Next": 1, "Prior": -1}
# Without NumLock the number pad sends these; in a kiosk it is there for digits.
_NUMBER_PAD = {
    "KP_Insert": "0", "KP_End": "1", "KP_Down": "2", "KP_Next": "3", "KP_Left": "4",
    "KP_Begin": "5", "KP_Right": "6", "KP_Home": "7", "KP_Up": "8", "KP_Prior": "9",
}  # fmt: skip
_MODIFIERS = 0x4 | 0x8  # Control, Alt


class Keyboard:
    """Sends keys to the focused control, to the field in use, or to the page."""

    def __init__(self, app: Shell, focus: FocusKeeper) -> None:
        """Listen to every key and touch of the window, whose focus *focus* moves."""
        self._app = app
        self._focus = focus
        root = app.window.root
        root.bind("<KeyPress>", self._any_key, add="+")  # Tab too, which `FocusKeeper` takes
        root.bind_all("<KeyPress>", self._key, add="+")
        root.bind_all("<ButtonPress>", self._touch, add="+")

    def _touch(self, _event: object) -> None:
        self._app.by_touch = True
        self._somebody()

    def _any_key(self, _event: object) -> None:
        self._app.by_touch = False
        self._somebody()

    def _somebody(self) -> None:
        """Note that a person is there: the voice stops, the question waits, the camera wakes up."""
        self._app.hush()
        self._app.idle.touched()
        self._app.host.latest()

    def _key(self, event: Any) -> None:
        app = self._app
        key = event.keysym
        current = self._focus.current
        focused = current if current is not None and current.focused else None
        if key == "F1":
            app.open_access(by_key=True)
        elif key == "F2":
            app.read_again()
        elif key == "Escape":
            (app.dialog or app.screen).cancel()
        elif key in ("Return", "KP_Enter", "space"):
            self._go_on(focused, key)
        elif key in _PAGES:
            if app.dialog is None:
                app.screen.turn(_PAGES[key])
        elif key in _ARROWS and not isinstance(focused, Field):
            across, down = _ARROWS[key]
            if isinstance(focused, Key):
                focused.pad.go(across, down)
            else:
                self._focus.move(across or down)
        elif not event.state & _MODIFIERS:
            self._type(event, focused)

    def _go_on(self, focused: Any, key: str) -> None:
        app = self._app
        if isinstance(focused, Field):
            app.screen.typed_by_key(focused)
            if key != "space" and app.dialog is None:
                app.screen.enter_in(focused)
        elif focused is not None and focused.pressed_by_key():
            return
        elif key != "space" and app.dialog is None and app.screen.primary is not None:
            app.screen.primary.press()

    def _type(self, event: Any, focused: Any) -> None:
        """Let a character reach the field in use from wherever the focus is."""
        app = self._app
        digit = _NUMBER_PAD.get(event.keysym, "")
        if isinstance(focused, Field):
            if digit:
                focused.type(digit)
            if digit or event.char or event.keysym in ("BackSpace", "Delete"):
                app.screen.typed_by_key(focused)
            return
        field = app.screen.typing
        if app.dialog is not None or field is None or not field.reachable:
            return
        if event.keysym == "BackSpace":
            field.back()
        elif digit or (event.char and event.char.isprintable()):
            field.type(digit or event.char)
        else:
            return
        if not isinstance(focused, Key):
            field.take_focus()
        app.screen.typed_by_key(field)
