"""Reports to the service manager (systemd) that started the program: it serves, it still answers.

The protocol is sd_notify(3): datagrams of text to the socket that ``NOTIFY_SOCKET`` names.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import MutableMapping
from typing import Final

REPORTS: Final = 4
"""How many reports are sent in the time after which the service manager loses patience."""

_log = logging.getLogger(__name__)


class ServiceManager:
    """Sends reports to the service manager; to nobody where there is none."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        """Take address and interval out of *environ*: no child of this process shall report.

        Args:
            environ: The environment, with ``NOTIFY_SOCKET`` (a path, or an abstract name after
                "@") and ``WATCHDOG_USEC`` (microseconds) if a service manager set them.
        """
        address = environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._interval_s = int(environ.pop("WATCHDOG_USEC", "0")) / 1e6 / REPORTS
        self._due_at = 0.0
        self._ready = False

    def serves(self) -> None:
        """Report, once, that the window is open and answers."""
        if not self._ready:
            self._ready = True
            self._send(b"READY=1")

    def alive(self, now: float) -> None:
        """Report that the program answers at *now*, a monotonic time in seconds, if that is due."""
        if self._interval_s and now >= self._due_at:
            self._due_at = now + self._interval_s
            self._send(b"WATCHDOG=1")

    def _send(self, message: bytes) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                manager.setblocking(False)
                manager.sendto(message, self._address)
        except OSError as error:
            _log.warning("The service manager cannot be reached: %s.", error.strerror)
