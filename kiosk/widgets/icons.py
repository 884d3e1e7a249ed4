"""Icons, drawn with Pillow; all pages share Tk's copies of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import customtkinter
from PIL import Image, ImageDraw

from kiosk.images import shared_image
from kiosk.widgets import theme

_FINE = 8  # drawn this much larger than a grid of 24 x 24


class _Symbol(customtkinter.CTkImage):  # type: ignore[misc]
    """A symbol that outlives its page as a Tk image, for the next page that shows it."""

    def create_scaled_photo_image(self, widget_scaling: float, appearance_mode: str) -> Any:
        """Return the Tk image of the symbol at that scale; customtkinter asks for it."""
        size = self._get_scaled_size(widget_scaling)
        return shared_image((id(self._light_image), size), lambda: self._light_image.resize(size))


def icon(name: str, colour: str, size: int = 28, pad: tuple[int, int] = (0, 0)) -> Any:
    """Return a symbol as a CTkImage.

    Args:
        name: One of the functions below without its underscore.
        colour: #RRGGBB.
        size: Height in drawn pixels.
        pad: Empty pixels at its left and right.
    """
    return _Symbol(light_image=picture(name, colour, size, pad), size=(size + sum(pad), size))


@cache
def picture(name: str, colour: str, size: int, pad: tuple[int, int] = (0, 0)) -> Any:
    """Return a symbol as a Pillow image, twice as large; see `icon`."""
    grid = Image.new("RGBA", (24 * _FINE, 24 * _FINE), colour + "00")
    _SHAPES[name](_Pen(ImageDraw.Draw(grid), colour))
    sharp = 2  # twice the size, so that larger windows stay sharp
    wide = Image.new("RGBA", ((size + sum(pad)) * sharp, size * sharp), colour + "00")
    wide.paste(
        grid.resize((size * sharp, size * sharp), Image.Resampling.LANCZOS), (pad[0] * sharp, 0)
    )
    return wide


class _Pen:
    """Draws on a grid of 24 x 24 with round ends."""

    def __init__(self, draw: Any, colour: str) -> None:
        self._draw = draw
        self.colour = colour

    def line(self, *points: tuple[float, float], width: float = 2.4) -> None:
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._draw.line(fine, fill=self.colour, width=round(width * _FINE), joint="curve")
        for x, y in points:
            self.dot(x, y, width / 2)

    def dot(self, x: float, y: float, radius: float, colour: str | None = None) -> None:
        box = [(v) * _FINE for v in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, fill=colour or self.colour)

    def ring(self, x: float, y: float, radius: float, width: float = 2.2) -> None:
        self.oval(x, y, radius, radius, width)

    def oval(self, x: float, y: float, across: float, down: float, width: float = 2.2) -> None:
        box = [v * _FINE for v in (x - across, y - down, x + across, y + down)]
        self._draw.ellipse(box, outline=self.colour, width=round(width * _FINE))

    def arc(self, x: float, y: float, radius: float, start: float, end: float) -> None:
        box = [v * _FINE for v in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.arc(box, start, end, fill=self.colour, width=round(2.2 * _FINE))

    def box(
        self, *corners: float, radius: float, fill: str | None = None, width: float = 0
    ) -> None:
        self._draw.rounded_rectangle(
            [v * _FINE for v in corners],
            radius * _FINE,
            fill=fill,
            outline=self.colour if width else None,
            width=round(width * _FINE),
        )


def _info(pen: _Pen) -> None:
    pen.ring(12, 12, 11)
    pen.dot(12, 7.2, 1.5)
    pen.line((12, 11.2), (12, 17), width=2.6)


def _target(pen: _Pen) -> None:
    pen.ring(12, 12, 10)
    pen.ring(12, 12, 4.2)


def _hold(pen: _Pen) -> None:
    for start in range(0, 360, 45):
        pen.arc(12, 12, 10, start, start + 27)


def _check(pen: _Pen) -> None:
    pen.line((4.5, 12.8), (9.8, 18), (19.5, 7), width=3)


def _cross(pen: _Pen) -> None:
    pen.line((5.5, 5.5), (18.5, 18.5), width=3)
    pen.line((18.5, 5.5), (5.5, 18.5), width=3)


def _warn(pen: _Pen) -> None:
    pen.line((12, 3), (22, 20.5), (2, 20.5), (12, 3), width=2.2)
    pen.line((12, 9.5), (12, 14), width=2.4)
    pen.dot(12, 17.4, 1.4)


def _back(pen: _Pen) -> None:
    pen.line((14.5, 5.5), (8.5, 12), (14.5, 18.5), width=2.6)


def _left(pen: _Pen) -> None:
    _arrow(pen, -1, 0)


def _right(pen: _Pen) -> None:
    _arrow(pen, 1, 0)


def _up(pen: _Pen) -> None:
    _arrow(pen, 0, -1)


def _down(pen: _Pen) -> None:
    _arrow(pen, 0, 1)


def _arrow(pen: _Pen, x: int, y: int) -> None:
    """Draw an arrow that points to where *x* or *y* is 1 or -1."""
    tip = (12 + 9 * x, 12 + 9 * y)
    pen.line((12 - 9 * x, 12 - 9 * y), tip, width=2.6)
    for side in (-1, 1):
        pen.line((tip[0] - 6.5 * x + 6.5 * side * y, tip[1] - 6.5 * y + 6.5 * side * x), tip)


def _closer(pen: _Pen) -> None:
    for x in (-1, 1):
        for y in (-1, 1):
            tip = (12 + 9 * x, 12 + 9 * y)
            pen.line((12 + 3 * x, 12 + 3 * y), tip, width=2.2)
            pen.line((tip[0] - 5 * x, tip[1]), tip, (tip[0], tip[1] - 5 * y), width=2.2)


def _lock(pen: _Pen) -> None:
    pen.box(4, 10.5, 20, 22, radius=2.5, width=2.2)
    pen.arc(12, 8.5, 5.5, 180, 360)
    pen.line((6.5, 8.5), (6.5, 11), width=2.2)
    pen.line((17.5, 8.5), (17.5, 11), width=2.2)


def _erase(pen: _Pen) -> None:
    pen.line((5, 6.5), (19, 6.5))
    pen.line((7, 7), (8, 21), (16, 21), (17, 7), width=2.2)
    pen.line((9.5, 6), (10, 3), (14, 3), (14.5, 6), width=2.2)


def _face(pen: _Pen) -> None:
    pen.ring(12, 9, 5.5)
    pen.arc(12, 22.5, 8.8, 200, 340)


def _globe(pen: _Pen) -> None:
    pen.ring(12, 12, 10)
    pen.oval(12, 12, 4.6, 10)
    pen.line((2.5, 12), (21.5, 12), width=2)


def _access(pen: _Pen) -> None:
    pen.ring(12, 12, 11)
    pen.dot(12, 6.2, 1.7)
    pen.line((6.5, 9.6), (12, 10.6), (17.5, 9.6), width=1.8)
    pen.line((12, 10.6), (12, 14), width=2.6)
    pen.line((9, 19), (12, 13.4), (15, 19), width=1.8)


def _mark(pen: _Pen) -> None:
    pen.box(0, 0, 24, 24, radius=5.6, fill=pen.colour)
    pen.colour = theme.SURFACE
    pen.box(7.4, 5.6, 20.6, 21, radius=4, width=2)


def _dot(pen: _Pen) -> None:
    pen.dot(12, 12, 11.5)


_SHAPES = {
    "info": _info,
    "target": _target,
    "hold": _hold,
    "check": _check,
    "cross": _cross,
    "warn": _warn,
    "back": _back,
    "left": _left,
    "right": _right,
    "up": _up,
    "down": _down,
    "closer": _closer,
    "lock": _lock,
    "erase": _erase,
    "face": _face,
    "globe": _globe,
    "access": _access,
    "mark": _mark,
    "dot": _dot,
}
