"""Display-only widgets: status line, cards, rules, badges."""

from __future__ import annotations

import tkinter
from typing import Any

import customtkinter

from kiosk.layout import Column, Heights, Inset
from kiosk.widgets import theme
from kiosk.widgets.fitted import Fitted, Fixed, fonts_of
from kiosk.widgets.focus import Control
from kiosk.widgets.icons import icon
from kiosk.widgets.surface import RoundFrame

_AROUND = 84  # what the symbol and the margins of a sentence take
_HIGH = 56
_LINES = 3
"""A sentence that would need more lines is set smaller, but not below body text."""


class StatusLine(Fitted, Control, customtkinter.CTkLabel):  # type: ignore[misc]
    """One sentence with an icon: what to do now, or the result."""

    def __init__(
        self,
        master: Any,
        fonts: theme.Fonts,
        *,
        ground: str | None = None,
        weight: str = "medium",
        size: int = theme.BODY,
        grow: int = 0,
    ) -> None:
        """Make an empty line."""
        self.ground = ground = ground or theme.PAPER
        self.grow = grow
        self.tone = ""
        self.sentence = ""
        weight = weight if fonts.family == theme.FAMILY else "regular"
        self._sizes = [
            fonts(each, weight) for each in (size, theme.FIELD, theme.BODY) if each <= size
        ]
        customtkinter.CTkLabel.__init__(
            self,
            master,
            height=_HIGH,
            corner_radius=theme.BUTTON_CORNER,
            text="",
            font=self._sizes[0],
            anchor="w",
            justify="left",
            compound="left",
            fg_color=theme.SOFT,
            bg_color=ground,
            text_color=theme.PRIMARY,
        )
        self.init_control(self)
        tkinter.Frame.configure(self, takefocus=1)
        self.enabled = False  # the focus comes here only after a refusal

    def say(self, tone: str, sentence: str) -> None:
        """Show *sentence* in one of the `theme.TONES`; do nothing if it is shown already."""
        if (tone, sentence) == (self.tone, self.sentence):
            return
        colours = theme.TONES[tone]
        if tone != self.tone:
            symbol = icon(colours.icon, colours.text, 28, (8, 14))
            self.configure(
                text=sentence, text_color=colours.text, fg_color=colours.ground, image=symbol
            )
        else:
            self.configure(text=sentence)
        self.tone, self.sentence = tone, sentence
        self.event_generate("<<Said>>")  # for the ear
        if self._given[0]:
            self.fill(*self._given)
        self.changed()

    def least_width(self) -> int:
        """Return the width of the longest word and its symbol."""
        return fonts_of(self).longest_word(self.sentence, self._sizes[-1]) + _AROUND

    def wanted_width(self) -> int:
        """Return the width of the sentence on one line."""
        return fonts_of(self).extent(self.sentence, self._sizes[0])[0] + _AROUND

    def heights(self, width: int) -> Heights:
        """Return the height of its lines; two look best, so that not each sentence moves a page."""
        fonts = fonts_of(self)
        font = self._set_in(width)
        lines = fonts.extent(self.sentence, font, max(1, width - _AROUND))[1]
        return max(_HIGH, lines + 12), max(2 * fonts.extent("X", font)[1], lines) + 12

    def fill(self, width: int, height: int) -> None:
        """Break the sentence."""
        font = self._set_in(width)
        if font is not self._font:
            self.configure(font=font)
        self.configure(wraplength=max(1, width - _AROUND))

    def _set_in(self, width: int) -> Any:
        """Return the largest font in which the sentence has few lines, none broken in a word."""
        fonts, room = fonts_of(self), width - _AROUND
        for font in self._sizes[:-1]:
            high = fonts.extent(self.sentence, font, max(1, room))[1]
            few = high <= _LINES * fonts.extent("X", font)[1]
            if few and fonts.longest_word(self.sentence, font) <= room:
                return font
        return self._sizes[-1]

    def focus_set(self) -> None:
        """Put the focus on the line."""
        self.take_focus()


class Pane(Fitted, RoundFrame):
    """A white pane with a hair line around it: what stands on it is its child; see `card`."""

    def __init__(self, master: Any, *, ground: str | None = None) -> None:
        """Make an empty pane that stands on *ground*."""
        super().__init__(
            master,
            corner_radius=theme.PANE_CORNER,
            border_width=1,
            border_color=theme.HAIR,
            fg_color=theme.SURFACE,
            bg_color=ground or theme.PAPER,
        )


def card(pane: Pane, *parts: Any, gap: int = 12, most: int = 0, **options: Any) -> Inset:
    """Return *pane* as a part, with *parts*, which are its children, one under the other.

    Args:
        pane: What the parts stand on.
        parts: From above.
        gap: Between two of them.
        most: Width beyond which the card does not grow.
        options: Of an `Inset`: grow, least, sides, ends.
    """
    return Inset(Column(*parts, gap=gap), pane=pane, most=most, **options)


class Hair(Fitted, customtkinter.CTkFrame):  # type: ignore[misc]
    """A thin line across, which carries no meaning."""

    def __init__(self, master: Any, colour: str | None = None) -> None:
        """Make the line."""
        colour = colour or theme.HAIR
        super().__init__(master, height=1, corner_radius=0, fg_color=colour, bg_color=colour)

    def least_width(self) -> int:
        """Return 1."""
        return 1

    def heights(self, width: int) -> Heights:
        """Return one pixel."""
        return 1, 1


class Disc(Fixed, RoundFrame):
    """A round sign with an icon, or with one character where *font* is given."""

    def __init__(
        self,
        master: Any,
        symbol: str,
        colour: str,
        fill: str,
        *,
        size: int = 96,
        font: Any = None,
        ground: str | None = None,
    ) -> None:
        """Make the sign, *size* wide and high."""
        self.measures = (size, size)
        super().__init__(
            master, width=size, height=size, corner_radius=size // 2, fg_color=fill,
            bg_color=ground or theme.SURFACE,
        )  # fmt: skip
        inner = customtkinter.CTkLabel(
            self,
            width=0,
            height=0,
            corner_radius=0,
            text=symbol if font else "",
            text_color=colour,
            font=font,
            image=None if font else icon(symbol, colour, size * 6 // 11),
        )
        inner.place(relx=0.5, rely=0.5, anchor="center")


class Sign(Fixed, customtkinter.CTkLabel):  # type: ignore[misc]
    """An icon without words."""

    def __init__(self, master: Any, symbol: str, colour: str, size: int) -> None:
        """Show *symbol*, *size* high."""
        self.measures = (size, size)
        super().__init__(
            master, text="", width=size, height=size, corner_radius=0,
            image=icon(symbol, colour, size),
        )  # fmt: skip
