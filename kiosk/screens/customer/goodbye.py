"""Goodbye: the page after an account was left. It leaves by itself, or at a touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.top_bar import Chip

STAYS_S = 6.0
"""How long after the last touch, key or spoken word."""


class Goodbye(Screen):
    """Says that the account is closed, and names nobody."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page."""
        super().__init__(app)
        _ = self._
        machine = app.host.machine
        told = [_("You are logged out, and your account is closed.")]
        if machine is not None and machine.cards is not None:
            told.append(_("Take your card with you."))
        finish = self.button(_("Finish"), app.go_home, look="primary", grow=1)
        self.lay_message(
            ("check", theme.OK, theme.OK_SOFT), _("Goodbye"),
            *told, buttons=[finish],
        )  # fmt: skip
        for surface in (self, self.pane, *_labels(self.pane)):
            surface.bind("<ButtonRelease-1>", lambda _event: app.go_home(), add="+")

    def refresh(self) -> None:
        """Go home once nobody attends to the page."""
        if self.app.idle.quiet_s >= STAYS_S:
            self.app.go_home()

    def chips(self) -> Sequence[Chip]:
        """Return none: there is nothing to go back to."""
        return []


def _labels(pane: Any) -> list[Any]:
    return [child for child in pane.winfo_children() if hasattr(child, "_label")]
