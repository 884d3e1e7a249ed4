"""Where pictures come from: a webcam, a stream, a video file, a folder, or a drawn face.

Each source hands out RGB; BGR goes no further than this module. OpenCV is imported only when
a source is opened, on the camera's own thread, so that the window's first paint need not wait.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
import sys
import time
from abc import ABC, abstractmethod
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    import cv2
    import numpy as np
    from numpy.typing import NDArray

MAX_SIDE = 1920  # px; larger frames are reduced
DEMO_INTERVAL_S = 1 / 25
PICTURE_INTERVAL_S = 0.2
OPEN_TIMEOUT_S = 4.0
READ_TIMEOUT_S = 2.0
_MAX_PICTURE_BYTES = 64 << 20
_MAX_PICTURE_PIXELS = 64 << 20  # an 8K picture has 33 million
_PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_WEBCAM = re.compile(r"(0|[1-9][0-9]{0,2})|/dev/video[0-9]{1,3}|/dev/v4l/by-(id|path)/[\w.:+-]+")
_DEMO = re.compile(r"demo(:[0-9]{1,9})?")
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class SourceKind(StrEnum):
    """What a camera spec names; a live data folder takes only the first two."""

    WEBCAM = "webcam"
    TLS_STREAM = "tls_stream"
    STREAM = "stream"
    VIDEO = "video"
    FOLDER = "folder"
    DEMO = "demo"


class SourceError(Exception):
    """The source cannot be opened or read now; its text is the technical reason, for the log."""


def source_kind(spec: str) -> SourceKind:
    """Tell what *spec* names, without opening it.

    Args:
        spec: ``"0"`` or ``/dev/video0`` (webcam), an http(s) or rtsp(s) address, the path of a
            video file or of a folder of pictures, ``"demo"`` or ``"demo:SEED"``. A file whose
            name looks like one of the others is written ``./0``.

    Raises:
        ValueError: If it can be none of these.
    """
    if not spec or spec != spec.strip() or not spec.isprintable():
        raise ValueError(f"{spec!r} names no camera.")
    if _WEBCAM.fullmatch(spec) and ".." not in spec.split("/"):
        return SourceKind.WEBCAM
    if spec == "demo" or spec.startswith("demo:"):
        if not _DEMO.fullmatch(spec):
            raise ValueError(f"{spec!r} names no demo camera: write demo, or demo: and a number.")
        return SourceKind.DEMO
    if "://" in spec:
        parts = urlsplit(spec)
        if parts.scheme not in {"http", "https", "rtsp", "rtsps"} or not parts.hostname:
            raise ValueError(
                f"{shown(spec)!r} is no address of a camera (http, https, rtsp, rtsps)."
            )
        _ = parts.port  # raises ValueError when it is no port
        return SourceKind.TLS_STREAM if parts.scheme in {"https", "rtsps"} else SourceKind.STREAM
    if spec.lstrip("+-").isdecimal() or spec.startswith("/dev/"):
        raise ValueError(f"{spec!r} names no camera.")
    return SourceKind.FOLDER if spec.endswith("/") or Path(spec).is_dir() else SourceKind.VIDEO


def shown(spec: str) -> str:
    """Return *spec* as it may stand in a log: no user, password or query of an address."""
    if "://" not in spec:
        return spec
    parts = urlsplit(spec)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class Source(ABC):
    """One opened picture source, used by one thread only, except for `abort`.

    Attributes:
        interval_s: Time between frames, kept by the caller; None where the device sets the pace.
        skipped: How many pictures could not be read so far.
    """

    interval_s: float | None = None
    skipped: int = 0

    @abstractmethod
    def open(self) -> Source:
        """Open, and return the source to read from: this one, as a rule.

        Raises:
            SourceError: If it is not there, busy, or not what it should be.
        """

    @abstractmethod
    def grab(self) -> None:
        """Go on to the next frame, waiting for it where the device sets the pace.

        Raises:
            SourceError: If none comes.
        """

    @abstractmethod
    def retrieve(self) -> NDArray[np.uint8] | None:
        """Decode the grabbed frame: RGB, contiguous (h, w, 3); None if it is damaged."""

    def abort(self) -> None:  # noqa: B027 - nothing to end, as a rule
        """Make a blocked call on another thread end soon, where that is possible."""

    def close(self) -> None:  # noqa: B027 - nothing to let go, as a rule
        """Let go of the device; it can be called at any time after `open` was."""


def make_source(spec: str, clock: Callable[[], float] = time.monotonic) -> Source:
    """Return the unopened source that *spec* names; ValueError as `source_kind`."""
    kind = source_kind(spec)
    if kind is SourceKind.WEBCAM:
        return Webcam(spec)
    if kind is SourceKind.DEMO:
        return Demo(int(spec[5:] or 0), clock)
    if kind is SourceKind.VIDEO:
        return VideoFile(Path(spec))
    if kind is SourceKind.FOLDER:
        return PictureFolder(Path(spec))
    from face_auth.streams import FfmpegStream, MjpegStream

    return MjpegStream(spec) if spec.lower().startswith("http") else FfmpegStream(spec)


def prepare_opencv() -> None:
    """Silence OpenCV, bound its memory and waits, and make its FFmpeg verify TLS certificates.

    Most of these are read when cv2 is first imported, the stream options at each opening.
    """
    defaults = {
        "OPENCV_LOG_LEVEL": "SILENT",
        "OPENCV_FFMPEG_LOGLEVEL": "-8",
        "OPENCV_IO_MAX_IMAGE_PIXELS": str(_MAX_PICTURE_PIXELS),
        "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "5",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    trusted = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    if "OPENCV_FFMPEG_CAPTURE_OPTIONS" not in os.environ:
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = (
            f"rtsp_transport;tcp|tls_verify;1|ca_file;{trusted or _CERTIFICATES}"
        )
    import cv2

    if os.environ["OPENCV_LOG_LEVEL"] == "SILENT":
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def decode_picture(data: bytes | bytearray) -> NDArray[np.uint8] | None:
    """Decode a JPEG, PNG, ... of any depth and channels to RGB (h, w, 3); None if damaged."""
    import cv2
    import numpy as np

    if not data:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:  # too many pixels, for one
        return None
    return None if image is None else rgb_of(image, from_bgr=False)


def rgb_of(image: NDArray[Any], *, from_bgr: bool = True) -> NDArray[np.uint8]:
    """Return *image* as contiguous RGB, at most `MAX_SIDE` on a side.

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


