"""Monotonic clock: seconds since boot, and the boot's id."""

import time
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment by the boot clock.

    Attributes:
        boot: Id of the machine's start; each start has another one.
        seconds: Seconds since that start, including time asleep.
    """

    boot: str
    seconds: float

    def since(self, boot: str, seconds: float) -> float | None:
        """Return the seconds from an earlier moment to this one, None if the machine restarted."""
        if boot != self.boot or seconds > self.seconds:
            return None
        return self.seconds - seconds


def now() -> Moment:
    """Return the present moment; setting the wall clock does not move it."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Moment(_boot_id(), time.clock_gettime(clock))


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:  # not Linux: a restart is seen as a clock that went back
        return ""
