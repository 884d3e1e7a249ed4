"""Oval in which a face is checked: the camera pane draws it, and `quality` judges by it.

Importing this module loads neither NumPy nor OpenCV.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

SHARE: Final = 5 / 6
"""Height of the oval as a share of the picture's: 400 px of 480. The detector holds beyond (150 of
150 LFW faces at 500 px), but the chin or the forehead leaves the picture when the head moves. In a
picture that is narrower than the oval its width has this share instead."""

SHAPE: Final = 0.76
"""Width over height, as faces have it."""


class Oval(NamedTuple):
    """An upright ellipse, in pixels of the picture that it lies in."""

    x: float
    y: float
    across: float
    """Half its width."""
    down: float
    """Half its height."""

    def has(self, points: Iterable[tuple[float, float]]) -> bool:
        """Return whether all of *points*, each x and y, lie inside."""
        return all(
            ((x - self.x) / self.across) ** 2 + ((y - self.y) / self.down) ** 2 <= 1
            for x, y in points
        )


def oval_in(width: int, height: int) -> Oval:
    """Return the oval of a picture of *width* x *height* pixels, around its middle."""
    down = SHARE / 2 * min(height, width / SHAPE)
    return Oval(width / 2, height / 2, down * SHAPE, down)
