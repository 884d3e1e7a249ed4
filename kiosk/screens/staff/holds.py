"""Pages for open holds: withdrawals that staff settle as paid or not paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.dialog import LINE_NAME
from kiosk.widgets.focus import Control
from kiosk.widgets.lists import Entry, ListView
from kiosk.widgets.status_line import card, hair
from kiosk.widgets.top_bar import fit
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.accounts.accounts import Hold
    from atm.people import StaffMember

ROWS = 6
_WIDE = 900


class Holds(StaffPage):
    """List of the open holds."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self.sign(staff, back)
        self._again: Make = lambda app: Holds(app, staff, back)
        self.head(self._("Open holds"), 108)
        self.listing = ListView(
            self, self.fonts, 180, ROWS, empty=self._("No withdrawal is left open.")
        )
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
        left = (theme.PAGE_WIDTH - _WIDE) // 2
        pane: Any = card(self, _WIDE, 468)
        self.put(pane, left, 112)
        inner = _WIDE - 96
        bold, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        strong = self.fonts(theme.BODY, "semibold")
        at(Label(pane, _("Did these notes come out?"), bold, width=inner, height=48), 48, 28)
        rows = (
            (_("Amount"), self.language.money(hold.amount_minor)),
            (_("Customer"), fit(self, username, strong, inner - 250)),
            (_("Time"), self.language.day_and_time(hold.at)),
            (_("Reference"), hold.reference),
        )
        for number, (name, value) in enumerate(rows):
            y = 92 + number * 64
            at(hair(pane, inner), 48, y)
            at(Label(pane, name, body, colour=theme.MUTED, width=240), 48, y + 15)
            at(Label(pane, value, strong, width=inner - 250, anchor="e"), 48 + 250, y + 15)
        advice = _("Count the notes in the dispenser and look for the reference in its journal.")
        at(
            Label(
                pane, advice, body, colour=theme.MUTED, width=inner, height=72, anchor="nw",
                wrap=True,
            ), 48, 368,
        )  # fmt: skip
        half = (_WIDE - 24) // 2
        self.paid = self.button(
            _("Paid"), lambda: self._confirm(True), left, 612, half, height=theme.KEY
        )
        self.not_paid = self.button(
            _("Not paid"), lambda: self._confirm(False), left + _WIDE - half, 612, half,
            height=theme.KEY,
        )  # fmt: skip

    def first_focus(self) -> Control | None:
        """Return None: neither answer is suggested."""
        return None

    def _confirm(self, paid: bool) -> None:
        _ = self._
        amount = self.language.money(self._hold.amount_minor)
        line = _("{amount}: the account of {name} is charged.")
        if not paid:
            line = _("{amount}: the customer {name} has it again.")
        name = fit(self, self._username, self.fonts(theme.BODY), LINE_NAME)
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
