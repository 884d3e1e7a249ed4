"""Layout of pages: rows and columns that take the window's shape. No page places by pixels.

A page says once what stands beside and below what. Side by side where each part has the room that
it needs, one under the other where not, and the whole surface is used in every shape of display:

    self.lay(
        Column(
            self.heading(_("Staff sign-in")),
            Reflow(
                Column(name, pin, Space(grow=1), go, least=440, grow=1),
                Column(self.digits, least=440, grow=1),
                grow=1,
            ),
        )
    )

`name`, `pin`, `go` and `self.digits` are widgets whose master is the page; see `Screen.lay`,
`Screen.heading`, `Screen.words` and `Screen.button`. Every widget of `kiosk.widgets` is a part: it
knows the width that it needs, and the height that it needs at a width, as its words wrap and grow
with the text size. `grow` is a part's share of the room that is left along its row or column.
A part whose `shown` is False takes no room; set it by `Screen.show_part`. In portrait, content
stands above and what is touched below, in reach: `Either` says a page's other order.

All lengths are drawn pixels. Nothing here knows Tk: heights are asked of the parts, so that one
pass lays a page out before it is seen. (Tk's grid would need a pass for each line that wraps,
and does not tell whether a page fits.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Heights = tuple[int, int]
"""The least height that cuts nothing, and the height that looks best."""


class Part(Protocol):
    """Interface of what can be laid out: the widgets and the boxes below."""

    grow: int
    shown: bool

    def least_width(self) -> int:
        """Return the width below which something is cut."""
        ...

    def wanted_width(self) -> int:
        """Return the width that looks best."""
        ...

    def heights(self, width: int) -> Heights:
        """Return the least and the wanted height at *width*."""
        ...

    def most_height(self, width: int) -> int:
        """Return the height at *width* beyond which it has no use for more; 0 for none."""
        ...

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Take that place, relative to the page or to the card that the part stands in."""
        ...

    def hide(self) -> None:
        """Leave the page until the next `arrange`."""
        ...


class Box:
    """Base class of the parts that hold others."""

    def __init__(self, *parts: Any, gap: int = 16, grow: int = 0, least: int = 0) -> None:
        """Hold *parts*.

        Args:
            parts: Widgets and boxes, in reading order.
            gap: Between two of them; a column that is short of room halves it.
            grow: Share of the room that is left in the box around this one.
            least: Width below which a `Reflow` puts its parts one under the other.
        """
        self.parts: list[Any] = list(parts)
        self.gap, self.grow, self.least = gap, grow, least
        self.shown = True

    @property
    def _seen(self) -> list[Any]:
        return [part for part in self.parts if part.shown]

    def most_height(self, width: int) -> int:
        """Return 0: most boxes can use any height."""
        return 0

    def hide(self) -> None:
        """Hide every part."""
        for part in self.parts:
            part.hide()

    def _hide_others(self) -> None:
        for part in self.parts:
            if not part.shown:
                part.hide()


