"""Supervisor of the window's process: replaces it when it hangs or dies.

The supervisor is the parent; the window runs in its child, which writes one byte a beat into a
pipe. A parent that misses the beats for two seconds has the child write the stacks of all its
threads to stderr, and after ten seconds kills and replaces it: the new window begins at the home
page. Nothing is killed while notes are paid out. Both are done by signals, which reach a process
whatever its threads wait for. While the window answers, the parent tells the service manager, which
restarts the whole program where parent and window are silent.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Final

from kiosk.service_manager import ServiceManager

BEAT_S: Final = 0.25
SILENT_S: Final = 2.0
"""After so long without a beat the stacks are written."""
HUNG_S: Final = 10.0
"""After so long without a beat the window's process is replaced."""
STARTING_S: Final = 60.0
"""How long the first beat may take: imports on a busy machine."""
ENDING_S: Final = 2.5
"""How long a process that was told to end may take before it is killed."""
SHORT_LIFE_S: Final = 60.0
"""A process that fails sooner than this is replaced after a wait, which doubles."""
LONGEST_WAIT_S: Final = 60.0

_BEAT, _HOLD, _RELEASE = b"."[0], b"("[0], b")"[0]
_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_WAKE_S = 0.25

_log = logging.getLogger(__name__)


class Heart:
    """The window's side: sends heartbeats, and says when its process must not be killed."""

    def __init__(self, pipe: int | None = None) -> None:
        """Write to *pipe*, a file descriptor that does not block; to nobody without one."""
        self._pipe = pipe
        self._due_at = 0.0

    def beat(self) -> bool:
        """Send a heartbeat to the parent; False once there is no parent any more."""
        now = time.monotonic()
        if self._pipe is None or now < self._due_at:
            return True
        self._due_at = now + BEAT_S
        return self._write(_BEAT)

    @contextlib.contextmanager
    def paying_out(self) -> Iterator[None]:
        """Keep the parent from killing this process inside the block; for a worker's thread."""
        self._write(_HOLD)
        try:
            yield
        finally:
            self._write(_RELEASE)

    def _write(self, what: int) -> bool:
        if self._pipe is None:
            return True
        try:
            os.write(self._pipe, bytes([what]))
        except BlockingIOError:
            return True  # the parent stands still
        except OSError:
            return False
        return True


class Due(Enum):
    """Action that the parent has to take."""

    NOTHING = auto()
    STACKS = auto()
    KILL = auto()


class Pulse:
    """Judges whether one window's process hangs, from its bytes and their times."""

    def __init__(self, now: float) -> None:
        """Begin at *now*, in seconds of a clock that never steps back."""
        self.served = False
        """Whether it has beaten at all."""
        self.ending_at: float | None = None
        """When it was told to end."""
        self._heard_at = self._looked_at = now
        self._holds = 0
        self._written = False

    def hear(self, data: bytes, now: float) -> None:
        """Take bytes that came at *now*."""
        for byte in data:
            if byte == _BEAT:
                self.served, self._heard_at, self._written = True, now, False
            elif byte in (_HOLD, _RELEASE):
                self._holds += 1 if byte == _HOLD else -1
            elif byte in _ENDINGS:
                self.end(now)

    def end(self, now: float) -> None:
        """Note that the process was told to end; the first time counts."""
        if self.ending_at is None:
            self.ending_at = now

    def answers(self, now: float) -> bool:
        """Return whether the window answers at *now*, or is left alone while notes are paid out."""
        return self._holds > 0 or (self.served and now - self._heard_at <= SILENT_S)

    def due(self, now: float) -> Due:
        """Return the action due at *now*; call it at least every second."""
        if now - self._looked_at > 1.0:  # what stopped the parent has stopped the child as well
            self._heard_at += now - self._looked_at
        self._looked_at = now
        if self.ending_at is not None:
            return Due.KILL if now - self.ending_at > ENDING_S else Due.NOTHING
        silent_s = now - self._heard_at
        if silent_s > (HUNG_S if self.served else STARTING_S) and not self._holds:
            return Due.KILL
        if self.served and silent_s > SILENT_S and not self._written:
            self._written = True
            return Due.STACKS
        return Due.NOTHING


def supervise(serve: Callable[[Heart], int]) -> int:
    """Serve in a child process, replaced when it hangs or dies; return the exit code.

    Call it before any thread is started. It also returns in the child, with what *serve* returned.

    Args:
        serve: Opens the window and serves until it is closed; returns the exit code.
    """
    manager = ServiceManager(os.environ)
    asked: list[int] = []
    for number in _ENDINGS:
        signal.signal(number, lambda number, _frame: asked.append(number))
    wait_s = 0.0
    while True:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            return _serve(serve, writing)
        os.close(writing)
        begun = time.monotonic()
        manager.alive(begun)  # a window that is late to open is replaced here
        pulse = Pulse(begun)
        code = _watch(child, reading, pulse, asked, manager)
        os.close(reading)
        if pulse.ending_at is not None or code == 0 or not pulse.served:
            return code
        lived_s = time.monotonic() - begun
        wait_s = 0.0 if lived_s > SHORT_LIFE_S else min(max(1.0, 2 * wait_s), LONGEST_WAIT_S)
        _log.error("The window's process ended with code %d. Another one starts.", code)
        end = time.monotonic() + wait_s
        while time.monotonic() < end:
            time.sleep(_WAKE_S)
            if asked:
                return 0


def _serve(serve: Callable[[Heart], int], pipe: int) -> int:
    """Serve, in the child."""
    # The interpreter takes faulthandler's handler away while it ends, and puts this one back: a
    # slow ending must not be killed by the parent's request for stacks.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    os.set_blocking(pipe, False)
    signal.set_wakeup_fd(pipe, warn_on_full_buffer=False)  # so the parent hears of signals, too
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_DFL)
    return serve(Heart(pipe))


def _watch(child: int, pipe: int, pulse: Pulse, asked: list[int], manager: ServiceManager) -> int:
    """Watch over *child* until it has ended; return its exit code, 128 + n after signal n."""
    told = False
    while True:
        if select.select([pipe], [], [], _WAKE_S)[0]:
            data = os.read(pipe, 4096)
            pulse.hear(data, time.monotonic())
            if not data:  # the child is ending
                time.sleep(_WAKE_S / 10)
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            break
        now = time.monotonic()
        if pulse.served:
            manager.serves()
        if pulse.answers(now):
            manager.alive(now)
        if asked and not told:
            told = True
            pulse.end(now)
            os.kill(child, signal.SIGTERM)
        due = pulse.due(now)
        if due is Due.STACKS:
            _log.error("The window has not answered for %g s. Its stacks follow.", SILENT_S)
            os.kill(child, signal.SIGUSR1)
        elif due is Due.KILL:
            _log.error("The window's process neither answers nor ends. It is killed.")
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
