"""The interface of picture sources (webcam, stream, video file, folder, drawn face), and specs.

Every source delivers RGB. `open_source.make_source` makes the one that a spec names.
"""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from face_auth.camera.address import is_address, parse_address
from face_auth.errors import CameraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPEN_TIMEOUT_S = 4.0
READ_TIMEOUT_S = 2.0
_WEBCAM = re.compile(
    r"(0|[1-9][0-9]{0,2})|/dev/video[0-9]{1,3}|/dev/v4l/by-(id|path)/[\w.:+-]+", re.ASCII
)
_DEMO = re.compile(r"demo(:[0-7])?")


class SourceKind(StrEnum):
    """The kind of source that a camera spec names; a live data folder allows the first two."""

    WEBCAM = "webcam"
    TLS_STREAM = "tls_stream"
    STREAM = "stream"
    VIDEO = "video"
    FOLDER = "folder"
    DEMO = "demo"


PLAYED = frozenset({SourceKind.FOLDER, SourceKind.VIDEO})
"""Kinds of source that are files, which must be there when a program starts."""


class SourceError(Exception):
    """The source cannot be opened or read now; the message is the technical reason."""


def source_kind(spec: str) -> SourceKind:
    """Return the kind of source that *spec* names, without opening it.

    Args:
        spec: ``"0"`` or ``/dev/video0`` (webcam), an http(s) or rtsp(s) address, the path of a
            video file or of a folder of pictures, ``"demo"`` or ``"demo:0"`` to ``"demo:7"``. A
            file whose name looks like one of the others is written ``./0``. Reserved characters
            in an address are percent-encoded.

    Raises:
        ValueError: If it can be none of these, or is an address that is not whole, of which the
            sentence repeats nothing.
    """
    if is_address(spec):
        address = parse_address(spec)
        encrypted = address.scheme in {"https", "rtsps"}
        return SourceKind.TLS_STREAM if encrypted else SourceKind.STREAM
    if not spec or spec != spec.strip() or not spec.isprintable():
        raise ValueError(f"{spec!r} names no camera.")
    if _WEBCAM.fullmatch(spec) and ".." not in spec.split("/"):
        return SourceKind.WEBCAM
    if spec == "demo" or spec.startswith("demo:"):
        if not _DEMO.fullmatch(spec):
            raise ValueError(f"{spec!r} names no demo camera: write demo, or demo:0 to demo:7.")
        return SourceKind.DEMO
    if spec.lstrip("+-").isdecimal() or spec.startswith("/dev/"):
        raise ValueError(f"{spec!r} names no camera.")
    return SourceKind.FOLDER if spec.endswith("/") or Path(spec).is_dir() else SourceKind.VIDEO


def check_there(spec: str) -> None:
    """Check that the file, folder or device that *spec* names is there, without opening it.

    Raises:
        CameraError: If it is not; the sentence names it.
        ValueError: As `source_kind`.
    """
    kind = source_kind(spec)
    if kind is SourceKind.WEBCAM and sys.platform == "linux":
        device = Path(f"/dev/video{spec}" if spec.isdecimal() else spec)
        if not device.exists():
            raise CameraError(f"There is no camera at {device}.")
    if kind in PLAYED and not Path(spec).exists():
        raise CameraError(f"There is no file or folder {spec} to take as the camera.")


def redacted(spec: str) -> str:
    """Return *spec* for a log: an address without user, password and query.

    Raises:
        ValueError: If it is an address that is not whole.
    """
    return parse_address(spec).public if is_address(spec) else spec


class Source(ABC):
    """A picture source, used by one thread only, except for `abort`.

    Attributes:
        interval_s: Time between frames, kept by the caller; None where the device sets the pace.
        skipped: How many pictures could not be read so far.
    """

    interval_s: float | None = None
    skipped: int = 0

    @abstractmethod
    def open(self) -> Source:
        """Open the source and return the one to read from, usually this one.

        Raises:
            SourceError: If it is not there, busy, or not what it should be.
        """

    @abstractmethod
    def grab(self) -> None:
        """Advance to the next frame; a device is waited for.

        Raises:
            SourceError: If none comes.
        """

    @abstractmethod
    def retrieve(self) -> NDArray[np.uint8] | None:
        """Decode the grabbed frame: RGB, contiguous (h, w, 3); None if it is damaged."""

    def abort(self) -> None:  # noqa: B027 - usually nothing to end
        """End a blocked call on another thread soon, where that is possible."""

    def close(self) -> None:  # noqa: B027 - usually nothing to release
        """Release the device; may be called at any time after `open`."""
