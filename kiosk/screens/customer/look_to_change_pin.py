"""Page that checks the old PIN and the face before a PIN is changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from atm.login.decision import Outcome
from kiosk.camera_pane.marks import Ring
from kiosk.camera_pane.prompts import LoginPrompts, parts
from kiosk.camera_pane.view import CameraView
from kiosk.layout import Column, Either, Reflow, Row, Space
from kiosk.screens.customer.session_page import SessionPage
from kiosk.screens.live_page import LivePage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.status_line import Disc, Pane, StatusLine, card
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages
from kiosk.worker import Attempt

if TYPE_CHECKING:
    from atm.accounts.session import Session
    from atm.login.decision import Decision
    from face_auth.types import Frame, LoginProgress, Verdict


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
        pane = Pane(self)
        told = card(
            pane,
            Row(Disc(pane, "face", theme.PRIMARY, theme.SOFT), Space(grow=1)),
            self.words(_("Look at the camera"), size=theme.HEADING, weight="bold", on=pane),
            self.words(
                _("Your old PIN and your face are checked at once. Then the new PIN counts."),
                colour=theme.MUTED, anchor="nw", on=pane,
            ),
            grow=1,
        )  # fmt: skip
        self.stop = self.button(_("Cancel"), self.cancel, look="quiet")
        self.view = CameraView(self, self.fonts, app.host.latest, on_frame=self._frame)
        self.line = self.add(StatusLine(self, self.fonts, weight="semibold"))
        self.lay(
            Either(
                Reflow(
                    Column(told, self.stop, least=theme.COLUMN, grow=5),
                    Column(self.view, self.line, least=theme.COLUMN, grow=6),
                    gap=theme.COLUMN_GAP,
                ),
                Column(self.view, self.line, told, self.stop),
                self.room,
            )
        )  # fmt: skip
        app.guide.watch(self._guided)
        self.later(1, lambda: self.prepare_marks(Ring.FILLING, parts(app.settings.liveness)))
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
            self.view.mark(self._prompts.look())
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
        self._prompts = prompts = LoginPrompts(self.app.settings.liveness, self.app.listener)
        machine, worker, session, pins = self.app.machine, self.app.worker, self.session, self._pins
        self._looking = self.work(
            lambda attempt: machine.change_pin(
                session, *pins, progress=worker.report(attempt), cancel=attempt.cancel,
                speaking=prompts.words.speaking,
            ),
            done=self._decided, progress=self._progress,
        )  # fmt: skip
        self.refresh()

    def _progress(self, progress: LoginProgress) -> None:
        assert self._prompts is not None
        self._prompts.take(progress)
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
        out = self.button(_("Log out"), self.log_out, look="primary", grow=1)
        on = self.button(_("Your account"), lambda: self.go_on_to(back), grow=1)
        self.lay_message(
            ("check", theme.OK, theme.OK_SOFT), _("Your PIN is changed."),
            _("Use the new one from now on."), buttons=[out, on],
        )  # fmt: skip
