"""Guidance before a login: a worker judges the newest frame, at most eleven times a second.

A machine that takes long over one is given as long again to rest: the page comes first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from face_auth.types import Verdict
from kiosk.machine_host import MachineHost
from kiosk.worker import NewestOnly, Worker

if TYPE_CHECKING:
    from atm.machine import Machine
    from face_auth.types import Frame

EVERY_S = 0.09  # every third frame of a camera with 25 or 30 a second
PRESENCE_EVERY_S = 1.0
STEADY_S = 0.3
"""How long a verdict must last before the sentence changes: no flicker."""

_log = logging.getLogger(__name__)


class Settled:
    """The verdict on show; another one replaces it once it has lasted `STEADY_S`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none; the first one counts at once."""
        self.verdict: Verdict | None = None
        self._clock = clock
        self._new: tuple[Verdict | None, float] = (None, 0.0)

    def take(self, verdict: Verdict | None) -> bool:
        """Take the verdict on one frame; returns whether `verdict` has changed."""
        now = self._clock()
        if verdict != self._new[0]:
            self._new = (verdict, now)
        settled = self.verdict is None or now - self._new[1] >= STEADY_S
        if not settled or verdict == self.verdict:
            return False
        self.verdict = verdict
        return True


class Guide:
    """Hands frames to the judging thread, and its verdicts to the page."""

    def __init__(
        self,
        host: MachineHost,
        worker: Worker,
        somebody: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread; *somebody* is called on the Tk thread while a face is in view."""
        self._host = host
        self._worker = worker
        self._somebody = somebody
        self._clock = clock
        self._listener: Callable[[Verdict | None], None] | None = None
        self._offered_at = 0.0
        self._took_s = 0.0
        self._settled = Settled(clock)
        self._paused = False
        self._failing = False
        self._thread: NewestOnly[tuple[Machine, Frame]] = NewestOnly("guide", self._judge)

    def watch(self, listener: Callable[[Verdict | None], None] | None) -> None:
        """Tell *listener* each settled verdict; without one, only look for a person."""
        self._listener = listener
        self._settled = Settled(self._clock)
        self._paused = False

    def pause(self, paused: bool) -> None:
        """Stop judging while a login or an enrolment uses the detector."""
        self._paused = paused
        self._settled.verdict = None

    def offer(self, frame: Frame) -> None:
        """Judge *frame* if it is time."""
        if self._listener is not None:
            self._offer(frame, EVERY_S)

    def look(self) -> None:
        """Look for a person, on pages without a camera pane."""
        if self._listener is None and self._clock() - self._offered_at >= PRESENCE_EVERY_S:
            frame = self._host.latest()
            if frame is not None:
                self._offer(frame, PRESENCE_EVERY_S)

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _offer(self, frame: Frame, every_s: float) -> None:
        machine = self._host.machine
        now = self._clock()
        if machine is None or not machine.ready or self._paused or self._thread.busy:
            return
        if now - self._offered_at >= max(every_s, 2 * self._took_s):
            self._offered_at = now
            self._thread.offer((machine, frame))

    def _judge(self, item: tuple[Machine, Frame]) -> None:
        """Judge one frame, on the thread."""
        machine, frame = item
        began = self._clock()
        verdict: Verdict | None = None
        try:
            verdict = machine.assess(frame).verdict
        except Exception:
            if not self._failing:  # said once, not nine times a second
                _log.exception("A frame could not be judged")
        self._failing = verdict is None
        self._took_s = self._clock() - began
        self._worker.post(lambda: self._judged(verdict))

    def _judged(self, verdict: Verdict | None) -> None:
        if verdict not in (None, Verdict.NO_FACE):
            self._somebody()
        listener = self._listener
        if listener is None or self._paused:
            return
        if self._settled.take(verdict):
            listener(verdict)
