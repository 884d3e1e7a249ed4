"""The camera: one long-lived thread reads a source and keeps only the newest frame.

This module does not import OpenCV; the thread does, once it opens its source.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from face_auth.camera.open_source import make_source
from face_auth.camera.sources import (
    OPEN_TIMEOUT_S,
    Source,
    SourceError,
    SourceKind,
    redacted,
    source_kind,
)
from face_auth.errors import CameraError
from face_auth.types import CameraState, Frame, Movement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Camera", "SourceKind", "source_kind"]

MAX_AGE_S = 1.0  # an older frame is not delivered
WATCHED_S = 2.0  # how long after the last look frames are still decoded
RETRY_S = 1.0
STALLED_S = 1.5  # a source that is silent, or shows the same picture, this long has stopped
SETTLING_S = 5.0  # a webcam may be black, or send damaged pictures, this long after each opening
LOST_TOO_LONG_S = 1.5  # how long a login waits for a lost camera
_OPENING_S = OPEN_TIMEOUT_S + 2  # name look-up included
_CLOSE_S = 2.0
_POLL_S = 0.05
_WAITED_S = 0.012  # a frame one had to wait for this long was not lying in a buffer
_CLOSEST_S = 0.02  # frames that follow closer than this are not decoded

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The state of the camera at one moment.

    Attributes:
        state: Of the source, as its last call left it.
        problem: The technical reason while LOST.
        frame: The newest frame, however old.
        overdue_at: When the call under way counts as a stall, by the camera's clock; None between
            calls.
    """

    state: CameraState = CameraState.STARTING
    problem: str = ""
    frame: Frame | None = None
    overdue_at: float | None = None


