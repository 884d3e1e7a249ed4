"""Page where staff mark a customer as served without the face, or take the mark back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kiosk.layout import Reflow, Space
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets.status_line import StatusLine
from kiosk.words import messages
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.people import Customer, Signatures, StaffMember


class WithoutFace(StaffPage):
    """Says whether a customer needs the face; two members of staff sign a change."""

    def __init__(self, app: Shell, staff: StaffMember, customer: Customer, back: Make) -> None:
        """Build the page of *customer*; what is marked now is read on a worker."""
        super().__init__(app)
        self.sign(staff, back)
        self._customer = customer
        self._marked = False
        self._again: Make = lambda app: WithoutFace(app, staff, customer, back)
        _ = self._
        self.line = self.add(StatusLine(self, self.fonts))
        self.line.say("hold", _(messages.WAIT))
        self.stop = self.button(_("Cancel"), self.back, look="quiet", grow=1)
        self.change = self.button(_("Without the face"), self._sign_change, look="primary", grow=1)
        self.change.enable(False)
        self.lay(
            self.names(customer),
            self.line,
            Space(grow=1),
            Reflow(self.stop, self.change, gap=24),
        )  # fmt: skip
        machine, name = app.machine, customer.username
        self.work(
            lambda _attempt: machine.served_without_face(name, staff=staff),
            done=self._found, failed=self.problem,
        )  # fmt: skip

    def _found(self, marked: bool) -> None:
        _ = self._
        self._marked = marked
        if marked:
            self.line.say("info", _("This customer may be served by PIN, beside staff."))
            self.change.say(_("Ask for the face again"))
        else:
            self.line.say("info", _("This customer needs PIN and face."))
            self.change.say(_("Serve without the face"))
        self.change.enable(True)
        self.change.take_focus()

    def _sign_change(self) -> None:
        office, name, staff = self.app.machine.office, self._customer.username, self.staff
        wanted, again = not self._marked, self._again

        def save(signed: Signatures) -> None:
            page: Any = self.app.screen
            page.busy(True)
            page.act(
                lambda: office.serve_without_face(name, wanted, signed=signed),
                Notice.WITHOUT_FACE if wanted else Notice.FACE_AGAIN,
            )

        what = self._("Serve without the face") if wanted else self._("Ask for the face again")
        self.app.show(lambda app: SecondSignature(app, staff, what, save, again))
