"""Page with the face network's terms, which staff confirm before they approve it."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.layout import Reflow, Space
from kiosk.screens.base import Screen
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.widgets.status_line import Pane, card
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages


class Terms(Screen):
    """Page before the first start in a live folder or a change; a no stores nothing."""

    def __init__(self, app: Shell, terms: str, then: Make) -> None:
        """Build the page.

        Args:
            app: The kiosk.
            terms: The model card's text, in English.
            then: The page after a yes.
        """
        super().__init__(app)
        self._then = then
        _ = self._
        pane = Pane(self)
        self.said = self.words(terms, anchor="nw", on=pane)
        otherwise = _(
            "If you say no, nothing is stored. Your technician can set up the kiosk without it."
        )
        self.otherwise = self.words(otherwise, colour=theme.MUTED, anchor="nw", on=pane)
        self.yes = self.button(_("Yes, I confirm"), self._yes, look="primary", grow=1)
        self.no = self.button(_("No"), self.cancel, grow=1)
        self.lay(
            self.heading(_("May your bank use this face network?")),
            card(pane, self.said, self.otherwise, gap=24, sides=40),
            Space(grow=1),
            Reflow(self.yes, self.no, gap=24),
        )
        self.primary = None  # a yes is pressed, never fallen into

    def chips(self) -> Sequence[Chip]:
        """Return the way back."""
        return [self.cancel_chip()]

    def first_focus(self) -> Control | None:
        """Return None: neither answer is suggested."""
        return None

    def cancel(self) -> None:
        """Take it as a No."""
        self.app.go_home(messages.Notice.NOTHING_STORED)

    def _yes(self) -> None:
        self.app.show(self._then)
