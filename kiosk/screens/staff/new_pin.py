"""Page that gives a customer a new PIN: two members of staff sign, the customer types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from credentials.policy import check_pin
from kiosk.screens.form import Form
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Shell
from kiosk.widgets.fields import Field
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import Customer, Signatures


class NewPin(StaffPage, Form):
    """Two fields for the PIN, typed by the customer."""

    action = messages.N_("Save PIN")

    def __init__(self, app: Shell, signed: Signatures, customer: Customer) -> None:
        """Build the page for *customer*; both of *signed* answer for it."""
        self._signed, self._customer = signed, customer
        self.sign(signed.first)
        super().__init__(app)

    def chips(self) -> Sequence[Chip]:
        """Return the way out: the customer is at the screen."""
        return [self.cancel_chip()]

    def cancel(self) -> None:
        """Change nothing, and sign staff out."""
        self.app.go_home(messages.Notice.NOTHING_STORED)

    def prepare(self) -> None:
        """Draw the heading and the two fields."""
        _ = self._
        self.head(_("Customer: type your new PIN"))
        self.add_fields(
            [
                (_("Your PIN"), "pin", _("4 to 12 digits that only you know.")),
                (_("Your PIN again"), "pin", _("The same digits.")),
            ]
        )

    def explanation(self) -> tuple[str, str]:
        """Return who types here."""
        _ = self._
        return (
            _("Now the customer, please"),
            _(
                "Choose your PIN yourself and cover the pad with your hand. "
                "Staff look away and never ask for it."
            ),
        )

    def enter_in(self, field: Field) -> None:
        """Judge the first PIN before the second one is typed."""
        if field is not self.fields[0] or self._judge():
            super().enter_in(field)

    def go_on(self) -> None:
        """Check both PINs and save."""
        pin, again = self.fields
        if not (self._judge() and self.agree(pin, again)):
            return
        self.busy(True)
        office, name, word, signed = (
            self.app.machine.office, self._customer.username, pin.text, self._signed
        )  # fmt: skip
        self.work(  # what it fails at is in the log: the customer is at the screen
            lambda _attempt: office.new_pin(name, word, signed=signed),
            done=lambda _none: self.app.go_home(messages.Notice.NEW_PIN),
        )

    def _judge(self) -> bool:
        return self.check(self.fields[0], check_pin, "pin")
