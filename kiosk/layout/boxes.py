"""Boxes of the layout: rows, columns, margins and empty room."""

from __future__ import annotations

from typing import Any, Protocol

from kiosk.layout.shares import between, between_both, shares, spread

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
        return max(self.least, sum(int(p.least_width()) for p in seen) + self.gap * between(seen))

    def wanted_width(self) -> int:
        """Return the sum of the parts'."""
        seen = self._seen
        return max(self.least, sum(int(p.wanted_width()) for p in seen) + self.gap * between(seen))

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
        room = width - self.gap * between(seen)
        least = [p.least_width() for p in seen]
        fixed = [0 if p.grow else p.wanted_width() for p in seen]
        needed = sum(low for low, p in zip(least, seen, strict=True) if p.grow)
        if sum(fixed) + needed > room:
            firm = [0 if p.grow else low for low, p in zip(least, seen, strict=True)]
            fixed = between_both(firm, fixed, room - needed)
        return shares([p.grow for p in seen], least, fixed, room)


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
        gaps = between(seen)
        return (
            sum(h[0] for h in both) + self.gap // 2 * gaps,
            sum(h[1] for h in both) + self.gap * gaps,
        )

    def most_height(self, width: int) -> int:
        """Return the height at which no part that grows has a use for more."""
        seen = self._seen
        most = [p.most_height(width) if p.grow else p.heights(width)[1] for p in seen]
        limited = [m for m, p in zip(most, seen, strict=True) if p.grow]
        return sum(most) + self.gap * between(seen) if limited and all(limited) else 0

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Give each part the whole width, and a height between least and wanted or above."""
        self._hide_others()
        seen = self._seen
        both = [p.heights(width) for p in seen]
        least, wanted = [h[0] for h in both], [h[1] for h in both]
        full = sum(wanted) + self.gap * between(seen)
        gap = self.gap
        if height < full:
            low, high = self.heights(width)
            ratio = max(0.0, (height - low) / max(1, high - low))
            gap = round(self.gap // 2 + (self.gap - self.gap // 2) * ratio)
            room = height - gap * between(seen)
            highs = between_both(least, wanted, max(room, sum(least)))
        else:
            most = [p.most_height(width) for p in seen]
            highs = spread([p.grow for p in seen], wanted, most, height - gap * between(seen))
        for part, high in zip(seen, highs, strict=True):
            part.arrange(x, y, width, high)
            y += high + gap


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
