"""Audit log of a kiosk of the bank, with a copy at the service.

Each entry is written to the kiosk's own log first. An anchored entry has also reached the service
when `append` returns; otherwise `append` raises, and an entry "unsent" records it. All others are
sent in the background, in their order.

Each copy bears number and MAC of the kiosk's own entry, so the service remembers where the log was:
a kiosk from an old image sends nothing any more.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from typing import Final

from atm.audit import AuditError, AuditLog
from atm.errors import AtmError
from atm.fleet.kiosk.client import ServiceClient
from credentials.sealed.files import JsonObject

AT_ONCE: Final = 50
MOST_WAITING: Final = 200
"""At most so many entries wait for the service; older ones stay in the kiosk's own log only."""
RETRY_S: Final = 5.0


class KioskLog:
    """Appends to the kiosk's own log and to the service's; safe to use from several threads."""

    def __init__(self, local: AuditLog, client: ServiceClient) -> None:
        """Write to *local* and send copies to *client*."""
        self.local = local
        self._client = client
        self._waiting: deque[JsonObject] = deque(maxlen=MOST_WAITING)
        self._turn = threading.Lock()
        self._wake = threading.Condition()
        self._closed = False
        self._compared = False
        self._sender: threading.Thread | None = None

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        """Add an entry; see `AuditLog.append`.

        Raises:
            AuditError: If it cannot be written to this kiosk's disk.
            ServiceUnavailable: If it is anchored and the service did not take it.
        """
        self.local.append(kind, anchor=anchor, **fields)
        with self._wake:
            own = [self._folder, *self.local.newest()]
            self._waiting.append({"kind": kind, "anchor": anchor, "fields": {**fields, "own": own}})
            if not anchor:
                self._send_behind()
        if not anchor:
            return
        try:
            self._send()
        except AtmError:  # whoever reads the log must see why nothing followed from the entry
            step, reference = fields.get("step"), fields.get("reference")
            self.append("unsent", entry=kind, step=step, reference=reference)
            raise

    def check(self) -> None:
        """Check once that this log goes on from the newest entry that the service has of it.

        Raises:
            AuditError: If it does not: an old image of the disk was put back.
            ServiceUnavailable: If the service does not answer.
        """
        if self._compared:
            return
        newest = self._client.call("audit", folder=self._folder, entries=[]).get("newest")
        if newest is not None and not self.local.has(*newest[1:]):
            raise AuditError(
                f"The bank's service has entry {newest[1]} of this kiosk's log, and the log here is"
                " another one: an old image of the disk was put back. Ask the auditor."
            )
        self._compared = True

    def remember(self) -> None:
        """Keep the generations of this kiosk's stores; see `AuditLog.remember`."""
        self.local.remember()

    def tail(self, n: int, *kinds: str) -> list[JsonObject]:
        """Return the last entries of this kiosk's log; see `AuditLog.tail`."""
        return self.local.tail(n, *kinds)

    def entries(self) -> Iterator[JsonObject]:
        """Yield all entries of this kiosk's log, oldest first."""
        return self.local.entries()

    def head_stores(self) -> dict[str, int]:
        """Return what this kiosk's log knows of its own stores; see `AuditLog.head_stores`."""
        return self.local.head_stores()

    def close(self) -> None:
        """Send the waiting entries if the service answers, and close the kiosk's own log."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        with contextlib.suppress(AtmError):
            self._send()
        self.local.close()

    def _send(self) -> None:
        """Send all waiting entries, oldest first."""
        with self._turn:
            self.check()
            while some := list(self._waiting)[:AT_ONCE]:
                self._client.call("audit", entries=some)
                for entry in some:
                    if self._waiting and self._waiting[0] is entry:  # else it was one too many
                        self._waiting.popleft()

    @property
    def _folder(self) -> str:
        return self.local.key_path.stem

    def _send_behind(self) -> None:
        """Wake the sender thread, or start it; the caller holds `_wake`."""
        if self._sender is None and not self._closed:
            self._sender = threading.Thread(target=self._send_on, name="kiosk-log", daemon=True)
            self._sender.start()
        self._wake.notify()

    def _send_on(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
            with contextlib.suppress(AtmError):
                self._send()
                continue
            with self._wake:
                self._wake.wait_for(lambda: self._closed, RETRY_S)
