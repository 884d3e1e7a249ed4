"""Page that replaces a customer's face template; account and PIN stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kiosk.screens.pictures import PANE_Y, Pictures
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import card, hair
from kiosk.widgets.top_bar import Chip, fit
from kiosk.words import messages

if TYPE_CHECKING:
    import threading

    from atm.people import Customer, Signatures

_CARD_HEIGHT = 440


class NewFace(Pictures, StaffPage):
    """Camera beside the customer's name and the two signatures."""

    action = messages.N_("Save new face")

    def __init__(self, app: Shell, signed: Signatures, customer: Customer) -> None:
        """Build the page for *customer*; both of *signed* answer for it."""
        super().__init__(app)
        self.sign(signed.first)
        self._signed, self._customer = signed, customer
        self.head(self._("Customer: look at the camera"))
        self._card()
        self.draw_camera()

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

    def _card(self) -> None:
        _ = self._
        pane: Any = card(self, theme.LEFT_COLUMN, _CARD_HEIGHT)
        self.put(pane, theme.MARGIN, PANE_Y)
        inner = theme.LEFT_COLUMN - 64
        bold, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        name = fit(self, self._customer.username, bold, inner)
        at(Label(pane, name, bold, width=inner, height=48), 32, 24)
        full_name = fit(self, self._customer.full_name, body, inner)
        at(Label(pane, full_name, body, colour=theme.MUTED, width=inner), 32, 76)
        at(hair(pane, inner), 32, 130)
        at(Label(pane, _("Signed by"), body, colour=theme.MUTED, width=inner), 32, 150)
        strong = self.fonts(theme.BODY, "semibold")
        for number, member in enumerate((self._signed.first, self._signed.second)):
            words = fit(self, member.name, strong, inner)
            at(Label(pane, words, strong, width=inner), 32, 190 + number * 40)
        at(hair(pane, inner), 32, 288)
        at(
            Label(
                pane, _("Account and PIN stay as they are. Five new pictures replace the old."),
                body, colour=theme.MUTED, width=inner, height=110, anchor="nw", wrap=True,
            ), 32, 306,
        )  # fmt: skip
