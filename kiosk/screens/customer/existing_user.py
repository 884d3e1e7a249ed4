"""Login page: name and PIN beside the live camera; one press checks both at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atm.login.decision import Outcome
from face_auth.types import Verdict
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.camera_pane.prompts import LoginPrompts, parts
from kiosk.camera_pane.view import CameraView
from kiosk.layout import Column, Reflow
from kiosk.screens.base import LivePage
from kiosk.screens.customer.account import Account
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.hint import hint
from kiosk.widgets.keypads import DigitPad, LetterPad
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages
from kiosk.worker import Attempt

if TYPE_CHECKING:
    from atm.login.decision import Decision
    from face_auth.types import Frame, LoginProgress

_READ_MS = 1800
"""How long the focus rests on the sentence after a refusal."""


class ExistingUser(LivePage):
    """The login page."""

    def __init__(self, app: Shell) -> None:
        """Build the page, with nothing typed."""
        super().__init__(app)
        _ = self._
        self._login: Attempt[Decision] | None = None
        self._prompts: LoginPrompts | None = None
        self._verdict: Verdict | None = None
        self._answer, self._paused = "", False
        self._moving_on: str | None = None
        self.username = self._field(_("Username"), "text")
        self.pin = self._field(_("PIN"), "pin")
        self.typing = self.username
        self.digits = DigitPad(self, self.fonts, lambda: self.typing, _)
        self.view = CameraView(self, self.fonts, app.host.latest, on_frame=self._frame)
        self.line = self.add(StatusLine(self, self.fonts, weight="semibold"))
        self.press = self.button(_("Login"), self._press, look="primary", busy_when_disabled=True)
        self._lower = Reflow(
            Column(self.digits, grow=5, least=theme.COLUMN),
            Column(self.view, self.line, self.press, grow=6, least=theme.COLUMN),
            gap=theme.COLUMN_GAP, grow=1,
        )  # fmt: skip
        self._drawer = Column(grow=1)
        self._drawer.shown = False
        self.lay(Reflow(self.username, self.pin, gap=24), self._lower, self._drawer)
        hint(self.press, _("Checks your PIN and your face at once"))
        self.letters: LetterPad | None = None
        self.letters_open = False
        app.guide.watch(self._guided)
        self.later(1, lambda: self.prepare_marks(Ring.FILLING, parts(app.settings.liveness)))
        self.refresh()
        if app.by_touch:
            self.later(1, lambda: self._open_drawer(True))

    def chips(self) -> Sequence[Chip]:
        """Return the way home, or out of a login under way."""
        return [self.cancel_chip() if self._login is not None else self.home_chip()]

    def stops(self) -> Sequence[Control]:
        """Return fields, then the pad that is open; after a refusal the sentence comes before."""
        if self.letters_open and self.letters is not None:
            return [self.username, *self.letters.stops()]
        said = [self.line] if self.line.enabled else []
        return [*said, self.username, self.pin, *self.digits.keys, self.press]

    def first_focus(self) -> Control | None:
        """Start with the name."""
        return self.username

    def cancel(self) -> None:
        """Close the letters; break off a login; else go home."""
        if self.letters_open:
            self._open_drawer(False)
        elif self._login is not None:
            self._end_login()
            self._answer = ""
            self.refresh()
            self.pin.take_focus()
        else:
            self.app.go_home()

    def enter_in(self, field: Field) -> None:
        """Go from the name to the PIN, from the PIN to the press."""
        self._open_drawer(False)
        if field is self.username:
            self.pin.take_focus()
        else:
            self.press.press()

    def typed_by_key(self, field: Field) -> None:
        """Close the letters: there is a keyboard."""
        self._open_drawer(False)

    def refresh(self) -> None:
        """Say what to do now, or what came of it."""
        _ = self._
        machine = self.app.host.machine
        ready = machine is not None and machine.ready
        seen, busy = self.view.live, self._login is not None
        pause_s = self.app.pause.left_s
        if pause_s and not busy:
            self._answer = messages.refusal(Outcome.PAUSED, pause_s, self.language)
            self._paused = True
        elif self._answer and (self.pin.text or self._paused):
            self._forget_answer()
        problem = self.app.host.camera_problem
        self.press.enable(ready and seen and not busy and not problem and not pause_s)
        if not seen:
            self.view.words(*self.no_picture(messages.ASK))
        if self._prompts is not None:
            self.app.idle.active()
            self.line.say(*self._prompts.line(_))
        elif self._answer:
            self.line.say("bad", self._answer)
        elif self.app.host.camera_lost:
            self.line.say("warn", _(messages.NO_CAMERA))
        elif problem:
            self.line.say("warn", messages.camera_problem(problem, _))
        elif not (ready and seen):
            self.line.say("hold", _(messages.WAIT))
        elif self._verdict in messages.GUIDANCE:
            self.line.say("look", _(messages.GUIDANCE[self._verdict]))
        elif not (self.username.text and self.pin.text):
            self.line.say("info", _(messages.TYPE_BOTH))
        else:
            self.line.say("look", _(messages.PRESS_LOGIN))

    def _field(self, caption: str, kind: str) -> Field:
        field: Field = self.add(Field(self, caption, self.fonts, kind=kind, grow=1))
        field.touched = self._touched
        field.on_focus = self._focused
        return field

    def _focused(self, field: Field) -> None:
        self.typing = field
        if field is not self.username:
            self._open_drawer(False)

    def _touched(self, field: Field) -> None:
        self._open_drawer(field is self.username)

    # Letters over the lower half, while the name is typed by touch.

    def _open_drawer(self, wanted: bool) -> None:
        if wanted == self.letters_open or (wanted and not self.username.enabled):
            return
        self.letters_open = wanted
        if self.letters is None:
            self.letters = LetterPad(
                self, self.fonts, lambda: self.username, self._, letters=self.language.letters,
                onward=self._("Next"), on_onward=self.pin.take_focus,
            )  # fmt: skip
            self._drawer.parts = [self.letters]
        self.show_part(self._drawer, wanted)
        self.show_part(self._lower, not wanted)

    # The press and its answer.

    def _frame(self, frame: Frame | None) -> None:
        if frame is None:
            self._verdict = None
            self.refresh()
        elif self._login is None:
            self.app.guide.offer(frame)
        if frame is not None and not self.press.enabled and self._login is None:
            self.refresh()

    def _guided(self, verdict: Verdict | None) -> None:
        if self._answer and verdict is Verdict.OK:
            return  # the refusal stays until something is done about it
        self._verdict = verdict
        self.refresh()

    def _press(self) -> None:
        for field in (self.username, self.pin):
            if not field.text.strip():
                self._answer = ""
                self.refresh()
                field.take_focus()
                return
        self.cancel_timer(self._moving_on)
        self.line.enabled = False
        self._answer = ""
        self.app.guide.pause(True)
        self._lock(True)
        self._prompts = LoginPrompts(self.app.settings.liveness)
        self.view.mark(self._prompts.marks)
        machine, worker = self.app.machine, self.app.worker
        words = (self.username.text, self.pin.text)
        self._login = self.work(
            lambda attempt: machine.login(
                *words, progress=worker.report(attempt), cancel=attempt.cancel
            ),
            done=self._decided, progress=self._progress, unwanted=_log_out,
        )  # fmt: skip
        self.press.say(self._("Checking…"))
        self.app.redraw_bars()
        self.refresh()

    def _progress(self, progress: LoginProgress) -> None:
        assert self._prompts is not None
        self.view.mark(self._prompts.take(progress))
        self.refresh()

    def _decided(self, decision: Decision) -> None:
        self.app.idle.active()
        if decision.session is not None:
            session = decision.session
            self.app.show(lambda app: Account(app, session))
            return
        self._end_login()
        self._answer = messages.refusal(decision.outcome, decision.pause_s, self.language)
        if decision.outcome is Outcome.PAUSED:
            self.app.pause.begin(decision.pause_s)
        self.view.mark(Marks(Ring.REFUSED))
        self.refresh()
        self.line.enabled = True
        self.line.take_focus()
        self._moving_on = self.later(_READ_MS, self._to_pin)

    def _to_pin(self) -> None:
        self._moving_on = None
        if self.line.focused:
            self.pin.take_focus()

    def _forget_answer(self) -> None:
        self._answer, self._paused = "", False
        self.line.enabled = False
        self.view.mark(Marks())

    def _end_login(self) -> None:
        if self._login is not None:
            self._login.drop()
            self._login = self._prompts = None
        self.pin.enable(True)
        self.pin.clear()
        self.typing = self.pin
        self._lock(False)
        self.view.mark(Marks())
        self.app.guide.pause(False)
        self._verdict = None
        self.press.say(self._("Login"))
        self.app.redraw_bars()

    def _lock(self, locked: bool) -> None:
        self.username.enable(not locked)
        self.pin.enable(not locked)
        self.digits.enable(not locked)


def _log_out(decision: Decision) -> None:
    """Close the account that a login opened after it was broken off."""
    if decision.session is not None:
        decision.session.close()
