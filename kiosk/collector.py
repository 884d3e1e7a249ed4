"""Garbage collection in the window's process, on the Tk thread only.

Python collects cycles on whichever thread allocates. A Tk object that is finalised so, off the Tk
thread, calls into Tk and waits for the Tk thread, which may be waiting for that very thread. So
automatic collection is off while the window lives, and the Tk thread collects between two events.
"""

from __future__ import annotations

import gc
import time

EVERY_S = 1.0
SLOW_S = 0.01
"""Processor seconds. A collection that took more met modules that were imported meanwhile, and
they are set aside."""


class Collector:
    """Collects once a second; every method is called on the Tk thread.

    Attributes:
        longest_s: The longest that a collection has kept the window waiting, in seconds.
    """

    def __init__(self) -> None:
        """Turn automatic collection off."""
        self.longest_s = 0.0
        self._due_at = 0.0
        self._was_on = gc.isenabled()
        gc.disable()

    def settle(self) -> None:
        """Exclude every object alive now, modules and models, from collection (`gc.freeze`).

        A collection then looks only at what is made from here on: under a millisecond, where all
        of it took 200.
        """
        gc.freeze()

    def collect(self) -> None:
        """Collect, if it is time."""
        begin, used = time.monotonic(), time.thread_time()
        if begin < self._due_at:
            return
        gc.collect()
        slow = time.thread_time() - used > SLOW_S
        end = time.monotonic()
        self._due_at = end + EVERY_S
        self.longest_s = max(self.longest_s, end - begin)
        if slow:
            self.settle()

    def close(self) -> None:
        """Collect what the window left, and turn automatic collection on again if it was on."""
        gc.collect()
        if self._was_on:
            gc.enable()
