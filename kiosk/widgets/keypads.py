"""On-screen keypads: digits in telephone order, and letters.

The keys of a pad are one Tab stop; arrows move through them. A pad types into whatever field the
page says, and never takes the focus from it when it is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import customtkinter

from kiosk.layout import Heights
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.fitted import Fitted
from kiosk.widgets.focus import OUTSET, Control
from kiosk.widgets.key import MOST, Key, Place

EDGE = OUTSET
"""Room that a pad keeps around its keys for the ring."""
GAP = 12
"""Between two keys, where there is room."""
BACK, CLEAR, SHIFT, LAYER, SPACE = "←", "✕", "⇧", "layer", " "

_DIGITS = ("1234567890", "@&'\"+*/=#%", "(),;:!?")
MARKED = ("áàâäãçéèêë", "íìîïñóòôöõ", "œßúùûüÿ")
"""Letters with marks of French, German, Italian, Portuguese and Spanish, for names of anywhere."""
_LAYER_FACES = ("ab", "áö", "12")
_COLUMNS = 10
_LEAST_GAP, _HIGHEST = 4, 120
_LAST_ROW = 3


class Typist(Protocol):
    """Interface of what a pad types into."""

    def type(self, characters: str) -> None:
        """Put *characters* in."""

    def back(self) -> None:
        """Take one away."""

    def clear(self) -> None:
        """Take all away."""


class Pad(Fitted, customtkinter.CTkFrame):  # type: ignore[misc]
    """Base class of the pads: keys in rows, as large as there is room."""

    def __init__(
        self,
        master: Any,
        fonts: theme.Fonts,
        target: Callable[[], Typist | None],
        *,
        columns: int,
        rows: int = 4,
        gap: int = GAP,
        grow: int = 1,
    ) -> None:
        """Make an empty pad of *columns* and *rows*, *gap* apart where there is room."""
        super().__init__(master, corner_radius=0, fg_color=theme.PAPER)
        self.fonts = fonts
        self.grow = grow
        self.keys: list[Key] = []
        self.current: Key | None = None
        self._target = target
        self._columns, self._rows, self._gap = columns, rows, gap

    def least_width(self) -> int:
        """Return the width of keys that can be touched and read."""
        words = max((key.least_width() / key.where.span for key in self.keys), default=0)
        key = max(theme.TOUCH, int(words)) if self._columns < _COLUMNS else theme.TOUCH
        gap = self._gap if self._columns < _COLUMNS else _LEAST_GAP
        return self._columns * (key + gap) - gap + 2 * EDGE

    def heights(self, width: int) -> Heights:
        """Return the height of keys that can be touched, and of larger ones."""
        gaps = self._rows - 1
        across = self._between(width - 2 * EDGE, self._columns, self._gap)
        step = (width - 2 * EDGE + across) // self._columns
        row = max(
            theme.TOUCH, *(key.heights(key.where.span * step - across)[0] for key in self.keys)
        )
        return (
            self._rows * row + gaps * _LEAST_GAP + 2 * EDGE,
            self._rows * max(theme.KEY, row) + gaps * GAP + 2 * EDGE,
        )

    def most_height(self, width: int) -> int:
        """Return the height of the largest keys."""
        return self._rows * _HIGHEST + (self._rows - 1) * GAP + 2 * EDGE

    def fill(self, width: int, height: int) -> None:
        """Place the keys."""
        for key in self.keys:
            self.place_at(key, key.where, width, height)

    def place_at(self, button: Fitted, place: Place, width: int, height: int) -> None:
        """Give a key or *button* its place on the pad, which has that size."""
        width, height = width - 2 * EDGE, height - 2 * EDGE
        across = self._between(width, self._columns, self._gap)
        down = self._between(height, self._rows, GAP)
        wide = (width - (self._columns - 1) * across) / self._columns
        high = min((height - (self._rows - 1) * down) / self._rows, _HIGHEST)
        left = round(place.column * (wide + across))
        right = round((place.column + place.span) * (wide + across) - across)
        top = round(place.row * (high + down))
        button.arrange(left + EDGE, top + EDGE, right - left, round(top + high) - top)

    def _between(self, room: int, keys: int, gap: int) -> int:
        """Return the gap between keys: less where they would be too small to touch."""
        return max(_LEAST_GAP, min(gap, (room - keys * theme.TOUCH) // (keys - 1)))

    def add(self, face: str, value: str, place: Place) -> Key:
        """Add a key."""
        key = Key(self, face, value, place)
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
        grow: int = 1,
    ) -> None:
        """Make the pad; *words* translates."""
        super().__init__(master, fonts, target, columns=3, gap=16, grow=grow)
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
        onward: str,
        on_onward: Callable[[], object],
    ) -> None:
        """Make the pad.

        Args:
            master: The page.
            fonts: Of the window.
            target: Returns what is typed into.
            words: Translates.
            letters: Rows of 10, 10 and 7, as the language has them.
            onward: The word of the button at the end, which leads on.
            on_onward: What it does.
        """
        super().__init__(master, fonts, target, columns=_COLUMNS)
        self._layers = (letters, MARKED, _DIGITS)
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
        self.add(_("space"), SPACE, Place(_LAST_ROW, 3, 3))
        self.add(".", ".", Place(_LAST_ROW, 6))
        self.onward = Button(
            self,
            onward,
            on_onward,
            fonts,
            look="primary",
            corner=theme.FIELD_CORNER,
            busy_when_disabled=True,
            most=MOST,
        )
        self.onward.side = theme.FIELD_CORNER

    def fill(self, width: int, height: int) -> None:
        """Place the keys and the button that leads on."""
        super().fill(width, height)
        self.place_at(self.onward, Place(_LAST_ROW, 7, 3), width, height)

    def stops(self) -> list[Control]:
        """Return the keys and the button, in reading order."""
        return [*self.keys, self.onward]

    def enable(self, enabled: bool) -> None:
        """Let keys and button be pressed, or fade them."""
        super().enable(enabled)
        self.onward.enable(enabled)

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
                key.say(face)
        self._shift.wear("chosen" if self.capital else "key")
        self._switch.say(_LAYER_FACES[(self._layer + 1) % len(self._layers)])
