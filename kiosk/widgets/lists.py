"""Lists of rows, to touch or only to read, one screenful at a time."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import customtkinter

from kiosk.layout import Column, Heights, Inset, Reflow, Row
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Pressable
from kiosk.widgets.fitted import Fitted
from kiosk.widgets.focus import Control
from kiosk.widgets.labels import Label
from kiosk.widgets.status_line import Hair, Sign
from kiosk.widgets.surface import RoundFrame, darker

_MARK = 28
_GAP = 8
_SIDES, _ENDS = 24, 12
_LEAST_WORDS = 280  # beside the mark; else it stands below them
_PAGER, _LEAST_WIDE = 120, 500
_SHOWN = 8  # rows for which other parts of a page give way


@dataclass(frozen=True, slots=True)
class Entry:
    """Content of one row.

    Attributes:
        title: At the left, heavy.
        text: After it or below it, muted.
        mark: At the right, with the symbol and colour of *tone*.
        tone: One of `theme.TONES`; empty for no symbol.
        command: What touching the row does; None where it is only read.
        wraps: Whether *text*, or a title without text, has more lines where it has no room.
    """

    title: str
    text: str = ""
    mark: str = ""
    tone: str = ""
    command: Callable[[], object] | None = None
    wraps: bool = False


def content(box: Any, entry: Entry, fonts: theme.Fonts, title_width: int) -> tuple[Any, list[Any]]:
    """Write *entry* into *box*; returns its layout and its labels."""
    body, strong = fonts(theme.BODY), fonts(theme.BODY, "semibold")
    cut = entry.command is not None and not entry.wraps
    term = bool(title_width) and entry.command is None  # in a table, of which nothing is a name
    named = not (term or (entry.wraps and not entry.text))
    title: Any = Label(box, entry.title, strong, cut=named, grow=2 if entry.text else 1)
    words: Any = title
    made = [title]
    if entry.text:
        text = Label(box, entry.text, body, colour=theme.MUTED, cut=cut, grow=1)
        made.append(text)
        if title_width:
            words = Reflow(
                Column(title, least=title_width), Column(text, grow=1, least=400), gap=_GAP, grow=1
            )
        else:
            words = Column(title, text, gap=0, grow=1)
    marks: list[Any] = []
    tone = theme.TONES.get(entry.tone)
    if tone is not None:
        marks.append(Sign(box, tone.icon, tone.text, _MARK))
    if entry.mark:
        colour = tone.text if tone is not None else theme.INK
        marks.append(Label(box, entry.mark, strong, colour=colour))
    told = Column(words, least=_LEAST_WORDS, grow=1) if marks else words
    layout = Reflow(told, Row(*marks, gap=14), gap=14) if marks else words
    return Inset(layout, sides=_SIDES, ends=_ENDS), [*made, *marks]


class ListRow(Fitted, Pressable, RoundFrame):
    """One entry that can be touched."""

    def __init__(self, master: Any, entry: Entry, fonts: theme.Fonts, title_width: int) -> None:
        """Make the row."""
        self.command = entry.command
        self.ground = theme.PAPER
        RoundFrame.__init__(
            self, master, corner_radius=theme.FIELD_CORNER, border_width=2,
            border_color=theme.LINE, fg_color=theme.SURFACE, bg_color=theme.PAPER,
        )  # fmt: skip
        self._inner, made = content(self, entry, fonts, title_width)
        self.init_control(self)
        self.init_press([self, *made])
        tkinter.Frame.configure(self, takefocus=1)

    def least_width(self) -> int:
        """Return its words'."""
        return int(self._inner.least_width())

    def heights(self, width: int) -> Heights:
        """Return its words', and no less than can be touched."""
        high = max(theme.TOUCH, self._inner.heights(width)[0])
        return high, high

    def fill(self, width: int, height: int) -> None:
        """Place its words."""
        self._inner.arrange(0, 0, width, height)

    def show_down(self, down: bool) -> None:
        """Darken the row under a finger."""
        if self.winfo_exists():
            self.configure(fg_color=darker(theme.SURFACE) if down else theme.SURFACE)


class ReadRow(Fitted, customtkinter.CTkFrame):  # type: ignore[misc]
    """One entry that is only read."""

    def __init__(self, master: Any, entry: Entry, fonts: theme.Fonts, title_width: int) -> None:
        """Make the row."""
        super().__init__(master, corner_radius=0, fg_color=theme.SURFACE)
        inner, _made = content(self, entry, fonts, title_width)
        self._inner = Column(inner, Hair(self), gap=0)

    def least_width(self) -> int:
        """Return its words'."""
        return self._inner.least_width()

    def heights(self, width: int) -> Heights:
        """Return its words'."""
        high = self._inner.heights(width)[0]
        return high, high

    def fill(self, width: int, height: int) -> None:
        """Place its words."""
        self._inner.arrange(0, 0, width, height)


