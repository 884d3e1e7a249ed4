"""Drawing of the camera pane: mirrored, cropped, dimmed outside the oval, with its marks.

Pure arithmetic on arrays; nothing here knows Tk.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.oval import SHAPE, Oval, oval_in
from kiosk.camera_pane.arrows import lay, sign_patches
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.widgets import theme

Picture = NDArray[np.uint8]

_FINE = 2  # strokes are drawn this much larger, then reduced
_OVAL_HEIGHT = 0.885  # of the pane
_BESIDE_OVAL = 0.14  # of the pane's width, at each side: room for an arrow
_RING, _THIN, _ARC, _INK_EDGE = 10.0, 6.0, 12.0, 3.0
_ARC_GAP_DEG = 14.0
_TINT = np.array([20, 33, 61], np.float32)
_LIGHT_OUTSIDE, _LIGHT_OUTSIDE_BUSY = 0.46, 0.36
_TINT_OUTSIDE = 0.30
CACHED = 24
"""Rings kept ready: those of a login (15) and of an enrolment (8), at 3.4 MB in full HD each."""


def compose(frame: Picture, width: int, height: int, marks: Marks, scale: float) -> Picture:
    """Return the pane for *frame*.

    Args:
        frame: RGB, shape (h, w, 3), 0 to 255.
        width: Of the pane, in pixels.
        height: Of the pane, in pixels.
        marks: What to draw over it.
        scale: How many pixels a drawn pixel has.

    Returns:
        RGB, shape (height, width, 3).
    """
    scale = round(scale, 3)
    keep, add = _overlay(width, height, replace(marks, sign=None), scale, theme.PAPER)
    live = cv2.flip(_fill(frame, width, height), 1)
    picture = np.asarray(cv2.add(cv2.multiply(live, keep, scale=1 / 255), add), np.uint8)
    if marks.sign is not None:
        lay(picture, sign_patches(width, height, oval(width, height), marks.sign, scale))
    return picture


def prepare(width: int, height: int, marks: Sequence[Marks], scale: float) -> None:
    """Draw what *marks* need beforehand, so that `compose` finds it ready; for a worker."""
    scale = round(scale, 3)
    for each in marks:
        _overlay(width, height, replace(each, sign=None), scale, theme.PAPER)
        if each.sign is not None:
            sign_patches(width, height, oval(width, height), each.sign, scale)


def empty(width: int, height: int, scale: float) -> Picture:
    """Return the pane where there is nothing to show: RGB, shape (height, width, 3)."""
    ground = np.full((height, width, 3), _rgb(theme.PANE), np.uint8)
    shape = _corner_shape(width, height, scale)[:, :, np.newaxis]
    paper = np.asarray(_rgb(theme.PAPER), np.float32)
    return np.asarray(ground * shape + paper * (1 - shape) + 0.5, np.uint8)


def oval(width: int, height: int) -> Oval:
    """Return the oval in the pane: the checked one of the camera's picture, as it is shown."""
    down = min(height * _OVAL_HEIGHT, width * (1 - 2 * _BESIDE_OVAL) / SHAPE) / 2
    return Oval(width / 2, height / 2, down * SHAPE, down)


