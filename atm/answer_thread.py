"""A thread that stores its result or exception. A thread that died counts as a denial."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadResult(threading.Thread, Generic[T]):
    """A daemon thread with the result of its work.

    Attributes:
        result: What the work returned or raised, `SystemExit` too; None while it runs.
        ended_at: When the work ended, by the clock; infinite while it runs.
    """

    def __init__(
        self, name: str, work: Callable[[], T], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare a thread that does *work*; `start` starts it."""
        super().__init__(name=name, daemon=True)
        self._work = work
        self._clock = clock
        self.result: T | BaseException | None = None
        self.ended_at = float("inf")

    def run(self) -> None:
        """Do the work and store its result."""
        try:
            result: T | BaseException = self._work()
        except BaseException as error:
            result = error
        self.ended_at = self._clock()
        self.result = result
