"""Labels, buttons and tiles."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import customtkinter

from kiosk.layout import Column, Heights, Space
from kiosk.widgets import theme
from kiosk.widgets.fitted import Fitted, fonts_of
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


class Label(Fitted, customtkinter.CTkLabel):  # type: ignore[misc]
    """Text on a plain ground; its lines break where its room ends."""

    least = 120
    """What is left of a text that is cut, at least."""

    whole = False
    """Whether a text that may be cut is left out where it has not all the room that it needs."""

    def __init__(
        self,
        master: Any,
        text: str,
        font: Any,
        *,
        colour: str | None = None,
        anchor: str = "w",
        cut: bool = False,
        ground: str = "transparent",
        grow: int = 0,
        **options: Any,
    ) -> None:
        """Make a label.

        Args:
            master: The page, or a pane on it.
            text: Its words.
            font: One of the window's `Fonts`.
            colour: Of the words; by default ink.
            anchor: Where the words stand in their room.
            cut: Whether one line is cut with an ellipsis where it has no room, as a name is.
            ground: What it stands on.
            grow: As of every part.
            options: Of a `CTkLabel`.
        """
        self.grow, self._cut, self._words = grow, cut, text
        justify = {"w": "left", "nw": "left", "e": "right", "center": "center"}[anchor]
        super().__init__(
            master,
            text=text,
            height=0,
            font=font,
            text_color=colour or theme.INK,
            fg_color=ground,
            corner_radius=0,
            anchor=anchor,
            justify=justify,
            **options,
        )

    @property
    def words(self) -> str:
        """The whole text, of which less is shown where it is cut."""
        return self._words

    def say(self, text: str) -> None:
        """Show other words."""
        if text != self._words:
            self._words = text
            self.configure(text=text)
            self.changed()
            if self._cut:
                self.fill(*self._given)

    def least_width(self) -> int:
        """Return the longest word's width, or little where the text may be cut."""
        fonts = fonts_of(self)
        word = fonts.longest_word(self._words, self._font) + self._beside()
        return min(word, self.least) if self._cut else word

    def wanted_width(self) -> int:
        """Return the width of the text on one line."""
        return fonts_of(self).extent(self._words, self._font)[0] + self._beside() + 1

    def heights(self, width: int) -> Heights:
        """Return the height of its lines."""
        room = 0 if self._cut else max(1, width - self._beside())
        high = fonts_of(self).extent(self._words, self._font, room)[1]
        return (high + 2, high + 4) if self._words else (0, 0)

    def fill(self, width: int, height: int) -> None:
        """Break or cut the text."""
        room = width - self._beside()
        if self._cut:
            words = fonts_of(self).fit(self._words, self._font, room)
            self.configure(text="" if self.whole and words != self._words else words)
        else:
            self.configure(wraplength=max(1, room))

    def _beside(self) -> int:
        """Return the width of the image beside the words."""
        image = self._image
        return int(image.cget("size")[0]) if image else 0


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