def _fill(frame: Picture, width: int, height: int) -> Picture:
    """Show *frame* so that the checked oval is the pane's; the pane goes on beyond its edges."""
    rows, columns = frame.shape[:2]
    scale = oval(width, height).down / oval_in(columns, rows).down
    wide, high = width / scale, height / scale
    left, top = (columns - wide) / 2, (rows - high) / 2
    x, y = max(0, round(left)), max(0, round(top))
    part = frame[y : min(rows, round(top + high)), x : min(columns, round(left + wide))]
    size = (min(width, round(part.shape[1] * scale)), min(height, round(part.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown = cv2.resize(part, size, interpolation=method)
    if size == (width, height):
        return np.asarray(shown, np.uint8)
    pane = np.full((height, width, 3), _rgb(theme.PANE), np.uint8)
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    pane[y : y + size[1], x : x + size[0]] = shown
    return pane


@lru_cache(maxsize=CACHED)
def _overlay(
    width: int, height: int, marks: Marks, scale: float, paper: str
) -> tuple[Picture, Picture]:
    """Return by how much the live picture is kept (0 to 255) and what is added to it.

    *paper* is the colour of the page around the pane.
    """
    busy = marks.ring in (Ring.FILLING, Ring.ARCS) and marks.done < marks.wanted
    outside = _LIGHT_OUTSIDE_BUSY if busy else _LIGHT_OUTSIDE
    inside = _inner_oval(width, height)
    keep = outside + (1 - outside) * inside
    add = _TINT * (_TINT_OUTSIDE * (1 - inside))[:, :, np.newaxis]
    shape = _corner_shape(width, height, scale)
    layers = [*_strokes(width, height, marks, scale), (paper, 1 - shape)]
    for colour, cover in layers:
        rest = 1 - cover
        keep *= rest
        add *= rest[:, :, np.newaxis]
        add += np.asarray(_rgb(colour), np.float32) * cover[:, :, np.newaxis]
    kept = np.asarray(keep * 255 + 0.5, np.uint8)
    return np.asarray(cv2.merge([kept, kept, kept]), np.uint8), np.asarray(add + 0.5, np.uint8)


def _strokes(
    width: int, height: int, marks: Marks, scale: float
) -> list[tuple[str, NDArray[np.float32]]]:
    """Return each coloured stroke with its cover, 0 to 1, from the lowest to the topmost."""
    x, y, across, down = oval(width, height)
    pen = _Pen(width, height, (x, y), (across, down), scale)
    whole = [(-90.0, 270.0)]
    if marks.ring is Ring.LOOKING:
        return pen.outlined(theme.RING_WHITE, whole, _RING)
    if marks.ring is Ring.REFUSED:
        return pen.outlined(theme.RING_RED, whole, _RING) + pen.cross()
    part = marks.done / marks.wanted if marks.wanted else 0.0
    if marks.ring is Ring.FILLING:
        strokes = pen.outlined(theme.RING_WHITE, whole, _THIN)
        if part:
            end = -90.0 + 360.0 * min(part, 1.0)
            strokes += pen.outlined(theme.RING_GREEN, [(-90.0, end)], _ARC)
        return strokes
    step = 360.0 / max(marks.wanted, 1)
    arcs = [
        (-90 + i * step + _ARC_GAP_DEG / 2, -90 + (i + 1) * step - _ARC_GAP_DEG / 2)
        for i in range(marks.wanted)
    ]
    strokes = pen.outlined(theme.RING_WHITE, arcs[marks.done :], _THIN)
    return strokes + pen.outlined(theme.RING_GREEN, arcs[: marks.done], _ARC)


class _Pen:
    """Draws soft-edged strokes along the oval."""

    def __init__(
        self,
        width: int,
        height: int,
        centre: tuple[float, float],
        axes: tuple[float, float],
        scale: float,
    ) -> None:
        self._size = (width, height)
        self._centre, self._axes, self._scale = centre, axes, scale

    def outlined(
        self, colour: str, spans: list[tuple[float, float]], thick: float
    ) -> list[tuple[str, NDArray[np.float32]]]:
        """Return strokes along *spans* (degrees, clockwise from the right) between edges of ink."""
        if not spans:
            return []
        lines = [self._points(start, end) for start, end in spans]
        return [
            (theme.SHADE, self._drawn(lines, thick + 2 * _INK_EDGE)),
            (colour, self._drawn(lines, thick)),
        ]

    def cross(self) -> list[tuple[str, NDArray[np.float32]]]:
        """Return a cross on a disc at the foot of the oval."""
        x, y = self._centre[0], self._centre[1] + self._axes[1]
        reach = 9 * self._scale
        spot = np.array([[x, y], [x + 0.01, y]])
        lines = [
            np.array([[x - reach, y - reach], [x + reach, y + reach]]),
            np.array([[x + reach, y - reach], [x - reach, y + reach]]),
        ]
        return [
            (theme.SHADE, self._drawn([spot], 46)),
            (theme.RING_RED, self._drawn([spot], 40)),
            (theme.SHADE, self._drawn(lines, 6)),
        ]

    def _points(self, start: float, end: float) -> NDArray[np.float64]:
        steps = max(8, math.ceil(abs(end - start) / 2))
        angle = np.radians(np.linspace(start, end, steps))
        x = self._centre[0] + self._axes[0] * np.cos(angle)
        y = self._centre[1] + self._axes[1] * np.sin(angle)
        return np.asarray(np.stack([x, y], axis=1), np.float64)

    def _drawn(self, lines: list[NDArray[np.float64]], thick: float) -> NDArray[np.float32]:
        width, height = self._size
        sheet = np.zeros((height * _FINE, width * _FINE), np.uint8)
        parts = 16  # sub-pixels, as cv2's shift of 4 bits
        fixed = [np.asarray(line * _FINE * parts, np.int32) for line in lines]
        weight = max(1, round(thick * self._scale * _FINE))
        cv2.polylines(sheet, fixed, False, 255, weight, cv2.LINE_AA, 4)
        small = cv2.resize(sheet, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(np.asarray(small, np.float32) / 255, np.float32)


def _inner_oval(width: int, height: int) -> NDArray[np.float32]:
    x, y, across, down = oval(width, height)
    rows, columns = np.ogrid[0:height, 0:width]
    distance = np.hypot((columns + 0.5 - x) / across, (rows + 0.5 - y) / down)
    return np.asarray(np.clip((1 - distance) * across + 0.5, 0, 1), np.float32)


@lru_cache(maxsize=4)
def _corner_shape(width: int, height: int, scale: float) -> NDArray[np.float32]:
    """Return 1 inside the rounded pane, 0 outside, between on its edge."""
    radius = theme.PANE_CORNER * scale
    rows, columns = np.ogrid[0:height, 0:width]
    across = np.maximum(np.abs(columns + 0.5 - width / 2) - (width / 2 - radius), 0)
    down = np.maximum(np.abs(rows + 0.5 - height / 2) - (height / 2 - radius), 0)
    return np.asarray(np.clip(radius - np.hypot(across, down) + 0.5, 0, 1), np.float32)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
