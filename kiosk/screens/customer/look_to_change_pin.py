"""Page that checks the old PIN and the face before a PIN is changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from atm.login.decision import Outcome
from kiosk.camera_pane.marks import Ring
from kiosk.camera_pane.prompts import LoginPrompts, parts
from kiosk.camera_pane.view import CameraView
from kiosk.screens.base import LivePage
from kiosk.screens.customer.session_page import SessionPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import StatusLine, card, disc
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages
from kiosk.worker import Attempt

if TYPE_CHECKING:
    from atm.accounts.session import Session
    from atm.login.decision import Decision
    from face_auth.types import Frame, LoginProgress, Verdict

_HIGH = 412
_WIDE = 760


class LookToChange(LivePage, SessionPage):
    """Live page whose check starts by itself as soon as the face is well in view."""

    def __init__(
        self,
        app: Shell,
        session: Session,
        since: datetime,
        old_pin: str,
        new_pin: str,
        back: Make,
        again: Callable[[str], Make],
    ) -> None:
        """Build the page; both PINs go with it.

        Args:
            app: The window.
            session: The open account.
            since: When it was opened.
            old_pin: As the customer typed it.
            new_pin: As the customer typed it.
            back: Makes the account's page.
            again: Makes the page before this one, with a sentence on what the try came to.
        """
        super().__init__(app)
        self.open_session(session, since)
        self._account, self._again = back, again
        self._pins = (old_pin, new_pin)
        self._looking: Attempt[Decision] | None = None
        self._prompts: LoginPrompts | None = None
        self._verdict: Verdict | None = None
        _ = self._
        pane: Any = card(self, theme.LEFT_COLUMN, _HIGH + 84)
        self.put(pane, theme.MARGIN, 104)
        at(disc(pane, "face", theme.PRIMARY, theme.SOFT), 32, 40)
        inner = theme.LEFT_COLUMN - 64
        heading, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        at(Label(pane, _("Look at the camera"), heading, width=inner, height=48), 32, 164)
        words = _("Your old PIN and your face are checked at once. Then the new PIN counts.")
        at(
            Label(
                pane, words, body, colour=theme.MUTED, width=inner, height=140, anchor="nw",
                wrap=True,
            ), 32, 224,
        )  # fmt: skip
        self.stop = self.button(
            _("Cancel"), self.cancel, theme.MARGIN, 620, theme.LEFT_COLUMN, look="quiet",
            height=theme.KEY,
        )  # fmt: skip
        self.view = CameraView(
            self, self.fonts, app.host.latest,
            width=theme.RIGHT_COLUMN, height=_HIGH, on_frame=self._frame,
        )  # fmt: skip
        self.put(self.view, theme.RIGHT_X, 104)
        self.line = StatusLine(self, self.fonts, width=theme.RIGHT_COLUMN, weight="semibold")
        self.put(self.line, theme.RIGHT_X, 532)
        app.guide.watch(self._guided)
        self.prepare_marks(Ring.FILLING, parts(app.settings.liveness))
        self.refresh()

    def chips(self) -> Sequence[Chip]:
        """Return the way out."""
        return [self.cancel_chip()]

    def cancel(self) -> None:
        """Go back to the account."""
        self.go_on_to(self._account)

    def refresh(self) -> None:
        """Say what to do now, and begin when the face is well in view."""
        machine = self.app.host.machine
        ready = machine is not None and machine.ready
        if self._looking is not None:
            self.app.idle.active()
        if not self.view.live:
            self.view.words(*self.no_picture(messages.ASK))
            lost = self.app.host.camera_lost
            sentence = messages.NO_CAMERA if lost else messages.WAIT
            self.line.say("warn" if lost else "hold", self._(sentence))
        elif self._prompts is not None:
            self.line.say(*self._prompts.line(self._))
        elif self._verdict in messages.GUIDANCE:
            self.line.say("look", self._(messages.GUIDANCE[self._verdict]))
        else:
            self.line.say("hold", self._(messages.WAIT))
            if ready and self._verdict:
                self._begin()

    def destroy(self) -> None:
        """Forget both PINs."""
        self._pins = ("", "")
        super().destroy()

    def _frame(self, frame: Frame | None) -> None:
        if frame is None:
            self._verdict = None
        elif self._looking is None:
            self.app.guide.offer(frame)
        self.refresh()

    def _guided(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        self.refresh()

    def _begin(self) -> None:
        self.settling = True
        self.app.guide.pause(True)
        self._prompts = LoginPrompts(self.app.settings.liveness)
        self.view.mark(self._prompts.marks)
        machine, worker, session, pins = self.app.machine, self.app.worker, self.session, self._pins
        self._looking = self.work(
            lambda attempt: machine.change_pin(
                session, *pins, progress=worker.report(attempt), cancel=attempt.cancel
            ),
            done=self._decided, progress=self._progress,
        )  # fmt: skip
        self.refresh()

    def _progress(self, progress: LoginProgress) -> None:
        assert self._prompts is not None
        self.view.mark(self._prompts.take(progress))
        self.refresh()

    def _decided(self, decision: Decision) -> None:
        self.app.idle.active()
        session, since, back = self.session, self.since, self._account
        outcome = decision.outcome
        if outcome is Outcome.PAUSED:
            self.app.pause.begin(decision.pause_s)
        if outcome is Outcome.GRANTED:
            self.go_on_to(lambda app: PinChanged(app, session, since, back))
            return
        refused = (
            self._(messages.NOT_CHANGED)
            if outcome is Outcome.REFUSED
            else messages.refusal(outcome, decision.pause_s, self.language)
        )
        self.go_on_to(self._again(refused))


class PinChanged(SessionPage):
    """Confirms that the new PIN is valid."""

    def __init__(self, app: Shell, session: Session, since: datetime, back: Make) -> None:
        """Build the page; *back* makes the account's."""
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
        self.button(_("Log out"), self.log_out, left, 620, half, look="primary", height=theme.KEY)
        self.button(
            _("Back to account"),
            lambda: self.go_on_to(back),
            left + _WIDE - half,
            620,
            half,
            height=theme.KEY,
        )
