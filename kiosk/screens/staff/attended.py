"""Pages that serve a customer without the face: their name, the staff's signature, their PIN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from atm.login.decision import Outcome
from atm.people import SecondSignatureError, StaffMember
from credentials.policy import normalise_username
from kiosk.screens.form import Form
from kiosk.screens.staff.sign_in import StaffSignIn
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Page, Shell
from kiosk.widgets.labels import Label
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.accounts.session import Session
    from atm.login.attended import Attendance
    from atm.login.decision import Decision

OpenAccount = Callable[[Shell, "Session"], Page]
"""Makes the page of an open account."""


class AttendedName(StaffPage, Form):
    """Asks for the username of the customer."""

    action = messages.N_("Next")

    def __init__(self, app: Shell, staff: StaffMember, back: Make, account: OpenAccount) -> None:
        """Build the page for *staff*; *back* makes the menu, *account* what comes in the end."""
        self._account, self._menu = account, back
        self.sign(staff, back)
        super().__init__(app)

    def prepare(self) -> Label:
        """Add the field; returns the heading."""
        _ = self._
        self.add_fields(
            [(_("Username"), "text", _("The customer's. You stay and sign for this visit."))]
        )
        return self.heading(_("Serve a customer without the face"))

    def explanation(self) -> tuple[str, str]:
        """Return who is served so."""
        _ = self._
        return (
            _("Customers whom two members of staff have marked"),
            _("You stay with the customer and sign for each visit. The PIN alone opens nothing."),
        )

    def go_on(self) -> None:
        """Let staff sign for this customer."""
        (name,) = self.fields
        if self.check(name, normalise_username, "name"):
            staff, username, menu, account = self.staff, name.text, self._menu, self._account

            def again(app: Shell) -> Page:
                return AttendedName(app, staff, menu, account)

            self.app.show(lambda app: AttendedSignature(app, staff, username, again, account))


class AttendedSignature(StaffPage, StaffSignIn):
    """Name and PIN of the member of staff who stays; home after three wrong tries."""

    action = messages.N_("Sign")

    def __init__(
        self, app: Shell, staff: StaffMember, username: str, back: Make, account: OpenAccount
    ) -> None:
        """Build the page for the customer *username*."""
        self._username, self._account = username, account
        self._attendance: Attendance | None = None
        self.sign(staff, back)
        super().__init__(app, self.signed)

    def prepare(self) -> Label:
        """Add the two fields; returns the heading."""
        _ = self._
        self.add_fields(
            [
                (_("Name"), "text", _("You know who this is, and you stay.")),
                (_("Staff PIN"), "pin", _("6 to 12 digits.")),
            ]
        )
        return self.heading(_("Staff sign for {name}").format(name=self._username), cut=True)

    def explanation(self) -> tuple[str, str]:
        """Return what is signed."""
        _ = self._
        return (
            _("For this visit only"),
            _("You know this customer or have checked the document, and you stay until the end."),
        )

    def judge(self, name: str, pin: str) -> StaffMember:
        """Sign in for one login of this customer."""
        made = self._attendance = self.app.machine.attended.attend(self._username, name, pin)
        return StaffMember(made.staff)

    def signed(self, member: StaffMember) -> None:
        """Let the customer type."""
        username, attendance, account = self._username, self._attendance, self._account
        assert attendance is not None
        self.app.show(lambda app: AttendedPin(app, member, username, attendance, account))

    def refused(self, error: BaseException) -> None:
        """Say who may not sign."""
        if not isinstance(error, SecondSignatureError):
            super().refused(error)
            return
        self.busy(False)
        self.fields[1].clear()
        self.complain(self.fields[0], self._("Another person must sign."))


class AttendedPin(StaffPage, Form):
    """Asks the customer for the PIN, and opens the account."""

    action = messages.N_("Login")

    def __init__(
        self,
        app: Shell,
        staff: StaffMember,
        username: str,
        attendance: Attendance,
        account: OpenAccount,
    ) -> None:
        """Build the page of the customer *username*, with the *attendance* of *staff*."""
        self._username, self._attendance, self._account = username, attendance, account
        self.sign(staff)
        super().__init__(app)

    def chips(self) -> Sequence[Chip]:
        """Return the way out: the customer is at the screen."""
        return [self.cancel_chip()]

    def prepare(self) -> Label:
        """Add the field; returns the heading."""
        _ = self._
        self.add_fields([(_("PIN"), "pin", _("Only you know it."))])
        return self.heading(_("Customer: type your PIN"))

    def explanation(self) -> tuple[str, str]:
        """Return who types here."""
        _ = self._
        return (
            _("Now the customer, please"),
            _("Cover the pad with your hand. Staff look away and never ask for your PIN."),
        )

    def go_on(self) -> None:
        """Let a worker judge the PIN, once."""
        (pin,) = self.fields
        if not pin.text:
            empty = messages.POLICY["pin"]["empty"]
            self.complain(pin, self._(empty))
            return
        self.busy(True)
        machine, words = self.app.machine, (self._username, pin.text, self._attendance)
        self.work(
            lambda _attempt: machine.login_attended(*words), done=self._decided, unwanted=_log_out
        )

    def _decided(self, decision: Decision) -> None:
        if decision.session is not None:
            session, account = decision.session, self._account
            self.app.show(lambda app: account(app, session))
            return
        if decision.outcome is Outcome.PAUSED:
            self.app.pause.begin(decision.pause_s)
        fault = decision.outcome is Outcome.FAULT
        self.app.go_home(Notice.FAULT if fault else Notice.NOT_SERVED)


def _log_out(decision: Decision) -> None:
    """Close the account that a login opened after the page was left."""
    if decision.session is not None:
        decision.session.close()
