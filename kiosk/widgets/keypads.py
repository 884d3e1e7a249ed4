"""On-screen keypads: digits in telephone order, and letters.

The keys of a pad are one Tab stop; arrows move through them. A pad types into whatever field the
page says, and never takes the focus from it when it is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import customtkinter

from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, at
from kiosk.widgets.focus import OUTSET

EDGE = OUTSET
"""Room that a pad keeps around its keys for the ring."""
GAP_X, GAP_Y = 16, 12
BACK, CLEAR, SHIFT, LAYER, SPACE = "←", "✕", "⇧", "layer", " "

_DIGITS = ("1234567890", "@&'\"+*/=#%", "(),;:!?")
_MARKED = ("áàâäãçéèêë", "íìîïñóòôöõ", "œßúùûüÿ")
"""Letters with marks of French, German, Italian, Portuguese and Spanish, for names of anywhere."""
_LAYER_FACES = ("abc", "123", "áöß")
_COLUMNS = 10
_LAST_ROW = 3


class Typist(Protocol):
    """Interface of what a pad types into."""

    def type(self, characters: str) -> None:
        """Put *characters* in."""

    def back(self) -> None:
        """Take one away."""

    def clear(self) -> None:
        """Take all away."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a key: row, first column, number of columns."""

    row: int
    column: int
    span: int = 1


class Key(Button):
    """One key of a pad."""

    def __init__(self, pad: Pad, face: str, value: str, place: Place, **options: Any) -> None:
        """Make the key; pressing it hands *value* to its pad."""
        self.value = value
        self.where = place
        self.pad = pad
        size = theme.KEYS if len(face) == 1 else theme.BODY
        super().__init__(
            pad,
            face,
            lambda: pad.hit(self),
            pad.fonts,
            look="key",
            size=size,
            corner=theme.FIELD_CORNER,
            **options,
        )

    @property
    def reachable(self) -> bool:
        """Only the pad's current key is a Tab stop."""
        return super().reachable and self.pad.current is self

    def _focus_in(self, event: object = None) -> None:
        self.pad.current = self
        super()._focus_in(event)


class Pad(customtkinter.CTkFrame):  # type: ignore[misc]
    """Base class of the pads: keys in rows."""

    def __init__(
        self,
        master: Any,
        fonts: theme.Fonts,
        target: Callable[[], Typist | None],
        *,
        width: int,
        height: int,
        gap: tuple[int, int],
        columns: int,
        rows: int = 4,
    ) -> None:
        """Make an empty pad of *width* x *height* drawn pixels, without its edge."""
        super().__init__(
            master,
            width=width + 2 * EDGE,
            height=height + 2 * EDGE,
            corner_radius=0,
            fg_color=theme.PAPER,
        )
        self.fonts = fonts
        self.keys: list[Key] = []
        self.current: Key | None = None
        self._target = target
        self._gap = gap
        self._cell = (
            (width - (columns - 1) * gap[0]) / columns,
            (height - (rows - 1) * gap[1]) / rows,
        )

    def put(self, x: int, y: int) -> Pad:
        """Put the first key at *x*, *y* of the parent."""
        at(self, x - EDGE, y - EDGE)
        return self

    def add(self, face: str, value: str, place: Place) -> Key:
        """Add a key."""
        left = round(place.column * (self._cell[0] + self._gap[0]))
        right = round((place.column + place.span) * (self._cell[0] + self._gap[0]) - self._gap[0])
        top = round(place.row * (self._cell[1] + self._gap[1]))
        bottom = round(top + self._cell[1])
        key = Key(self, face, value, place, width=right - left, height=bottom - top)
        at(key, left + EDGE, top + EDGE)
        self.keys.append(key)
        if self.current is None:
            self.current = key
        return key

    def hit(self, key: Key) -> None:
        """Act on *key*."""
        target = self._target()
        if target is None:
            return
        if key.value == BACK:
            target.back()
        elif key.value == CLEAR:
            target.clear()
        else:
            target.type(key.value)

    def go(self, across: int, down: int) -> None:
        """Move the focus to the nearest key in that direction, if there is one."""
        here = self.current
        if here is None:
            return
        middle = here.where.column + here.where.span / 2
        best: tuple[float, Key] | None = None
        for key in self.keys:
            there = key.where
            if across:
                distance = (there.column - here.where.column) * across
                if there.row != here.where.row or distance <= 0:
                    continue
                cost = float(distance)
            else:
                rows = (there.row - here.where.row) * down
                if rows <= 0:
                    continue
                cost = rows * 100 + abs(there.column + there.span / 2 - middle)
            if key.enabled and (best is None or cost < best[0]):
                best = (cost, key)
        if best is not None:
            self.current = best[1]
            best[1].take_focus()

    def enable(self, enabled: bool) -> None:
        """Let the keys be pressed, or fade them."""
        for key in self.keys:
            key.enable(enabled)

    def cover(self, covered: bool) -> None:
        """Note whether something lies over the pad."""
        for key in self.keys:
            key.covered = covered


