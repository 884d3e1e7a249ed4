"""Worker threads for slow work, with results handed back on the Tk thread.

A worker touches no widget. Answers come on one queue, which the window drains at most ten at a
time every 20 ms. An attempt that was dropped gets no more answers: a late match cannot admit the
next customer.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

DRAIN_MS = 20
DRAIN_MOST = 10
JOIN_S = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The result of work that returned."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """The error of work that raised."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Progress:
    """A report of work that is still running."""

    args: tuple[object, ...]


class Attempt(Generic[T]):
    """Handle of one request, from press to result; all that its thread knows of the page."""

    def __init__(self, number: int) -> None:
        """Make a handle; called by `Worker.start`."""
        self.number = number
        self.cancel = threading.Event()
        self.over = False

    def drop(self) -> None:
        """Cancel the work; its result is dropped."""
        self.over = True
        self.cancel.set()


@dataclass(slots=True, eq=False)
class _Request:
    """State of a request on the Tk thread, until its thread has ended.

    The callbacks lead to pages, and what leads to a page must be let go of on the Tk thread: a Tk
    object that ends on another thread calls into Tk from there and waits for the Tk thread.
    """

    attempt: Attempt[Any]
    thread: threading.Thread
    work: Callable[[Any], Any]
    done: Callable[[Any], None]
    failed: Callable[[BaseException], None]
    progress: Callable[..., None] | None
    unwanted: Callable[[Any], None] | None
    answer: Done[Any] | Failed | None = None

    def take(self, answer: Done[Any] | Failed | Progress) -> None:
        """Hand *answer* to whoever asked, unless the attempt is over; on the Tk thread."""
        attempt = self.attempt
        if isinstance(answer, Progress):
            if not attempt.over and self.progress is not None:
                self.progress(*answer.args)
            return
        self.answer = answer
        dropped, attempt.over = attempt.over, True
        if isinstance(answer, Failed):
            if dropped:
                error = answer.error
                _log.info("Attempt %d failed after it was dropped: %r", attempt.number, error)
            else:
                self.failed(answer.error)
        elif not dropped:
            self.done(answer.value)
        elif self.unwanted is not None:
            self.unwanted(answer.value)


_Answers = queue.SimpleQueue[
    tuple[Attempt[Any], Done[Any] | Failed | Progress] | Callable[[], None]
]


class Worker:
    """Starts a thread for each request, and queues the results until the window drains them."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._answers: _Answers = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self._running: dict[Attempt[Any], _Request] = {}
        self._ending: list[_Request] = []  # answered, but the thread may still hold them

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
        attempt: Attempt[T] = Attempt(next(self._numbers))
        thread = threading.Thread(
            target=_run, args=(attempt, work, self._answers), name=f"attempt-{attempt.number}",
            daemon=True,
        )  # fmt: skip
        request = _Request(attempt, thread, work, done, failed, progress, unwanted)
        self._running[attempt] = request
        thread.start()
        return attempt

    def report(self, attempt: Attempt[T]) -> Callable[..., None]:
        """Return a function that *work* may call on its thread to report progress."""
        answers = self._answers

        def put(*args: object) -> None:
            answers.put((attempt, Progress(args)))

        return put

    def post(self, call: Callable[[], None]) -> None:
        """Have *call* made on the Tk thread; for threads that outlive a request."""
        self._answers.put(call)

    def drain(self) -> int:
        """Hand out at most ten answers; returns how many. On the Tk thread."""
        self._ending = [request for request in self._ending if request.thread.is_alive()]
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
            request = self._running.get(attempt)
            if request is None:  # a thread of the work's own reports after its end
                continue
            if not isinstance(answer, Progress):
                del self._running[attempt]
                self._ending.append(request)
            request.take(answer)
        return taken

    def close(self, limit_s: float = JOIN_S) -> bool:
        """Drop every attempt and wait for its thread; False if one did not end in time."""
        running = list(self._running.values())
        for request in running:
            request.attempt.drop()
        end = time.monotonic() + limit_s
        for request in running:
            request.thread.join(max(0.0, end - time.monotonic()))
        while self.drain():
            pass
        return not any(request.thread.is_alive() for request in running)


def _run(attempt: Attempt[T], work: Callable[[Attempt[T]], T], answers: _Answers) -> None:
    """Do *work* on its thread, and put what it returned or raised into *answers*."""
    try:
        value = work(attempt)
    except BaseException as error:  # kept in no variable: its traceback leads to this frame
        answers.put((attempt, Failed(error)))
    else:
        answers.put((attempt, Done(value)))


class NewestOnly(Generic[T]):
    """A long-lived thread that handles only the newest item it was offered."""

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
