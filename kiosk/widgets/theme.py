"""Theme: colours, type and measures, for a page drawn at 1280 x 800.

The colours are those of the palette that is worn now. They change at run time (`wear`), so a widget
asks for them when it is made, and never as a default argument or in a constant of its module.
"""

from __future__ import annotations

import tkinter
from dataclasses import dataclass
from tkinter import font as tkfont

PAGE_WIDTH, PAGE_HEIGHT = 1280, 800
TOP_BAR, STATUS_BAR = 76, 64
MARGIN, COLUMN_GAP = 56, 56
LEFT_COLUMN, RIGHT_COLUMN = 500, 612
RIGHT_X = MARGIN + LEFT_COLUMN + COLUMN_GAP
TOUCH = 76
"""The least width and height of anything that can be touched."""
KEY = 80
"""Height of a pad key: 19 mm on a 15.6 inch panel of 1920 x 1080."""

INK, MUTED = "#14213D", "#4A566B"
PAPER, SURFACE, HAIR, LINE = "#F4F6F9", "#FFFFFF", "#DCE2EA", "#7A8699"
PRIMARY, SOFT = "#0B4F8A", "#E3EDF7"
OK, OK_SOFT = "#1B6E3C", "#E2F2E8"
WARN, WARN_SOFT = "#7A4F00", "#FFF1D6"
BAD, BAD_SOFT = "#A3211A", "#FBE6E4"
FADED_TEXT, FADED_LINE, FADED_FILL = "#8B93A3", "#B9C0CC", "#FAFBFC"
SCRIM = "#4F5866"
RING_WHITE, RING_GREEN, RING_RED = "#FFFFFF", "#3DDC84", "#FF8A80"
SHADE, PANE = "#14213D", "#3A4659"
"""Colours over and behind the camera's picture are the same in every palette."""

_NAMES = (
    "INK", "MUTED", "PAPER", "SURFACE", "HAIR", "LINE", "PRIMARY", "SOFT", "OK", "OK_SOFT", "WARN",
    "WARN_SOFT", "BAD", "BAD_SOFT", "FADED_TEXT", "FADED_LINE", "FADED_FILL", "SCRIM",
)  # fmt: skip
_BLACK, _YELLOW, _NIGHT = "#000000", "#FFF000", "#0B1220"
NORMAL = "normal"
PALETTES: dict[str, dict[str, str]] = {
    NORMAL: {name: globals()[name] for name in _NAMES},
    "yellow": dict.fromkeys(_NAMES, _YELLOW)
    | dict.fromkeys(
        ("PAPER", "SURFACE", "SOFT", "OK_SOFT", "WARN_SOFT", "BAD_SOFT", "FADED_FILL", "SCRIM"),
        _BLACK,
    )
    | dict.fromkeys(("FADED_TEXT", "FADED_LINE"), "#B3A900")
    | {"HAIR": "#4D4900"},
    "inverse": {
        "INK": "#FFFFFF", "MUTED": "#D6DEEA", "PAPER": _NIGHT, "SURFACE": "#000000",
        "HAIR": "#2B3547", "LINE": "#B8C4D6", "PRIMARY": "#9CCBFF", "SOFT": "#10243A",
        "OK": "#8EE6A8", "OK_SOFT": "#0A2A16", "WARN": "#FFD27A", "WARN_SOFT": "#2E2000",
        "BAD": "#FFB3AD", "BAD_SOFT": "#33100D", "FADED_TEXT": "#A3AEC0",
        "FADED_LINE": "#97A2B4", "FADED_FILL": _NIGHT, "SCRIM": _NIGHT,
    },
}  # fmt: skip
"""What each colour is in the ordinary palette, in yellow on black, and light on dark. In the last
two all text and every edge of a control has a contrast of 7 or more."""

FIELD_CORNER, BUTTON_CORNER, PANE_CORNER = 14, 16, 24

BODY, FIELD, KEYS, HEADING, GREETING, BALANCE, TITLE = 25, 28, 34, 36, 52, 56, 44
SMALLEST = 25
"""Nothing on the page is set smaller, in pixels of the drawn page."""

FAMILY, FALLBACK = "Inter", "DejaVu Sans"
_LARGE_FAMILY, _LARGE = "Inter Display", 36  # the cut of Inter for large sizes, and from where
_WEIGHTS = {"regular": "", "medium": " Medium", "semibold": " SemiBold", "bold": ""}

FontSpec = tuple[str, int] | tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Tone:
    """Colours of one kind of message.

    Attributes:
        text: Colour of its words and symbol.
        ground: What they stand on.
        icon: Name of the symbol that goes with it.
    """

    text: str
    ground: str
    icon: str


TONES: dict[str, Tone] = {}
"""Each kind of message, in the colours that are worn now."""

_TONES = {
    "info": ("PRIMARY", "SOFT", "info"),
    "look": ("PRIMARY", "SOFT", "target"),
    "hold": ("PRIMARY", "SOFT", "hold"),
    "left": ("PRIMARY", "SOFT", "left"),
    "right": ("PRIMARY", "SOFT", "right"),
    "up": ("PRIMARY", "SOFT", "up"),
    "down": ("PRIMARY", "SOFT", "down"),
    "closer": ("PRIMARY", "SOFT", "closer"),
    "ok": ("OK", "OK_SOFT", "check"),
    "warn": ("WARN", "WARN_SOFT", "warn"),
    "bad": ("BAD", "BAD_SOFT", "cross"),
}


_worn = NORMAL


def worn() -> str:
    """Return the name of the palette that is worn now."""
    return _worn


def wear(palette: str) -> None:
    """Give every colour of this module the value that it has in one of the `PALETTES`."""
    colours = PALETTES[palette]
    globals().update(colours, _worn=palette)
    TONES.update(
        (name, Tone(colours[text], colours[ground], sign))
        for name, (text, ground, sign) in _TONES.items()
    )


wear(NORMAL)


class Fonts:
    """The font family of the display; made once."""

    def __init__(self, root: tkinter.Misc, family: str = FAMILY) -> None:
        """Take *family* where the display has it, else the fallback."""
        families = tkfont.families(root)
        self.family = family if family in families else FALLBACK
        self._large = _LARGE_FAMILY if _LARGE_FAMILY in families else FAMILY

    def __call__(self, size: int, weight: str = "regular") -> FontSpec:
        """Return the font of *size* drawn pixels and *weight* (regular, medium, semibold, bold)."""
        if self.family != FAMILY:
            bold = weight in ("semibold", "bold")
            return (self.family, size, "bold") if bold else (self.family, size)
        name = self._large if size >= _LARGE else FAMILY
        if weight == "bold":
            return (name, size, "bold")
        return (name + _WEIGHTS[weight], size)

    @property
    def mask(self) -> tuple[str, FontSpec]:
        """The character that stands for each digit of a PIN, and its font."""
        if self.family != FAMILY:
            return "●", (self.family, FIELD)
        return "•", (FAMILY, 60)


def page_scale(width: int, height: int) -> float:
    """Return by how much the drawn page is enlarged in a window of *width* x *height* pixels."""
    return min(width / PAGE_WIDTH, height / PAGE_HEIGHT)


def scale_for_panel(pixels_across: int, millimetres_across: float) -> float:
    """Return the least scale at which text is 4.8 mm and keys are 19 mm high on a panel."""
    pixels_per_mm = pixels_across / millimetres_across
    return max(4.8 * pixels_per_mm / BODY, 19 * pixels_per_mm / KEY)


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio, 1 to 21, of two colours written #RRGGBB."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
