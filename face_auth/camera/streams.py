"""Network cameras: JPEGs over HTTP(S), and RTSP through FFmpeg.

Most of them, and most telephones, send JPEGs over HTTP (multipart/x-mixed-replace). Those are
read here, not by OpenCV's FFmpeg: a certificate's name is then checked whatever it is, a frame
nobody looks at is never decoded, nothing is buffered, and a blocked read can be ended. RTSP, and
what else comes over plain HTTP, is left to FFmpeg, which checks certificates against host names
but not against numeric addresses; so those are refused.
"""

from __future__ import annotations

import http.client
import re
import select
import socket
import ssl
import time
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import (
    AbstractDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    parse_http_list,
    parse_keqv_list,
)

from face_auth.camera.opencv import OpenCvSource, decode_picture, prepare_opencv
from face_auth.camera.sources import OPEN_TIMEOUT_S, READ_TIMEOUT_S, Source, SourceError, redacted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_PART_BYTES = 32 << 20
_CHUNK = 1 << 16
_CATCH_UP_S = 0.2  # the most spent on skipping what a jam left behind
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(
    rb"^content-length:[ \t]*([0-9]{1,10})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)


class MjpegStream(Source):
    """A camera that sends JPEGs over HTTP or HTTPS; only the newest is delivered."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._name = redacted(address)
        self._socket: socket.socket | None = None
        self._response: http.client.HTTPResponse | None = None
        self._parts = MultipartReader(b"")
        self._part: bytes = b""
        self._aborted = False

    def open(self) -> Source:
        prepare_opencv()
        try:
            response = self._ask()
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message
            raise SourceError(f"{self._name} has no trusted certificate: {reason}") from None
        except TimeoutError:
            raise SourceError(f"no answer from {self._name}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or repr(error)
            raise SourceError(f"no camera at {self._name}: {reason}") from None
        if response.status != 200:
            reason = f"{response.status} {response.reason}"
            raise SourceError(f"no camera at {self._name}: it answers {reason}")
        boundary = response.headers.get_boundary()
        if response.headers.get_content_maintype() == "multipart" and boundary:
            self._parts = MultipartReader(boundary.encode("latin-1", "replace"))
            return self
        kind = response.headers.get_content_type()
        self.close()
        if self._address.lower().startswith("https"):
            raise SourceError(f"no camera at {self._name}: it sends {kind}, not MJPEG")
        return FfmpegStream(self._address).open()

    def _ask(self) -> http.client.HTTPResponse:
        """Send the request, and repeat it with user and password if the camera asks for them."""
        parts = urlsplit(self._address)
        response = self._request(parts, {})
        if response.status == 401 and parts.username is not None:
            challenges = response.headers.get_all("WWW-Authenticate", [])
            self.close()
            response = self._request(parts, _credentials(parts, challenges))
        return response

    def _request(self, parts: SplitResult, headers: dict[str, str]) -> http.client.HTTPResponse:
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=OPEN_TIMEOUT_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=OPEN_TIMEOUT_S
            )
        connection.connect()
        self._socket = connection.sock
        if self._aborted:
            self.abort()
        connection.request("GET", _target(parts), headers=headers)
        self._response = response = connection.getresponse()
        self._socket.settimeout(READ_TIMEOUT_S)
        return response

    def grab(self) -> None:
        """Wait for a whole part and advance to the newest one that has arrived."""
        deadline = time.monotonic() + READ_TIMEOUT_S
        newest: bytes | None = None
        while newest is None or (self._has_more() and time.monotonic() < deadline):
            if time.monotonic() > deadline:
                raise SourceError(f"{self._name} stopped delivering")
            self._parts.feed(self._receive())
            while (part := self._parts.next()) is not None:
                if newest is None:
                    deadline = time.monotonic() + _CATCH_UP_S
                newest = part
        self._part = newest

    def _receive(self) -> bytes:
        try:
            data = self._response.read1(_CHUNK) if self._response else b""
        except (OSError, http.client.HTTPException, ValueError):
            data = b""
        if not data:
            raise SourceError(f"{self._name} stopped delivering")
        return data

    def _has_more(self) -> bool:
        connected = self._socket
        if isinstance(connected, ssl.SSLSocket) and connected.pending():
            return True
        return connected is not None and bool(select.select([connected], [], [], 0)[0])

    def retrieve(self) -> NDArray[np.uint8] | None:
        return decode_picture(self._part)

    def abort(self) -> None:
        self._aborted = True
        connected = self._socket
        if connected is not None:
            try:
                connected.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it had ended by itself

    def close(self) -> None:
        response, self._response = self._response, None
        connected, self._socket = self._socket, None
        for each in (response, connected):
            if each is not None:
                each.close()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _credentials(parts: SplitResult, challenges: list[str]) -> dict[str, str]:
    """Return the headers that answer a 401: digest if the camera offers it, otherwise basic."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{_target(parts)}"
    passwords = HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, bare, user, password)
    for challenge in challenges:
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "digest":
            fields = parse_keqv_list([field for field in parse_http_list(rest) if "=" in field])
            handler = AbstractDigestAuthHandler(passwords)
            answer = handler.get_authorization(Request(bare), fields)
            if answer:
                return {"Authorization": f"Digest {answer}"}
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


class MultipartReader:
    """A parser that splits a multipart body into parts, with or without a Content-Length."""

    def __init__(self, boundary: bytes) -> None:
        self._mark = b"--" + boundary.strip(b'"').lstrip(b"-")
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add received bytes.

        Raises:
            SourceError: If a part grows beyond all measure.
        """
        self._buffer += data
        if len(self._buffer) > _MAX_PART_BYTES:
            raise SourceError("the camera sends parts without an end")

    def next(self) -> bytes | None:
        """Remove and return the next whole part without its headers; None if there is none."""
        mark = self._buffer.find(self._mark)
        if mark < 0:
            return None
        headers = _HEADERS_END.search(self._buffer, mark)
        if headers is None:
            return None
        start = headers.end()
        stated = _LENGTH.search(self._buffer, mark, headers.start() + 1)
        if stated:
            end = start + int(stated[1])
            if end > len(self._buffer):
                return None
        else:
            end = self._buffer.find(self._mark, start)
            if end < 0:
                return None
        part = bytes(self._buffer[start:end])
        del self._buffer[:end]
        return part


class FfmpegStream(OpenCvSource):
    """A stream that FFmpeg reads, such as RTSP, with a time limit on every wait."""

    def __init__(self, address: str) -> None:
        super().__init__(redacted(address))
        self._address = address

    def open(self) -> Source:
        parts = urlsplit(self._address)
        if parts.scheme == "rtsps" and _is_numeric(parts.hostname or ""):
            raise SourceError(
                f"no camera at {self.name}: rtsps needs a host name, the one in its certificate"
            )
        prepare_opencv()
        import cv2

        self._capture = cv2.VideoCapture(
            self._address,
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(OPEN_TIMEOUT_S * 1000)),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(READ_TIMEOUT_S * 1000)),
                *(cv2.CAP_PROP_N_THREADS, 1),
            ],
        )
        if not self._capture.isOpened():
            raise SourceError(f"no camera at {self.name}: no stream can be opened there")
        return self


def _is_numeric(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return True
