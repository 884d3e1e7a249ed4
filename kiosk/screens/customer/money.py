"""Pages after a withdrawal: take the money, or ask staff about money on hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from atm.accounts.dispenser import SIMULATED
from kiosk.screens.customer.session_page import SessionPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import card, disc, hair

if TYPE_CHECKING:
    from atm.accounts.accounts import Withdrawal
    from atm.accounts.session import HeldError, Session

_WIDE = 760
_LEFT = (theme.PAGE_WIDTH - _WIDE) // 2
_INNER = _WIDE - 96


class _Slip(SessionPage):
    """A card with a sign, a heading and a few named values."""

    def _draw_slip(
        self, sign: str, colour: str, ground: str, heading: str, rows: Sequence[tuple[str, str]]
    ) -> None:
        pane: Any = card(self, _WIDE, 440)
        self.put(pane, _LEFT, 112)
        at(disc(pane, sign, colour, ground), _INNER // 2, 28)
        large = self.fonts(theme.TITLE, "bold")
        at(Label(pane, heading, large, width=_INNER, height=60, anchor="center"), 48, 136)
        body, strong = self.fonts(theme.BODY), self.fonts(theme.BODY, "semibold")
        for number, (name, value) in enumerate(rows):
            y = 216 + number * 68
            at(hair(pane, _INNER), 48, y)
            at(Label(pane, name, body, colour=theme.MUTED, width=240), 48, y + 17)
            at(Label(pane, value, strong, width=_INNER - 250, anchor="e"), 48 + 250, y + 17)

    def _draw_line(self, sentence: str) -> None:
        self.label(
            sentence, _LEFT, 566, _WIDE, weight="semibold", colour=theme.WARN, anchor="center"
        )


class TakeMoney(_Slip):
    """Slip of a withdrawal that was paid and booked."""

    def __init__(
        self, app: Shell, session: Session, since: datetime, withdrawal: Withdrawal, back: Make
    ) -> None:
        """Build the page for *withdrawal* of *session*, open *since*; *back* makes its account."""
        super().__init__(app)
        self.open_session(session, since)
        _ = self._
        self._draw_slip(
            "check", theme.OK, theme.OK_SOFT, _("Take your money"),
            (
                (_("Amount"), self.language.money(withdrawal.amount_minor)),
                (_("Reference"), str(withdrawal.reference)),
                (_("New balance"), self.language.money(withdrawal.balance_minor)),
            ),
        )  # fmt: skip
        if session.dispenser_name == SIMULATED:
            self._draw_line(_("Simulated dispenser: no real notes come out."))
        half = (_WIDE - 24) // 2
        self.button(_("Log out"), self.log_out, _LEFT, 620, half, look="primary", height=theme.KEY)
        self.button(
            _("Back to account"),
            lambda: self.go_on_to(back),
            _LEFT + _WIDE - half,
            620,
            half,
            height=theme.KEY,
        )


class AmountHeld(_Slip):
    """Slip of an amount on hold, for the customer to show to staff."""

    def __init__(self, app: Shell, session: Session, since: datetime, held: HeldError) -> None:
        """Build the page for what *held* says, of *session*, open *since*."""
        super().__init__(app)
        self.open_session(session, since)
        _ = self._
        self._draw_slip(
            "warn", theme.WARN, theme.WARN_SOFT, _("Please ask staff"),
            (
                (_("Amount on hold"), self.language.money(held.amount_minor)),
                (_("Reference"), held.reference),
            ),
        )  # fmt: skip
        self._draw_line(_("Staff check whether notes came out, and settle it."))
        self.button(_("Log out"), self.log_out, _LEFT, 620, _WIDE, look="primary", height=theme.KEY)
