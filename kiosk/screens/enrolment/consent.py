"""Consent page: what is stored, why, and how it is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kiosk.layout import Column, Reflow, Row, Space
from kiosk.screens.base import Screen
from kiosk.screens.enrolment.details import Details
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.stepper import steps
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.widgets.status_line import Hair, Pane, Sign, card
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages
from kiosk.words.consent import QUESTION, paragraphs, version

if TYPE_CHECKING:
    from atm.people import StaffMember


class Consent(Screen):
    """Page that the customer reads and answers; a no stores nothing."""

    def __init__(self, app: Shell, staff: StaffMember) -> None:
        """Build the page for the customer whom *staff* serve."""
        super().__init__(app)
        self._staff = staff
        _ = self._
        pane = Pane(self)
        keep_days = app.settings.keep_inactive_days
        shown = paragraphs(
            self.language, keep_days=keep_days,
            without_face=app.settings.without_face == "attended",
        )  # fmt: skip
        self._version = version(self.language, shown, keep_days)
        told: list[Any] = []
        for number, (symbol, title, text) in enumerate(shown):
            told += [Hair(pane)] if number else []
            told.append(
                Row(
                    Sign(pane, symbol, theme.PRIMARY, 36),
                    Column(
                        self.words(title, weight="semibold", on=pane),
                        self.words(text, colour=theme.MUTED, on=pane),
                        gap=2, grow=1,
                    ),
                    gap=32,
                )
            )  # fmt: skip
        self.yes = self.button(_("Yes, I agree"), self._yes, look="primary", grow=1)
        answers = [self.yes]
        if app.settings.without_face == "attended":
            self.without = self.button(_("Yes, without my face"), self._yes_without, grow=1)
            answers.append(self.without)
        self.no = self.button(_("No"), self._no, grow=1)
        self.primary = None  # a yes is pressed, never fallen into
        self.lay(
            steps(self, 1),
            self.heading(_(QUESTION)),
            card(pane, *told, gap=20),
            Space(grow=1),
            Reflow(*answers, self.no, gap=24),
            gap=20,
        )

    def chips(self) -> Sequence[Chip]:
        """Return the way back."""
        return [self.cancel_chip()]

    def first_focus(self) -> Control | None:
        """Return None: neither answer is suggested."""
        return None

    def cancel(self) -> None:
        """Take it as a No."""
        self._no()

    def _yes(self) -> None:
        self._begin(Draft(self._staff, datetime.now(UTC), consent=self._version))

    def _yes_without(self) -> None:
        now = datetime.now(UTC)
        self._begin(Draft(self._staff, now, without_face=True, consent=self._version))

    def _begin(self, draft: Draft) -> None:
        self.app.show(lambda app: Details(app, draft))

    def _no(self) -> None:
        self.app.go_home(messages.Notice.NOTHING_STORED)