class ListView:
    """A list that shows as many entries as have room; buttons below or beside turn the pages."""

    def __init__(
        self, page: Any, fonts: theme.Fonts, *, empty: str, title_width: int = 320, grow: int = 1
    ) -> None:
        """List nothing yet.

        Args:
            page: Whose list it is.
            fonts: Of the display.
            empty: What is said where there is no entry.
            title_width: What a title takes where text stands beside it; 0 where it stands below.
            grow: As of every part.
        """
        self.grow, self.shown = grow, True
        self._page, self._fonts, self._title_width = page, fonts, title_width
        self._entries: Sequence[Entry] = ()
        self._first, self._past = 0, 0
        self._before: list[int] = []
        self._made: dict[int, ListRow | ReadRow] = {}
        self._place: tuple[int, int, int, int] | None = None
        self._empty = Label(page, empty, fonts(theme.BODY), colour=theme.MUTED, anchor="nw")
        self._up = Button(page, "↑", self._back, fonts, most=1.0)
        self._down = Button(page, "↓", self._on, fonts, most=1.0)
        self._count = Label(page, "", fonts(theme.BODY), colour=theme.MUTED, anchor="center")
        self._pager = Column(self._up, Column(self._count, grow=1), self._down)

    @property
    def rows(self) -> list[ListRow]:
        """The rows that can be touched now."""
        return [row for _n, row in sorted(self._made.items()) if isinstance(row, ListRow)]

    @property
    def controls(self) -> list[Control]:
        """The rows that can be touched, then the buttons, in reading order."""
        return [*self.rows, self._up, self._down]

    @property
    def position(self) -> str:
        """Which entries are shown out of how many: 1-6 / 23; nothing where all are."""
        total = len(self._entries)
        if self._first == 0 and self._past >= total:
            return ""
        return f"{self._first + 1}–{self._past} / {total}"

    def show(self, entries: Sequence[Entry]) -> None:
        """List *entries* from the first."""
        self._entries, self._first, self._before = entries, 0, []
        self._clear()
        self._draw()

    def _clear(self) -> None:
        for number in list(self._made):
            self._drop(number)

    def _on(self) -> None:
        self._before.append(self._first)
        self._first = self._past
        self._clear()
        self._draw()
        if not self._down.enabled:
            self._up.take_focus()

    def _back(self) -> None:
        self._first = self._before.pop()
        self._clear()
        self._draw()
        if not self._up.enabled:
            self._down.take_focus()

    def _draw(self) -> None:
        if self._place is not None and self.shown:
            self.arrange(*self._place)

    # As a part of a layout.

    def least_width(self) -> int:
        """Return what a row and the buttons beside it need."""
        return _LEAST_WIDE

    def wanted_width(self) -> int:
        """Return the same."""
        return _LEAST_WIDE

    def heights(self, width: int) -> Heights:
        """Return what the buttons need, and what the rows may need."""
        least = self._pager.heights(_PAGER)[0]
        return least, max(least, min(len(self._entries), _SHOWN) * (theme.TOUCH + _GAP))

    def most_height(self, width: int) -> int:
        """Return 0: more rows are seen where it is higher."""
        return 0

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Show as many entries as have room, and the buttons where that is not all."""
        self._place = (x, y, width, height)
        past = self._fill(x, y, width, height)
        paged = self._first > 0 or past < len(self._entries)
        if paged:
            wide = max(_PAGER, self._count.wanted_width())
            past = self._fill(x, y, width - wide - _GAP * 2, height)
            self._count.say(f"{self._first + 1}–{past} / {len(self._entries)}")
            wide = max(_PAGER, self._count.wanted_width())
            past = self._fill(x, y, width - wide - _GAP * 2, height)
            self._pager.arrange(x + width - wide, y, wide, height)
        else:
            self._pager.hide()
        self._past = past
        self._up.enable(self._first > 0)
        self._down.enable(past < len(self._entries))
        for number in [n for n in self._made if not self._first <= n < past]:
            self._drop(number)
        if self._entries:
            self._empty.hide()
        else:
            self._empty.arrange(x, y + _GAP, width, height - _GAP)

    def hide(self) -> None:
        """Show nothing, until the next `arrange`."""
        self._clear()
        self._empty.hide()
        self._pager.hide()

    def _fill(self, x: int, y: int, width: int, height: int) -> int:
        """Place rows from the first one in view; return the number of the first without room."""
        bottom, number = y + height, self._first
        while number < len(self._entries):
            row = self._row(number)
            high = row.heights(width)[0]
            if y + high > bottom and number > self._first:
                break
            row.arrange(x, y, width, high)
            y += high + (_GAP if isinstance(row, ListRow) else 0)
            number += 1
        return number

    def _row(self, number: int) -> ListRow | ReadRow:
        if number not in self._made:
            entry = self._entries[number]
            kind = ReadRow if entry.command is None else ListRow
            self._made[number] = kind(self._page, entry, self._fonts, self._title_width)
        return self._made[number]

    def _drop(self, number: int) -> None:
        row = self._made.pop(number)
        if isinstance(row, ListRow):
            row.remove()
        else:
            row.destroy()
