"""Consent page: what is stored, why, and how it is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import customtkinter

from kiosk.screens.base import Screen
from kiosk.screens.enrolment.details import Details
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.stepper import draw_steps
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.focus import Control
from kiosk.widgets.icons import icon
from kiosk.widgets.status_line import card, hair
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages
from kiosk.words.consent import PARAGRAPHS, QUESTION

if TYPE_CHECKING:
    from atm.people import StaffMember

_FULL = theme.PAGE_WIDTH - 2 * theme.MARGIN
_BUTTON_Y, _BUTTON_WIDE = 620, 572
_ROW = 104


class Consent(Screen):
    """Page that the customer reads and answers; a no stores nothing."""

    def __init__(self, app: Shell, staff: StaffMember) -> None:
        """Build the page for the customer whom *staff* serve."""
        super().__init__(app)
        self._staff = staff
        _ = self._
        draw_steps(self, 1)
        self.label(
            _(QUESTION), theme.MARGIN, 160, _FULL,
            size=theme.HEADING, weight="bold", height=48,
        )  # fmt: skip
        pane = card(self, _FULL, len(PARAGRAPHS) * _ROW + 48)
        self.put(pane, theme.MARGIN, 228)
        for number, (symbol, title, text) in enumerate(PARAGRAPHS):
            self._row(pane, 24 + number * _ROW, symbol, _(title), _(text))
            if number:
                at(hair(pane, _FULL - 64), 32, 24 + number * _ROW)
        yes = self.button(
            _("Yes, I agree"), self._yes, theme.MARGIN, _BUTTON_Y, _BUTTON_WIDE,
            look="primary", height=theme.KEY,
        )  # fmt: skip
        self.no = self.button(
            _("No"), self._no, theme.PAGE_WIDTH - theme.MARGIN - _BUTTON_WIDE, _BUTTON_Y,
            _BUTTON_WIDE, height=theme.KEY,
        )  # fmt: skip
        self.yes = yes
        self.primary = None  # a yes is pressed, never fallen into

    def chips(self) -> Sequence[Chip]:
        """Return the way back."""
        return [self.cancel_chip()]

    def first_focus(self) -> Control | None:
        """Return None: neither answer is suggested."""
        return None

    def cancel(self) -> None:
        """Take it as a No."""
        self._no()

    def _row(self, pane: object, y: int, symbol: str, title: str, text: str) -> None:
        mark = customtkinter.CTkLabel(
            pane, text="", width=44, height=44, image=icon(symbol, theme.PRIMARY, 36)
        )
        at(mark, 32, y + 30)
        inner = _FULL - 64 - 76
        at(
            Label(pane, title, self.fonts(theme.BODY, "semibold"), width=inner, height=36),
            108, y + 14,
        )  # fmt: skip
        at(
            Label(
                pane, text, self.fonts(theme.BODY), colour=theme.MUTED, width=inner, height=36
            ), 108, y + 52,
        )  # fmt: skip

    def _yes(self) -> None:
        draft = Draft(self._staff, datetime.now(UTC))
        self.app.show(lambda app: Details(app, draft))

    def _no(self) -> None:
        self.app.go_home(messages.Notice.NOTHING_STORED)
