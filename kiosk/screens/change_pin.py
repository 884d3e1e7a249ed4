"""A customer changes their PIN: the old one and their face at once, then the new one twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kiosk import messages, theme
from kiosk.bars import ChipSpec
from kiosk.fields import Field
from kiosk.screens.form import Form
from kiosk.screens.session_page import SessionPage
from kiosk.shell import Shell
from kiosk.signs import card, disc
from kiosk.widgets import Label, at

if TYPE_CHECKING:
    from atm.session import Session

_WIDE = 760


class ChangePin(SessionPage, Form):
    """Three fields, all masked."""

    action = messages.N_("Change PIN")

    def __init__(self, app: Shell, session: Session, since: datetime, refused: str = "") -> None:
        """Build the page for *session*; *refused* is what the last try came to, translated."""
        self._refused = refused
        super().__init__(app)
        self.open_session(session, since)

    def prepare(self) -> None:
        """Draw the heading and the fields."""
        _ = self._
        self.label(
            _("Change your PIN"), theme.MARGIN, 88, 1168,
            size=theme.HEADING, weight="bold", height=48,
        )  # fmt: skip
        self.add_fields(
            [
                (_("Old PIN"), "pin", _("The one you logged in with.")),
                (_("New PIN"), "pin", _("4 to 12 digits that only you know.")),
                (_("New PIN again"), "pin", _("The same digits.")),
            ]
        )

    def explanation(self) -> tuple[str, str]:
        """Return what happens next, or what became of the last try."""
        _ = self._
        if self._refused:
            return _("Your PIN was not changed."), self._refused
        return (
            _("Cover the pad with your hand."),
            _("Then look at the camera: your old PIN and your face are checked at once."),
        )

    def chips(self) -> Sequence[ChipSpec]:
        """Return the way back to the account."""
        return [self.cancel_chip()]

    def cancel(self) -> None:
        """Go back to the account: nothing changes."""
        from kiosk.screens.account import Account

        session, since = self.session, self.since
        self.go_on_to(lambda app: Account(app, session, since))

    def refresh(self) -> None:
        """While the machine judges nobody, count down and let nothing be sent."""
        pause_s = self.app.pause.left_s
        if pause_s:
            self.explained.configure(text=messages.refusal("paused", pause_s, self.language))
        elif not self.go.enabled:
            self.explained.configure(text=self._(messages.NOT_CHANGED))
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
        from kiosk.screens.look import LookToChange

        session, since, words = self.session, self.since, (old.text, new.text)
        self.go_on_to(lambda app: LookToChange(app, session, since, *words))

    def _judge(self) -> bool:
        from credentials.policy import check_pin

        old, new, _again = self.fields
        if not self.check(new, check_pin, "pin"):
            return False
        if new.text == old.text:
            new.clear()
            self.complain(new, self._("This is your old PIN. Choose another."))
            return False
        return True


class PinChanged(SessionPage):
    """The new PIN counts."""

    def __init__(self, app: Shell, session: Session, since: datetime) -> None:
        """Build the page."""
        super().__init__(app)
        self.open_session(session, since)
        _ = self._
        left = (theme.PAGE_WIDTH - _WIDE) // 2
        pane: Any = card(self, _WIDE, 340)
        self.put(pane, left, 180)
        at(disc(pane, "check", theme.OK, theme.OK_SOFT), (_WIDE - 96) // 2, 44)
        inner = _WIDE - 96
        heading, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        title = _("Your PIN is changed.")
        at(Label(pane, title, heading, width=inner, height=48, anchor="center"), 48, 164)
        line = _("Use the new one from now on.")
        at(
            Label(
                pane, line, body, colour=theme.MUTED, width=inner, height=76, anchor="center",
                wrap=True,
            ), 48, 228,
        )  # fmt: skip
        half = (_WIDE - 24) // 2
        self.button(_("Log out"), app.go_home, left, 620, half, look="primary", height=theme.KEY)
        self.button(
            _("Back to account"), self._back, left + _WIDE - half, 620, half, height=theme.KEY
        )

    def _back(self) -> None:
        from kiosk.screens.account import Account

        session, since = self.session, self.since
        self.go_on_to(lambda app: Account(app, session, since))
