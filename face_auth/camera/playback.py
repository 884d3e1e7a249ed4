"""Sources that are played at a set rate: a video file, a folder of pictures, the drawn face."""

from __future__ import annotations

import logging
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from face_auth.camera.demo.obedience import Obedience
from face_auth.camera.opencv import OpenCvSource, decode_picture, prepare_opencv, rgb_of
from face_auth.camera.sources import Source, SourceError
from face_auth.files import read_regular
from face_auth.types import Movement

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

DEMO_INTERVAL_S = 1 / 25
PICTURE_INTERVAL_S = 0.2
_SLOWEST, _FASTEST = 1 / 60, 240  # frames a second that a video may claim
_MAX_PICTURE_BYTES = 64 << 20
_PICTURES = frozenset(
    {".bmp", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)

_log = logging.getLogger(__name__)


class VideoFile(OpenCvSource):
    """A video file, played in a loop at its own frame rate."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        self._frames = 0

    def open(self) -> Source:
        try:
            regular = stat.S_ISREG(self._path.stat().st_mode)
        except OSError as error:
            raise SourceError(f"no video at {self._path}: {error.strerror}") from None
        if not regular:
            raise SourceError(f"no video at {self._path}: it is not a file")
        prepare_opencv()
        import cv2

        self.close()
        self._frames = 0
        # FFmpeg takes what stands before a colon for a protocol, unless a slash comes first.
        whole = str(self._path.absolute())
        self._capture = cv2.VideoCapture(whole, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._capture.isOpened():
            raise SourceError(f"{self._path} is not a readable video")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.interval_s = 1 / rate if _SLOWEST <= rate <= _FASTEST else DEMO_INTERVAL_S
        return self

    def grab(self) -> None:
        """Advance one frame; after the last readable one, begin again."""
        if self._capture is not None:
            self._check_size(self._capture)
        if self._capture is None or not self._capture.grab():
            if not self._frames:
                raise SourceError(f"{self._path} holds no frame that can be read")
            self.open()
            super().grab()
        self._frames += 1


class PictureFolder(Source):
    """The pictures of a folder, in a loop ordered by name; what cannot be read is named once."""

    interval_s = PICTURE_INTERVAL_S

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left: list[Path] = []
        self._unreadable: dict[Path, str] = {}
        self._image: NDArray[np.uint8] | None = None

    def open(self) -> Source:
        prepare_opencv()
        self._left = self._pictures()
        return self

    def _pictures(self) -> list[Path]:
        """Return what is called a picture in the folder now, last first."""
        try:
            found = [
                path
                for path in self._folder.iterdir()
                if path.suffix.lower() in _PICTURES and path.name[0] != "."
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
                    path, reason = next(iter(self._unreadable.items()))
                    raise SourceError(
                        f"no picture in {self._folder} can be read ({_shown(path)}: {reason})"
                    )
                self._left, again = self._pictures(), True
            path = self._left.pop()
            try:
                self._image = _read_picture(path)
            except SourceError as error:
                self._unreadable.setdefault(path, str(error))
                continue
            for left_out in list(self._unreadable.items())[self.skipped :]:
                _log.warning("Picture %s is left out: %s", _shown(left_out[0]), left_out[1])
            self.skipped = len(self._unreadable)
            return

    def retrieve(self) -> NDArray[np.uint8] | None:
        return self._image


def _read_picture(path: Path) -> NDArray[np.uint8]:
    """Return the picture *path*; raise SourceError with the reason if it cannot be read."""
    try:
        image = decode_picture(read_regular(path, _MAX_PICTURE_BYTES))
    except OSError as error:
        raise SourceError(error.strerror or type(error).__name__) from None
    if image is None:
        raise SourceError("it is damaged, too large, or no picture")
    return image


def _shown(path: Path) -> str:
    """Return the name of *path* for a log, which may hold bytes that are not UTF-8."""
    return path.name.encode("utf-8", "backslashreplace").decode()


class Demo(Source):
    """A drawn face that makes the requested movements, for machines without a camera."""

    interval_s = DEMO_INTERVAL_S

    def __init__(
        self, number: int, clock: Callable[[], float], asked: Callable[[], Movement | None]
    ) -> None:
        self._number = number
        self._clock = clock
        self._asked = asked

    def open(self) -> Source:
        from face_auth.camera.demo.face import DemoFace

        prepare_opencv()
        try:
            self._face = DemoFace(self._number)
        except (OSError, ValueError) as error:
            raise SourceError(f"the drawn person cannot be shown: {error}") from None
        self._obedience = Obedience()
        self._since = self._clock()
        return self

    def grab(self) -> None:
        self._at = self._clock() - self._since
        self._pose = self._obedience.pose(self._asked(), self._at)

    def retrieve(self) -> NDArray[np.uint8] | None:
        return rgb_of(self._face.draw(self._at, **self._pose), from_bgr=False)
