"""Take your money: amount, reference, new balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kiosk import theme
from kiosk.bars import ChipSpec, FootText
from kiosk.screens.base import Screen
from kiosk.signs import card, disc, hair
from kiosk.widgets import Label, at

if TYPE_CHECKING:
    from atm.ledger import Withdrawal
    from atm.session import Session
    from kiosk.app import App

_WIDE = 760


class TakeMoney(Screen):
    """What came of a withdrawal; then the account again, or the end."""

    logs_out = True

    def __init__(self, app: App, session: Session, since: datetime, withdrawal: Withdrawal) -> None:
        """Build the page for *withdrawal* of *session*, open *since*."""
        super().__init__(app)
        self._session = session
        self._since = since
        self._keeps_session = False
        _ = self._
        left = (theme.PAGE_WIDTH - _WIDE) // 2
        pane: Any = card(self, _WIDE, 440)
        self.put(pane, left, 132)
        inner = _WIDE - 96
        at(disc(pane, "check", theme.OK, theme.OK_SOFT), (_WIDE - 96) // 2, 28)
        greeting = self.fonts(theme.TITLE, "bold")
        at(
            Label(
                pane, _("Take your money"), greeting, width=inner, height=60, anchor="center"
            ), 48, 136,
        )  # fmt: skip
        rows = (
            (_("Amount"), self.language.money(withdrawal.amount_minor)),
            (_("Reference"), str(withdrawal.reference)),
            (_("New balance"), self.language.money(withdrawal.balance_minor)),
        )
        body, strong = self.fonts(theme.BODY), self.fonts(theme.BODY, "semibold")
        for number, (name, value) in enumerate(rows):
            y = 216 + number * 68
            at(hair(pane, inner), 48, y)
            at(Label(pane, name, body, colour=theme.MUTED, width=240), 48, y + 17)
            at(Label(pane, value, strong, width=inner - 250, anchor="e"), 48 + 250, y + 17)
        half = (_WIDE - 24) // 2
        self.button(_("Log out"), app.go_home, left, 620, half, look="primary", height=theme.KEY)
        self.button(
            _("Back to account"), self._back, left + _WIDE - half, 620, half, height=theme.KEY
        )

    def chips(self) -> Sequence[ChipSpec]:
        """Show whose account it is."""
        return [ChipSpec(self._session.customer.full_name)]

    def foot(self) -> FootText:
        """Say since when."""
        time = self.language.time(self._since)
        return FootText(self._("Signed in with PIN and face at {time}").format(time=time), "ok")

    def destroy(self) -> None:
        """Leave the page, and the account with it unless the next page goes on with it."""
        if not self._keeps_session:
            self._session.close()
        super().destroy()

    def _back(self) -> None:
        from kiosk.screens.account import Account

        self._keeps_session = True
        session, since = self._session, self._since
        self.app.show(lambda app: Account(app, session, since))
