"""The two bars: the top bar (mark, name, banner, chips) and the status bar at the foot."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import font as tkfont
from typing import Any

import customtkinter

from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, Pressable, at, darker
from kiosk.widgets.focus import OUTSET, Control
from kiosk.widgets.icons import icon
from kiosk.widgets.status_line import hair

EDGE = 40
_CHIP = 48
_CHIP_INSET = 20
_NAME_X, _BANNER_X = 92, 332
_WIDEST = 330


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


class ChipButton(Pressable, customtkinter.CTkFrame):  # type: ignore[misc]
    """A small button, 48 px high, drawn inside a touch area as high as the bar."""

    def __init__(self, bar: TopBar, spec: Chip, fonts: theme.Fonts) -> None:
        """Make the chip as wide as its words."""
        self.command = spec.command
        self.chosen = spec.chosen
        self.ground = bar.colour
        acts = spec.command is not None
        weight = "semibold" if spec.chosen else "regular"
        font = fonts(theme.BODY, weight)
        words = fit(bar, spec.text, font, _WIDEST)
        symbol = spec.symbol or ("check" if spec.chosen else "")
        text_width = measure(bar, words, font)
        inner = max(text_width + 2 * _CHIP_INSET + (36 if symbol else 0), theme.TOUCH - 2 * OUTSET)
        self.drawn_width = inner
        colour = theme.PRIMARY if spec.chosen else theme.INK
        fill = theme.SOFT if spec.chosen or not acts else theme.SURFACE
        customtkinter.CTkFrame.__init__(
            self,
            bar.page,
            width=inner + 2 * OUTSET,
            height=theme.TOP_BAR,
            corner_radius=0,
            fg_color=bar.colour,
        )
        self._fill = fill
        self.face = customtkinter.CTkLabel(
            self,
            width=inner,
            height=_CHIP,
            corner_radius=12,
            border_width=2 if acts else 0,
            border_color=theme.PRIMARY if spec.chosen else theme.LINE,
            fg_color=fill,
            bg_color=bar.colour,
            text=words,
            text_color=colour,
            font=font,
            compound="left",
            image=icon(symbol, colour, 24, (0, 10)) if symbol else None,
        )
        at(self.face, OUTSET, (theme.TOP_BAR - _CHIP) // 2)
        self.init_control(self, inner, _CHIP)
        self.spot = (OUTSET, (theme.TOP_BAR - _CHIP) // 2)
        self.ring_parent, self.ring_below = self, self.face
        self.enabled = acts
        if acts:
            self.init_press([self, self.face])
            tkinter.Frame.configure(self, takefocus=1)

    def show_down(self, down: bool) -> None:
        """Darken the chip under a finger."""
        if self.winfo_exists():
            self.face.configure(fg_color=darker(self._fill) if down else self._fill)


class TopBar(customtkinter.CTkFrame):  # type: ignore[misc]
    """Bar with mark, name, banner of a folder that is not live, and at most two chips."""

    def __init__(self, master: Any, fonts: theme.Fonts) -> None:
        """Make the bar, without chips."""
        self.colour = theme.SURFACE
        super().__init__(
            master, width=theme.PAGE_WIDTH, height=theme.TOP_BAR, corner_radius=0,
            fg_color=self.colour,
        )  # fmt: skip
        self._fonts = fonts
        self.page = customtkinter.CTkFrame(
            self, width=theme.PAGE_WIDTH, height=theme.TOP_BAR, corner_radius=0,
            fg_color=self.colour,
        )  # fmt: skip
        self.page.place(relx=0.5, y=0, anchor="n")
        self._line = hair(self, theme.PAGE_WIDTH)
        self._line.place(x=0, rely=1.0, relwidth=1.0, anchor="sw")
        self._mark = customtkinter.CTkLabel(
            self.page, text="", image=icon("mark", theme.PRIMARY, 36), width=36, height=36
        )
        at(self._mark, EDGE, 20)
        self._name = Label(self.page, "", fonts(theme.BODY, "bold"), width=230, height=40)
        at(self._name, _NAME_X, 18)
        self._banner = Label(
            self.page, "", fonts(theme.BODY, "semibold"), colour=theme.WARN, width=400, height=40,
            compound="left",
        )  # fmt: skip
        self.chips: list[ChipButton] = []

    def fill(self, name: str, banner: str, chips: Sequence[Chip]) -> None:
        """Show *name*, *banner* (nothing for a live folder) and *chips* from left to right."""
        colour = theme.WARN_SOFT if banner else theme.SURFACE
        if colour != self.colour:
            self.colour = colour
            self.configure(fg_color=colour)
            self.page.configure(fg_color=colour)
        self._name.configure(text=name)
        for chip in self.chips:
            chip.destroy()
        self.chips = [ChipButton(self, spec, self._fonts) for spec in chips]
        right = theme.PAGE_WIDTH - EDGE + OUTSET
        for chip in reversed(self.chips):
            right -= chip.drawn_width + 2 * OUTSET
            chip.place(x=right, y=0)
            right -= 2
        if banner:
            room = right - _BANNER_X
            symbol = icon("warn", theme.WARN, 28, (0, 10))
            self._banner.configure(text=banner, image=symbol, width=room)
            self._banner.box = (room, 40)
            at(self._banner, _BANNER_X, 18)
        else:
            self._banner.place_forget()
        self._line.lift()

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


class StatusBar(customtkinter.CTkFrame):  # type: ignore[misc]
    """Bar at the foot: ready or what is missing; at the right a note or the progress."""

    def __init__(self, master: Any, fonts: theme.Fonts) -> None:
        """Make an empty bar."""
        super().__init__(
            master, width=theme.PAGE_WIDTH, height=theme.STATUS_BAR, corner_radius=0,
            fg_color=theme.SURFACE,
        )  # fmt: skip
        self._fonts = fonts
        self.page = customtkinter.CTkFrame(
            self, width=theme.PAGE_WIDTH, height=theme.STATUS_BAR, corner_radius=0,
            fg_color=theme.SURFACE,
        )  # fmt: skip
        self.page.place(relx=0.5, y=0, anchor="n")
        hair(self, theme.PAGE_WIDTH).place(x=0, y=0, relwidth=1.0)
        font = fonts(theme.BODY)
        self.left = Label(
            self.page, "", font, colour=theme.MUTED, width=720, height=40, compound="left"
        )
        self.right = Label(self.page, "", font, colour=theme.MUTED, width=460, anchor="e")
        self._bar = customtkinter.CTkProgressBar(
            self.page, height=14, width=100, corner_radius=7, border_width=0,
            fg_color=theme.HAIR, progress_color=theme.OK,
        )  # fmt: skip
        at(self.left, EDGE, 13)
        at(self.right, theme.PAGE_WIDTH - EDGE - 460, 15)
        self._shown: StatusText | None = None

    def say(self, text: StatusText) -> None:
        """Show *text*; do nothing if it is shown already."""
        if text == self._shown:
            return
        before, self._shown = self._shown, text
        if before is None or before.tone != text.tone:
            colour = theme.TONES[text.tone].text if text.tone else ""
            self.left.configure(image=icon("dot", colour, 14, (0, 10)) if colour else "")
        self.left.configure(text=text.text)
        self.right.configure(text=text.right)
        if text.progress is None:
            self._bar.place_forget()
            return
        done, wanted = text.progress
        start = EDGE + measure(self, text.text, self._fonts(theme.BODY)) + 30
        self._bar.configure(width=theme.PAGE_WIDTH - EDGE - start)
        self._bar.set(done / max(wanted, 1))
        at(self._bar, start, 25)
        self._bar.lift()


def measure(widget: tkinter.Misc, text: str, font: theme.FontSpec) -> int:
    """Return how wide *text* is in drawn pixels."""
    bold = len(font) == 3
    made = tkfont.Font(widget, family=font[0], size=-font[1], weight="bold" if bold else "normal")
    return made.measure(text)


def fit(widget: tkinter.Misc, text: str, font: theme.FontSpec, width: int) -> str:
    """Return *text*, cut with an ellipsis where it is wider than *width* drawn pixels."""
    if measure(widget, text, font) <= width:
        return text
    shorter = text
    while shorter and measure(widget, shorter + "…", font) > width:
        shorter = shorter[:-1].rstrip()
    return shorter + "…"
