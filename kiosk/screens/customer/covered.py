"""Page that replaces an account when the camera no longer sees its owner alone."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.screens.base import Screen
from kiosk.screens.customer.login import log_in
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

STAYS_S = 20.0
"""How long after the last touch, key or spoken word."""


class Covered(Screen):
    """Asks the customer to log in again; the account is closed already."""

    idles = False
    why = messages.N_(
        "The camera did not see you alone at this account any more, so the account was closed."
    )

    def __init__(self, app: Shell) -> None:
        """Build the page."""
        super().__init__(app)
        _ = self._
        log_in = self.button(_("Log in"), self._log_in, look="primary", grow=1)
        finish = self.button(_("Finish"), app.go_home, grow=1)
        self.lay_message(
            ("lock", theme.WARN, theme.WARN_SOFT), _("Please log in again"), _(self.why),
            buttons=[log_in, finish],
        )  # fmt: skip

    def refresh(self) -> None:
        """Go home once nobody attends to the page."""
        if self.app.idle.quiet_s >= STAYS_S:
            self.app.go_home()

    def chips(self) -> Sequence[Chip]:
        """Return none: whose account it was is not shown."""
        return []

    def _log_in(self) -> None:
        self.app.show(log_in)


class CardTaken(Covered):
    """The same where the customer's card was taken out of the reader."""

    why = messages.N_("The card was taken out of the reader, so the account was closed.")
