"""What a visitor chose to see and hear; it ends with the visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.widgets import theme

if TYPE_CHECKING:
    from atm.settings import Settings

PACES = (165, 130, 100)
"""Words a minute: the ordinary pace, and two that are slower."""
VOLUMES = (40, 70, 100)
"""Per cent of what the device can do."""


@dataclass(frozen=True, slots=True)
class Access:
    """Language, colours, size of text, and speech.

    Attributes:
        language: Its code.
        palette: One of `theme.PALETTES`.
        text: Position in `theme.TEXT_STEPS`.
        speech: Whether pages are read aloud.
        pace: Position in `PACES`.
        volume: Position in `VOLUMES`.
    """

    language: str
    palette: str = theme.NORMAL
    text: int = 0
    speech: bool = False
    pace: int = 0
    volume: int = 1


def defaults(settings: Settings) -> Access:
    """Return what every visit begins with."""
    return Access(settings.language, speech=settings.speech == "always")
