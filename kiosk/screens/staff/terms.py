"""Page with the face network's terms, which staff confirm before they approve it."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.screens.base import Screen
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.focus import Control
from kiosk.widgets.status_line import card
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

_FULL = theme.PAGE_WIDTH - 2 * theme.MARGIN
_BUTTON_Y, _BUTTON_WIDE = 620, 572
_INNER = _FULL - 96


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
        self.label(
            _("May your bank use this face network?"), theme.MARGIN, 104, _FULL,
            size=theme.HEADING, weight="bold", height=48,
        )  # fmt: skip
        pane = card(self, _FULL, 400)
        self.put(pane, theme.MARGIN, 180)
        self.said = Label(
            pane, terms, self.fonts(theme.BODY), width=_INNER, height=220, anchor="nw", wrap=True
        )
        at(self.said, 48, 40)
        self.otherwise = Label(
            pane, _("With a no nothing is stored. The setting network = bundled does without it."),
            self.fonts(theme.BODY), colour=theme.MUTED, width=_INNER, height=72, anchor="nw",
            wrap=True,
        )  # fmt: skip
        at(self.otherwise, 48, 296)
        self.yes = self.button(
            _("Yes, I confirm"), self._yes, theme.MARGIN, _BUTTON_Y, _BUTTON_WIDE,
            look="primary", height=theme.KEY,
        )  # fmt: skip
        self.no = self.button(
            _("No"), self.cancel, theme.PAGE_WIDTH - theme.MARGIN - _BUTTON_WIDE, _BUTTON_Y,
            _BUTTON_WIDE, height=theme.KEY,
        )  # fmt: skip
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