class Capture(Source):
    """A source read through cv2.VideoCapture."""

    _capture: cv2.VideoCapture | None = None

    def grab(self) -> None:
        if self._capture is None or not self._capture.grab():
            raise SourceError("stopped delivering")

    def retrieve(self) -> NDArray[np.uint8] | None:
        if self._capture is None:
            return None
        done, image = self._capture.retrieve()
        return rgb_of(image) if done and image is not None else None

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()


class Webcam(Capture):
    """A camera of this machine, at 640 x 480 or the closest size it has."""

    def __init__(self, spec: str) -> None:
        self._index = int(spec) if spec.isdecimal() else None
        self._path = f"/dev/video{spec}" if spec.isdecimal() else spec
        self._started = False

    def open(self) -> Source:
        linux = sys.platform == "linux"
        if linux:
            _check_device(self._path)
        prepare_opencv()
        import cv2

        if linux:
            capture = cv2.VideoCapture(self._path, cv2.CAP_V4L2)
        else:
            capture = cv2.VideoCapture(self._index or 0)
        self._capture = capture
        if not capture.isOpened():
            raise SourceError(f"camera is busy: {self._path} does not open for pictures")
        for name, value in (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
            (cv2.CAP_PROP_FRAME_WIDTH, 640),
            (cv2.CAP_PROP_FRAME_HEIGHT, 480),
            (cv2.CAP_PROP_FPS, 30),
            # One buffer is ours while we decode; with a single one in all, the driver would have
            # none to fill meanwhile and drop every other frame. The thread grabs without a pause,
            # so the second one never grows older than a frame.
            (cv2.CAP_PROP_BUFFERSIZE, 2),
        ):
            capture.set(name, value)  # a camera without this property keeps its own
        return self

    def grab(self) -> None:
        try:
            super().grab()
        except SourceError:
            if self._started or not Path(self._path).exists():
                raise
            raise SourceError(f"camera is busy: {self._path} gives no picture") from None
        self._started = True


