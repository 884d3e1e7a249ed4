"""An HTTP or HTTPS answer without an end, read as it arrives and no further.

The standard library's client sends the request and reads the head of the answer; the body is taken
from its buffer and decoded here, because `HTTPResponse.read1` waits for the next chunk where it
has nothing, and neither it nor httpx can say whether anything is left: what lies in their buffers
would be shown late after a jam.
"""

from __future__ import annotations

import http.client
import re
import select
import socket
import ssl
from collections.abc import Callable

from face_auth.camera.address import Address
from face_auth.camera.http_login import answer_to
from face_auth.camera.sources import OPEN_TIMEOUT_S, READ_TIMEOUT_S, SourceError

_READ_BYTES = 1 << 16
_LONGEST_LINE = 1000


class HttpStream:
    """A GET request and its answer; used by one thread only, except for `abort`."""

    def __init__(self, address: Address) -> None:
        """Prepare a request to *address*; nothing is opened yet."""
        self._address = address
        self._socket: socket.socket | None = None
        self._response: http.client.HTTPResponse | None = None
        self._decode: Callable[[bytes], bytes] = bytes
        self._aborted = False

    def open(self) -> http.client.HTTPResponse:
        """Return the answer, of which only the head was read.

        The request is sent again with user and password if the camera asks for them and the
        address has them. Redirections are not followed.

        Raises:
            SourceError: If there is none, or the camera has no trusted certificate.
        """
        name = self._address.public
        try:
            response = self._request(self._address.target, {})
            if response.status == 401 and self._address.user is not None:
                challenges = response.headers.get_all("WWW-Authenticate", [])
                answer = answer_to(challenges, self._address)
                if answer is not None:
                    self.close()
                    response = self._request(answer[0], {"Authorization": answer[1]})
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message
            raise SourceError(f"{name} has no trusted certificate: {reason}") from None
        except TimeoutError:
            raise SourceError(f"no answer from {name}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Others than the system's own words may repeat what was sent.
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise SourceError(f"no camera at {name}: {reason}") from None
        if response.chunked:
            self._decode = Dechunker().feed
        return response

    def _request(self, target: str, headers: dict[str, bytes]) -> http.client.HTTPResponse:
        host, port = self._address.host, self._address.port
        connection: http.client.HTTPConnection
        if self._address.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                host, port or 443, timeout=OPEN_TIMEOUT_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, port or 80, timeout=OPEN_TIMEOUT_S)
        connection.connect()
        self._socket = connection.sock
        if self._aborted:
            self.abort()
        connection.request("GET", target, headers=headers)
        self._response = response = connection.getresponse()
        self._socket.settimeout(READ_TIMEOUT_S)
        return response

    def read(self) -> bytes:
        """Wait for bytes and return the body's share of them, perhaps none; b"" is not the end.

        Raises:
            SourceError: If the stream ended, was aborted, broke off or was silent for two seconds.
        """
        try:
            # The first call empties what the client's buffer holds, each later one passes it by.
            data = self._response.fp.read1(_READ_BYTES) if self._response else b""
            if data:
                return self._decode(data)
        except (OSError, ValueError) as error:
            raise SourceError(f"{self._address.public} stopped delivering") from error
        raise SourceError(f"{self._address.public} stopped delivering")

    def has_more(self) -> bool:
        """Return whether `read` would find bytes without waiting; never wait."""
        connected = self._socket
        if isinstance(connected, ssl.SSLSocket) and connected.pending():
            return True
        return connected is not None and bool(select.select([connected], [], [], 0)[0])

    def abort(self) -> None:
        """End a blocked call on another thread, and every later one."""
        self._aborted = True
        connected = self._socket
        if connected is not None:
            try:
                connected.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it had ended by itself

    def close(self) -> None:
        """Close the connection."""
        response, self._response = self._response, None
        connected, self._socket = self._socket, None
        for each in (response, connected):
            if each is not None:
                each.close()


class Dechunker:
    """A decoder of the chunked transfer coding (RFC 9112, 7.1) that never waits."""

    def __init__(self) -> None:
        self._waiting = b""
        self._left = 0

    def feed(self, data: bytes) -> bytes:
        """Return what *data* adds to the body.

        Raises:
            ValueError: If it is not chunked, or the last chunk was reached.
        """
        body = bytearray()
        data, at = self._waiting + data, 0
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                body += piece
                at += len(piece)
                self._left -= len(piece)
                continue
            end = data.find(b"\n", at)
            if end < 0:
                break
            line, at = data[at:end].partition(b";")[0].strip(), end + 1
            if line:  # otherwise it is the one after a chunk
                if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line) or not int(line, 16):
                    raise ValueError("no further chunk")
                self._left = int(line, 16)
        self._waiting = data[at:]
        if len(self._waiting) > _LONGEST_LINE:
            raise ValueError("a chunk without a size")
        return bytes(body)
