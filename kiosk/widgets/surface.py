"""Surfaces of buttons and panes: their colours, and rectangles with round corners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import customtkinter
from PIL import Image, ImageDraw

from kiosk.images import page_image
from kiosk.widgets import theme

_DOWN = 0.9  # how much a touched surface darkens
_UP = 64  # by how much it lightens where it is nearly black
BORDER = 2  # px of the drawn page
_FINE = 4  # corners are drawn this much larger, to be smooth


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of one kind of button."""

    fill: str
    text: str
    border: str


def look_of(name: str) -> Look:
    """Return a kind of button in the colours that are worn now.

    Args:
        name: `primary`, `danger`, `secondary`, `quiet`, `key`, `chosen`; `faded` or `busy` for
            one that is disabled.
    """
    return {
        "primary": Look(theme.PRIMARY, theme.SURFACE, theme.PRIMARY),
        "danger": Look(theme.BAD, theme.SURFACE, theme.BAD),
        "secondary": Look(theme.SURFACE, theme.PRIMARY, theme.PRIMARY),
        "quiet": Look(theme.PAPER, theme.INK, theme.LINE),
        "key": Look(theme.SURFACE, theme.INK, theme.LINE),
        "chosen": Look(theme.SOFT, theme.PRIMARY, theme.PRIMARY),
        "faded": Look(theme.FADED_FILL, theme.FADED_TEXT, theme.FADED_LINE),
        "busy": Look(theme.HAIR, theme.MUTED, theme.HAIR),
    }[name]


def darker(colour: str) -> str:
    """Return *colour* as it looks under a finger: darker, or lighter where it is nearly black."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    change = _UP if max(channels) < _UP else 0
    return "#" + "".join(f"{round(c * _DOWN) + change:02X}" for c in channels)


@dataclass(frozen=True, slots=True)
class Shape:
    """Rectangle with round corners; lengths in pixels, colours #RRGGBB."""

    width: int
    height: int
    corner: int
    fill: str
    border: str
    border_width: int
    ground: str
    """What shows around the corners."""

    @property
    def image(self) -> Any:
        """The Tk image of it; all of one shape on a page share it."""
        return page_image(self, self._drawn)

    def _drawn(self) -> Any:
        """Return the Pillow image; only the corners are drawn finely."""
        picture = Image.new("RGB", (self.width, self.height), self.fill)
        if self.border_width:
            ImageDraw.Draw(picture).rectangle(
                (0, 0, self.width - 1, self.height - 1), None, self.border, self.border_width
            )
        side = min(self.corner, self.width // 2, self.height // 2)
        if not side:
            return picture
        fine = Image.new("RGB", (2 * side * _FINE, 2 * side * _FINE), self.ground)
        ImageDraw.Draw(fine).rounded_rectangle(
            (0, 0, fine.width - 1, fine.height - 1), side * _FINE, self.fill,
            self.border if self.border_width else None, self.border_width * _FINE,
        )  # fmt: skip
        corners = fine.resize((2 * side, 2 * side), Image.Resampling.BOX)
        for left, right in ((0, 0), (side, self.width - side)):
            for top, low in ((0, 0), (side, self.height - side)):
                picture.paste(corners.crop((left, top, left + side, top + side)), (right, low))
        return picture


class RoundFrame(customtkinter.CTkFrame):  # type: ignore[misc]
    """Frame with round corners. A `CTkFrame` of a `Shape`: drawn by its font, borders have gaps."""

    _item = 0

    def __init__(self, master: Any, **options: Any) -> None:
        """Make a frame in *master*, with the options of a `CTkFrame`."""
        customtkinter.CTkFrame.__init__(self, master, **options)

    def _draw(self, no_color_updates: bool = False) -> None:
        canvas, scale = self._canvas, self._get_widget_scaling()
        ground = self._apply_appearance_mode(self._bg_color)
        canvas.configure(bg=ground)
        shape = Shape(
            round(self._current_width * scale),
            round(self._current_height * scale),
            round(self._corner_radius * scale),
            self._apply_appearance_mode(self._fg_color),
            self._apply_appearance_mode(self._border_color),
            round(self._border_width * scale),
            ground,
        )
        if shape.width < 1 or shape.height < 1:
            return
        if not self._item:
            self._item = canvas.create_image(0, 0, anchor="nw")
        canvas.itemconfigure(self._item, image=shape.image)
