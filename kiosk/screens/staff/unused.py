"""Page of the accounts that nobody has used for long, which staff delete where that is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.dialog import LINE_NAME, named
from kiosk.widgets.focus import Control
from kiosk.widgets.lists import Entry, ListView
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.people import Customer, StaffMember
    from atm.staff.inactivity import Inactive


class UnusedAccounts(StaffPage):
    """List of the accounts, the longest unused first."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self.sign(staff, back)
        self.listing = ListView(self, self.fonts, empty=self._("Every account is in use."))
        self.lay(self.heading(self._("Unused accounts")), self.listing)
        bank = app.machine.bank
        self.work(
            lambda _attempt: bank.inactivity.listed(staff=staff),
            done=self._found, failed=self.problem,
        )  # fmt: skip

    def stops(self) -> Sequence[Control]:
        """Return the rows."""
        return self.listing.controls

    def _found(self, found: list[Inactive]) -> None:
        from atm.staff.inactivity import Kept

        self.listing.show(
            [
                Entry(
                    each.customer.username, each.customer.full_name, self._told(each),
                    "warn" if each.kept is Kept.DUE else "info",
                    self._chosen(each.customer) if each.kept is Kept.DUE else None,
                )
                for each in found
            ]
        )  # fmt: skip

    def _told(self, each: Inactive) -> str:
        """Return since when the account is unused, or what keeps it."""
        from atm.staff.inactivity import Kept

        _ = self._
        since, due = self._day(each.since), self._day(each.due)
        return {
            Kept.DUE: _("unused since {day}").format(day=since),
            Kept.EARLY: _("due on {day}").format(day=due),
            Kept.MONEY: _("there is money on it"),
            Kept.HOLD: _("a withdrawal is open"),
            Kept.NO_CONSENT: _("the consent names no time"),
        }[each.kept]

    def _day(self, day: date) -> str:
        return self.language.day(datetime.combine(day, datetime.min.time()))

    def _chosen(self, customer: Customer) -> Callable[[], object]:
        return lambda: self._ask(customer)

    def _ask(self, customer: Customer) -> None:
        _ = self._
        full_name = self.fonts.fit(customer.full_name, self.fonts(theme.BODY), LINE_NAME)
        self.app.ask(
            title=named(self.fonts, _("Delete {name}?"), customer.username),
            line=_("PIN, face and account of {name} go for ever.").format(name=full_name),
            yes=_("Yes, delete"), no=_("No"), on_yes=lambda: self._delete(customer), danger=True,
        )  # fmt: skip

    def _delete(self, customer: Customer) -> None:
        bank, staff = self.app.machine.bank, self.staff
        self.act(lambda: bank.inactivity.delete(customer.username, staff=staff), Notice.DELETED)
