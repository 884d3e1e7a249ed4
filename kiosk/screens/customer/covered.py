"""Page that replaces an account when the camera no longer sees its owner alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kiosk.screens.base import Screen
from kiosk.screens.customer.login import log_in
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import card, disc
from kiosk.widgets.top_bar import Chip

STAYS_MS = 20_000
_WIDE = 760


class Covered(Screen):
    """Asks the customer to log in again; the account is closed already."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page."""
        super().__init__(app)
        _ = self._
        left = (theme.PAGE_WIDTH - _WIDE) // 2
        pane: Any = card(self, _WIDE, 372)
        self.put(pane, left, 180)
        at(disc(pane, "lock", theme.WARN, theme.WARN_SOFT), (_WIDE - 96) // 2, 44)
        inner = _WIDE - 96
        heading, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        title = _("Please log in again")
        at(Label(pane, title, heading, width=inner, height=48, anchor="center"), 48, 164)
        line = _(
            "The camera did not see you alone at this account any more, so the account was closed."
        )
        at(
            Label(
                pane, line, body, colour=theme.MUTED, width=inner, height=80, anchor="center",
                wrap=True,
            ), 48, 232,
        )  # fmt: skip
        half = (_WIDE - 24) // 2
        self.button(_("Log in"), self._log_in, left, 600, half, look="primary", height=theme.KEY)
        self.button(_("Finish"), app.go_home, left + _WIDE - half, 600, half, height=theme.KEY)
        self.later(STAYS_MS, app.go_home)

    def chips(self) -> Sequence[Chip]:
        """Return none: whose account it was is not shown."""
        return []

    def _log_in(self) -> None:
        self.app.show(log_in)
