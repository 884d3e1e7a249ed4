"""Pages of a customer's card: block a lost one, register another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.layout import Grid, Space
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Tile
from kiosk.widgets.dialog import named
from kiosk.widgets.status_line import StatusLine
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.people import Customer, Signatures, StaffMember


class CustomerCard(StaffPage):
    """Blocks a customer's card by one signature, or replaces it by two."""

    def __init__(self, app: Shell, staff: StaffMember, customer: Customer, back: Make) -> None:
        """Build the page of *customer*."""
        super().__init__(app)
        self.sign(staff, back)
        self._customer = customer
        self._again: Make = lambda app: CustomerCard(app, staff, customer, back)
        _ = self._
        line = self.add(StatusLine(self, self.fonts))
        line.say("info", _("Block a card that is lost. Nobody logs in with it any more."))
        self.block, self.new_card = (
            self.add(Tile(self, title, told, act, self.fonts, look="key", high=130, centred=False))
            for title, told, act in (
                (_("Block the card"), _("until there is a new one"), self._ask_block),
                (_("New card"), _("two staff; the old one is no longer valid"), self._sign_new),
            )
        )
        self.lay(
            self.names(customer),
            line,
            Grid(self.block, self.new_card, columns=2, gap=20, most=theme.TILE),
            Space(grow=1),
        )  # fmt: skip

    def _ask_block(self) -> None:
        _ = self._
        acts, name, staff = self.app.machine.card_acts, self._customer.username, self.staff
        self.app.ask(
            title=named(self.fonts, _("Block the card of {name}?"), name),
            line=_("The customer cannot log in until there is a new card."),
            yes=_("Yes, block"), no=_("No"), danger=True,
            on_yes=lambda: self.act(lambda: acts.block(name, staff=staff), Notice.CARD_BLOCKED),
        )  # fmt: skip

    def _sign_new(self) -> None:
        customer, staff, again = self._customer, self.staff, self._again

        def register(signed: Signatures) -> None:
            self.app.show(lambda app: NewCard(app, signed, customer))

        what = self._("New card")
        self.app.show(lambda app: SecondSignature(app, staff, what, register, again))


class NewCard(StaffPage):
    """Waits for the new card in the reader, and registers it as the customer's only one."""

    def __init__(self, app: Shell, signed: Signatures, customer: Customer) -> None:
        """Build the page for *customer*; both of *signed* answer for it."""
        super().__init__(app)
        self.sign(signed.first)
        line = self.add(StatusLine(self, self.fonts))
        line.say("hold", self._("Put the new card in the reader. Touch your key if it blinks."))
        self.lay(
            self.names(customer),
            line,
            Space(grow=1),
            self.button(self._("Cancel"), self.cancel, look="quiet"),
        )  # fmt: skip
        acts = app.machine.card_acts
        self.work(
            lambda attempt: acts.replace(customer.username, signed=signed, cancel=attempt.cancel),
            done=lambda _none: app.go_home(Notice.NEW_CARD),
            failed=self.problem,
        )

    def cancel(self) -> None:
        """Break off: the old card stays, and staff are signed out."""
        self.app.go_home(Notice.NOTHING_STORED)
