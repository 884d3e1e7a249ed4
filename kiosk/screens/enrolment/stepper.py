"""Row of steps at the top of an enrolment's pages."""

from __future__ import annotations

from kiosk.screens.base import Screen
from kiosk.widgets import theme
from kiosk.widgets.status_line import disc
from kiosk.widgets.top_bar import measure

_DISC = 44


def draw_steps(screen: Screen, now: int) -> None:
    """Draw the steps on *screen*: those before *now* (from 0) are done."""
    _ = screen._
    names = [_("Staff"), _("Consent"), _("Details"), _("Face"), _("Done")]
    x = theme.MARGIN
    for number, name in enumerate(names):
        done, current = number < now, number == now
        fill = theme.OK if done else theme.PRIMARY if current else theme.HAIR
        colour = theme.MUTED if number > now else theme.SURFACE
        round_sign = disc(
            screen,
            "check" if done else str(number + 1),
            colour,
            fill,
            size=_DISC,
            font=None if done else screen.fonts(theme.BODY, "semibold"),
            ground=theme.PAPER,
        )
        screen.put(round_sign, x, 92)
        weight = "bold" if current else "regular"
        width = measure(screen, name, screen.fonts(theme.BODY, weight)) + 2
        screen.label(name, x + _DISC + 14, 97, width, weight=weight)
        x += _DISC + 14 + width + 38
