"""Connection to one XFS4IoT service: commands and their answers as JSON over a WebSocket.

XFS4IoT is CEN's open specification of the devices of a cash machine. A client sends a command; the
service acknowledges it, may report events, and completes it. The messages are those of version 1.0.
`websockets` (BSD) is imported with this module, thus only where the setting `dispenser` names a
device; `requirements-hardware.txt` lists it.

An event loop of its own reads and writes for each connection, within the caller's thread: by TLS,
a thread that reads while another writes breaks the connection at times.
"""

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from atm.errors import AtmError

VERSION: Final = "1.0"
SUCCESS: Final = "success"
_LARGEST_BYTES: Final = 1 << 20
_MOST_EVENTS: Final = 1000


class LinkError(AtmError):
    """The connection failed, there was no answer in time, or the answer is no XFS4IoT."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a service completed a command.

    Attributes:
        code: "success", or what failed: the command's own error code, else the general one, or
            "refused: ..." if the service did not accept the command.
        payload: The completion's payload.
        events: The payloads of the command's events, by name in order.
    """

    code: str
    payload: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...] = ()


class Link:
    """An open connection to one service; used by one thread, as a context manager."""

    def __init__(self, address: str, tls: ssl.SSLContext | None, limit_s: float) -> None:
        """Connect.

        Args:
            address: ws://... or wss://...
            tls: How the service's certificate is checked; None for ws.
            limit_s: Time limit of connecting.

        Raises:
            LinkError: If that is not possible.
        """
        self._loop = asyncio.Runner()
        self._request = 0
        self._events: list[tuple[str, dict[str, Any]]] = []
        try:
            self._socket = self._loop.run(_opened(address, tls, limit_s))
        except BaseException as error:
            self._loop.close()
            if isinstance(error, OSError | ValueError | WebSocketException):
                raise LinkError(f"No connection to {address}: {error}") from error
            raise

    def __enter__(self) -> Self:
        """Be used in a with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        with contextlib.closing(self._loop):
            self._loop.run(self._socket.close())

    def command(self, name: str, payload: dict[str, Any], limit_s: float) -> Answer:
        """Send a command and wait for its completion.

        Args:
            name: Such as "CashDispenser.Present".
            payload: Its payload, without the timeout.
            limit_s: How long the service, and this call, may take.

        Raises:
            LinkError: If it is not known how the command ended, or whether it began.
        """
        self._request += 1
        self._events.clear()
        header = {
            "type": "command", "name": name, "version": VERSION, "requestId": self._request
        }  # fmt: skip
        timed = {"timeout": int(1000 * limit_s), **payload}
        try:
            self._loop.run(self._send(json.dumps({"header": header, "payload": timed}), limit_s))
        except (OSError, WebSocketException) as error:
            raise LinkError(f"{name} was not sent for certain: {error}") from error
        until = time.monotonic() + limit_s
        while True:
            kind, about, request, told = self._receive(until)
            if kind in ("event", "unsolicited"):
                self._keep(about, told)
            elif request != self._request:
                raise LinkError(f"{about} answers a command that was not sent.")
            elif kind == "acknowledge" and told.get("status") != "ok":
                return Answer(f"refused: {told.get('status')}", {})
            elif kind == "completion" and about == name:
                code = str(told.get("completionCode", SUCCESS))
                if code == "commandErrorCode":
                    code = str(told.get("errorCode", code))
                return Answer(code, told, tuple(self._events))

    def wait_for(
        self, event: str, limit_s: float, counts: Callable[[dict[str, Any]], bool]
    ) -> bool:
        """Return whether *event* came since the last command was sent, or comes in time.

        Args:
            event: Such as "CashManagement.ItemsTakenEvent".
            limit_s: How long to wait.
            counts: Whether an event with that payload is the one that is waited for.

        Raises:
            LinkError: If the connection fails meanwhile.
        """
        until = time.monotonic() + limit_s
        while not any(map(counts, self.heard(event))):
            if time.monotonic() >= until:
                return False
            try:
                kind, about, _request, told = self._receive(until)
            except _LateError:
                return False
            if kind in ("event", "unsolicited"):
                self._keep(about, told)
        return True

    def heard(self, event: str) -> list[dict[str, Any]]:
        """Return the payloads of *event* since the last command was sent."""
        return [told for name, told in self._events if name == event]

    def _keep(self, name: str, told: dict[str, Any]) -> None:
        if len(self._events) >= _MOST_EVENTS:
            raise LinkError("The service sends events without an end.")
        self._events.append((name, told))

    def _receive(self, until: float) -> tuple[str, str, int, dict[str, Any]]:
        """Return type, name, request and payload of the next message."""
        try:
            text = self._loop.run(self._text(until - time.monotonic()))
        except TimeoutError as error:
            raise _LateError("The service did not answer in time.") from error
        except (OSError, WebSocketException) as error:
            raise LinkError(f"The connection ended: {error}") from error
        try:
            message = json.loads(text)
            header, told = message["header"], message.get("payload") or {}
            kind, name = header["type"], header["name"]
            request = header.get("requestId", 0)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise LinkError("The service sent what is no XFS4IoT message.") from error
        if not (isinstance(kind, str) and isinstance(name, str) and isinstance(told, dict)):
            raise LinkError("The service sent what is no XFS4IoT message.")
        return kind, name, request, told

    async def _send(self, text: str, limit_s: float) -> None:
        async with asyncio.timeout(limit_s):
            await self._socket.send(text)

    async def _text(self, limit_s: float) -> str | bytes:
        async with asyncio.timeout(max(0.0, limit_s)):
            return await self._socket.recv()


class _LateError(LinkError):
    """No message came in time."""


class _Connect(connect):
    """Opens a connection to the very address: staff approved no other."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow no redirect."""
        return exc


async def _opened(address: str, tls: ssl.SSLContext | None, limit_s: float) -> ClientConnection:
    return await _Connect(
        address, ssl=tls, proxy=None, compression=None, max_size=_LARGEST_BYTES,
        open_timeout=limit_s, close_timeout=1.0, ping_interval=None,
    )  # fmt: skip