class Row(Box):
    """Parts side by side, equally high."""

    def least_width(self) -> int:
        """Return the sum of the parts'."""
        seen = self._seen
        return max(self.least, sum(int(p.least_width()) for p in seen) + self.gap * _between(seen))

    def wanted_width(self) -> int:
        """Return the sum of the parts'."""
        seen = self._seen
        return max(self.least, sum(int(p.wanted_width()) for p in seen) + self.gap * _between(seen))

    def heights(self, width: int) -> Heights:
        """Return the highest part's."""
        both = [p.heights(w) for p, w in zip(self._seen, self._widths(width), strict=True)]
        return max((h[0] for h in both), default=0), max((h[1] for h in both), default=0)

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Give each part its width and the whole height."""
        self._hide_others()
        for part, wide in zip(self._seen, self._widths(width), strict=True):
            part.arrange(x, y, wide, height)
            x += wide + self.gap

    def _widths(self, width: int) -> list[int]:
        """Return the widths: what each wants, and to those that grow a share of the rest."""
        seen = self._seen
        room = width - self.gap * _between(seen)
        least = [p.least_width() for p in seen]
        fixed = [0 if p.grow else p.wanted_width() for p in seen]
        needed = sum(low for low, p in zip(least, seen, strict=True) if p.grow)
        if sum(fixed) + needed > room:
            firm = [0 if p.grow else low for low, p in zip(least, seen, strict=True)]
            fixed = _between_both(firm, fixed, room - needed)
        return _shares([p.grow for p in seen], least, fixed, room)


class Column(Box):
    """Parts one under the other, equally wide."""

    def least_width(self) -> int:
        """Return the widest part's."""
        return max([self.least, *(int(p.least_width()) for p in self._seen)])

    def wanted_width(self) -> int:
        """Return the widest part's."""
        return max([self.least, *(int(p.wanted_width()) for p in self._seen)])

    def heights(self, width: int) -> Heights:
        """Return the sum of the parts'; a least column halves its gaps."""
        seen = self._seen
        both = [p.heights(width) for p in seen]
        gaps = _between(seen)
        return (
            sum(h[0] for h in both) + self.gap // 2 * gaps,
            sum(h[1] for h in both) + self.gap * gaps,
        )

    def most_height(self, width: int) -> int:
        """Return the height at which no part that grows has a use for more."""
        seen = self._seen
        most = [p.most_height(width) if p.grow else p.heights(width)[1] for p in seen]
        limited = [m for m, p in zip(most, seen, strict=True) if p.grow]
        return sum(most) + self.gap * _between(seen) if limited and all(limited) else 0

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Give each part the whole width, and a height between least and wanted or above."""
        self._hide_others()
        seen = self._seen
        both = [p.heights(width) for p in seen]
        least, wanted = [h[0] for h in both], [h[1] for h in both]
        full = sum(wanted) + self.gap * _between(seen)
        gap = self.gap
        if height < full:
            low, high = self.heights(width)
            ratio = max(0.0, (height - low) / max(1, high - low))
            gap = round(self.gap // 2 + (self.gap - self.gap // 2) * ratio)
            room = height - gap * _between(seen)
            highs = _between_both(least, wanted, max(room, sum(least)))
        else:
            most = [p.most_height(width) for p in seen]
            highs = _spread([p.grow for p in seen], wanted, most, height - gap * _between(seen))
        for part, high in zip(seen, highs, strict=True):
            part.arrange(x, y, width, high)
            y += high + gap


class Reflow(Box):
    """Parts side by side where each has its least width and that is not higher, else stacked."""

    def least_width(self) -> int:
        """Return the widest part's: they may stand one under the other."""
        return Column(*self.parts, least=self.least).least_width()

    def wanted_width(self) -> int:
        """Return the sum of the parts'."""
        return Row(*self.parts, gap=self.gap, least=self.least).wanted_width()

    def heights(self, width: int) -> Heights:
        """Return those of the row or the column."""
        return self.form(width).heights(width)

    def most_height(self, width: int) -> int:
        """Return that of the row or the column."""
        return self.form(width).most_height(width)

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Arrange the row or the column."""
        self.form(width).arrange(x, y, width, height)

    def form(self, width: int) -> Row | Column:
        """Return what the parts make at *width*."""
        row = Row(*self.parts, gap=self.gap)
        column = Column(*self.parts, gap=self.gap)
        beside = row.least_width() <= width and row.heights(width)[0] <= column.heights(width)[0]
        return row if beside else column


class Either:
    """One of two arrangements of the same parts: another in portrait, where that has room."""

    shown = True

    def __init__(
        self, wide: Any, high: Any, room: Callable[[], tuple[int, int]], *, grow: int = 1
    ) -> None:
        """Hold both arrangements; *room* tells the width and height that the page has for them."""
        self._wide, self._high, self._room, self.grow = wide, high, room, grow

    def least_width(self) -> int:
        """Return that of the arrangement."""
        return int(self._now().least_width())

    def wanted_width(self) -> int:
        """Return that of the arrangement."""
        return int(self._now().wanted_width())

    def heights(self, width: int) -> Heights:
        """Return those of the arrangement."""
        least, wanted = self._now().heights(width)
        return least, wanted

    def most_height(self, width: int) -> int:
        """Return that of the arrangement."""
        return int(self._now().most_height(width))

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Arrange the one; what only the other has leaves the page."""
        now = self._now()
        kept = set(map(id, _leaves(now)))
        for part in _leaves(self._high if now is self._wide else self._wide):
            if id(part) not in kept:
                part.hide()
        now.arrange(x, y, width, height)

    def hide(self) -> None:
        """Hide every part."""
        self._wide.hide()
        self._high.hide()

    def _now(self) -> Any:
        width, height = self._room()
        fits = height > width and self._high.heights(width)[0] <= height
        return self._high if fits else self._wide


