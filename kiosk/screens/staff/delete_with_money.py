"""Page that deletes a customer whose account is not empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.status_line import Pane
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.people import Customer, Signatures, StaffMember


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
        keep = self.button(_("Keep the account"), self.back, look="primary", grow=1)
        sign = self.button(_("Second signature"), self._sign, grow=1)
        self.pane = Pane(self)
        name = self.words(
            f"{customer.username} · {customer.full_name}", colour=theme.MUTED, anchor="center",
            cut=True, on=self.pane,
        )  # fmt: skip
        self.lay_message(
            ("warn", theme.WARN, theme.WARN_SOFT),
            _("There is still {amount} in this account.").format(
                amount=self.language.money(balance_minor)
            ),
            name,
            _("It is not deleted. Let the customer withdraw the money first."),
            _(
                "A second member of staff can sign that the account is closed with this balance. "
                "No money is paid out here then."
            ),
            buttons=[keep, sign],
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
