"""How many pictures a second are judged while a face is checked: whether the machine keeps up."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from statistics import median
from typing import Final

from face_auth.types import Frame

LEAST: Final = 5.0
"""Pictures a second that checks of faces were measured with; with fewer, more and more customers
are told that they could not be seen: `evaluation.py --protocol pad --rate 5`."""
CHECKS: Final = 5
"""Of so many last checks the median counts, once there are `FEWEST`."""
FEWEST: Final = 3
SHORTEST_S: Final = 0.5
"""A check that took less time tells nothing."""


class Pace:
    """Measures the checks of one machine; shared by threads."""

    def __init__(
        self,
        changed: Callable[[float, bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Measure nothing yet.

        Args:
            changed: Called with the rate and whether it is enough, when it becomes too little and
                when it is enough again; on the thread of the check.
            clock: In seconds.
        """
        self._changed = changed
        self._clock = clock
        self._lock = threading.Lock()
        self._rates: deque[float] = deque(maxlen=CHECKS)
        self._enough = True

    @property
    def last(self) -> float | None:
        """Pictures judged a second in the last check; None where there was none."""
        with self._lock:
            return self._rates[-1] if self._rates else None

    @property
    def rate(self) -> float | None:
        """Pictures judged a second, lately; None where too few checks were made to tell."""
        with self._lock:
            return median(self._rates) if len(self._rates) >= FEWEST else None

    def watched(self, frames: Iterator[Frame]) -> Generator[Frame, None, None]:
        """Yield *frames*, and measure how fast they are taken.

        A wait that no picture ended, as with a lost camera, does not count.
        """
        count, first = 0, 0.0
        last: float | None = None
        try:
            for frame in frames:
                first = first if count else self._clock()
                count, last = count + 1, None
                yield frame
                last = self._clock()
        finally:
            if count:  # whoever has seen enough asks for no more: the last one was judged until now
                self._add(count, (self._clock() if last is None else last) - first)

    def _add(self, count: int, seconds: float) -> None:
        if seconds < SHORTEST_S:
            return
        with self._lock:
            self._rates.append(count / seconds)
            before = self._enough
        rate = self.rate
        if rate is not None and (rate >= LEAST) is not before:
            self._enough = not before
            self._changed(rate, self._enough)
