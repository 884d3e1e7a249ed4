"""Network cameras: JPEGs over HTTP(S), and RTSP through FFmpeg.

Most of them, and most telephones, send JPEGs over HTTP (multipart/x-mixed-replace). Those are
read here, not by OpenCV's FFmpeg: a certificate's name is then checked whatever it is, a frame
nobody looks at is never decoded, nothing is buffered, and a blocked read can be ended. RTSP, and
what else comes over plain HTTP, is left to FFmpeg, which checks certificates against host names
but not against numeric addresses; so those are refused.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from face_auth.camera.address import parse_address
from face_auth.camera.http_stream import HttpStream
from face_auth.camera.jpegs import JpegReader
from face_auth.camera.opencv import OpenCvSource, decode_picture, prepare_opencv
from face_auth.camera.sources import OPEN_TIMEOUT_S, READ_TIMEOUT_S, Source, SourceError, redacted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CATCH_UP_S = 0.2  # the most spent on skipping what a jam left behind


class MjpegStream(Source):
    """A camera that sends JPEGs over HTTP or HTTPS; only the newest is delivered."""

    def __init__(self, address: str) -> None:
        self._spec = address
        self._address = parse_address(address)
        self._stream = HttpStream(self._address)
        self._pictures = JpegReader()
        self._picture = b""

    def open(self) -> Source:
        prepare_opencv()
        name = self._address.public
        response = self._stream.open()
        if response.status != 200:
            reason = f"{response.status} {response.reason}"
            raise SourceError(f"no camera at {name}: it answers {reason}")
        kind = response.headers.get_content_type()
        if kind.startswith("multipart/"):
            return self
        self.close()
        if kind.startswith("image/"):
            raise SourceError(
                f"no stream at {name}: it sends a single picture; give the address of the camera's"
                " MJPEG or RTSP stream"
            )
        if self._address.scheme == "https":
            raise SourceError(f"no camera at {name}: it sends {kind}, not MJPEG")
        return FfmpegStream(self._spec).open()

    def grab(self) -> None:
        """Wait for a whole picture and advance to the newest one that has arrived."""
        deadline = time.monotonic() + READ_TIMEOUT_S
        newest: bytes | None = None
        while newest is None or (self._stream.has_more() and time.monotonic() < deadline):
            if time.monotonic() > deadline:
                raise SourceError(
                    f"{self._address.public} sends damaged pictures, or none within"
                    f" {READ_TIMEOUT_S:.0f} s"
                )
            self._pictures.feed(self._stream.read())
            while (picture := self._pictures.next()) is not None:
                if newest is None:
                    deadline = time.monotonic() + _CATCH_UP_S
                newest = picture
        self._picture = newest

    def retrieve(self) -> NDArray[np.uint8] | None:
        return decode_picture(self._picture)

    def abort(self) -> None:
        self._stream.abort()

    def close(self) -> None:
        self._stream.close()


class FfmpegStream(OpenCvSource):
    """A stream that FFmpeg reads, such as RTSP, with a time limit on every wait."""

    def __init__(self, address: str) -> None:
        super().__init__(redacted(address))
        self._address = address

    def open(self) -> Source:
        address = parse_address(self._address)
        if address.scheme == "rtsps" and _is_numeric(address.host):
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
