"""Pages for open holds: withdrawals that staff settle as paid or not paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kiosk.layout import Reflow, Space
from kiosk.screens.named_values import named_values
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.dialog import LINE_NAME
from kiosk.widgets.focus import Control
from kiosk.widgets.lists import Entry, ListView
from kiosk.widgets.status_line import Hair, Pane, card
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.accounts.accounts import Hold
    from atm.people import StaffMember


class Holds(StaffPage):
    """List of the open holds."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self.sign(staff, back)
        self._again: Make = lambda app: Holds(app, staff, back)
        self.listing = ListView(self, self.fonts, empty=self._("No withdrawal is left open."))
        self.lay(self.heading(self._("Withdrawals to settle")), self.listing)
        office = app.machine.office
        self.work(lambda _attempt: office.holds(staff=staff), done=self._found, failed=self.problem)

    def stops(self) -> Sequence[Control]:
        """Return the rows."""
        return self.listing.controls

    def _found(self, found: list[tuple[Hold, str | None]]) -> None:
        self.listing.show(
            [
                Entry(
                    name or hold.customer_id,
                    f"{self.language.day_and_time(hold.at)} · {hold.reference}",
                    self.language.money(hold.amount_minor), "",
                    lambda hold=hold, name=name: self._choose(hold, name or hold.customer_id),  # type: ignore[misc]
                    wraps=True,
                )
                for hold, name in found
            ]
        )  # fmt: skip

    def _choose(self, hold: Hold, name: str) -> None:
        staff, back = self.staff, self._again
        self.app.show(lambda app: SettleHold(app, staff, hold, name, back))


class SettleHold(StaffPage):
    """Page that settles one hold: paid books it, not paid returns the money."""

    def __init__(
        self, app: Shell, staff: StaffMember, hold: Hold, username: str, back: Make
    ) -> None:
        """Build the page for *hold* on the account of *username*; *back* makes the list."""
        super().__init__(app)
        self.sign(staff, back)
        self._hold, self._username = hold, username
        _ = self._
        pane = Pane(self)
        rows = (
            (_("Amount"), self.language.money(hold.amount_minor)),
            (_("Customer"), username),
            (_("Time"), self.language.day_and_time(hold.at)),
            (_("Reference"), hold.reference),
        )
        advice = _("Count the notes in the dispenser and look for the reference in its journal.")
        question = card(
            pane,
            self.words(_("Did these notes come out?"), size=theme.HEADING, weight="bold", on=pane),
            named_values(self, pane, rows),
            Hair(pane),
            self.words(advice, colour=theme.MUTED, anchor="nw", on=pane),
            sides=40,
        )
        self.paid = self.button(_("Paid"), lambda: self._confirm(True), grow=1)
        self.not_paid = self.button(_("Not paid"), lambda: self._confirm(False), grow=1)
        answers = Reflow(self.paid, self.not_paid, gap=24)
        self.lay(Space(grow=1), question, Space(size=8), answers, Space(grow=1), middle=theme.CARD)

    def first_focus(self) -> Control | None:
        """Return None: neither answer is suggested."""
        return None

    def _confirm(self, paid: bool) -> None:
        _ = self._
        amount = self.language.money(self._hold.amount_minor)
        line = _("{amount}: the account of {name} is charged.")
        if not paid:
            line = _("{amount}: the customer {name} has it again.")
        name = self.fonts.fit(self._username, self.fonts(theme.BODY), LINE_NAME)
        self.app.ask(
            title=_("Paid?") if paid else _("Not paid?"),
            line=line.format(amount=amount, name=name),
            yes=_("Yes, paid") if paid else _("Yes, not paid"),
            no=_("No"),
            on_yes=lambda: self._settle(paid),
            danger=True,
        )

    def _settle(self, paid: bool) -> None:
        for button in (self.paid, self.not_paid):
            button.enable(False)
        office, hold, staff = self.app.machine.office, self._hold, self.staff
        self.act(
            lambda: office.settle(hold, paid, staff=staff),
            Notice.SETTLED,
        )
