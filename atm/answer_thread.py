"""A thread that keeps what its work returned or raised: a dead one is no yes."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadResult(threading.Thread, Generic[T]):
    """A daemon thread and its answer.

    Attributes:
        answer: What the work returned or raised, `SystemExit` too; None while there is none.
        ended_at: When, by the clock; infinite while there is none.
    """

    def __init__(
        self, name: str, work: Callable[[], T], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Do *work* once started; nothing is started yet."""
        super().__init__(name=name, daemon=True)
        self._work = work
        self._clock = clock
        self.result: T | BaseException | None = None
        self.ended_at = float("inf")

    def run(self) -> None:
        """Do the work and keep what comes of it."""
        try:
            answer: T | BaseException = self._work()
        except BaseException as error:
            answer = error
        self.ended_at = self._clock()
        self.result = answer
