"""Key of an on-screen pad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kiosk.widgets import theme
from kiosk.widgets.buttons import Button

MOST = 1.25
"""The text size beyond which keys do not grow: they are large, and one word must fit on each."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a key: row, first column, number of columns."""

    row: int
    column: int
    span: int = 1


class Key(Button):
    """A key: a character, a symbol or a word."""

    side = theme.FIELD_CORNER

    def __init__(self, pad: Any, face: str, value: str, place: Place) -> None:
        """Make a key.

        Args:
            pad: The pad that it stands on, a `Pad`.
            face: What is written on it.
            value: What it hands to its pad when it is pressed.
            place: Where it stands there.
        """
        self.value = value
        self.where = place
        self.pad = pad
        super().__init__(
            pad,
            face,
            lambda: pad.hit(self),
            pad.fonts,
            look="key",
            size=theme.KEYS if len(face) == 1 else theme.BODY,
            corner=theme.FIELD_CORNER,
            most=MOST,
        )

    @property
    def reachable(self) -> bool:
        """Only the pad's current key is a Tab stop."""
        return super().reachable and self.pad.current is self

    def _focus_in(self, event: object = None) -> None:
        self.pad.current = self
        super()._focus_in(event)
