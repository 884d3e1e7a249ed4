"""Second step of a login: the PIN. Its press checks PIN and face at once, on the next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atm.login.decision import Outcome
from face_auth.types import Verdict
from kiosk.camera_pane.view import CameraView
from kiosk.layout import Column, Either, Reflow
from kiosk.screens.customer.login_face import LoginFace
from kiosk.screens.customer.login_step import LoginStep, Typed
from kiosk.screens.live_page import LivePage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.hint import hint
from kiosk.widgets.keypads import DigitPad
from kiosk.widgets.status_line import StatusLine
from kiosk.words import messages

if TYPE_CHECKING:
    from face_auth.types import Frame


class LoginPin(LoginStep, LivePage):
    """Page for the PIN. Beside it the customer sees whether the camera sees them well."""

    def __init__(self, app: Shell, typed: Typed, back: Make | None) -> None:
        """Build the page for the name that was *typed*."""
        super().__init__(app, typed, back)
        _ = self._
        self._verdict: Verdict | None = None
        cards = self.cards
        note = messages.leave_card_in(cards.required, _) if cards is not None else None
        self.pin: Field = self.add(Field(self, _("PIN"), self.fonts, kind="pin", note=note))
        self.typing = self.pin
        self.digits = DigitPad(self, self.fonts, lambda: self.pin, _)
        self.view = CameraView(self, self.fonts, app.host.latest, on_frame=self._frame)
        self.line = self.add(StatusLine(self, self.fonts, weight="semibold"))
        self.press = self.button(_("Login"), self._press, look="primary", busy_when_disabled=True)
        wide = Reflow(
            Column(self.pin, self.digits, grow=1, least=theme.COLUMN),
            Column(self.view, self.line, self.press, grow=1, least=theme.COLUMN),
            gap=theme.COLUMN_GAP,
        )
        high = Column(self.view, self.line, self.pin, self.digits, self.press)
        self.lay(Either(wide, high, self.room))
        hint(self.press, _("Checks your PIN and your face at once"))
        self.pin.text = typed.pin
        app.guide.watch(self._guided)
        self.refresh()

    def stops(self) -> Sequence[Control]:
        """Return the field, the digits and the button."""
        return [self.pin, *self.digits.keys, self.press]

    def first_focus(self) -> Control | None:
        """Start in the field."""
        return self.pin

    def keep(self) -> None:
        """Keep the digits: whoever corrects the name types them once."""
        self.typed.pin = self.pin.text

    def refresh(self) -> None:
        """Say what to do now."""
        _, host = self._, self.app.host
        ready = host.machine is not None and host.machine.ready
        seen, pause_s, problem = self.view.live, self.app.pause.left_s, host.camera_problem
        self.press.enable(ready and seen and not problem and not pause_s)
        if not seen:
            self.view.words(*self.no_picture(messages.ASK))
        if pause_s:
            self.line.say("bad", messages.refusal(Outcome.PAUSED, pause_s, self.language))
        elif host.camera_lost:
            self.line.say("warn", _(messages.NO_CAMERA))
        elif problem:
            self.line.say("warn", messages.camera_problem(problem, _))
        elif not (ready and seen):
            self.line.say("hold", _(messages.WAIT))
        elif self._verdict in messages.GUIDANCE:
            self.line.say("look", _(messages.GUIDANCE[self._verdict]))
        elif not self.pin.text:
            self.line.say("info", _(messages.TYPE_PIN))
        else:
            self.line.say("look", _(messages.PRESS_LOGIN))

    def _frame(self, frame: Frame | None) -> None:
        if frame is None:
            self._verdict = None
        else:
            self.app.guide.offer(frame)
        if frame is None or not self.press.enabled:
            self.refresh()

    def _guided(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        self.refresh()

    def _press(self) -> None:
        if not self.pin.text:
            self.pin.take_focus()
            return
        self.keep()
        typed, back = self.typed, self._back
        self.go_on_to(lambda app: LoginFace(app, typed, lambda app: LoginPin(app, typed, back)))
