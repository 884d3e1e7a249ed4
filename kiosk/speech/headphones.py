"""Headphones: speech begins when they are plugged in, and stops when they are pulled out.

ALSA's drivers report a jack as a switch of an input device; the kernel is asked for its position
(EVIOCGSW, linux/input.h), four times a second, for the jack alone may be readable here.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kiosk.shell import Shell

_SW_HEADPHONE_INSERT = 0x02
_BYTES = 8
_EVIOCGSW = 2 << 30 | _BYTES << 16 | ord("E") << 8 | 0x1B

_log = logging.getLogger(__name__)


class Jack(Protocol):
    """Interface of what knows whether headphones are plugged in."""

    def plugged(self) -> bool | None:
        """Return whether they are; None where it cannot be told."""
        ...


class SwitchJack:
    """The jack whose input device has a name, as /proc/bus/input/devices lists it."""

    def __init__(
        self,
        name: str,
        *,
        inputs: Path = Path("/sys/class/input"),
        switches: Callable[[str], int] | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            name: The device's, such as “HDA Intel PCH Headphone”.
            inputs: Where Linux lists the input devices.
            switches: Returns the switches of a device, a bit each; OSError if they cannot be read.
        """
        self._name = name
        self._inputs = inputs
        self._switches = switches or _switches
        self._device: str | None = None
        self._complained = False

    def plugged(self) -> bool | None:
        """Ask the kernel; a device that is not there or not readable is told to the log, once."""
        try:
            self._device = self._device or self._find()
            found = bool(self._switches(self._device) >> _SW_HEADPHONE_INSERT & 1)
        except OSError as error:
            self._device = None
            if not self._complained:
                _log.warning("It cannot be told whether headphones are plugged in: %s", error)
            self._complained = True
            return None
        self._complained = False
        return found

    def _find(self) -> str:
        for file in sorted(self._inputs.glob("event*/device/name")):
            if file.read_text("utf-8", "replace").strip() == self._name:
                return f"/dev/input/{file.parts[-3]}"
        raise FileNotFoundError(f"no input device is named {self._name}")


def _switches(device: str) -> int:
    descriptor = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = fcntl.ioctl(descriptor, _EVIOCGSW, bytes(_BYTES))
    finally:
        os.close(descriptor)
    return int.from_bytes(found, "little")


class Headphones:
    """Switches the visitor's speech with the jack."""

    def __init__(self, app: Shell, jack: Jack | None) -> None:
        """Look at *jack*; None where the settings name none."""
        self._app = app
        self._jack = jack
        self._plugged: bool | None = None

    def look(self) -> None:
        """Begin or stop speech where the jack has changed; called four times a second.

        It never begins while an account is open or staff are signed in: the customer who listens
        was there before.
        """
        if self._jack is None:
            return
        before, self._plugged = self._plugged, self._jack.plugged()
        app = self._app
        if self._plugged and not before:
            page = app.screen
            if app.can_speak and page.session is None and not page.for_staff:
                app.choose(speech=True)
        elif before and not self._plugged:  # nothing is said aloud into the hall
            app.hush()
            app.choose(speech=False)


def find_jack(name: str) -> Jack | None:
    """Return the jack that the setting `headphones` names; None for "off"."""
    return None if name == "off" else SwitchJack(name)
