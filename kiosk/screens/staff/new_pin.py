"""Page that gives a customer a new PIN: two members of staff sign, the customer types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kiosk.screens.customer_pin_form import CustomerPinForm
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Shell
from kiosk.widgets.labels import Label
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import Customer, Signatures


class NewPin(StaffPage, CustomerPinForm):
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

    def prepare(self) -> Label:
        """Add the two fields; returns the heading."""
        self.add_pins()
        return self.heading(self._("Customer: type your new PIN"))

    def take(self, pin: str) -> None:
        """Save it."""
        self.busy(True)
        office, name, signed = (
            self.app.machine.office, self._customer.username, self._signed
        )  # fmt: skip
        self.work(  # what it fails at is in the log: the customer is at the screen
            lambda _attempt: office.new_pin(name, pin, signed=signed),
            done=lambda _none: self.app.go_home(messages.Notice.NEW_PIN),
        )
