"""Row of steps at the top of an enrolment's pages."""

from __future__ import annotations

from typing import Any

from kiosk.layout import Row
from kiosk.screens.base import Screen
from kiosk.widgets import theme
from kiosk.widgets.status_line import Disc

_DISC = 44
_FACE = 3


def steps(screen: Screen, now: int, *, face: bool = True) -> Row:
    """Return the steps of an enrolment on *screen*: those before *now* (from 0) are done.

    Where they have no room side by side, only the present one has its name. Without *face*, the
    step in which it is captured is left out.
    """
    _ = screen._
    names = [_("Staff"), _("Consent"), _("Details"), _("Face"), _("Done")]
    if not face:
        del names[_FACE]
        now -= now > _FACE
    parts: list[Any] = []
    for number, name in enumerate(names):
        done, current = number < now, number == now
        fill = theme.OK if done else theme.PRIMARY if current else theme.HAIR
        colour = theme.MUTED if number > now else theme.SURFACE
        disc = Disc(
            screen,
            "check" if done else str(number + 1),
            colour,
            fill,
            size=_DISC,
            font=None if done else screen.fonts(theme.BODY, "semibold", most=1.0),
            ground=theme.PAPER,
        )
        weight = "bold" if current else "regular"
        words = screen.words(name, weight=weight, cut=not current)
        words.least, words.whole = 1, True
        parts.append(Row(disc, words, gap=14))
    return Row(*parts, gap=24)
