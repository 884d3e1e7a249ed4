"""Labels, buttons and tiles."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import customtkinter

from kiosk.widgets import theme
from kiosk.widgets.focus import Control

_DOWN = 0.9  # how much a touched surface darkens
_UP = 64  # by how much it lightens where it is nearly black


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of one kind of button."""

    fill: str
    text: str
    border: str
    weight: str = "semibold"
    border_width: int = 2


def look_of(name: str) -> Look:
    """Return a kind of button in the colours that are worn now.

    Args:
        name: `primary`, `danger`, `secondary`, `quiet`, `key`, `chip`, `chosen`; `faded` or `busy`
            for one that is disabled.
    """
    return {
        "primary": Look(theme.PRIMARY, theme.SURFACE, theme.PRIMARY),
        "danger": Look(theme.BAD, theme.SURFACE, theme.BAD),
        "secondary": Look(theme.SURFACE, theme.PRIMARY, theme.PRIMARY),
        "quiet": Look(theme.PAPER, theme.INK, theme.LINE),
        "key": Look(theme.SURFACE, theme.INK, theme.LINE),
        "chip": Look(theme.SURFACE, theme.INK, theme.LINE, "regular"),
        "chosen": Look(theme.SOFT, theme.PRIMARY, theme.PRIMARY, "semibold"),
        "faded": Look(theme.FADED_FILL, theme.FADED_TEXT, theme.FADED_LINE),
        "busy": Look(theme.HAIR, theme.MUTED, theme.HAIR),
    }[name]


