"""Goodbye: the page after an account was left. It leaves by itself, or at a touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import card, disc
from kiosk.widgets.top_bar import Chip

STAYS_MS = 6_000
_WIDE = 760


class Goodbye(Screen):
    """Says that the account is closed, and names nobody."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page."""
        super().__init__(app)
        _ = self._
        left = (theme.PAGE_WIDTH - _WIDE) // 2
        pane: Any = card(self, _WIDE, 340)
        self.put(pane, left, 180)
        at(disc(pane, "check", theme.OK, theme.OK_SOFT), (_WIDE - 96) // 2, 44)
        inner = _WIDE - 96
        title = Label(
            pane, _("Goodbye"), self.fonts(theme.TITLE, "bold"), width=inner, height=60,
            anchor="center",
        )  # fmt: skip
        line = Label(
            pane, _("You are logged out. Your account is closed to others."),
            self.fonts(theme.BODY), colour=theme.MUTED, width=inner, height=80, anchor="center",
            wrap=True,
        )  # fmt: skip
        at(title, 48, 160)
        at(line, 48, 228)
        self.button(
            _("Finish"), app.go_home, left, 600, _WIDE, look="primary", height=theme.KEY
        )
        for surface in (self, pane, title, line):
            surface.bind("<ButtonRelease-1>", lambda _event: app.go_home(), add="+")
        self.later(STAYS_MS, app.go_home)

    def chips(self) -> Sequence[Chip]:
        """Return none: there is nothing to go back to."""
        return []
