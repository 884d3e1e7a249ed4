"""Page that changes a PIN: the old one, then the new one twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from atm.login.decision import Outcome
from credentials.policy import check_pin
from kiosk.screens.customer.look_to_change_pin import LookToChange
from kiosk.screens.customer.session_page import SessionPage
from kiosk.screens.form import Form
from kiosk.shell import Make, Shell
from kiosk.widgets.fields import Field
from kiosk.widgets.labels import Label
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.accounts.session import Session


class ChangePin(SessionPage, Form):
    """Three masked fields: the old PIN, and the new one twice."""

    action = messages.N_("Change PIN")

    def __init__(
        self, app: Shell, session: Session, since: datetime, back: Make, refused: str = ""
    ) -> None:
        """Build the page for *session*, open *since*.

        Args:
            app: The window.
            session: The open account.
            since: When it was opened.
            back: Makes the account's page.
            refused: What the last try came to, translated.
        """
        self._refused, self._account = refused, back
        self._again: Callable[[str], Make] = lambda refused: (
            lambda app: ChangePin(app, session, since, back, refused)
        )
        super().__init__(app)
        self.open_session(session, since)
        self.refresh()  # nothing is live for a moment while the machine refuses logins

    def prepare(self) -> Label:
        """Add the fields; returns the heading."""
        _ = self._
        self.add_fields(
            [
                (_("Old PIN"), "pin", _("The one you logged in with.")),
                (_("New PIN"), "pin", _("4 to 12 digits that only you know.")),
                (_("New PIN again"), "pin", _("The same digits.")),
            ]
        )
        return self.heading(_("Change your PIN"))

    def explanation(self) -> tuple[str, str]:
        """Return what happens next, or the result of the last try."""
        _ = self._
        if self._refused:
            return _("Your PIN was not changed."), self._refused
        return (
            _("Cover the pad with your hand."),
            _("Then look at the camera: your old PIN and your face are checked at once."),
        )

    def chips(self) -> Sequence[Chip]:
        """Return the way back to the account."""
        return [self.cancel_chip()]

    def cancel(self) -> None:
        """Go back to the account: nothing changes."""
        self.go_on_to(self._account)

    def refresh(self) -> None:
        """Count down, and let nothing be sent, while the machine refuses logins."""
        pause_s = self.app.pause.left_s
        if pause_s:
            self.explained.say(messages.refusal(Outcome.PAUSED, pause_s, self.language))
        elif not self.go.enabled:
            self.explained.say(self._(messages.NOT_CHANGED))
        self.go.enable(not pause_s)

    def enter_in(self, field: Field) -> None:
        """Judge the new PIN before it is typed again."""
        if field is not self.fields[1] or self._judge():
            super().enter_in(field)

    def go_on(self) -> None:
        """Check what was typed, then let the camera look."""
        old, new, again = self.fields
        old.calm()
        if not old.text:
            missing = messages.POLICY["pin"]["empty"]
            self.complain(old, self._(missing))
            return
        if not (self._judge() and self.agree(new, again)):
            return
        session, since, pins = self.session, self.since, (old.text, new.text)
        ways = (self._account, self._again)
        self.go_on_to(lambda app: LookToChange(app, session, since, *pins, *ways))

    def _judge(self) -> bool:
        old, new, _again = self.fields
        if not self.check(new, check_pin, "pin"):
            return False
        if new.text == old.text:
            new.clear()
            self.complain(new, self._("This is your old PIN. Choose another."))
            return False
        return True
