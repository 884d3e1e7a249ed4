"""Surfaces of buttons: their colours, and the picture of a rectangle with round corners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from kiosk.images import page_image
from kiosk.widgets import theme

_DOWN = 0.9  # how much a touched surface darkens
_UP = 64  # by how much it lightens where it is nearly black
_FINE = 4  # corners are drawn this much larger, to be smooth


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of one kind of button."""

    fill: str
    text: str
    border: str
    weight: str = "semibold"
    border_width: int = 2


def look_of(name: str) -> Look:
    """Return a kind of button in the colours that are worn now.

    Args:
        name: `primary`, `danger`, `secondary`, `quiet`, `key`, `chip`, `chosen`; `faded` or `busy`
            for one that is disabled.
    """
    return {
        "primary": Look(theme.PRIMARY, theme.SURFACE, theme.PRIMARY),
        "danger": Look(theme.BAD, theme.SURFACE, theme.BAD),
        "secondary": Look(theme.SURFACE, theme.PRIMARY, theme.PRIMARY),
        "quiet": Look(theme.PAPER, theme.INK, theme.LINE),
        "key": Look(theme.SURFACE, theme.INK, theme.LINE),
        "chip": Look(theme.SURFACE, theme.INK, theme.LINE, "regular"),
        "chosen": Look(theme.SOFT, theme.PRIMARY, theme.PRIMARY, "semibold"),
        "faded": Look(theme.FADED_FILL, theme.FADED_TEXT, theme.FADED_LINE),
        "busy": Look(theme.HAIR, theme.MUTED, theme.HAIR),
    }[name]


def darker(colour: str) -> str:
    """Return *colour* as it looks under a finger: darker, or lighter where it is nearly black."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    change = _UP if max(channels) < _UP else 0
    return "#" + "".join(f"{round(c * _DOWN) + change:02X}" for c in channels)


def surface(size: tuple[int, int], corner: int, look: Look, fill: str, ground: str) -> Any:
    """Return the Tk image of a rectangle with round corners; all of one kind on a page share it.

    Args:
        size: Width and height in pixels.
        corner: Radius of the corners in pixels.
        look: Whose border it has.
        fill: Its colour, #RRGGBB.
        ground: The colour around its corners.
    """
    kind = (size, corner, look, fill, ground)
    return page_image(kind, lambda: _drawn(*kind))


def _drawn(size: tuple[int, int], corner: int, look: Look, fill: str, ground: str) -> Any:
    """Return the Pillow image of `surface`; only its corners are drawn finely."""
    picture = Image.new("RGB", size, fill)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=look.border, width=look.border_width)
    side = min(corner, *(pixels // 2 for pixels in size))
    fine = Image.new("RGB", (2 * side * _FINE, 2 * side * _FINE), ground)
    ImageDraw.Draw(fine).rounded_rectangle(
        (0, 0, fine.width - 1, fine.height - 1), side * _FINE, fill, look.border,
        look.border_width * _FINE,
    )  # fmt: skip
    round_one = fine.resize((2 * side, 2 * side), Image.Resampling.BOX)
    for left, right in ((0, 0), (side, size[0] - side)):
        for top, low in ((0, 0), (side, size[1] - side)):
            picture.paste(round_one.crop((left, top, left + side, top + side)), (right, low))
    return picture
