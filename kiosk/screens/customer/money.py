"""Pages after a withdrawal: take the money, or ask staff about money on hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from atm.accounts.dispenser import SIMULATED
from kiosk.screens.base import named_values
from kiosk.screens.customer.session_page import SessionPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.status_line import Pane

if TYPE_CHECKING:
    from atm.accounts.accounts import Withdrawal
    from atm.accounts.session import HeldError, Session


class _Slip(SessionPage):
    """A card with a sign, a heading and a few named values."""

    def lay_slip(
        self,
        sign: tuple[str, str, str],
        heading: str,
        rows: Sequence[tuple[str, str]],
        sentence: str,
        buttons: Sequence[Button],
    ) -> None:
        """Lay the page out as a card with named values, and a sentence below them."""
        pane = self.pane = Pane(self)
        said = self.words(sentence, weight="semibold", colour=theme.WARN, anchor="center", on=pane)
        said.shown = bool(sentence)
        self.lay_message(sign, heading, named_values(self, pane, rows), said, buttons=buttons)


class TakeMoney(_Slip):
    """Slip of a withdrawal that was paid and booked."""

    def __init__(
        self, app: Shell, session: Session, since: datetime, withdrawal: Withdrawal, back: Make
    ) -> None:
        """Build the page for *withdrawal* of *session*, open *since*; *back* makes its account."""
        super().__init__(app)
        self.open_session(session, since)
        _ = self._
        simulated = session.dispenser_name == SIMULATED
        self.lay_slip(
            ("check", theme.OK, theme.OK_SOFT), _("Take your money"),
            (
                (_("Amount"), self.language.money(withdrawal.amount_minor)),
                (_("Reference"), str(withdrawal.reference)),
                (_("New balance"), self.language.money(withdrawal.balance_minor)),
            ),
            _("Simulated dispenser: no real notes come out.") if simulated else "",
            [
                self.button(_("Log out"), self.log_out, look="primary", grow=1),
                self.button(_("Your account"), lambda: self.go_on_to(back), grow=1),
            ],
        )  # fmt: skip


class AmountHeld(_Slip):
    """Slip of an amount on hold, for the customer to show to staff."""

    def __init__(self, app: Shell, session: Session, since: datetime, held: HeldError) -> None:
        """Build the page for what *held* says, of *session*, open *since*."""
        super().__init__(app)
        self.open_session(session, since)
        _ = self._
        self.lay_slip(
            ("warn", theme.WARN, theme.WARN_SOFT), _("Please ask staff"),
            (
                (_("Amount on hold"), self.language.money(held.amount_minor)),
                (_("Reference"), held.reference),
            ),
            _("Staff check whether notes came out, and settle it."),
            [self.button(_("Log out"), self.log_out, look="primary", grow=1)],
        )  # fmt: skip
