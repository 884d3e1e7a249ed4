"""Base class of staff pages: who is signed in, the way back, and the sign-out."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from atm.errors import AtmError, ServiceUnavailable
from atm.people import Customer, StaffMember
from credentials.errors import CredentialError
from kiosk.layout import Column
from kiosk.screens.base import Screen
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.status_line import Pane
from kiosk.widgets.top_bar import Chip, StatusText
from kiosk.words import messages
from kiosk.words.messages import Notice

_LONGEST = 320
"""Characters of an error's sentence that are shown."""
_NAME = 300
"""What a name may take of the status bar."""


class StaffPage(Screen):
    """Page of staff. After one act, or a minute without input, they are signed out."""

    for_staff = True
    ends_visit = True

    def sign(self, staff: StaffMember, back: Make | None = None) -> None:
        """Note that *staff* are signed in; *back* makes the page before this one."""
        self.staff = staff
        self._back_to = back

    def chips(self) -> Sequence[Chip]:
        """Return the way back and the way out."""
        out = Chip(self._("Sign out"), self.app.go_home)
        if self._back_to is None:
            return [out]
        return [Chip(self._("Back"), self.back, symbol="back"), out]

    def status(self) -> StatusText:
        """Return what is missing; at the right who is signed in, or for how long still."""
        idle = self.app.idle
        if idle.staff_warning:
            words = self.language.ngettext(
                "Signed out in {n} second.", "Signed out in {n} seconds.", idle.staff_left_s
            )
        else:
            name = self.fonts.fit(self.staff.name, self.fonts(theme.BODY), _NAME)
            words = self._("Staff: {name}").format(name=name)
        said = self.condition_text()
        return StatusText(said.text, said.tone, words)

    def names(self, customer: Customer) -> Column:
        """Return whom the page is about, as its heading."""
        return Column(
            self.heading(customer.username, cut=True),
            self.words(customer.full_name, colour=theme.MUTED, cut=True),
            gap=2,
        )

    def back(self) -> None:
        """Go to the page before this one."""
        if self._back_to is not None:
            self.app.show(self._back_to)

    def cancel(self) -> None:
        """Go back, or out, on Escape."""
        if self._back_to is None:
            self.app.go_home()
        else:
            self.back()

    def act(self, work: Callable[[], object], notice: Notice) -> None:
        """Do *work* on a worker, then show *notice* at home: one act a sign-in."""
        self.work(
            lambda _attempt: work(),
            done=lambda _none: self.app.go_home(notice),
            failed=self.problem,
        )

    def leave_fullscreen(self) -> None:
        """Go back to an ordinary window, and sign out."""
        self.app.window.leave_fullscreen()
        self.app.go_home()

    def ask_to_close(self) -> None:
        """End the kiosk, after a question."""
        _ = self._
        self.app.ask(
            title=_("Close the kiosk?"),
            line=_("It must be started again by hand."),
            yes=_("Yes, close"),
            no=_("No"),
            on_yes=self.app.close,
            danger=True,
        )

    def problem(self, error: BaseException) -> None:
        """Tell the member of staff why an act failed, where the error has words for them."""
        sentence = staff_sentence(error)
        if sentence is None:
            self.app.fault(error)
        else:
            staff = self.staff
            self.app.show(lambda app: NotDone(app, staff, sentence))


class StaffMessage(StaffPage):
    """Page with one sentence, such as an error's own, for staff alone."""

    def __init__(
        self, app: Shell, staff: StaffMember, title: str, sentence: str, *, well: bool = False
    ) -> None:
        """Build the page for *staff*; *well* if the sentence tells of a success."""
        super().__init__(app)
        self.sign(staff)
        sign = ("check", theme.OK, theme.OK_SOFT) if well else ("warn", theme.WARN, theme.WARN_SOFT)
        self._told = (sign, title, textwrap.shorten(sentence, _LONGEST, placeholder="…"))

    def lay_sentence(self, buttons: Sequence[Button]) -> None:
        """Lay the page out, with *buttons* below the sentence."""
        sign, title, sentence = self._told
        pane = self.pane = Pane(self)
        self.said = self.words(sentence, colour=theme.MUTED, anchor="center", on=pane)
        self.lay_message(sign, title, self.said, buttons=buttons)


class Result(StaffMessage):
    """Says what came of an act, with the way out."""

    def __init__(
        self, app: Shell, staff: StaffMember, title: str, sentence: str, *, well: bool = False
    ) -> None:
        """Build the page for *staff*; see `StaffMessage`."""
        super().__init__(app, staff, title, sentence, well=well)
        out = self.button(self._("Sign out"), app.go_home, look="primary", grow=1)
        self.lay_sentence([out])


class NotDone(Result):
    """Says why an act failed."""

    def __init__(self, app: Shell, staff: StaffMember, sentence: str) -> None:
        """Build the page for *staff* around *sentence*."""
        super().__init__(app, staff, app.language.gettext(messages.NOT_DONE), sentence)


def staff_sentence(error: BaseException) -> str | None:
    """Return the sentence that *error* has for staff, or None."""
    if isinstance(error, ServiceUnavailable):  # the customer's sentence, in their language
        return None
    if isinstance(error, AtmError | CredentialError) and str(error):
        return str(error)
    return None


def states(_: Callable[[str], str]) -> dict[str, tuple[str, str]]:
    """Return the word and the tone for each state of a customer."""
    return {
        "active": (_("active"), "ok"),
        "locked": (_("locked"), "bad"),
        "waiting": (_("waiting"), "warn"),
        "pending": (_("not enrolled"), "info"),
    }
