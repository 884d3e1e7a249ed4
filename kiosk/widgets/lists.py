"""Lists of rows, to touch or only to read, one screenful at a time."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import customtkinter

from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Label, Pressable, at, darker
from kiosk.widgets.focus import Control
from kiosk.widgets.icons import icon
from kiosk.widgets.status_line import hair
from kiosk.widgets.top_bar import fit, measure

_LEFT, _MARK = 24, 28
_PAGER = 152
_WIDTH = theme.PAGE_WIDTH - 2 * theme.MARGIN


@dataclass(frozen=True, slots=True)
class Shape:
    """Measures of the rows.

    Attributes:
        high: In drawn pixels.
        gap: Between two of them.
        title_width: What the title may take, where text follows it.
        stacked: Whether the text stands below the title.
    """

    high: int = theme.TOUCH
    gap: int = 8
    title_width: int = 340
    stacked: bool = False


TOUCHED = Shape()


@dataclass(frozen=True, slots=True)
class Entry:
    """Content of one row.

    Attributes:
        title: At the left, heavy.
        text: After it, muted.
        mark: At the right, with the symbol and colour of *tone*.
        tone: One of `theme.TONES`; empty for no symbol.
        command: What touching the row does; None where it is only read.
    """

    title: str
    text: str = ""
    mark: str = ""
    tone: str = ""
    command: Callable[[], object] | None = None


class ListRow(Pressable, customtkinter.CTkFrame):  # type: ignore[misc]
    """One entry that can be touched."""

    def __init__(self, master: Any, entry: Entry, fonts: theme.Fonts, width: int) -> None:
        """Make the row."""
        self.command = entry.command
        self.ground = theme.PAPER
        customtkinter.CTkFrame.__init__(
            self, master, width=width, height=TOUCHED.high, corner_radius=theme.FIELD_CORNER,
            border_width=2, border_color=theme.LINE, fg_color=theme.SURFACE, bg_color=theme.PAPER,
        )  # fmt: skip
        parts = write(self, entry, fonts, width, TOUCHED)
        self.init_control(self, width, TOUCHED.high)
        self.init_press([self, *parts])
        tkinter.Frame.configure(self, takefocus=1)

    def show_down(self, down: bool) -> None:
        """Darken the row under a finger."""
        if self.winfo_exists():
            self.configure(fg_color=darker(theme.SURFACE) if down else theme.SURFACE)


def write(box: Any, entry: Entry, fonts: theme.Fonts, width: int, shape: Shape) -> list[Any]:
    """Write *entry* into *box*, *width* wide; returns the labels, cut to what has room."""
    body, strong = fonts(theme.BODY), fonts(theme.BODY, "semibold")
    y = (shape.high - 34) // 2
    right = width - _LEFT
    made: list[Any] = []
    tone = theme.TONES.get(entry.tone)
    if entry.mark:
        room = measure(box, entry.mark, strong) + 4
        colour = tone.text if tone is not None else theme.INK
        right -= room
        made.append(at(Label(box, entry.mark, strong, colour=colour, width=room), right, y))
        right -= 12
    if tone is not None:
        right -= _MARK
        sign = customtkinter.CTkLabel(
            box, text="", width=_MARK, height=34, image=icon(tone.icon, tone.text, _MARK)
        )
        made.append(at(sign, right, y))
        right -= 16
    room = right - _LEFT
    if not entry.text:
        places = [(entry.title, strong, theme.INK, _LEFT, y, room)]
    elif shape.stacked:
        places = [
            (entry.title, strong, theme.INK, _LEFT, y - 17, room),
            (entry.text, body, theme.MUTED, _LEFT, y + 17, room),
        ]
    else:
        left = _LEFT + shape.title_width + 16
        places = [
            (entry.title, strong, theme.INK, _LEFT, y, shape.title_width),
            (entry.text, body, theme.MUTED, left, y, right - left),
        ]
    for text, font, colour, x, top, wide in places:
        words = fit(box, text, font, wide)
        made.append(at(Label(box, words, font, colour=colour, width=wide), x, top))
    return made


class ListView:
    """A list that shows as many entries as have room; buttons at the right turn the pages."""

    def __init__(
        self,
        page: Any,
        fonts: theme.Fonts,
        y: int,
        rows: int,
        *,
        shape: Shape = TOUCHED,
        empty: str,
    ) -> None:
        """List nothing yet.

        Args:
            page: Whose list it is.
            fonts: Of the display.
            y: Where it begins, on the drawn page.
            rows: How many entries are shown at a time.
            shape: Of its rows; entries that can be touched have `TOUCHED`.
            empty: What is said where there is no entry.
        """
        self._page = page
        self._fonts = fonts
        self._y = y
        self._rows = rows
        self._shape = shape
        self._empty = empty
        self._entries: Sequence[Entry] = ()
        self._first = 0
        self._shown: list[Any] = []
        self.rows: list[ListRow] = []
        x = theme.MARGIN + _WIDTH - _PAGER
        self._step = shape.high + shape.gap
        down = y + rows * self._step - shape.gap - theme.TOUCH
        self._buttons = {
            -rows: (Button(page, "↑", lambda: self._turn(-rows), fonts, width=_PAGER), x, y),
            rows: (Button(page, "↓", lambda: self._turn(rows), fonts, width=_PAGER), x, down),
        }
        self._count = Label(
            page, "", fonts(theme.BODY), colour=theme.MUTED, width=_PAGER, anchor="center"
        )

    @property
    def controls(self) -> list[Control]:
        """The rows that can be touched, then the buttons, in reading order."""
        return [*self.rows, *(button for button, _x, _y in self._buttons.values())]

    @property
    def position(self) -> str:
        """Which entries are shown out of how many: 1-6 / 23; nothing where all are."""
        total = len(self._entries)
        if total <= self._rows:
            return ""
        return f"{self._first + 1}–{min(self._first + self._rows, total)} / {total}"

    def show(self, entries: Sequence[Entry]) -> None:
        """List *entries* from the first."""
        self._entries, self._first = entries, 0
        self.draw()

    def hide(self) -> None:
        """Show nothing, until `draw`."""
        self._clear()
        for button, _x, _y in self._buttons.values():
            button.place_forget()
        self._count.place_forget()

    def _clear(self) -> None:
        for widget in self._shown:
            if isinstance(widget, ListRow):
                widget.remove()
            else:
                widget.destroy()
        self.rows, self._shown = [], []

    def _turn(self, step: int) -> None:
        self._first += step
        self.draw()

    def draw(self) -> None:
        """Show the entries that are in view."""
        self._clear()
        page, total = self._page, len(self._entries)
        paged = total > self._rows
        width = _WIDTH - (_PAGER + 16 if paged else 0)
        for number, entry in enumerate(self._entries[self._first : self._first + self._rows]):
            y = self._y + number * self._step - theme.TOP_BAR
            self._shown.append(at(self._row(entry, width, number), theme.MARGIN, y))
        if not self._entries:
            words = Label(
                page,
                self._empty,
                self._fonts(theme.BODY),
                colour=theme.MUTED,
                width=width,
                height=40,
            )
            self._shown.append(at(words, theme.MARGIN, self._y + 8 - theme.TOP_BAR))
        for step, (button, x, y) in self._buttons.items():
            if paged:
                at(button, x, y - theme.TOP_BAR)
                button.enable(0 <= self._first + step < total)
            else:
                button.place_forget()
        self._count.configure(text=self.position)
        if paged:
            middle = self._y + (self._rows * self._step) // 2 - 19 - theme.TOP_BAR
            at(self._count, theme.MARGIN + _WIDTH - _PAGER, middle)
        else:
            self._count.place_forget()

    def _row(self, entry: Entry, width: int, number: int) -> Any:
        page = self._page
        if entry.command is not None:
            row = ListRow(page, entry, self._fonts, width)
            self.rows.append(row)
            return row
        box = customtkinter.CTkFrame(
            page, width=width, height=self._shape.high, corner_radius=0, fg_color=theme.SURFACE
        )
        write(box, entry, self._fonts, width, self._shape)
        if number:
            at(hair(box, width), 0, 0)
        return box
