"""The two bars: the top bar (mark, name, banner, chips) and the status bar at the foot."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import customtkinter

from kiosk.layout import Column, Heights, Inset, Reflow, Row, Space
from kiosk.widgets import theme
from kiosk.widgets.buttons import Pressable
from kiosk.widgets.fitted import Fitted, fonts_of
from kiosk.widgets.focus import OUTSET, Control
from kiosk.widgets.icons import icon
from kiosk.widgets.labels import Label
from kiosk.widgets.status_line import Hair, Sign
from kiosk.widgets.surface import darker

EDGE = 40
_CHIP = 48
_CHIP_INSET = 20
_WIDEST = 330
_GAP = 24
_MOST = 1.5
"""The text size beyond which the bars do not grow: on the smallest screen they must leave room."""


@dataclass(frozen=True, slots=True)
class Chip:
    """Content of a chip of the top bar.

    Attributes:
        text: Its word.
        command: What it does; None for a chip that only tells.
        symbol: Name of an icon before the word.
        chosen: Whether it is the one that is chosen among several.
    """

    text: str
    command: Callable[[], object] | None = None
    symbol: str = ""
    chosen: bool = False


class ChipButton(Fitted, Pressable, customtkinter.CTkFrame):  # type: ignore[misc]
    """A small button, 48 px high, drawn inside a touch area as high as the bar."""

    def __init__(self, bar: TopBar, spec: Chip, fonts: theme.Fonts) -> None:
        """Make the chip as wide as its words."""
        self.command = spec.command
        self.chosen = spec.chosen
        self.ground = bar.colour
        acts = spec.command is not None
        font = fonts(theme.BODY, "semibold" if spec.chosen else "regular", most=_MOST)
        words = spec.text if acts else fonts.fit(spec.text, font, _WIDEST)  # a name is cut
        symbol = spec.symbol or ("check" if spec.chosen else "")
        wide, high = fonts.extent(words, font)
        inner = wide + 2 * _CHIP_INSET + (36 if symbol else 0)
        self._drawn = max(inner, theme.TOUCH - 2 * OUTSET), max(_CHIP, high + 14)
        colour = theme.PRIMARY if spec.chosen else theme.INK
        customtkinter.CTkFrame.__init__(self, bar, corner_radius=0, fg_color=bar.colour)
        self._fill = theme.SOFT if spec.chosen or not acts else theme.SURFACE
        self.face = customtkinter.CTkLabel(
            self,
            width=self._drawn[0],
            height=self._drawn[1],
            corner_radius=12,
            border_width=2 if acts else 0,
            border_color=theme.PRIMARY if spec.chosen else theme.LINE,
            fg_color=self._fill,
            bg_color=bar.colour,
            text=words,
            text_color=colour,
            font=font,
            compound="left",
            image=icon(symbol, colour, 24, (0, 10)) if symbol else None,
        )
        self.init_control(self)
        self.ring_parent, self.ring_below = self, self.face
        self.enabled = acts
        if acts:
            self.init_press([self, self.face])
            tkinter.Frame.configure(self, takefocus=1)

    def least_width(self) -> int:
        """Return the width of what is drawn and of the ring around it."""
        return self._drawn[0] + 2 * OUTSET

    def heights(self, width: int) -> Heights:
        """Return the height of the touch area."""
        high = max(theme.TOUCH, self._drawn[1] + 2 * OUTSET)
        return high, high

    def fill(self, width: int, height: int) -> None:
        """Put what is drawn in the middle."""
        self.face.place(x=OUTSET, y=(height - self._drawn[1]) // 2)

    def show_down(self, down: bool) -> None:
        """Darken the chip under a finger."""
        if self.winfo_exists():
            self.face.configure(fg_color=darker(self._fill) if down else self._fill)


class TopBar(customtkinter.CTkFrame):  # type: ignore[misc]
    """Bar with mark, name, banner of a folder that is not live, and chips; two rows in portrait."""

    def __init__(self, master: Any, fonts: theme.Fonts) -> None:
        """Make the bar, without chips."""
        self.colour = theme.SURFACE
        super().__init__(master, height=theme.TOP_BAR, corner_radius=0, fg_color=self.colour)
        self._fonts = fonts
        self._line = Hair(self)
        self._mark = Sign(self, "mark", theme.PRIMARY, 36)
        self._name = Label(self, "", fonts(theme.BODY, "bold", most=_MOST), cut=True)
        self._banner = Label(
            self, "", fonts(theme.BODY, "semibold", most=_MOST), colour=theme.WARN, compound="left",
            image=icon("warn", theme.WARN, 28, (0, 10)), grow=1,
        )  # fmt: skip
        self.chips: list[ChipButton] = []

    def fill(self, name: str, banner: str, chips: Sequence[Chip]) -> None:
        """Show *name*, *banner* (nothing for a live folder) and *chips* from left to right."""
        self.colour = theme.WARN_SOFT if banner else theme.SURFACE
        self.configure(fg_color=self.colour)
        self._name.say(name)
        self._banner.say(banner)
        self._banner.shown = bool(banner)
        for chip in self.chips:
            chip.destroy()
        self.chips = [ChipButton(self, spec, self._fonts) for spec in chips]

    def lay(self, width: int) -> int:
        """Lay the bar out, *width* wide; returns its height. All in drawn pixels."""
        self._name.shown = True
        told = Row(self._mark, self._name, self._banner, Space(grow=0 if self._banner.shown else 1),
                   gap=_CHIP_INSET, grow=1)  # fmt: skip
        rows = [Row(Space(grow=1), *chips, gap=2) for chips in self._rows(width - 2 * EDGE)]
        acting = Column(*rows, gap=2)
        room = width - 2 * EDGE - acting.least_width() - told.gap
        self._name.shown = told.wanted_width() <= room or not self._banner.shown
        if self._banner.shown and not self._name.shown:  # the banner may have two lines
            told.least = self._mark.least_width() + self._banner.wanted_width() // 2 + 40
        else:
            told.least = told.wanted_width()
        parts = Reflow(told, acting, gap=2)
        whole = Inset(parts, sides=EDGE - OUTSET if width >= 1000 else 24 - OUTSET, ends=0)
        height = max(theme.TOP_BAR, whole.heights(width)[1])
        self.configure(width=width, height=height)
        whole.arrange(0, 0, width, height)
        self._line.arrange(0, height - 1, width, 1)
        self._line.lift()
        return height

    def _rows(self, room: int) -> list[list[ChipButton]]:
        """Return the chips, in more rows than one where they are wider than *room*."""
        rows: list[list[ChipButton]] = [[]]
        used = 0
        for chip in self.chips:
            wide = chip.least_width() + 2
            if rows[-1] and used + wide > room:
                rows.append([])
                used = 0
            rows[-1].append(chip)
            used += wide
        return rows

    def controls(self) -> list[Control]:
        """Return the chips that act."""
        return list(self.chips)


@dataclass(frozen=True, slots=True)
class StatusText:
    """Content of the status bar.

    Attributes:
        text: At the left.
        tone: Whose colour the dot before it has; no dot where empty.
        right: At the right.
        progress: Done and wanted, drawn as a bar in the place of *right*.
    """

    text: str
    tone: str = "ok"
    right: str = ""
    progress: tuple[int, int] | None = None


class ProgressBar(Fitted, customtkinter.CTkProgressBar):  # type: ignore[misc]
    """How far something is."""

    grow = 1

    def least_width(self) -> int:
        """Return the width at which a part of it can be seen."""
        return 100

    def heights(self, width: int) -> Heights:
        """Return its height."""
        return 14, 14

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Stand in the middle of the height."""
        super().arrange(x, y + (height - 14) // 2, width, 14)


class StatusBar(customtkinter.CTkFrame):  # type: ignore[misc]
    """Bar at the foot: ready or what is missing; at the right a note or the progress."""

    def __init__(self, master: Any, fonts: theme.Fonts) -> None:
        """Make an empty bar."""
        super().__init__(master, height=theme.STATUS_BAR, corner_radius=0, fg_color=theme.SURFACE)
        self._hair = Hair(self)
        font, smaller = fonts(theme.BODY, most=_MOST), fonts(theme.BODY, most=1.0)
        self._sizes = (font, smaller)
        self.left = Label(self, "", font, colour=theme.MUTED, compound="left", cut=True)
        self.right = Label(self, "", font, colour=theme.MUTED, anchor="e", cut=True)
        self._bar = ProgressBar(
            self, height=14, width=100, corner_radius=7, border_width=0,
            fg_color=theme.HAIR, progress_color=theme.OK,
        )  # fmt: skip
        self._shown: StatusText | None = None
        self._size = (0, 0)

    def say(self, text: StatusText) -> None:
        """Show *text*; do nothing if it is shown already."""
        if text == self._shown:
            return
        before, self._shown = self._shown, text
        if before is None or before.tone != text.tone:
            colour = theme.TONES[text.tone].text if text.tone else ""
            self.left.configure(image=icon("dot", colour, 14, (0, 10)) if colour else "")
        self.left.say(text.text)
        self.right.say(text.right)
        self._bar.shown = text.progress is not None
        if text.progress is not None:
            done, wanted = text.progress
            self._bar.set(done / max(wanted, 1))
        self.arrange()

    def lay(self, width: int) -> int:
        """Lay the bar out, *width* wide; returns its height. All in drawn pixels."""
        line = fonts_of(self).extent("X", self._sizes[0])[1]
        height = max(theme.STATUS_BAR, line + 20)
        self.configure(width=width, height=height)
        self._hair.arrange(0, 0, width, 1)
        self._size = (width, height)
        self.arrange()
        return height

    def arrange(self) -> None:
        """Place what the bar shows now."""
        width, height = self._size
        if width:
            edge = EDGE if width >= 1000 else 24
            large, small = self._sizes
            self.left.configure(font=large)
            beside = self._bar.least_width() + 2 * _GAP if self._bar.shown else 0
            if self.left.wanted_width() + beside > width - 2 * edge - _GAP:
                self.left.configure(font=small)
            space = Space(grow=0 if self._bar.shown else 1)
            both = self.left.wanted_width() + self.right.wanted_width() + 2 * EDGE + 48
            self.right.shown = not self._bar.shown and both <= width
            row = Row(self.left, space, self._bar, self.right, gap=_GAP)
            row.arrange(edge, 1, width - 2 * edge, height - 1)
