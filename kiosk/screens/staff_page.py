"""What every page of a signed-in member of staff has: who it is, the way back, and the end."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kiosk import theme
from kiosk.bars import ChipSpec, FootText, fit
from kiosk.screens.base import Screen

if TYPE_CHECKING:
    from atm.signatures import StaffMember
    from kiosk.app import App

FULL = theme.PAGE_WIDTH - 2 * theme.MARGIN

LONGEST = 150
"""Characters of a sentence that home has room for."""

Make = Callable[["App"], Screen]


class Signed(Screen):
    """A page of staff. After one act, or a minute without input, they are signed out."""

    for_staff = True

    def sign(self, staff: StaffMember, back: Make | None = None) -> None:
        """Show that *staff* work here; *back* makes the page before this one."""
        self.staff = staff
        self._back_to = back

    def chips(self) -> Sequence[ChipSpec]:
        """Return the way back and the way out."""
        out = ChipSpec(self._("Sign out"), self.app.go_home)
        if self._back_to is None:
            return [out]
        return [ChipSpec(self._("Back"), self.back, symbol="back"), out]

    def foot(self) -> FootText:
        """Return what is missing; at the right who is signed in, or for how long still."""
        attendance = self.app.attendance
        if attendance.warning:
            words = self.language.ngettext(
                "Signed out in {n} second.", "Signed out in {n} seconds.", attendance.staff_left_s
            )
        else:
            name = fit(self, self.staff.name, self.fonts(theme.BODY), 300)
            words = self._("Staff: {name}").format(name=name)
        said = self.condition_text()
        return FootText(said.text, said.tone, words)

    def back(self) -> None:
        """Go to the page before this one."""
        if self._back_to is not None:
            self.app.show(self._back_to)

    def cancel(self) -> None:
        """Escape goes back, or out."""
        if self._back_to is None:
            self.app.go_home()
        else:
            self.back()

    def head(self, title: str, y: int = 92) -> None:
        """Write the page's heading."""
        self.label(title, theme.MARGIN, y, FULL, size=theme.HEADING, weight="bold", height=48)

    def done(self, sentence: str) -> None:
        """Say what came about, and sign out: one act a sign-in."""
        self.app.go_home(("ok", sentence))

    def act(self, work: Callable[[], object], sentence: str) -> None:
        """Do *work* on a worker; then say *sentence* and sign out."""
        self.work(
            lambda _attempt: work(),
            done=lambda _none: self.done(sentence),
            failed=self.problem,
        )

    def problem(self, error: BaseException) -> None:
        """Go home with what an act failed at: the error's own sentence where staff can use it."""
        sentence = staff_sentence(error)
        if sentence is None:
            self.app.fault(error)
        else:
            self.app.go_home(("bad", textwrap.shorten(sentence, LONGEST, placeholder="…")))


def staff_sentence(error: BaseException) -> str | None:
    """Return the sentence that *error* has for staff, or None."""
    from atm.errors import AtmError, ServiceUnavailable
    from credentials.errors import CredentialError

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
