"""How long a test waits for what must come about."""

import time
from collections.abc import Callable
from typing import Final

LIMIT_S: Final = 120.0
"""Far more than anything needs on a busy machine: who waits so long waits in vain."""


def until(true: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait until *true* is; AssertionError if it never comes about."""
    latest = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < latest, "it did not come about in time"
        time.sleep(0.01)
