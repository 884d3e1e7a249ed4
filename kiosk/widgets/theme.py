"""Theme: colours, type and measures, for a page drawn at 1280 x 800.

The colours are those of the palette that is worn now. They change at run time (`wear`), so a widget
asks for them when it is made, and never as a default argument or in a constant of its module.
"""

from __future__ import annotations

import math
import tkinter
from dataclasses import dataclass
from tkinter import font as tkfont
from typing import Any

import customtkinter

WIDEST, NARROWEST, LOWEST = 1312, 864, 800
"""The drawn sheet is at most 1312 wide; in portrait 864, which ten keys need, and else 800 high."""
LEAST = (800, 480)
"""Below this a sheet has no room for a page."""
TOP_BAR, STATUS_BAR = 76, 56
MARGIN, NARROW_MARGIN, ENDS = 56, 24, 24
"""Around a page: at its sides, at its sides in portrait, above and below it."""
COLUMN_GAP = 48
CARD = 860
"""Width beyond which a message's card does not grow."""
COLUMN = 440
"""The least width of one of two columns; pages with less than two of them have one."""
TOUCH = 76
"""The least width and height of anything that can be touched."""
TILE = 190
"""Height beyond which a tile does not grow."""
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


TEXT_STEPS = (1.0, 1.5, 2.0)
"""Text sizes that a visitor can choose."""


class Fonts:
    """The fonts of the window; they grow with the text size that a visitor chooses."""

    def __init__(self, root: tkinter.Misc, family: str = FAMILY) -> None:
        """Take *family* where the display has it, else the fallback."""
        families = tkfont.families(root)
        self.family = family if family in families else FALLBACK
        self.step = TEXT_STEPS[0]
        self.scale = 1.0
        self._root = root
        self._large = _LARGE_FAMILY if _LARGE_FAMILY in families else FAMILY
        self._made: dict[tuple[int, str, float], Any] = {}
        self._ruler: tkinter.Label | None = None
        self._measured: dict[tuple[str, str, int], tuple[int, int]] = {}

    def __call__(self, size: int, weight: str = "regular", *, most: float = TEXT_STEPS[-1]) -> Any:
        """Return the font of *size* drawn pixels and *weight*; a `CTkFont` that all widgets share.

        Args:
            size: At a text size of 100 %.
            weight: regular, medium, semibold or bold.
            most: The text size beyond which it does not grow, 1 to 2.
        """
        key = (size, weight, most)
        if key not in self._made:
            self._made[key] = self._make(self._stepped(size, most), weight)
        return self._made[key]

    def set_step(self, step: float) -> None:
        """Set all text in *step* times its size, one of `TEXT_STEPS`."""
        self.step = step
        self.forget()
        for (size, _weight, most), font in self._made.items():
            font.configure(size=self._stepped(size, most))

    def extent(self, text: str, font: Any, width: int = 0) -> tuple[int, int]:
        """Return width and height of *text* in drawn pixels; lines break at *width*, if given.

        It is Tk that measures, at the window's scale, so that it breaks lines as on the page.
        """
        key = (text, str(font), width)
        if key not in self._measured:
            self._measured[key] = self._extent(text, font, width)
        return self._measured[key]

    def forget(self) -> None:
        """Forget what was measured: a page is left, or sizes have changed."""
        self._measured.clear()

    def _extent(self, text: str, font: Any, width: int) -> tuple[int, int]:
        if self._ruler is None:
            self._ruler = tkinter.Label(self._root, padx=0, pady=0, borderwidth=0)
        ruler, scale = self._ruler, self.scale
        ruler.configure(
            text=text, font=font.create_scaled_tuple(scale), justify="left",
            wraplength=int(width * scale),
        )  # fmt: skip
        wide, high = ruler.winfo_reqwidth(), ruler.winfo_reqheight()
        ruler.configure(text="")
        return math.ceil(wide / scale), math.ceil(high / scale)

    def longest_word(self, text: str, font: Any) -> int:
        """Return the width of the longest word of *text*, in drawn pixels."""
        return self.extent("\n".join(text.split(" ")), font)[0]

    def fit(self, text: str, font: Any, width: int) -> str:
        """Return *text*, cut with an ellipsis where it is wider than *width* drawn pixels.

        Nothing is returned where not even the ellipsis has room.
        """
        if self.extent(text, font)[0] <= width:
            return text
        shorter = text
        while shorter and self.extent(shorter + "…", font)[0] > width:
            shorter = shorter[:-1].rstrip()
        return shorter + "…" if self.extent("…", font)[0] <= width else ""

    def _stepped(self, size: int, most: float) -> int:
        return round(size * min(self.step, most))

    def _make(self, size: int, weight: str) -> Any:
        if self.family != FAMILY:
            style = "bold" if weight in ("semibold", "bold") else "normal"
            return customtkinter.CTkFont(self.family, size, style)
        name = self._large if size >= _LARGE else FAMILY
        if weight == "bold":
            return customtkinter.CTkFont(name, size, "bold")
        return customtkinter.CTkFont(name + _WEIGHTS[weight], size, "normal")

    @property
    def mask(self) -> tuple[str, Any]:
        """The character that stands for each digit of a PIN, and its font."""
        if self.family != FAMILY:
            return "●", self(FIELD)
        return "•", self(60, most=1.0)


def sheet(width: int, height: int, millimetres_across: float | None = None) -> float:
    """Return how many pixels a drawn pixel has in a window of *width* x *height* pixels.

    Its shape is the window's: 1280 x 800 drawn pixels, 1312 x 738 at 16:9, 1067 x 800 at 4:3 and
    864 x 1536 in portrait. Where the panel's width is known, everything is drawn as much larger as
    text and keys need, and the sheet has fewer drawn pixels.
    """
    scale = max(width / WIDEST, min(width / NARROWEST, height / LOWEST))
    if millimetres_across:
        scale = max(scale, scale_for_panel(width, millimetres_across))
    return min(scale, width / LEAST[0], height / LEAST[1])


def scale_for_panel(pixels_across: int, millimetres_across: float) -> float:
    """Return the least scale at which text is 4.8 mm and keys are 15 mm high on a panel."""
    pixels_per_mm = pixels_across / millimetres_across
    return max(4.8 * pixels_per_mm / BODY, 15 * pixels_per_mm / TOUCH)


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio, 1 to 21, of two colours written #RRGGBB."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