class Grid(Box):
    """Parts in rows of as many as have room, all equally large."""

    def __init__(
        self,
        *parts: Any,
        columns: int,
        most: int = 0,
        gap: int = 16,
        grow: int = 0,
        least: int = 0,
    ) -> None:
        """Hold *parts*.

        Args:
            parts: As of every box.
            columns: How many stand in a row, at most.
            most: Height beyond which a row does not grow; 0 for none.
            gap: As of every box.
            grow: As of every box.
            least: Width below which there are fewer columns.
        """
        super().__init__(*parts, gap=gap, grow=grow, least=least)
        self.columns, self._most = columns, most

    def least_width(self) -> int:
        """Return the widest part's."""
        return max((int(p.least_width()) for p in self._seen), default=0)

    def wanted_width(self) -> int:
        """Return that of a full row."""
        wide = max((p.wanted_width() for p in self._seen), default=0)
        return self.columns * (wide + self.gap) - self.gap

    def heights(self, width: int) -> Heights:
        """Return those of all rows, each as high as the highest part."""
        columns, wide = self._columns(width)
        rows = -(-len(self._seen) // columns)
        both = [p.heights(wide) for p in self._seen]
        least, wanted = max((h[0] for h in both), default=0), max((h[1] for h in both), default=0)
        between = max(0, rows - 1)
        return rows * least + between * (self.gap // 2), rows * wanted + between * self.gap

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Give each part its cell."""
        self._hide_others()
        columns, wide = self._columns(width)
        while self._most and columns > 1 and self._wasted(columns, width, height):
            columns -= 1
        wide = self._wide(columns, width)
        rows = -(-len(self._seen) // columns)
        gap = self.gap if height >= self.heights(width)[1] else self.gap // 2
        high = (height - gap * max(0, rows - 1)) // max(1, rows)
        if self._most:
            needed = max((p.heights(wide)[0] for p in self._seen), default=0)
            high = min(high, max(self._most, needed))
        for number, part in enumerate(self._seen):
            row, column = divmod(number, columns)
            part.arrange(x + column * (wide + self.gap), y + row * (high + gap), wide, high)

    def most_height(self, width: int) -> int:
        """Return that of one column, whose rows are as high as they may be."""
        count = len(self._seen)
        return count * (self._most + self.gap) if self._most else 0

    def _wasted(self, columns: int, width: int, height: int) -> bool:
        """Whether so many columns leave a third of *height* empty, and one less has room."""

        def needed(columns: int, most: int) -> int:
            wide = self._wide(columns, width)
            high = max(most, *(p.heights(wide)[0] for p in self._seen))
            return -(-len(self._seen) // columns) * (high + self.gap)

        return 3 * needed(columns, self._most) < 2 * height and needed(columns - 1, 0) <= height

    def _wide(self, columns: int, width: int) -> int:
        return (width - self.gap * (columns - 1)) // columns

    def _columns(self, width: int) -> tuple[int, int]:
        fit = (width + self.gap) // (max(self.least, self.least_width()) + self.gap)
        columns = max(1, min(self.columns, fit, len(self._seen)))
        return columns, self._wide(columns, width)


class Inset(Box):
    """One part with a margin around it; on a *pane*, such as a card's, that is its master."""

    def __init__(
        self,
        part: Any,
        *,
        pane: Any = None,
        sides: int = 32,
        ends: int = 24,
        most: int = 0,
        grow: int = 0,
        least: int = 0,
    ) -> None:
        """Hold *part*.

        Args:
            part: The one part.
            pane: The widget that it stands on, and whose child its widgets are; None for the page.
            sides: Margin at its left and right.
            ends: Margin above and below it, half of that where room is short.
            most: Width beyond which it does not grow, but stands in the middle; 0 for none.
            grow: As of every box.
            least: As of every box.
        """
        super().__init__(part, grow=grow, least=least)
        self.pane, self.sides, self.ends, self.most = pane, sides, ends, most

    def least_width(self) -> int:
        """Return the part's, with the margin."""
        return max(self.least, int(self.parts[0].least_width()) + 2 * self.sides)

    def wanted_width(self) -> int:
        """Return the part's, with the margin."""
        wanted = max(self.least, int(self.parts[0].wanted_width()) + 2 * self.sides)
        return min(wanted, self.most) if self.most else wanted

    def heights(self, width: int) -> Heights:
        """Return the part's, with the margin."""
        least, wanted = self.parts[0].heights(self._wide(width) - 2 * self.sides)
        return least + self.ends // 2 * 2, wanted + 2 * self.ends

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Arrange pane and part, in the middle where the width is limited."""
        wide = self._wide(width)
        x += (width - wide) // 2
        wanted = self.heights(width)[1]
        ends = self.ends if height >= wanted else self.ends // 2
        if self.pane is not None:
            self.pane.arrange(x, y, wide, height)
            x = y = 0
        inner = max(0, height - 2 * ends)
        self.parts[0].arrange(x + self.sides, y + ends, wide - 2 * self.sides, inner)

    def hide(self) -> None:
        """Hide the pane, and the part with it."""
        super().hide()
        if self.pane is not None:
            self.pane.hide()

    def _wide(self, width: int) -> int:
        return min(width, self.most) if self.most else width


class Space:
    """Empty room in a row or column."""

    shown = True

    def __init__(self, *, grow: int = 0, size: int = 0) -> None:
        """Take *size*, less where room is short, and a share of what is left."""
        self.grow, self._size = grow, size

    def least_width(self) -> int:
        """Return 0."""
        return 0

    def wanted_width(self) -> int:
        """Return its size."""
        return self._size

    def heights(self, width: int) -> Heights:
        """Return 0 and its size."""
        return 0, self._size

    def most_height(self, width: int) -> int:
        """Return 0."""
        return 0

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Do nothing: there is nothing to see."""

    def hide(self) -> None:
        """Do nothing."""


def middle(part: Any, most: int = 0) -> Column:
    """Return *part* in the middle of the room, at most *most* wide (0: as wide as there is)."""
    return Column(Space(grow=1), Inset(part, sides=0, ends=0, most=most), Space(grow=1), grow=1)


def _between(parts: Sequence[Any]) -> int:
    return max(0, len(parts) - 1)


def _between_both(least: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """Return sizes that sum up to *room*, each as near to *least* as the others."""
    low, high = sum(least), sum(wanted)
    ratio = min(1.0, max(0.0, (room - low) / max(1, high - low)))
    return [a + int((b - a) * ratio) for a, b in zip(least, wanted, strict=True)]


def _spread(grow: Sequence[int], sizes: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Return *sizes*, larger by shares of the *room* that is left, none above *most* (0: any)."""
    grown = list(sizes)
    open_ = {n for n, share in enumerate(grow) if share}
    while open_:
        left, weight = room - sum(grown), sum(grow[n] for n in open_)
        full = {n for n in open_ if most[n] and grown[n] + left * grow[n] // weight >= most[n]}
        for n in full or open_:
            grown[n] = max(sizes[n], most[n] if full else grown[n] + left * grow[n] // weight)
        if not full:
            break
        open_ -= full
    return grown


def _leaves(part: Any) -> list[Any]:
    """Return what *part* holds, and what that holds, down to the widgets."""
    if not isinstance(part, Box):
        return [part]
    pane = getattr(part, "pane", None)
    held = [leaf for each in part.parts for leaf in _leaves(each)]
    return [pane, *held] if pane is not None else held


def _shares(
    grow: Sequence[int], least: Sequence[int], fixed: Sequence[int], room: int
) -> list[int]:
    """Return widths: *fixed* for those that do not grow, shares of the rest for the others."""
    widths = list(fixed)
    open_ = {n for n, share in enumerate(grow) if share}
    rest = room - sum(fixed)
    while open_:
        weight = sum(grow[n] for n in open_)
        short = {n for n in open_ if rest * grow[n] / weight < least[n]}
        if not short:
            for n in open_:
                widths[n] = int(rest * grow[n] / weight)
            break
        for n in short:
            widths[n] = least[n]
            rest -= least[n]
        open_ -= short
    return widths
