"""Page that deletes a customer whose account is not empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import card, disc
from kiosk.widgets.top_bar import fit
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.people import Customer, Signatures, StaffMember

_WIDE = 900


class DeleteWithMoney(StaffPage):
    """Offers to keep the account, or to close it with its balance by a second signature."""

    def __init__(
        self, app: Shell, staff: StaffMember, customer: Customer, balance_minor: int, back: Make
    ) -> None:
        """Build the page for *customer*, who still has *balance_minor*."""
        super().__init__(app)
        self.sign(staff, back)
        self._customer, self._balance, self._again = customer, balance_minor, back
        _ = self._
        left = (theme.PAGE_WIDTH - _WIDE) // 2
        pane: Any = card(self, _WIDE, 440)
        self.put(pane, left, 124)
        at(disc(pane, "warn", theme.WARN, theme.WARN_SOFT), (_WIDE - 96) // 2, 32)
        inner = _WIDE - 96
        heading, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        title = _("There is still {amount} in this account.").format(
            amount=self.language.money(balance_minor)
        )
        at(Label(pane, title, heading, width=inner, height=48, anchor="center"), 48, 148)
        lines = (
            fit(self, f"{customer.username} · {customer.full_name}", body, inner),
            _("It is not deleted. Let the customer withdraw the money first."),
            _(
                "A second member of staff can sign that the account is closed with this balance. "
                "No money is paid out here then."
            ),
        )
        for y, text, height in zip((204, 252, 300), lines, (40, 40, 110), strict=True):
            made = Label(
                pane, text, body, colour=theme.MUTED, width=inner, height=height, anchor="center",
                wrap=True,
            )  # fmt: skip
            at(made, 48, y)
        half = (_WIDE - 24) // 2
        keep = self.button(
            _("Keep the account"), self.back, left, 612, half, look="primary", height=theme.KEY
        )
        keep.take_focus()
        self.button(
            _("Second signature"), self._sign, left + _WIDE - half, 612, half, height=theme.KEY
        )

    def _sign(self) -> None:
        staff, again = self.staff, self._again
        what = self._("Delete {name} with {amount}").format(
            name=self._customer.username, amount=self.language.money(self._balance)
        )
        self.app.show(
            lambda app: SecondSignature(app, staff, what, self._erase, again, danger=True)
        )

    def _erase(self, signed: Signatures) -> None:
        office, name, staff = self.app.machine.office, self._customer.username, self.staff
        page: Any = self.app.screen
        page.busy(True)
        page.act(
            lambda: office.delete(name, staff=staff, override=signed),
            Notice.DELETED,
        )
