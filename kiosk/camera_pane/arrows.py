"""Arrows beside the oval of the camera pane: they never cover the face.

One points to where to turn, two to where to nod, four away from the oval for "come closer".

A sign is a few small patches, worked out once for a pane and laid over each picture: so the ring
and the signs need not be drawn in every combination.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.camera_pane.marks import Sign
from kiosk.widgets import theme

Picture = NDArray[np.uint8]
Oval = tuple[float, float, float, float]

_ARROW: Final = ((0, 0), (-56, -52), (-56, -22), (-92, -22), (-92, 22), (-56, 22), (-56, 52))
"""Points to the right, its tip at (0, 0); in drawn pixels."""
_EDGE: Final = 5.0
_BESIDE: Final = 116.0
"""How far the tip of a turn's arrow is from the oval."""
_AT_A_SIDE: Final = 72.0
"""How far the middle of a nod's arrow is from the oval."""
_TOWARDS_END: Final = 0.72
"""How high, or how low, its tip is; a share of the oval's half height."""
_ROOM: Final = 128.0
"""Room beside the oval that the arrows need; where there is less, they are smaller."""
_SMALL: Final = 0.68
"""Size of the four arrows of "come closer", which point away from the oval: grow."""
_CORNER_DEG: Final = 42.0
_FINE: Final = 3  # drawn this much larger, then reduced
_PARTS: Final = 16  # sub-pixels, as cv2's shift of 4 bits


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A rectangle of the pane: how much of the picture is kept there, and what is added.

    Attributes:
        rows: Of the pane.
        columns: Of the pane.
        keep: 0 to 255, shape (rows, columns, 3).
        add: RGB, 0 to 255, shape (rows, columns, 3).
    """

    rows: slice
    columns: slice
    keep: Picture
    add: Picture


def lay(picture: Picture, patches: tuple[Patch, ...]) -> None:
    """Draw *patches* into *picture*, RGB, shape (h, w, 3)."""
    for patch in patches:
        part = picture[patch.rows, patch.columns]
        part[:] = cv2.add(cv2.multiply(part, patch.keep, scale=1 / 255), patch.add)


@lru_cache(maxsize=15)
def sign_patches(
    width: int, height: int, oval: Oval, sign: Sign, scale: float
) -> tuple[Patch, ...]:
    """Return what draws *sign*.

    Args:
        width: Of the pane, in pixels.
        height: Of the pane, in pixels.
        oval: Its centre x, centre y, half width and half height.
        sign: Which one.
        scale: How many pixels a drawn pixel has.
    """
    x, y, across, down = oval
    scale = min(scale, (width / 2 - across) / _ROOM)
    aside = across + _AT_A_SIDE * scale
    match sign:
        case "left":
            tips = [(x - across - _BESIDE * scale, y, 180.0, 1.0)]
        case "right":
            tips = [(x + across + _BESIDE * scale, y, 0.0, 1.0)]
        case "up":
            tips = [(x + side * aside, y - _TOWARDS_END * down, -90.0, 1.0) for side in (-1, 1)]
        case "down":
            tips = [(x + side * aside, y + _TOWARDS_END * down, 90.0, 1.0) for side in (-1, 1)]
        case "closer":
            tips = [_corner_tip(oval, angle, scale) for angle in (1, -1, 2, -2)]
    return tuple(_patch(width, height, *tip, scale) for tip in tips)


def _corner_tip(oval: Oval, quarter: int, scale: float) -> tuple[float, float, float, float]:
    """Return tip, direction and size of an arrow that leads away from the oval, slantwise."""
    x, y, across, down = oval
    angle = math.radians(_CORNER_DEG)
    east, south = (1 if abs(quarter) == 1 else -1), (1 if quarter > 0 else -1)
    reach = 66 * scale * math.sqrt(0.5)
    tip_x = x + east * (1.13 * across * math.cos(angle) + reach)
    tip_y = y + south * (1.13 * down * math.sin(angle) + reach)
    return tip_x, tip_y, math.degrees(math.atan2(south, east)), _SMALL


def _patch(
    width: int, height: int, x: float, y: float, turn_deg: float, size: float, scale: float
) -> Patch:
    """Return an arrow of white between edges of ink, with its tip at *x*, *y*."""
    points = np.asarray(_ARROW, float) * size * scale
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    points = points @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
    around = 2 * _EDGE * scale
    left, top = np.maximum(np.floor(points.min(axis=0) - around), 0).astype(int)
    right = min(width, int(points[:, 0].max() + around) + 1)
    bottom = min(height, int(points[:, 1].max() + around) + 1)
    shape = (bottom - top, right - left)
    inside = points - (left, top)
    white = _cover(inside, shape, 0.0)
    dark = _cover(inside, shape, _EDGE * scale)
    ink, surface = (
        np.asarray(_rgb(colour), np.float32) for colour in (theme.SHADE, theme.RING_WHITE)
    )
    add = dark[..., np.newaxis] * ink
    add = add * (1 - white[..., np.newaxis]) + white[..., np.newaxis] * surface
    kept = np.asarray((1 - dark) * (1 - white) * 255 + 0.5, np.uint8)
    return Patch(
        slice(int(top), bottom),
        slice(int(left), right),
        np.asarray(cv2.merge([kept, kept, kept]), np.uint8),
        np.asarray(add + 0.5, np.uint8),
    )


def _cover(points: NDArray[np.float64], shape: tuple[int, int], edge: float) -> NDArray[np.float32]:
    """Return how much of each pixel a polygon with a border of *edge* pixels covers, 0 to 1."""
    rows, columns = shape
    sheet = np.zeros((rows * _FINE, columns * _FINE), np.uint8)
    fixed = [np.asarray(points * _FINE * _PARTS, np.int32)]
    cv2.fillPoly(sheet, fixed, 255, cv2.LINE_AA, 4)
    if edge:
        cv2.polylines(sheet, fixed, True, 255, round(2 * edge * _FINE), cv2.LINE_AA, 4)
    small = cv2.resize(sheet, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(np.asarray(small, np.float32) / 255, np.float32)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
