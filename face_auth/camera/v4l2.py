"""What Linux says of a camera before it is opened: whether it is one, and which pictures it offers.

The requests and structures are those of the kernel's `videodev2.h`, the same on all machines that
the kiosk runs on.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from face_auth.camera.sources import SourceError

WIDTH, HEIGHT, RATE = 640, 480, 30.0
"""The mode that is asked for; a larger picture costs time and does not recognise better."""
_ENOUGH_RATE = 15.0  # frames a second; the checks of a login use fewer
COLOURED = ("MJPG", "YUYV", "UYVY", "NV12", "YU12", "BGR3", "RGB3")
GREY = ("GREY", "Y10 ", "Y12 ", "Y16 ")
_FORMATS = (*COLOURED, *GREY)  # all that OpenCV decodes and a webcam may have; the first the best
_QUERY_CAPABILITIES, _ENUM_FORMATS = 0x80685600, 0xC0405602
_ENUM_SIZES, _ENUM_INTERVALS = 0xC02C564A, 0xC034564B
_CAPTURE, _HAS_DEVICE_CAPABILITIES = 0x1, 0x80000000
_DISCRETE = 1
_MOST = 256  # entries that are read of a list; a driver at fault might never end it


@dataclass(frozen=True, slots=True)
class Mode:
    """One way in which a camera delivers pictures.

    Attributes:
        fourcc: The format's four characters.
        width: px.
        height: px.
        rate: Frames a second.
    """

    fourcc: str
    width: int
    height: int
    rate: float


def check_device(path: str) -> None:
    """Check that *path* is a camera that may be used.

    Raises:
        SourceError: With the reason, if it is not.
    """
    with _opened(path) as device:
        if not stat.S_ISCHR(os.fstat(device).st_mode):
            raise SourceError(f"no camera at {path}: it is not a device")
        answer = bytearray(104)
        fcntl.ioctl(device, _QUERY_CAPABILITIES, answer)
        whole, own = (int.from_bytes(answer[at : at + 4], sys.byteorder) for at in (84, 88))
        if not (own if whole & _HAS_DEVICE_CAPABILITIES else whole) & _CAPTURE:
            raise SourceError(f"no camera at {path}: it captures no pictures")


def best_mode(path: str) -> Mode | None:
    """Return the mode of the camera at *path* that suits a face best; None if it lists none.

    Raises:
        SourceError: With the reason, if it cannot be asked.
    """
    with _opened(path) as device:
        return best_of(_modes(device))


def best_of(modes: Iterable[Mode]) -> Mode | None:
    """Return the mode that suits a face best; None of none.

    Colour comes before grey. Then a mode needs 640 x 480 px and 15 frames a second; the less it
    falls short of them, the better. Of those that have both, the best is the smallest, then the one
    nearest to 30 frames a second, then a compressed one, which leaves room on the bus.
    """

    def merit(mode: Mode) -> tuple[bool, float, int, float, int]:
        size = min(1.0, mode.width / WIDTH, mode.height / HEIGHT)
        return (
            mode.fourcc in COLOURED,
            size * min(1.0, mode.rate / _ENOUGH_RATE),
            -mode.width * mode.height,
            -round(abs(mode.rate - RATE), 1),
            -_FORMATS.index(mode.fourcc),
        )

    return max(modes, key=merit, default=None)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError:
        raise SourceError(f"no camera at {path}") from None
    except PermissionError:
        raise SourceError(f"no permission to use the camera at {path} (group video)") from None
    except OSError as error:
        what = "camera is busy" if error.errno == errno.EBUSY else "no camera"
        raise SourceError(f"{what} at {path}: {error.strerror}") from None
    try:
        yield device
    except OSError as error:
        raise SourceError(f"no camera at {path}: {error.strerror}") from None
    finally:
        os.close(device)


def _modes(device: int) -> Iterator[Mode]:
    for entry in _listed(device, _ENUM_FORMATS, struct.pack("=I", _CAPTURE), 64):
        code = entry[44:48]
        fourcc = code.decode("ascii", "replace")
        if fourcc in _FORMATS:
            for width, height in _sizes(device, code):
                for rate in _rates(device, code + struct.pack("=II", width, height)):
                    yield Mode(fourcc, width, height, rate)


def _sizes(device: int, of: bytes) -> Iterator[tuple[int, int]]:
    """Yield the sizes in px; of a range the one next to 640 x 480, which stands for no list too."""
    entries = list(_listed(device, _ENUM_SIZES, of, 44))
    for entry in entries:
        kind, *sides = struct.unpack_from("=7I", entry, 8)
        if kind == _DISCRETE:
            yield sides[0], sides[1]
        else:
            least_wide, most_wide, _, least_high, most_high, _ = sides
            yield min(max(least_wide, WIDTH), most_wide), min(max(least_high, HEIGHT), most_high)
    if not entries:
        yield WIDTH, HEIGHT


def _rates(device: int, of: bytes) -> Iterator[float]:
    """Yield the rates in frames a second; of a range the highest; 30 where none is listed."""
    entries = list(_listed(device, _ENUM_INTERVALS, of, 52))
    for entry in entries:
        numerator, denominator = struct.unpack_from("=II", entry, 20)
        yield denominator / numerator if numerator else RATE
    if not entries:
        yield RATE


def _listed(device: int, request: int, of: bytes, length: int) -> Iterator[bytes]:
    """Yield the entries of one of the driver's lists; none if it has no such list."""
    for index in range(_MOST):
        entry = bytearray((struct.pack("=I", index) + of).ljust(length, b"\0"))
        try:
            fcntl.ioctl(device, request, entry)
        except OSError:
            return
        yield bytes(entry)
