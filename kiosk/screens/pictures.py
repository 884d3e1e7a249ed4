"""Base class of pages that capture a customer's five pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kiosk.camera_pane.guidance import Settled
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.camera_pane.prompts import pose_line, sign_of
from kiosk.camera_pane.view import CameraView
from kiosk.layout import Column, Either, Reflow, Space
from kiosk.screens.live_page import LivePage
from kiosk.widgets import theme
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import StatusText
from kiosk.words import messages
from kiosk.worker import Attempt

if TYPE_CHECKING:
    import threading

    from face_auth.types import EnrolProgress, Frame, Movement, Verdict

WANTED = 5


class Pictures(LivePage):
    """Page on which one press captures the pictures and saves them."""

    kept = ("_failed_with",)

    action = ""
    """The primary button's word, in English."""

    def lay_camera(self, head: Any, told: Any) -> None:
        """Lay the page out: below *head* the card *told* and the button, and the camera's pane."""
        self.saving: Attempt[Any] | None = None
        self.taken = 0
        self._pose: Movement | None = None
        self._settled = Settled()
        self._verdict: Verdict | None = None
        self._failed_with = ""
        self.save = self.button(
            self._(self.action), self.start, look="primary", busy_when_disabled=True
        )
        self.view = CameraView(self, self.fonts, self.app.host.latest, on_frame=self._frame)
        self.line = self.add(StatusLine(self, self.fonts, weight="semibold"))
        self.lay(
            head,
            Either(
                Reflow(
                    Column(told, Space(grow=1), self.save, least=theme.COLUMN, grow=5),
                    Column(self.view, self.line, least=theme.COLUMN, grow=6),
                    gap=theme.COLUMN_GAP,
                ),
                Column(self.view, self.line, told, self.save),
                self.room,
            ),
        )  # fmt: skip
        self.app.guide.watch(self._guided)
        self.later(1, lambda: self.prepare_marks(Ring.ARCS, WANTED))
        self.refresh()

    # What subclasses say.

    def capture(self, progress: Callable[..., None], cancel: threading.Event) -> Any:
        """Take the pictures and save them; runs on a worker."""
        raise NotImplementedError

    def saved(self, result: Any) -> None:
        """Go on: *result* is what `capture` returned."""
        raise NotImplementedError

    def not_saved(self, error: BaseException) -> None:
        """Say why nothing was saved, so that it can be tried again."""
        sentence = messages.enrolment_error(error)
        if sentence == messages.FAULT:
            self.app.fault(error)
            return
        asked = self.app.settings.liveness == "challenge"
        if sentence == messages.ENROLMENT["not_live"] and not asked:
            sentence = messages.NOT_LIVE_UNASKED
        self.saving = None
        self._failed_with = sentence
        self._verdict = None
        self.view.mark(Marks(Ring.REFUSED))
        self.app.guide.pause(False)
        self.save.say(self._(self.action))
        self.app.redraw_bars()
        self.refresh()
        self.save.take_focus()

    # The same on all of them.

    def status(self) -> StatusText:
        """Return the number of pictures while they are taken."""
        if self.saving is None:
            return super().status()
        if self.taken == WANTED and self._pose is not None:
            text = self._("Pictures taken. Follow the last arrows.")
        else:
            text = self._("{done} of {wanted} pictures").format(done=self.taken, wanted=WANTED)
        return StatusText(text, tone="", progress=(self.taken, WANTED))

    def refresh(self) -> None:
        """Say what to do now."""
        _ = self._
        ready = self.app.host.machine is not None and self.app.host.machine.ready
        seen = self.view.live
        self.save.enable(self.saving is None and ready and seen)
        if not seen:
            self.view.words(*self.no_picture(messages.RETRIED))
            lost = self.app.host.camera_lost
            sentence = messages.NO_CAMERA if lost else messages.WAIT
            self.line.say("warn" if lost else "hold", _(sentence))
        elif self.saving is not None:
            tone, sentence = pose_line(self._pose, self._verdict)
            self.line.say(tone, _(sentence))
        elif self._failed_with:
            self.line.say("bad", _(self._failed_with))
        elif not ready:
            self.line.say("hold", _(messages.WAIT))
        else:
            self.line.say("look", _(messages.guidance(self._verdict, messages.PRESS_SAVE)))

    def start(self) -> None:
        """Take the pictures."""
        self.taken, self._verdict, self._failed_with = 0, None, ""
        self._pose, self._settled = None, Settled()
        self.app.guide.pause(True)
        self.view.mark(Marks(Ring.ARCS, 0, WANTED))
        worker = self.app.worker
        self.saving = self.work(
            lambda attempt: self.capture(worker.report(attempt), attempt.cancel),
            done=self.saved, failed=self.not_saved, progress=self._progress,
        )  # fmt: skip
        self.save.say(self._("Taking pictures…"))
        self.app.redraw_bars()
        self.refresh()

    def _frame(self, frame: Frame | None) -> None:
        if frame is None:
            self._verdict = None
            self.refresh()
        elif self.saving is None:
            self.app.guide.offer(frame)
            if not self.save.enabled:
                self.refresh()

    def _guided(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        self.refresh()

    def _progress(self, progress: EnrolProgress) -> None:
        if not self.winfo_exists():
            return
        self.app.idle.touched()
        self._settled.take(progress.verdict)
        self._verdict = self._settled.verdict
        self.taken, self._pose = progress.taken, progress.pose
        green = WANTED if progress.over else min(self.taken, WANTED - 1)
        self.view.mark(Marks(Ring.ARCS, green, WANTED, sign_of(self._pose)))
        self.app.window.status_bar.say(self.status())
        self.refresh()
