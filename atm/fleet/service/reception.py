"""Reception of connections: limits for those that have not shown a certificate, and their TLS.

A connection costs a file descriptor before anybody knows whose it is. So a handshake has a time
limit, one address may have a few of them at once, and so may all together. The oldest one gives way
to a new one: a kiosk's handshake takes milliseconds and ends first, also where a stranger's idle
connections come from the same address. A kiosk with a certificate is limited too, in the same way.
"""

import asyncio
import hashlib
import logging
import resource
import ssl
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

FINGERPRINT: Final = "certificate"
"""Name in a request's state of the SHA-256 of the kiosk's certificate, in hexadecimal digits."""

HANDSHAKE_S: Final = 5.0
"""How long a TLS handshake may take."""
HANDSHAKES: Final = 1000
"""Handshakes at once, from all addresses, if so many files may be open."""
CONNECTIONS_OF_KIOSK: Final = 16
"""Connections with one certificate at once; a kiosk opens eight at most."""
FILES: Final = 65_536
"""Open files that the service asks the system for."""

_log = logging.getLogger(__name__)


class Limit:
    """Open connections by key, of which the oldest gives way where there are too many."""

    def __init__(self, each: int, in_all: int | None = None) -> None:
        """Allow *each* key that many connections, and *in_all* all keys together."""
        self._each = each
        self._in_all = in_all
        self._keys: dict[asyncio.BaseTransport, str] = {}
        self._open: dict[str, dict[asyncio.BaseTransport, None]] = {}

    def add(self, key: str, connection: asyncio.BaseTransport) -> bool:
        """Count *connection*; returns whether an older one had to give way."""
        same = self._open.get(key, {})
        old: asyncio.BaseTransport | None = None
        if len(same) >= self._each:
            old = next(iter(same))
        elif self._in_all is not None and len(self._keys) >= self._in_all:
            old = next(iter(self._keys))
        if old is not None:
            self.remove(old)
            old.abort()  # type: ignore[attr-defined]  # all transports of sockets have it
        self._keys[connection] = key
        self._open.setdefault(key, {})[connection] = None
        return old is not None

    def remove(self, connection: asyncio.BaseTransport) -> None:
        """Count *connection* no more; it may have been removed before."""
        key = self._keys.pop(connection, None)
        if key is None:
            return
        same = self._open[key]
        del same[connection]
        if not same:
            del self._open[key]


class KioskProtocol(H11Protocol):
    """HTTP/1.1 protocol that passes on the certificate of its connection."""

    def __init__(self, *, kiosks: Limit, **of_uvicorn: Any) -> None:
        """Count the connection among those of its certificate in *kiosks*."""
        super().__init__(**of_uvicorn)
        self._kiosks = kiosks

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Store the fingerprint of the certificate that the handshake verified."""
        super().connection_made(transport)
        encrypted: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = encrypted.getpeercert(True) if encrypted is not None else None
        found = hashlib.sha256(certificate).hexdigest() if certificate else ""
        self.app_state = {**self.app_state, FINGERPRINT: found}
        if self._kiosks.add(found, transport):
            _log.warning("A kiosk has too many connections; its oldest was closed: %s", found[:16])

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection no more."""
        if self.transport is not None:
            self._kiosks.remove(self.transport)
        super().connection_lost(exc)


class Reception(asyncio.Protocol):
    """First protocol of each connection: hands it to a `KioskProtocol` after the TLS handshake."""

    def __init__(
        self,
        context: ssl.SSLContext,
        handshakes: Limit,
        make: Callable[..., KioskProtocol],
        **of_uvicorn: Any,
    ) -> None:
        """Wait for a connection; *make* is given what uvicorn gives a protocol."""
        self._context = context
        self._handshakes = handshakes
        self._make = make
        self._of_uvicorn = of_uvicorn
        self._early: list[bytes] = []
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, and begin its handshake."""
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()  # until TLS reads
        address = str((transport.get_extra_info("peername") or ("",))[0])
        if self._handshakes.add(address, transport):
            _log.warning("Too many connections without a certificate; last from %s", address)
        self._task = asyncio.get_running_loop().create_task(self._secure(transport))

    def data_received(self, data: bytes) -> None:
        """Keep what came with the end of the handshake."""
        self._early.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that the connection ended before it was handed over."""
        self._lost = True

    async def _secure(self, plain: asyncio.Transport) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                plain, self, self._context, server_side=True, ssl_handshake_timeout=HANDSHAKE_S
            )
        except (OSError, asyncio.CancelledError):  # no handshake in time, no certificate, cut off
            plain.abort()
            return
        finally:
            self._handshakes.remove(plain)
        if secured is None or self._lost:
            plain.abort()
            return
        made = self._make(**self._of_uvicorn)
        secured.set_protocol(made)
        made.connection_made(secured)
        for data in self._early:
            made.data_received(data)


def raise_file_limit() -> int:
    """Raise the limit of open files as far as the system lets, to `FILES` at most; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return FILES if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
