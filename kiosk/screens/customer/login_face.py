"""Third step of a login: the face, checked at once with the PIN, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atm.login.decision import Outcome
from credentials.attempt_rules import FIRST_WAIT_S
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.camera_pane.prompts import LoginPrompts, parts
from kiosk.camera_pane.view import CameraView
from kiosk.countdown import Countdown
from kiosk.layout import Column, Reflow, Space
from kiosk.screens.customer.account import Account
from kiosk.screens.customer.login_step import LoginStep, Typed
from kiosk.screens.live_page import LivePage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.status_line import StatusLine
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.login.decision import Decision
    from face_auth.types import Frame, LoginProgress

_TOLD = 380
"""The least width of the column beside the pane."""
_BLANK = "\u00a0"
"""Keeps a line free, so that the sentence below it stays where it is."""
_READ_MS = 1800
"""How long the focus rests on the sentence after a refusal."""


class LoginFace(LoginStep, LivePage):
    """Page of the check. Opening it starts both threads, before anything is drawn."""

    def __init__(self, app: Shell, typed: Typed, back: Make) -> None:
        """Check what was *typed*, and forget the PIN; *back* makes the page to try again from."""
        super().__init__(app, typed, back)
        machine, worker = app.machine, app.worker
        self._prompts = prompts = LoginPrompts(app.settings.liveness, app.listener)
        words, typed.pin = (typed.username, typed.pin), ""
        self.work(
            lambda attempt: machine.login(
                *words, progress=worker.report(attempt), cancel=attempt.cancel,
                speaking=prompts.words.speaking,
            ),
            done=self._decided, progress=self._progress, unwanted=_log_out,
        )  # fmt: skip
        app.guide.pause(True)
        self.outcome: Outcome | None = None
        """What the login came to; None while it is checked."""
        self._wait = Countdown()
        self.view = CameraView(self, self.fonts, app.host.latest, on_frame=self._frame)
        self.step = self.words(_BLANK, size=theme.HEADING, weight="bold")
        self.step.shown = app.settings.liveness == "challenge"
        self.line = self.add(StatusLine(self, self.fonts, weight="semibold", size=theme.HEADING))
        checked = self._("Your PIN and your face are checked at once.")
        if self.cards is not None:
            checked = self._("PIN, face and card are checked at once. Touch your key if it blinks.")
        self.more = self.words(checked, colour=theme.MUTED, anchor="nw")
        self._lay()
        self.later(1, lambda: self.prepare_marks(Ring.FILLING, parts(app.settings.liveness)))
        self.refresh()

    @property
    def working(self) -> bool:
        """True also after the check: the page, built anew, would check a second time."""
        return True

    def refresh(self) -> None:
        """Say what to do now, or what came of it."""
        _ = self._
        if not self.view.live:
            self.view.words(*self.no_picture(messages.ASK))
        if self.outcome is None:
            self.app.idle.active()
            self.line.say(*self._prompts.line(_))
            step = self._prompts.movement
            words = _("Movement {n} of {of}")
            self.step.say(words.format(n=step[0], of=step[1]) if step else _BLANK)
            self.view.mark(self._prompts.look())
            return
        pause_s = self.app.pause.left_s
        outcome = Outcome.PAUSED if pause_s else self.outcome
        self.line.say("bad", messages.refusal(outcome, pause_s, self.language))
        again = outcome is Outcome.REFUSED
        left_s = self._wait.left_s
        self.more.say(messages.refused_again(left_s, self.language) if again else "")
        self.again.enable(not pause_s)

    def _frame(self, frame: Frame | None) -> None:
        if frame is None:
            self.refresh()

    def _progress(self, progress: LoginProgress) -> None:
        self._prompts.take(progress)
        self.refresh()

    def _decided(self, decision: Decision) -> None:
        self.app.idle.active()
        if decision.session is not None:
            session = decision.session
            self.app.show(lambda app: Account(app, session))
            return
        self.outcome = decision.outcome
        if decision.outcome is Outcome.PAUSED:
            self.app.pause.begin(decision.pause_s)
        self._wait.begin(FIRST_WAIT_S)
        self.app.guide.pause(False)
        self.view.mark(Marks(Ring.REFUSED))
        self.step.say(_BLANK)
        self.show_part(self._buttons, True)
        self.refresh()
        width, height = self.room()
        if self.layout.heights(width)[0] > height:  # the way on comes before a picture
            self.show_part(self._pane, False)
            self.show_part(self.step, False)
        self.line.enabled = True
        self.line.take_focus()
        self.later(_READ_MS, self._to_again)

    def _to_again(self) -> None:
        if self.line.focused:
            self.again.take_focus()

    def _lay(self) -> None:
        _ = self._
        self.again = self.button(_("Try again"), self.cancel, look="primary")
        self._buttons = Column(self.again, self.button(_("Finish"), self.app.go_home, look="quiet"))
        self._buttons.shown = False
        told = Column(
            self.step, self.line, self.more, Space(grow=1), self._buttons,
            grow=2, least=_TOLD,
        )  # fmt: skip
        self._pane = Column(self.view, grow=4, least=theme.COLUMN)
        self.lay(Reflow(self._pane, told, room=self.room, gap=32, grow=1))


def _log_out(decision: Decision) -> None:
    """Close the account that a login opened after it was broken off."""
    if decision.session is not None:
        decision.session.close()
