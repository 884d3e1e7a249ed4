"""Out-of-service page: a code for everybody, and the explanation for signed-in staff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kiosk.screens.base import Screen
from kiosk.screens.staff.sign_in import StaffSignIn
from kiosk.screens.staff.staff_page import WIDE, StaffMessage
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Label, at
from kiosk.widgets.status_line import card, disc
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import StaffMember
    from atm.ports import SignIn

_GAP = 16


class OutOfService(Screen):
    """Shows that the kiosk is out of service, and the code that staff will ask for."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page around the code."""
        super().__init__(app)
        _ = self._
        pane: Any = card(self, WIDE, 400)
        self.put(pane, (theme.PAGE_WIDTH - WIDE) // 2, 152)
        inner = WIDE - 96
        at(disc(pane, "warn", theme.WARN, theme.WARN_SOFT), inner // 2, 44)
        for text, font, colour, y, height in (
            (_(messages.OUT), self.fonts(theme.HEADING, "bold"), theme.INK, 164, 48),
            (app.host.code, self.fonts(theme.FIELD, "semibold"), theme.MUTED, 228, 40),
        ):
            words = Label(
                pane, text, font, colour=colour, width=inner, height=height, anchor="center"
            )
            at(words, 48, y)
        self.note = Label(
            pane, "", self.fonts(theme.BODY), colour=theme.MUTED, width=inner, height=72,
            anchor="center", wrap=True,
        )  # fmt: skip
        at(self.note, 48, 296)
        buttons: list[tuple[str, Callable[[], object]]] = [
            (_("Try again"), app.reopen),
            (_("Staff"), self._staff),
        ]
        if app.demonstration.on:
            buttons.append((_("End demonstration"), app.demonstration.end))
        elif not app.window.fullscreen:
            buttons.append((_("Close"), app.close))
        self.again, self.staff, *_rest = row(self, buttons)

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
        self.note.configure(text=self._(messages.DETAILS_IN_LOG))


class FaultDetails(StaffMessage):
    """Explains the fault to staff, and offers what they can do about the kiosk."""

    def __init__(self, app: Shell, staff: StaffMember) -> None:
        """Build the page for *staff*."""
        super().__init__(app, staff, app.host.code, app.host.problem)
        _ = self._
        buttons: list[tuple[str, Callable[[], object]]] = [(_("Try again"), app.reopen)]
        if app.window.fullscreen:
            buttons.append((_("Leave full screen"), self.leave_fullscreen))
        buttons.append((_("Close the kiosk"), self.ask_to_close))
        row(self, buttons)


def row(page: Screen, buttons: Sequence[tuple[str, Callable[[], object]]]) -> list[Button]:
    """Put *buttons*, each a word and what it does, in one row under the card; returns them."""
    left, wide = (theme.PAGE_WIDTH - WIDE) // 2, (WIDE - _GAP * (len(buttons) - 1)) // len(buttons)
    return [
        page.button(
            text, command, left + number * (wide + _GAP), 612, wide, look="quiet", height=theme.KEY
        )
        for number, (text, command) in enumerate(buttons)
    ]