class Button(Fitted, Pressable, customtkinter.CTkButton):  # type: ignore[misc]
    """A button with a few words."""

    _draw = customtkinter.CTkButton._draw
    """At once: its words are a widget of their own, which must be there to listen to touches."""

    side = 20
    """Between its words and its edge, at the left and right."""

    def __init__(
        self,
        master: Any,
        text: str,
        command: Callable[[], object] | None,
        fonts: theme.Fonts,
        *,
        look: str = "secondary",
        high: int = theme.TOUCH,
        size: int = theme.FIELD,
        corner: int = theme.BUTTON_CORNER,
        ground: str | None = None,
        busy_when_disabled: bool = False,
        grow: int = 0,
        most: float = theme.TEXT_STEPS[-1],
    ) -> None:
        """Make a button.

        Args:
            master: The page, or a pane on it.
            text: Its words.
            command: What a press does.
            fonts: Of the window.
            look: One of the looks of `look_of`.
            high: The least height.
            size: Of the words.
            corner: Radius of its corners.
            ground: The colour that it stands on.
            busy_when_disabled: Whether it looks busy, not faded, while it is disabled.
            grow: As of every part.
            most: The text size beyond which the words do not grow.
        """
        self.command = command
        self.grow, self._high = grow, high
        self.ground = ground = ground or theme.PAPER
        self._look, self.look = look, look_of(look)
        self._idle_look = look_of("busy" if busy_when_disabled else "faded")
        customtkinter.CTkButton.__init__(
            self,
            master,
            height=high,
            corner_radius=corner,
            border_width=self.look.border_width,
            border_spacing=0,
            text=text,
            font=fonts(size, self.look.weight, most=most),
            fg_color=self.look.fill,
            text_color=self.look.text,
            text_color_disabled=self._idle_look.text,
            border_color=self.look.border,
            bg_color=ground,
            hover=False,
        )
        self.init_control(self)
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

    def say(self, text: str) -> None:
        """Show other words."""
        if text != self._text:
            self.configure(text=text)
            self.changed()

    def least_width(self) -> int:
        """Return the width of the longest word and the margins."""
        return max(
            theme.TOUCH, fonts_of(self).longest_word(self._text, self._font) + 2 * self.side + 6
        )

    def wanted_width(self) -> int:
        """Return the width of the words on one line and the margins."""
        return max(theme.TOUCH, fonts_of(self).extent(self._text, self._font)[0] + 3 * self.side)

    def heights(self, width: int) -> Heights:
        """Return the height of the words and the margins."""
        lines = fonts_of(self).extent(self._text, self._font, max(1, width - 2 * self.side - 4))[1]
        return max(theme.TOUCH, lines + 20), max(self._high, lines + 20)

    def fill(self, width: int, height: int) -> None:
        """Break the words."""
        room = max(1, width - 2 * self.side - 2)
        self._text_label.configure(wraplength=self._apply_widget_scaling(room))

    def focus_set(self) -> None:
        """Put the focus on the whole button."""
        self.take_focus()

    def _paint(self) -> None:
        look = self.look if self.enabled else self._idle_look
        self.configure(fg_color=look.fill, text_color=look.text, border_color=look.border)


class Tile(Fitted, Pressable, customtkinter.CTkFrame):  # type: ignore[misc]
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
        high: int = 96,
        size: int = theme.HEADING,
        centred: bool = True,
        ground: str | None = None,
        grow: int = 0,
    ) -> None:
        """Make a tile.

        Args:
            master: The page.
            title: Its name.
            line: What it leads to.
            command: What a press does.
            fonts: Of the window.
            look: One of the looks of `look_of`.
            high: The height that looks best.
            size: Of the title.
            centred: Whether the words stand in the middle, not at the left.
            ground: The colour that it stands on.
            grow: As of every part.
        """
        self.command = command
        self.ground = ground = ground or theme.PAPER
        self.look = look_of(look)
        self.grow, self._high, self._centred = grow, high, centred
        customtkinter.CTkFrame.__init__(
            self,
            master,
            height=high,
            corner_radius=theme.BUTTON_CORNER,
            border_width=2,
            border_color=self.look.border,
            fg_color=self.look.fill,
            bg_color=ground,
        )
        anchor = "center" if centred else "w"
        self._muted = self.look.text if look == "primary" else theme.MUTED
        self.title = Label(
            self, title, fonts(size, "semibold" if centred else "bold"), colour=self.look.text,
            anchor=anchor,
        )  # fmt: skip
        self.line = Label(
            self, line, fonts(theme.BODY, "medium" if centred else "regular"), colour=self._muted,
            anchor=anchor,
        )  # fmt: skip
        self._inner = Column(Space(grow=1), self.title, self.line, Space(grow=1), gap=2)
        self.init_control(self)
        self.init_press([self, self.title, self.line])
        tkinter.Frame.configure(self, takefocus=1)

    def least_width(self) -> int:
        """Return the width of the longest word and the margins."""
        return self._inner.least_width() + 2 * self._side

    def wanted_width(self) -> int:
        """Return the width of the longer line and the margins."""
        return self._inner.wanted_width() + 2 * self._side

    def heights(self, width: int) -> Heights:
        """Return the height of the words and the margins."""
        lines = self._inner.heights(width - 2 * self._side)[1]
        return max(theme.TOUCH, lines + 12), max(self._high, lines + 32)

    def fill(self, width: int, height: int) -> None:
        """Place the words."""
        self._inner.arrange(self._side, 6, width - 2 * self._side, height - 12)

    @property
    def _side(self) -> int:
        return 16 if self._centred else 24

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
