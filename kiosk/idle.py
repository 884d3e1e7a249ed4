"""Idle clock: when customers are asked for more time, when staff are signed out, what is over."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

STAFF_IDLE_S = 60
"""How long staff stay signed in without a touch or a key."""
STAFF_WARN_S = 15
"""How long before that staff are warned."""


class IdleClock:
    """Counts the seconds since the last touch, key or visible customer."""

    def __init__(
        self, idle_s: float, more_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask after *idle_s* seconds of nothing, and end *more_s* seconds after the question."""
        self._idle_s = idle_s
        self._more_s = more_s
        self._clock = clock
        self._active_at = clock()
        self._touched_at = clock()
        self._busy_at = clock()
        self._asked_at: float | None = None

    def active(self) -> None:
        """Note that a person is there. Once the question is asked only `answer` counts."""
        if self._asked_at is None:
            self._active_at = self._clock()

    def touched(self) -> None:
        """Note a touch or a key."""
        self._touched_at = self._busy_at = self._clock()
        self.active()

    def heard(self) -> None:
        """Note that something is being said: whoever listens is there."""
        self._busy_at = self._clock()
        self.active()

    @property
    def quiet_s(self) -> float:
        """Seconds since the last touch, key or spoken word, or since the page was shown."""
        return self._clock() - self._busy_at

    @property
    def untouched_s(self) -> float:
        """Seconds since the last touch or key, whether or not somebody is seen."""
        return self._clock() - self._touched_at

    @property
    def staff_left_s(self) -> int:
        """Whole seconds until staff are signed out, unless somebody touches something."""
        return max(0, math.ceil(STAFF_IDLE_S - self.untouched_s))

    @property
    def staff_warning(self) -> bool:
        """Whether staff are about to be signed out."""
        return self.staff_left_s <= STAFF_WARN_S

    def answer(self) -> None:
        """Note that the customer wants more time, or that a page was left."""
        self._asked_at = None
        self._active_at = self._busy_at = self._clock()

    def due(self) -> bool:
        """Whether the question is due now; True once."""
        if self._asked_at is None and self._clock() - self._active_at >= self._idle_s:
            self._asked_at = self._clock()
            return True
        return False

    @property
    def asking(self) -> bool:
        """Whether the question is on the screen."""
        return self._asked_at is not None

    @property
    def left_s(self) -> int:
        """Whole seconds until the end, while the question stands."""
        if self._asked_at is None:
            return math.ceil(self._more_s)
        return max(0, math.ceil(self._asked_at + self._more_s - self._clock()))
