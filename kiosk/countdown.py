"""Countdown of a pause during which logins are refused."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Countdown:
    """Whole seconds down to zero; every page that would begin a login looks at them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at zero."""
        self._clock = clock
        self._until = clock()

    def begin(self, seconds: float) -> None:
        """Count down from *seconds*."""
        self._until = self._clock() + seconds

    @property
    def left_s(self) -> int:
        """Whole seconds left, the one under way included; 0 when it is over."""
        return max(0, math.ceil(self._until - self._clock()))
