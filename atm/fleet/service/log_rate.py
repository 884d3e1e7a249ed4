"""Rate limit of the service's log: what somebody can repeat at will does not fill the disk."""

import logging
import time
from collections.abc import Callable
from typing import Final

MOST: Final = 10
EVERY_S: Final = 60.0
"""From one line of the program at most `MOST` entries in `EVERY_S` seconds."""


class LogRate(logging.Filter):
    """Drops what comes too often from one line of code, and says later how much it was."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Use a *clock* of monotonic seconds."""
        super().__init__()
        self._clock = clock
        self._counts: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write *record*."""
        place, now = (record.pathname, record.lineno), self._clock()
        since, count = self._counts.get(place, (now, 0))
        if now - since >= EVERY_S:
            left_out, since, count = count - MOST, now, 0
            if left_out > 0:
                record.msg = f"{record.getMessage()} ({left_out} more before it were left out)"
                record.args = ()
        self._counts[place] = since, count + 1
        return count < MOST
