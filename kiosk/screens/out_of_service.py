"""Out of service: what staff are told when the machine does not open."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kiosk import theme
from kiosk.bars import ChipSpec
from kiosk.screens.base import Screen
from kiosk.signs import card, disc
from kiosk.widgets import Label, at

if TYPE_CHECKING:
    from kiosk.app import App

_WIDE = 1000
_LONGEST = 260


class OutOfService(Screen):
    """One sentence for staff, and the next act."""

    idles = False

    def __init__(self, app: App) -> None:
        """Build the page around the problem."""
        super().__init__(app)
        _ = self._
        left = (theme.PAGE_WIDTH - _WIDE) // 2
        pane = card(self, _WIDE, 400)
        self.put(pane, left, 152)
        at(disc(pane, "warn", theme.WARN, theme.WARN_SOFT), (_WIDE - 96) // 2, 36)
        heading, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        inner = _WIDE - 96
        title = _("Out of service. Please ask staff.")
        at(Label(pane, title, heading, width=inner, height=48, anchor="center"), 48, 148)
        problem = textwrap.shorten(app.service.problem, _LONGEST, placeholder="…")
        self.problem = Label(
            pane, problem, body, colour=theme.MUTED, width=inner, height=168,
            anchor="center", wrap=True,
        )  # fmt: skip
        at(self.problem, 48, 208)
        if app.demonstration.on:
            out = (_("End demonstration"), app.demonstration.end)
        elif not app.window.fullscreen:
            out = (_("Close"), app.close)
        else:
            out = None
        wide = (_WIDE - 24) // 2 if out else _WIDE
        self.button(_("Try again"), app.reopen, left, 600, wide, look="primary", height=theme.KEY)
        if out:
            self.button(*out, left + _WIDE - wide, 600, wide, look="quiet", height=theme.KEY)

    def chips(self) -> Sequence[ChipSpec]:
        """There is nowhere else to go."""
        return []

    def cancel(self) -> None:
        """Escape means nothing here."""