def _check_device(path: str) -> None:
    """Raise SourceError with the reason why *path* cannot be a camera one may use."""
    import fcntl

    query_capabilities, video_capture, has_device_capabilities = 0x80685600, 0x1, 0x80000000
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError:
        raise SourceError(f"no camera at {path}") from None
    except PermissionError:
        raise SourceError(f"no permission to use the camera at {path} (group video)") from None
    except OSError as error:
        busy = "camera is busy" if isinstance(error, BlockingIOError) or error.errno == 16 else ""
        raise SourceError(f"{busy or 'no camera'} at {path}: {error.strerror}") from None
    try:
        if not stat.S_ISCHR(os.fstat(device).st_mode):
            raise SourceError(f"no camera at {path}: it is no device")
        answer = bytearray(104)
        fcntl.ioctl(device, query_capabilities, answer)
        whole, own = (int.from_bytes(answer[at : at + 4], sys.byteorder) for at in (84, 88))
        if not (own if whole & has_device_capabilities else whole) & video_capture:
            raise SourceError(f"no camera at {path}: it captures no pictures")
    except OSError as error:
        raise SourceError(f"no camera at {path}: {error.strerror}") from None
    finally:
        os.close(device)


class VideoFile(Capture):
    """A video file, over and over, at its own rate."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames = 0

    def open(self) -> Source:
        try:
            regular = stat.S_ISREG(self._path.stat().st_mode)
        except OSError as error:
            raise SourceError(f"no video at {self._path}: {error.strerror}") from None
        if not regular:
            raise SourceError(f"no video at {self._path}: it is no file")
        prepare_opencv()
        import cv2

        self.close()
        self._frames = 0
        self._capture = cv2.VideoCapture(
            str(self._path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1]
        )
        if not self._capture.isOpened():
            raise SourceError(f"{self._path} is no video that can be read")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.interval_s = 1 / rate if 1 <= rate <= 240 else DEMO_INTERVAL_S
        return self

    def grab(self) -> None:
        """Go on one frame; after the last, wherever the header thinks it is, begin again."""
        if self._capture is None or not self._capture.grab():
            if not self._frames:
                raise SourceError(f"{self._path} holds no frame that can be read")
            self.open()
            super().grab()
        self._frames += 1


class PictureFolder(Source):
    """The pictures of a folder by name, over and over; those that cannot be read are skipped."""

    interval_s = PICTURE_INTERVAL_S

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left: list[Path] = []
        self._unreadable: set[Path] = set()
        self._image: NDArray[np.uint8] | None = None

    def open(self) -> Source:
        prepare_opencv()
        self._left = self._pictures()
        return self

    def _pictures(self) -> list[Path]:
        """List what is there now, last first."""
        try:
            found = [
                path
                for path in self._folder.iterdir()
                if path.suffix.lower() in _PICTURES and path.name[0] != "." and path.is_file()
            ]
        except OSError as error:
            raise SourceError(f"no folder at {self._folder}: {error.strerror}") from None
        if not found:
            raise SourceError(f"no pictures in {self._folder}")
        return sorted(found, reverse=True)

    def grab(self) -> None:
        again = False
        while True:
            if not self._left:
                if again:
                    raise SourceError(f"no picture in {self._folder} can be read")
                self._left, again = self._pictures(), True
            path = self._left.pop()
            self._image = _read_picture(path)
            if self._image is not None:
                return
            self._unreadable.add(path)
            self.skipped = len(self._unreadable)

    def retrieve(self) -> NDArray[np.uint8] | None:
        return self._image


def _read_picture(path: Path) -> NDArray[np.uint8] | None:
    try:
        if path.stat().st_size > _MAX_PICTURE_BYTES:
            return None
        return decode_picture(path.read_bytes())
    except OSError:
        return None


class Demo(Source):
    """A drawn face that moves, for machines without a camera."""

    interval_s = DEMO_INTERVAL_S

    def __init__(self, seed: int, clock: Callable[[], float]) -> None:
        self._seed = seed
        self._clock = clock

    def open(self) -> Source:
        from face_auth.demo_face import DemoFace

        prepare_opencv()
        self._face = DemoFace(self._seed)
        self._since = self._clock()
        return self

    def grab(self) -> None:
        self._at = self._clock() - self._since

    def retrieve(self) -> NDArray[np.uint8] | None:
        return rgb_of(self._face.draw(self._at), from_bgr=False)
