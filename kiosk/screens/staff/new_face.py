"""Page that replaces a customer's face template; account and PIN stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kiosk.layout import Inset
from kiosk.screens.pictures import Pictures
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.status_line import Hair, Pane, card
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    import threading

    from atm.people import Customer, Signatures


class NewFace(Pictures, StaffPage):
    """Camera beside the customer's name and the two signatures."""

    action = messages.N_("Save new face")

    def __init__(self, app: Shell, signed: Signatures, customer: Customer) -> None:
        """Build the page for *customer*; both of *signed* answer for it."""
        super().__init__(app)
        self.sign(signed.first)
        self._signed, self._customer = signed, customer
        head = self.heading(self._("Customer: look at the camera"))
        self.lay_camera(head, self._card())

    def chips(self) -> Sequence[Chip]:
        """Return the way out: the customer is at the screen."""
        return [self.cancel_chip()]

    def cancel(self) -> None:
        """Break off: the old face stays, and staff are signed out."""
        self.app.go_home(messages.Notice.NOTHING_STORED)

    def capture(self, progress: Callable[..., None], cancel: threading.Event) -> Any:
        """Take the new pictures in the place of the old ones."""
        return self.app.machine.new_face(
            self._customer.username, signed=self._signed, progress=progress, cancel=cancel
        )

    def saved(self, result: Any) -> None:
        """Sign out."""
        self.app.go_home(messages.Notice.NEW_FACE)

    def _card(self) -> Inset:
        """Return the card with whose face it is, and who signed."""
        _ = self._
        pane = Pane(self)
        signed = [
            self.words(member.name, weight="semibold", cut=True, on=pane)
            for member in (self._signed.first, self._signed.second)
        ]
        kept = _("Account and PIN stay as they are. Five new pictures replace the old.")
        customer = self._customer
        return card(
            pane,
            self.words(customer.username, size=theme.HEADING, weight="bold", cut=True, on=pane),
            self.words(customer.full_name, colour=theme.MUTED, cut=True, on=pane),
            Hair(pane),
            self.words(_("Signed by"), colour=theme.MUTED, on=pane),
            *signed,
            Hair(pane),
            self.words(kept, colour=theme.MUTED, anchor="nw", on=pane),
        )
