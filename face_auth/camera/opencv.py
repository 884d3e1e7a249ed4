"""Decoding of pictures to RGB and capture through cv2.VideoCapture.

No other module sees BGR.
"""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_auth import MAX_PICTURE_PIXELS
from face_auth.camera import v4l2
from face_auth.camera.jpegs import has_hole
from face_auth.camera.sources import Source, SourceError

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

MAX_SIDE = 1920  # px; larger frames are reduced
_PNG = b"\x89PNG\r\n\x1a\n"
_SIGNATURES = (_PNG, b"\xff\xd8\xff", b"RIFF", b"BM", b"II*\0", b"MM\0*", b"P5", b"P6")
"""JPEG, PNG, WebP, BMP, TIFF, PGM, PPM: the formats of a folder. OpenCV knows a dozen more."""
_JPEG_END = b"\xff\xd9"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def prepare_opencv() -> None:
    """Silence OpenCV, bound its waits, and make its FFmpeg verify TLS certificates.

    Most of these are read when cv2 is first imported, the stream options at each opening.
    """
    defaults = {
        "OPENCV_LOG_LEVEL": "SILENT",
        "OPENCV_FFMPEG_LOGLEVEL": "-8",
        "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "5",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    trusted = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    verify = f"|tls_verify;1|ca_file;{trusted or _CERTIFICATES}"  # the last of its kind holds
    options = os.environ.get("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    if not options.endswith(verify):
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options + verify
    import cv2

    if os.environ["OPENCV_LOG_LEVEL"] == "SILENT":
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def decode_picture(data: bytes | bytearray) -> NDArray[np.uint8] | None:
    """Decode a picture of any depth and channels to RGB (h, w, 3); None if damaged or too large."""
    import cv2
    import numpy as np

    if not data.startswith(_SIGNATURES) or _overstates(data) or has_hole(data):
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:  # too many pixels, for one
        return None
    return None if image is None else rgb_of(image, from_bgr=False)


def _overstates(data: bytes | bytearray) -> bool:
    """Whether a PNG claims more than there is; OpenCV takes 4 GB and 16 s over 2 GB claimed."""
    if not data.startswith(_PNG):
        return False
    at = len(_PNG)
    while at < len(data) and data[at + 4 : at + 8] != b"IEND":
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return at > len(data)


def rgb_of(image: NDArray[Any], *, from_bgr: bool = True) -> NDArray[np.uint8]:
    """Return *image* as contiguous RGB with sides of at most `MAX_SIDE`.

    Args:
        image: uint8 or uint16, grey (h, w) or (h, w, 1), BGR (h, w, 3) or BGRA (h, w, 4).
        from_bgr: Whether its colours are in OpenCV's order.

    Raises:
        SourceError: If it is laid out otherwise.
    """
    import cv2
    import numpy as np

    if image.ndim not in {2, 3} or image.size == 0:
        raise SourceError(f"frames of unknown shape {image.shape}")
    if max(image.shape[:2]) > MAX_SIDE:
        scale = MAX_SIDE / max(image.shape[:2])
        height, width = (max(1, round(side * scale)) for side in image.shape[:2])
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    channels = 1 if image.ndim == 2 else image.shape[2]
    if image.dtype != np.uint8 or channels not in {1, 3, 4}:
        raise SourceError(f"frames of unknown layout: {channels} channels of {image.dtype}")
    if channels == 1:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    elif channels == 4:
        image = cv2.cvtColor(image, cv2.COLOR_BGRA2RGB if from_bgr else cv2.COLOR_RGBA2RGB)
    elif from_bgr:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return np.ascontiguousarray(image, dtype=np.uint8)


class OpenCvSource(Source):
    """A source that cv2.VideoCapture reads; *name* stands for it in logs."""

    _capture: cv2.VideoCapture | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    def grab(self) -> None:
        if self._capture is not None:
            self._check_size(self._capture)
        if self._capture is None or not self._capture.grab():
            raise SourceError(f"{self.name} stopped delivering")

    def retrieve(self) -> NDArray[np.uint8] | None:
        if self._capture is None:
            return None
        self._check_size(self._capture)
        done, image = self._capture.retrieve()
        return rgb_of(image) if done and image is not None else None

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _check_size(self, capture: cv2.VideoCapture) -> None:
        """Raise SourceError if the frames would be too large for memory."""
        import cv2

        width, height = (
            capture.get(side) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if width * height > MAX_PICTURE_PIXELS:
            raise SourceError(f"{self.name} has pictures of {width:.0f} x {height:.0f}")


class Webcam(OpenCvSource):
    """A camera of this machine, in the mode that suits a face best (`v4l2.best_mode`)."""

    def __init__(self, spec: str) -> None:
        self._index = int(spec) if spec.isdecimal() else None
        self._path = f"/dev/video{spec}" if spec.isdecimal() else spec
        super().__init__(self._path)
        self._started = False
        self._sends_jpeg = False
        self._marks_end = False  # whether one of its JPEGs had an end mark; some cameras set none

    def open(self) -> Source:
        linux = sys.platform == "linux"
        mode = None
        if linux:
            v4l2.check_device(self._path)
            mode = v4l2.best_mode(self._path)
        mode = mode or v4l2.Mode("MJPG", v4l2.WIDTH, v4l2.HEIGHT, v4l2.RATE)
        prepare_opencv()
        import cv2

        if linux:
            capture = cv2.VideoCapture(self._path, cv2.CAP_V4L2)
        else:
            capture = cv2.VideoCapture(self._index or 0)
        self._capture = capture
        if not capture.isOpened():
            raise SourceError(f"camera is busy at {self._path}: it does not open for pictures")
        for name, value in (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*mode.fourcc)),
            (cv2.CAP_PROP_FRAME_WIDTH, mode.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, mode.height),
            (cv2.CAP_PROP_FPS, mode.rate),
            # One buffer is ours while we decode; with a single one in all, the driver would have
            # none to fill meanwhile and drop every other frame. The thread grabs without a pause,
            # so the second one never grows older than a frame.
            (cv2.CAP_PROP_BUFFERSIZE, 2),
        ):
            capture.set(name, value)  # a camera without this property keeps its own
        jpeg = cv2.VideoWriter.fourcc(*"MJPG")
        self._sends_jpeg = (
            linux
            and capture.get(cv2.CAP_PROP_FOURCC) == jpeg
            and capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        )
        return self

    def grab(self) -> None:
        try:
            super().grab()
        except SourceError:
            if self._started or not Path(self._path).exists():
                raise
            raise SourceError(f"camera is busy at {self._path}: it gives no picture") from None
        self._started = True

    def retrieve(self) -> NDArray[np.uint8] | None:
        if self._capture is None or not self._sends_jpeg:
            return super().retrieve()
        # OpenCV would make a whole picture of half a JPEG.
        done, jpeg = self._capture.retrieve()
        data = jpeg.tobytes() if done and jpeg is not None else b""
        whole = _JPEG_END in data
        self._marks_end = self._marks_end or whole
        if whole or not self._marks_end:
            return decode_picture(data if whole else data + _JPEG_END)
        return None
