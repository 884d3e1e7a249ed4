"""Work off the Tk thread, and its answers back on it.

A worker touches no widget. Answers come on one queue, which the window drains at most ten at a
time every 20 ms. An attempt that was dropped gets no more answers: a late match cannot admit the
next customer.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

DRAIN_MS = 20
DRAIN_MOST = 10
JOIN_S = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The work returned *value*."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """The work raised *error*."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Progress:
    """The work reported *args* on its way."""

    args: tuple[object, ...]


class Attempt(Generic[T]):
    """One request, from the press to its answer."""

    def __init__(
        self,
        number: int,
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
        progress: Callable[..., None] | None,
        unwanted: Callable[[T], None] | None,
    ) -> None:
        """Made by `Worker.start`."""
        self.number = number
        self.cancel = threading.Event()
        self.over = False
        self._done = done
        self._failed = failed
        self._progress = progress
        self._unwanted = unwanted

    def drop(self) -> None:
        """Cancel the work and want no answer any more."""
        self.over = True
        self.cancel.set()

    def take(self, answer: Done[T] | Failed | Progress) -> None:
        """Hand *answer* to whoever asked, unless the attempt is over; on the Tk thread."""
        if isinstance(answer, Progress):
            if not self.over and self._progress is not None:
                self._progress(*answer.args)
            return
        dropped, self.over = self.over, True
        if isinstance(answer, Failed):
            if dropped:
                _log.info("Attempt %d failed after it was dropped: %r", self.number, answer.error)
            else:
                self._failed(answer.error)
        elif not dropped:
            self._done(answer.value)
        elif self._unwanted is not None:
            self._unwanted(answer.value)


class Worker:
    """Starts a thread for each request, and keeps their answers until the window drains them."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._answers: queue.SimpleQueue[
            tuple[Attempt[object], Done[object] | Failed | Progress] | Callable[[], None]
        ] = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self._running: dict[Attempt[object], threading.Thread] = {}

    def start(
        self,
        work: Callable[[Attempt[T]], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
        progress: Callable[..., None] | None = None,
        unwanted: Callable[[T], None] | None = None,
    ) -> Attempt[T]:
        """Run *work* on a thread of its own and return at once.

        Args:
            work: Called with the attempt, whose `cancel` it may watch.
            done: Called on the Tk thread with what *work* returned.
            failed: Called on the Tk thread with what *work* raised.
            progress: Called on the Tk thread with what *work* reported through `report`.
            unwanted: Called on the Tk thread with the result of a dropped attempt, to undo it.
        """
        attempt: Attempt[T] = Attempt(next(self._numbers), done, failed, progress, unwanted)

        def run() -> None:
            answer: Done[T] | Failed
            try:
                answer = Done(work(attempt))
            except BaseException as error:
                answer = Failed(error)
            self._answers.put((attempt, answer))  # type: ignore[arg-type]

        thread = threading.Thread(target=run, name=f"attempt-{attempt.number}", daemon=True)
        self._running[attempt] = thread  # type: ignore[index]
        thread.start()
        return attempt

    def report(self, attempt: Attempt[T]) -> Callable[..., None]:
        """Return a function that *work* may call on its thread to report progress."""

        def put(*args: object) -> None:
            self._answers.put((attempt, Progress(args)))  # type: ignore[arg-type]

        return put

    def post(self, call: Callable[[], None]) -> None:
        """Have *call* made on the Tk thread; for threads that outlive a request."""
        self._answers.put(call)

    def drain(self) -> int:
        """Hand out at most ten answers; returns how many. On the Tk thread."""
        taken = 0
        while taken < DRAIN_MOST:
            try:
                item = self._answers.get_nowait()
            except queue.Empty:
                break
            taken += 1
            if not isinstance(item, tuple):
                item()
                continue
            attempt, answer = item
            if not isinstance(answer, Progress):
                self._running.pop(attempt, None)
            attempt.take(answer)
        return taken

    def close(self, limit_s: float = JOIN_S) -> bool:
        """Drop every attempt and wait for its thread; False if one did not end in time."""
        attempts = dict(self._running)
        for attempt in attempts:
            attempt.drop()
        for thread in attempts.values():
            thread.join(limit_s)
        while self.drain():
            pass
        return not any(thread.is_alive() for thread in attempts.values())


class NewestOnly(Generic[T]):
    """A long-lived thread that handles only the newest thing it was offered."""

    def __init__(self, name: str, handle: Callable[[T], None]) -> None:
        """Start the thread; *handle* runs on it and must not raise."""
        self._handle = handle
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self.busy = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def offer(self, item: T) -> None:
        """Put *item* in the place of whatever was not begun yet."""
        with self._changed:
            self._item = item
            self.busy = True
            self._changed.notify()

    def close(self, limit_s: float = JOIN_S) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(limit_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._item is not None)
                if self._closed:
                    return
                item, self._item = self._item, None
            assert item is not None
            self._handle(item)
            with self._changed:
                self.busy = self._item is not None
