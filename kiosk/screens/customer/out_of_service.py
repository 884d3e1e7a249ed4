"""Out-of-service page: a code for everybody, and the explanation for signed-in staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kiosk.screens.base import Screen
from kiosk.screens.staff.sign_in import StaffSignIn
from kiosk.screens.staff.staff_page import StaffMessage
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.status_line import Pane
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import StaffMember
    from atm.ports import SignIn


class OutOfService(Screen):
    """Shows that the kiosk is out of service, and the code that staff will ask for."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page around the code."""
        super().__init__(app)
        _ = self._
        pane = self.pane = Pane(self)
        code = self.words(
            app.host.code, size=theme.FIELD, weight="semibold", colour=theme.MUTED,
            anchor="center", on=pane,
        )  # fmt: skip
        self.note = self.words("", colour=theme.MUTED, anchor="center", on=pane)
        self.again = self.button(_("Try again"), app.reopen, look="quiet", grow=1)
        self.staff = self.button(_("Staff"), self._staff, look="quiet", grow=1)
        buttons = [self.again, self.staff]
        if app.demonstration.on:
            end = app.demonstration.end
            buttons.append(self.button(_("End demonstration"), end, look="quiet", grow=1))
        elif not app.window.fullscreen:
            buttons.append(self.button(_("Close"), app.close, look="quiet", grow=1))
        self.lay_message(
            ("warn", theme.WARN, theme.WARN_SOFT), _(messages.OUT), code, self.note,
            buttons=buttons,
        )  # fmt: skip

    def chips(self) -> Sequence[Chip]:
        """Return none: there is nowhere else to go."""
        return []

    def cancel(self) -> None:
        """Ignore Escape."""

    def _staff(self) -> None:
        """Find out who may sign in: the staff store may be intact where another one is not."""
        settings, machine = self.app.settings, self.app.host.machine
        self.staff.enable(False)

        def find(_attempt: object) -> SignIn:
            from atm.opening import open_staff_sign_in

            found = machine.staff if machine is not None else open_staff_sign_in(settings)
            if found.empty:
                raise LookupError("there is no member of staff")
            return found

        self.work(find, done=self._sign_in, failed=self._nobody)

    def _sign_in(self, staff: SignIn) -> None:
        app = self.app
        app.show(
            lambda app: StaffSignIn(
                app, lambda member: app.show(lambda app: FaultDetails(app, member)), staff
            )
        )

    def _nobody(self, _error: BaseException) -> None:
        self.note.say(self._(messages.DETAILS_IN_LOG))
        self.lay_soon()


class FaultDetails(StaffMessage):
    """Explains the fault to staff, and offers what they can do about the kiosk."""

    def __init__(self, app: Shell, staff: StaffMember) -> None:
        """Build the page for *staff*."""
        super().__init__(app, staff, app.host.code, app.host.problem)
        _ = self._
        buttons = [self.button(_("Try again"), app.reopen, look="quiet", grow=1)]
        if app.window.fullscreen:
            leave = self.button(_("Leave full screen"), self.leave_fullscreen, look="quiet", grow=1)
            buttons.append(leave)
        buttons.append(self.button(_("Close the kiosk"), self.ask_to_close, look="quiet", grow=1))
        self.lay_sentence(buttons)