class Camera:
    """A camera that delivers frames from one source, which may fail and come back.

    Readers of the newest frame or the state take a snapshot without a lock, so the window's
    thread never waits for the camera's.

    The thread opens the source, opens it again every second while it is lost, and never ends
    before `close`. Frames are decoded only while somebody has looked within the last two
    seconds: otherwise a device is read without decoding, and a file, a folder or the drawn face
    waits where it is.

    A webcam or stream that repeats a picture to the byte has frozen: the repeated picture is not
    handed out, and after 1.5 s of it (5 s after an opening) the camera is lost until another one
    comes. A folder, a file and the drawn face may repeat; no live machine takes them.

    Attributes:
        asked: What the person is asked to do now, set by whoever asks. Only the drawn face of the
            demo camera obeys it.
    """

    def __init__(self, spec: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare a camera; nothing is opened yet.

        Args:
            spec: See `source_kind`.
            clock: Monotonic time in seconds.

        Raises:
            ValueError: If *spec* names no camera.
        """
        self.kind = source_kind(spec)
        self.spec = spec
        self.asked: Movement | None = None
        self._clock = clock
        self._looked = clock()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()  # wakes a thread that rests
        self._now = _Snapshot()  # replaced as a whole, under the lock; read without it
        self._changed = threading.Condition()  # guards replacing the snapshot, and what is below
        self._thread: threading.Thread | None = None
        self._closed = False
        self._source: Source | None = None
        self._count = 0

    def __enter__(self) -> Camera:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the thread and return at once; once started, do nothing.

        Raises:
            CameraError: If the camera was closed.
        """
        with self._changed:
            if self._closed:
                raise CameraError("The camera is closed.")
            if self._thread is None:
                self._looked = self._clock()
                self._now = replace(self._now, overdue_at=self._looked + _OPENING_S)
                self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Close the source; a hanging read is abandoned after two seconds."""
        with self._changed:
            self._closed = True
            self._now = _Snapshot(CameraState.LOST, "camera is closed")
            thread, source = self._thread, self._source
            self._changed.notify_all()
        self._bell.put(None)
        if source is not None:
            source.abort()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_CLOSE_S)

    @property
    def state(self) -> CameraState:
        """Whether pictures arrive now; a hanging source is LOST before its call returns."""
        return self._condition(self._now)[0]

    @property
    def problem(self) -> str:
        """The technical reason of a LOST camera, for the log and staff; otherwise empty."""
        return self._condition(self._now)[1]

    @property
    def skipped(self) -> int:
        """The number of pictures of a folder that could not be read."""
        source = self._source
        return source.skipped if source is not None else 0

    def latest(self) -> Frame | None:
        """Return the newest frame if it is at most a second old; never wait."""
        now = self._look()
        frame = self._now.frame
        return frame if frame is not None and now - frame.captured_at <= MAX_AGE_S else None

    def frames(
        self, *, after: float, until: float, cancel: threading.Event | None = None
    ) -> Iterator[Frame]:
        """Yield each new frame once, until the clock says *until* or *cancel* is set.

        A consumer slower than the camera gets the newest frame, not a queue of old ones.

        Args:
            after: Only frames captured later than this, in seconds of the camera's clock.
            until: When to end, on the same clock.
            cancel: Set by another thread to end sooner.

        Raises:
            CameraError: If the camera is closed, or stays LOST for more than 1.5 s meanwhile.
        """
        seen = 0
        lost_at: float | None = None
        while cancel is None or not cancel.is_set():
            with self._changed:
                now = self._look()
                if now >= until:
                    return
                snapshot = self._now
                state, problem = self._condition(snapshot)
                if self._closed:
                    raise CameraError(problem)
                if state is not CameraState.LOST:
                    lost_at = None
                elif lost_at is None:
                    lost_at = now
                elif now - lost_at > LOST_TOO_LONG_S:
                    raise CameraError(problem)
                frame = snapshot.frame
                if frame is None or frame.index <= seen or frame.captured_at <= after:
                    self._changed.wait(min(until - now, _POLL_S))
                    continue
                seen = frame.index
            if frame.captured_at > until:
                return
            if now - frame.captured_at <= MAX_AGE_S:
                yield frame

    def _look(self) -> float:
        """Note that frames are wanted, wake a resting thread and return the time; no lock."""
        now = self._clock()
        rests, self._looked = not self._watched(now), now
        if rests:
            self._bell.put(None)
        return now

    def _watched(self, now: float) -> bool:
        return now - self._looked <= WATCHED_S

    def _condition(self, snapshot: _Snapshot) -> tuple[CameraState, str]:
        stuck = snapshot.overdue_at is not None and self._clock() > snapshot.overdue_at
        if stuck and snapshot.state is CameraState.STARTING:
            return CameraState.LOST, f"no answer from {redacted(self.spec)}"
        if stuck and snapshot.state is CameraState.READY:
            return CameraState.LOST, f"{redacted(self.spec)} stopped delivering"
        return snapshot.state, snapshot.problem

    # What follows runs on the camera's thread.

    def _run(self) -> None:
        while not self._closed:
            try:
                self._read()
            except SourceError as error:
                problem = str(error)
            except Exception as error:  # a lost camera comes back, a dead thread does not
                problem = f"{type(error).__name__}: {error}"
                if problem != self._now.problem:
                    _log.exception("Camera %s failed", redacted(self.spec))
            else:
                return
            self._lose(problem)

    def _lose(self, problem: str) -> None:
        with self._changed:
            if self._closed:
                return
            before, self._now = self._now, _Snapshot(CameraState.LOST, problem, self._now.frame)
            self._changed.notify_all()
        if (before.state, before.problem) != (CameraState.LOST, problem):
            _log.warning("Camera %s is lost: %s", redacted(self.spec), problem)
        with self._changed:
            self._changed.wait_for(lambda: self._closed, RETRY_S)

    def _read(self) -> None:
        """Open the source and read it until the camera is closed."""
        source = make_source(self.spec, self._clock, lambda: self.asked)
        try:
            self._own(source, _OPENING_S)
            opened = source.open()
            self._own(opened, _OPENING_S)
            source = opened
            if source.interval_s is None:
                self._follow(source)
            else:
                self._play(source)
        finally:
            source.close()

    def _own(self, source: Source, patience_s: float) -> None:
        with self._changed:
            self._source = source
            self._now = replace(self._now, overdue_at=self._clock() + patience_s)
            closed = self._closed
        if closed:
            source.abort()

    def _follow(self, source: Source) -> None:
        """Read a device at its own pace and decode fresh frames while somebody looks."""
        unsettled = decoded = self._clock()
        good = decoded + SETTLING_S - STALLED_S
        fresh, fault = False, "sends nothing fresh"
        while not self._closed:
            asked = self._clock()
            self._expect(asked)
            source.grab()
            now = self._clock()
            # What lay in a buffer while the source opened or stood still is as old as the wait.
            if now - asked > MAX_AGE_S:
                fresh, unsettled = False, now
            elif now - asked > _WAITED_S or now - unsettled > MAX_AGE_S:
                fresh = True
            if self._is_ready():
                self._delivered()
                if not self._watched(now):
                    good = max(good, now)
                    continue
            if fresh and now - decoded >= _CLOSEST_S:
                decoded = now
                fault = self._publish(source, now)
                if not fault:
                    good = max(good, now)
                    self._delivered()
            if now - good > STALLED_S:
                raise SourceError(f"{redacted(self.spec)} {fault}")

    def _play(self, source: Source) -> None:
        """Read a file, folder or drawn face at its interval, while somebody looks."""
        due = self._clock()
        first = True
        while first or self._wait(due):
            now = self._clock()
            self._expect(now)
            source.grab()
            interval = source.interval_s or RETRY_S
            if now - due > max(MAX_AGE_S, interval):
                due = now  # it stood still while nobody looked
            while now >= due + interval:
                source.grab()  # late: leave one out
                due += interval
            due += interval
            self._publish(source, now)
            self._delivered()
            first = False

    def _wait(self, due: float) -> bool:
        """Wait until the time *due* and until somebody looks; False if the camera was closed."""
        self._set_overdue(None)
        while not self._closed:
            now = self._clock()
            watched = self._watched(now)
            if watched and now >= due:
                return True
            with contextlib.suppress(queue.Empty):
                self._bell.get(timeout=due - now if watched else None)
        return False

    def _expect(self, now: float) -> None:
        """Set the time by which the next frame is due; the first one may take longer."""
        if self._is_ready():
            self._set_overdue(now + STALLED_S)

    def _set_overdue(self, at: float | None) -> None:
        with self._changed:
            if not self._closed:
                self._now = replace(self._now, overdue_at=at)

    def _is_ready(self) -> bool:
        return self._now.state is CameraState.READY

    def _delivered(self) -> None:
        with self._changed:
            if self._closed:
                return
            before, self._now = self._now, _Snapshot(CameraState.READY, "", self._now.frame)
            self._changed.notify_all()
        if before.state is not CameraState.READY:
            _log.info("Camera %s is ready", redacted(self.spec))

    def _publish(self, source: Source, captured_at: float) -> str:
        """Decode and publish the grabbed frame; return the reason if that fails, otherwise ""."""
        image = source.retrieve()
        if image is None:
            return "sends damaged pictures"
        if source.interval_s is None and self._is_last(image):
            return "sends the same picture over and over"
        image.setflags(write=False)
        with self._changed:
            if not self._closed:
                self._count += 1
                frame = Frame(image, captured_at, self._count)
                self._now = replace(self._now, frame=frame)
                self._changed.notify_all()
        return ""

    def _is_last(self, image: NDArray[np.uint8]) -> bool:
        """Return whether *image* repeats the last one to the byte, which no live sensor does.

        The last one is kept when the source is reopened: a frozen source stays LOST until it shows
        something else.
        """
        import numpy as np

        last = self._now.frame
        return last is not None and np.array_equal(last.image, image)