def darker(colour: str) -> str:
    """Return *colour* as it looks under a finger: darker, or lighter where it is nearly black."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    change = _UP if max(channels) < _UP else 0
    return "#" + "".join(f"{round(c * _DOWN) + change:02X}" for c in channels)


def at(widget: Any, x: int, y: int) -> Any:
    """Put *widget* at drawn pixels *x*, *y* of its parent, and return it."""
    widget.spot = (x, y)
    widget.place(x=x, y=y)
    return widget


class Label(customtkinter.CTkLabel):  # type: ignore[misc]
    """Text on a plain ground."""

    def __init__(
        self,
        master: Any,
        text: str,
        font: theme.FontSpec,
        *,
        colour: str | None = None,
        width: int = 0,
        height: int = 34,
        anchor: str = "w",
        wrap: bool = False,
        ground: str = "transparent",
        **options: Any,
    ) -> None:
        """Make a label; with *wrap* its lines break at *width*."""
        justify = {"w": "left", "nw": "left", "e": "right", "center": "center"}[anchor]
        super().__init__(
            master,
            width=width,
            height=height,
            text=text,
            font=font,
            text_color=colour or theme.INK,
            fg_color=ground,
            corner_radius=0,
            anchor=anchor,
            justify=justify,
            wraplength=width if wrap else 0,
            **options,
        )
        self.box = (width, height)


class Pressable(Control):
    """A control that does something when it is touched."""

    command: Callable[[], object] | None

    def init_press(self, surfaces: Sequence[Any]) -> None:
        """Listen to touches of *surfaces*, the parts that the control is drawn with."""
        self._held = False
        for surface in surfaces:
            surface.bind("<ButtonPress-1>", self._down, add="+")
            surface.bind("<ButtonRelease-1>", self._up, add="+")

    def press(self) -> None:
        """Do what the control is for, if it is enabled."""
        if self.enabled and self.command is not None:
            self.command()

    def pressed_by_key(self) -> bool:
        """Act on Enter or Space."""
        self.press()
        return True

    def show_down(self, down: bool) -> None:
        """Show whether a finger is on the control."""
        raise NotImplementedError

    def _down(self, _event: object) -> None:
        if self.enabled:
            self._held = True
            self.show_down(True)

    def _up(self, event: Any) -> None:
        if not self._held:
            return
        self._held = False
        self.show_down(False)
        left, top = self.winfo_rootx(), self.winfo_rooty()  # type: ignore[attr-defined]
        right = left + self.winfo_width()  # type: ignore[attr-defined]
        bottom = top + self.winfo_height()  # type: ignore[attr-defined]
        if left <= event.x_root < right and top <= event.y_root < bottom:
            self.press()


class Button(Pressable, customtkinter.CTkButton):  # type: ignore[misc]
    """A button with one line of words."""

    def __init__(
        self,
        master: Any,
        text: str,
        command: Callable[[], object] | None,
        fonts: theme.Fonts,
        *,
        look: str = "secondary",
        width: int,
        height: int = theme.TOUCH,
        size: int = theme.FIELD,
        corner: int = theme.BUTTON_CORNER,
        ground: str | None = None,
        busy_when_disabled: bool = False,
        image: Any = None,
    ) -> None:
        """Make a button in one of the looks of `look_of`, standing on *ground*."""
        self.command = command
        self.ground = ground = ground or theme.PAPER
        self._look, self.look = look, look_of(look)
        self._idle_look = look_of("busy" if busy_when_disabled else "faded")
        customtkinter.CTkButton.__init__(
            self,
            master,
            width=width,
            height=height,
            corner_radius=corner,
            border_width=self.look.border_width,
            border_spacing=0,
            text=text,
            font=fonts(size, self.look.weight),
            fg_color=self.look.fill,
            text_color=self.look.text,
            text_color_disabled=self._idle_look.text,
            border_color=self.look.border,
            bg_color=ground,
            hover=False,
            image=image,
        )
        self.init_control(self, width, height)
        self.init_press([self])
        tkinter.Frame.configure(self, takefocus=1)

    @property
    def chosen(self) -> bool:
        """Whether it is the one that is chosen among several."""
        return self._look == "chosen"

    def wear(self, look: str) -> None:
        """Change to another look."""
        self._look, self.look = look, look_of(look)
        self._paint()

    def enable(self, enabled: bool) -> None:
        """Let the button be pressed, or fade it."""
        if enabled != self.enabled:
            self.enabled = enabled
            if not enabled:
                self.give_up_focus()
            self.configure(state="normal" if enabled else "disabled")
            self._paint()

    def show_down(self, down: bool) -> None:
        """Darken the button under a finger."""
        if self.winfo_exists():
            fill = self.look.fill if self.enabled else self._idle_look.fill
            self.configure(fg_color=darker(fill) if down else fill)

    def resize(self, width: int) -> None:
        """Give the button another width."""
        self._size = (width, self._size[1])
        self.configure(width=width)

    def focus_set(self) -> None:
        """Put the focus on the whole button."""
        self.take_focus()

    def _paint(self) -> None:
        look = self.look if self.enabled else self._idle_look
        self.configure(fg_color=look.fill, text_color=look.text, border_color=look.border)


class Tile(Pressable, customtkinter.CTkFrame):  # type: ignore[misc]
    """A large button with a title and a line below it."""

    def __init__(
        self,
        master: Any,
        title: str,
        line: str,
        command: Callable[[], object] | None,
        fonts: theme.Fonts,
        *,
        look: str,
        width: int,
        height: int,
        size: int = theme.HEADING,
        centred: bool = True,
        ground: str | None = None,
    ) -> None:
        """Make a tile in one of the looks of `look_of`."""
        self.command = command
        self.ground = ground = ground or theme.PAPER
        self.look = look_of(look)
        customtkinter.CTkFrame.__init__(
            self,
            master,
            width=width,
            height=height,
            corner_radius=theme.BUTTON_CORNER,
            border_width=2,
            border_color=self.look.border,
            fg_color=self.look.fill,
            bg_color=ground,
        )
        anchor, left = ("center", 20) if centred else ("w", 32)
        inner = width - 2 * left
        gap, line_height = 2, 34
        title_height = round(size * 1.25)
        middle = (height - title_height - gap - line_height) // 2
        top = middle if centred else min(24, middle)
        heavy = "semibold" if centred else "bold"
        self._muted = self.look.text if look == "primary" else theme.MUTED
        self.title = Label(
            self, title, fonts(size, heavy), colour=self.look.text, width=inner,
            height=title_height, anchor=anchor,
        )  # fmt: skip
        self.line = Label(
            self, line, fonts(theme.BODY, "medium" if centred else "regular"), colour=self._muted,
            width=inner, height=line_height, anchor=anchor,
        )  # fmt: skip
        at(self.title, left, top)
        at(self.line, left, top + title_height + gap)
        self.init_control(self, width, height)
        self.init_press([self, self.title, self.line])
        tkinter.Frame.configure(self, takefocus=1)

    def enable(self, enabled: bool) -> None:
        """Let the tile be pressed, or fade it."""
        if enabled == self.enabled:
            return
        self.enabled = enabled
        if not enabled:
            self.give_up_focus()
        look = self.look if enabled else look_of("faded")
        self.configure(fg_color=look.fill, border_color=look.border)
        self.title.configure(text_color=look.text)
        self.line.configure(text_color=self._muted if enabled else look.text)

    def show_down(self, down: bool) -> None:
        """Darken the tile under a finger."""
        if self.winfo_exists():
            fill = darker(self.look.fill) if down else self.look.fill
            self.configure(fg_color=fill)
