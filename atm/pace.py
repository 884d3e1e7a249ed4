"""Frame rate of face checks: measured, and compared with the least rate that works."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from statistics import median
from typing import Final

from face_auth.types import Frame

LEAST: Final = 5.0
"""Least rate, in pictures a second, at which face checks were measured; at lower rates more
customers are told that they could not be seen: `evaluation.py --protocol pad --rate 5`."""
CHECKS: Final = 5
"""Number of last checks whose median is the rate, once there are `FEWEST`."""
FEWEST: Final = 3
SHORTEST_S: Final = 0.5
"""Shorter checks are not measured."""


class Pace:
    """Measures the frame rate of one machine's face checks; shared by threads."""

    def __init__(
        self,
        changed: Callable[[float, bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without a measurement.

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
        """Pictures a second in the last check; None if there was none."""
        with self._lock:
            return self._rates[-1] if self._rates else None

    @property
    def rate(self) -> float | None:
        """Median of pictures a second in the last checks; None after too few checks."""
        with self._lock:
            return median(self._rates) if len(self._rates) >= FEWEST else None

    def watched(self, frames: Iterator[Frame]) -> Generator[Frame, None, None]:
        """Yield *frames* and measure the rate at which they are consumed.

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
