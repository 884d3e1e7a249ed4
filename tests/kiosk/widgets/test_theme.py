"""Colours as measured in the drawings; scales of panels."""

import pytest

from kiosk.widgets import theme


@pytest.mark.parametrize(
    ("colour", "ground", "ratio"),
    [
        (theme.INK, theme.PAPER, 14.8),
        (theme.MUTED, theme.PAPER, 6.8),
        (theme.LINE, theme.SURFACE, 3.7),
        (theme.SURFACE, theme.PRIMARY, 8.4),
        (theme.OK, theme.SURFACE, 6.3),
        (theme.BAD, theme.SURFACE, 7.5),
    ],
)
def test_contrast_is_what_the_drawings_say(colour: str, ground: str, ratio: float) -> None:
    assert theme.contrast(colour, ground) == pytest.approx(ratio, abs=0.2)


def test_black_on_white_is_twenty_one() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)


@pytest.mark.parametrize("tone", sorted(theme.TONES))
def test_every_tone_can_be_read(tone: str) -> None:
    colours = theme.TONES[tone]
    assert theme.contrast(colours.text, colours.ground) >= 4.5


def test_a_panel_gets_keys_of_15_mm_and_text_of_4_8_mm() -> None:
    scale = theme.scale_for_panel(1920, 344)  # 15.6 inch
    pixels_per_mm = 1920 / 344
    assert theme.TOUCH * scale / pixels_per_mm >= 15
    assert theme.BODY * scale / pixels_per_mm >= 4.8
    assert scale <= theme.sheet(1920, 1080)