class DigitPad(Pad):
    """Keys 1 to 9, then clear, 0 and back."""

    def __init__(
        self,
        master: Any,
        fonts: theme.Fonts,
        target: Callable[[], Typist | None],
        words: Callable[[str], str],
        *,
        width: int = theme.LEFT_COLUMN,
        height: int = 4 * theme.KEY + 3 * GAP_Y,
    ) -> None:
        """Make the pad; *words* translates."""
        super().__init__(
            master, fonts, target, width=width, height=height, gap=(GAP_X, GAP_Y), columns=3
        )
        _ = words
        for number in range(9):
            digit = str(number + 1)
            self.add(digit, digit, Place(number // 3, number % 3))
        self.add(_("Clear ✕"), CLEAR, Place(3, 0))
        self.add("0", "0", Place(3, 1))
        self.add(_("Erase ←"), BACK, Place(3, 2))


class LetterPad(Pad):
    """Letter keys, layers of digits and of marked letters, and room for the page's own button."""

    def __init__(
        self,
        master: Any,
        fonts: theme.Fonts,
        target: Callable[[], Typist | None],
        words: Callable[[str], str],
        *,
        letters: Sequence[str],
    ) -> None:
        """Make the pad with *letters*: rows of 10, 10 and 7, as the language has them."""
        width = theme.PAGE_WIDTH - 2 * theme.MARGIN
        super().__init__(
            master,
            fonts,
            target,
            width=width,
            height=4 * theme.KEY + 3 * GAP_Y,
            gap=(GAP_Y, GAP_Y),
            columns=_COLUMNS,
        )
        self._layers = (letters, _DIGITS, _MARKED)
        self._layer = 0
        self.capital = False
        self._plain: list[Key] = []
        _ = words
        rows = self._layers[0]
        for row in (0, 1):
            for column, letter in enumerate(rows[row]):
                self._plain.append(self.add(letter, letter, Place(row, column)))
        self._shift = self.add("⇧", SHIFT, Place(2, 0))
        for column, letter in enumerate(rows[2], start=1):
            self._plain.append(self.add(letter, letter, Place(2, column)))
        self.add(_("Erase ←"), BACK, Place(2, 8, 2))
        self._switch = self.add(_LAYER_FACES[1], LAYER, Place(_LAST_ROW, 0))
        self.add("_", "_", Place(_LAST_ROW, 1))
        self.add("-", "-", Place(_LAST_ROW, 2))
        self.add(_("space"), SPACE, Place(_LAST_ROW, 3, 4))
        self.add(".", ".", Place(_LAST_ROW, 7))
        self.next_spot = theme.MARGIN + round(8 * (self._cell[0] + GAP_Y))
        self.next_width = theme.MARGIN + width - self.next_spot

    def hit(self, key: Key) -> None:
        """Act on *key*; a capital is typed once."""
        if key.value == SHIFT:
            self.set_capital(not self.capital)
        elif key.value == LAYER:
            self._layer = (self._layer + 1) % len(self._layers)
            self._label()
        else:
            super().hit(key)
            if self.capital and key in self._plain:
                self.set_capital(False)

    def set_capital(self, capital: bool) -> None:
        """Make the next letter a capital, or not."""
        if capital != self.capital:
            self.capital = capital
            self._label()

    def _label(self) -> None:
        letters = "".join(self._layers[self._layer])
        for key, letter in zip(self._plain, letters, strict=True):
            face = letter.upper() if self.capital else letter
            if key.value != face:
                key.value = face
                key.configure(text=face)
        self._shift.wear("chosen" if self.capital else "key")
        self._switch.configure(text=_LAYER_FACES[(self._layer + 1) % len(self._layers)])
