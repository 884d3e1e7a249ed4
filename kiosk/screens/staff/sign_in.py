"""Staff sign-in, and the first start that makes the first member of staff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from atm.login.decision import Outcome
from atm.people import SignInPausedError, StaffMember, StaffSignInError
from credentials.policy import check_pin, normalise_username
from kiosk.screens.base import Screen
from kiosk.screens.form import Form
from kiosk.screens.staff.terms import Terms
from kiosk.shell import Shell
from kiosk.widgets.labels import Label
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.ports import SignIn

TRIES = 3

Then = Callable[[StaffMember], None]


def staff_first(page: Screen, then: Then) -> None:
    """Leave *page* for *then* once a member of staff has signed in, or the first one was made."""
    app = page.app

    def ask() -> None:
        machine = app.machine
        page.work(lambda _attempt: machine.terms if machine.staff.empty else None, done=show)

    def show(terms: str | None) -> None:
        if terms is None:
            app.show(lambda app: StaffSignIn(app, then))
        elif terms:
            app.show(lambda app: Terms(app, terms, lambda app: FirstStart(app, then, terms)))
        else:
            app.show(lambda app: FirstStart(app, then))

    app.when_open(ask)


class StaffNamePin(Form):
    """Base class for a new member of staff: name, and PIN twice."""

    def add_staff_fields(self) -> None:
        """Add the three fields."""
        _ = self._
        self.add_fields(
            [
                (_("Name"), "text", _("The name you sign in with.")),
                (_("Staff PIN"), "pin", _("6 to 12 digits.")),
                (_("Staff PIN again"), "pin", _("The same digits.")),
            ]
        )

    def go_on(self) -> None:
        """Check the fields, then make the member of staff."""
        name, pin, again = self.fields
        if (
            self.check(name, normalise_username, "name")
            and self.check(pin, lambda text: check_pin(text, shortest=6), "staff_pin")
            and self.agree(pin, again)
        ):
            self.busy(True)
            self.make(name.text, pin.text)

    def make(self, name: str, pin: str) -> None:
        """Make the member of staff."""
        raise NotImplementedError


class FirstStart(StaffNamePin):
    """Makes the first member of staff, in a data folder that has none."""

    action = messages.N_("Create staff member")

    def __init__(self, app: Shell, then: Then, confirmed: str = "") -> None:
        """Build the page; *confirmed* are the network's terms that were confirmed before."""
        self._then = then
        self._confirmed = confirmed
        super().__init__(app)

    def prepare(self) -> Label:
        """Add the three fields; returns the heading."""
        self.add_staff_fields()
        return self.heading(self._("First start: who is the first member of staff?"))

    def chips(self) -> Sequence[Chip]:
        """Return the way back."""
        return [self.cancel_chip()]

    def explanation(self) -> tuple[str, str]:
        """Return why this is asked."""
        _ = self._
        return (
            _("There is no default PIN."),
            _(
                "Staff sign in to create customers and to close the kiosk. "
                "Keep this PIN safe: it is not shown again."
            ),
        )

    def make(self, name: str, pin: str) -> None:
        """Have a worker make it."""
        machine, confirmed = self.app.machine, self._confirmed
        self.work(
            lambda _attempt: machine.first_staff(name, pin, confirmed=confirmed), done=self._then
        )


class StaffSignIn(Form):
    """Name and PIN of a member of staff; home after three wrong tries."""

    action = messages.N_("Sign in")
    kept = ("_tries",)

    def __init__(self, app: Shell, then: Then, staff: SignIn | None = None) -> None:
        """Build the page; *staff* judges the sign-in, by default the machine's."""
        self._then = then
        self._staff = staff or app.machine.staff
        self._tries = 0
        super().__init__(app)

    def prepare(self) -> Label:
        """Add the two fields; returns the heading."""
        _ = self._
        self.add_fields(
            [
                (_("Name"), "text", _("Your name as a member of staff.")),
                (_("Staff PIN"), "pin", _("6 to 12 digits.")),
            ]
        )
        return self.heading(_("Staff sign-in"))

    def chips(self) -> Sequence[Chip]:
        """Return the way back."""
        return [self.cancel_chip()]

    def explanation(self) -> tuple[str, str]:
        """Return who this is for."""
        _ = self._
        return (
            _("For members of staff"),
            _("Customers cannot continue here. Press Cancel to return to the first page."),
        )

    def go_on(self) -> None:
        """Let a worker judge name and PIN."""
        name, pin = self.fields
        for field, what in ((name, "name"), (pin, "pin")):
            field.calm()
            if not field.text.strip():
                missing = messages.POLICY[what]["empty"]
                self.complain(field, self._(missing))
                return
        self.busy(True)
        words = name.text, pin.text
        self.work(lambda _attempt: self.judge(*words), done=self.signed, failed=self.refused)

    def judge(self, name: str, pin: str) -> StaffMember:
        """Return who signs in; on a worker."""
        return self._staff.sign_in(name, pin)

    def signed(self, member: StaffMember) -> None:
        """Go on: *member* has signed in."""
        self._then(member)

    def refused(self, error: BaseException) -> None:
        """Say that it failed; home after three times."""
        if isinstance(error, SignInPausedError):
            self.busy(False)
            self.fields[1].clear()
            said = messages.refusal(Outcome.PAUSED, error.pause_s, self.language)
            self.complain(self.fields[1], said)
            return
        if not isinstance(error, StaffSignInError):
            self.app.fault(error)
            return
        self._tries += 1
        if self._tries >= TRIES:
            self.app.go_home(messages.Notice.SIGN_IN_REFUSED)
            return
        self.busy(False)
        self.fields[1].clear()
        self.complain(self.fields[1], self._(messages.SIGN_IN_REFUSED))
