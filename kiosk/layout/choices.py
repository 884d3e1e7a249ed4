"""Boxes that take another shape where the room is another: reflowing rows, grids, two orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.layout.boxes import Box, Column, Heights, Row


class Reflow(Box):
    """Parts side by side where each has its least width and that is not higher, else stacked."""

    def __init__(
        self, *parts: Any, room: Callable[[], tuple[int, int]] | None = None, **options: int
    ) -> None:
        """Hold *parts*.

        Args:
            parts: As of every box.
            room: Tells the width and height that the page has, where this is all of the page: what
                fits in there may be higher side by side. A pane shrinks where it is stacked.
            options: As of every box.
        """
        super().__init__(*parts, **options)
        self._room = room

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
        most = column.heights(width)[0]
        if self._room is not None:
            most = max(most, self._room()[1])
        beside = row.least_width() <= width and row.heights(width)[0] <= most
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
            high = max(most, *(int(p.heights(wide)[0]) for p in self._seen))
            return -(-len(self._seen) // columns) * (high + self.gap)

        return 3 * needed(columns, self._most) < 2 * height and needed(columns - 1, 0) <= height

    def _wide(self, columns: int, width: int) -> int:
        return (width - self.gap * (columns - 1)) // columns

    def _columns(self, width: int) -> tuple[int, int]:
        fit = (width + self.gap) // (max(self.least, self.least_width()) + self.gap)
        columns = max(1, min(self.columns, fit, len(self._seen)))
        return columns, self._wide(columns, width)


def _leaves(part: Any) -> list[Any]:
    """Return what *part* holds, and what that holds, down to the widgets."""
    if not isinstance(part, Box):
        return [part]
    pane = getattr(part, "pane", None)
    held = [leaf for each in part.parts for leaf in _leaves(each)]
    return [pane, *held] if pane is not None else held
