"""Virtual screen whose picture can be read from outside: Xvfb with a file behind it."""

import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 1920
HEIGHT: Final = 1080
GRID: Final = 8
"""One pixel in so many is looked at, each way."""
ALIKE: Final = 0.9
"""Share of the page that must be as it stays, to count as painted: foot, banner and the line below
the tiles say more once the data folder is open."""
PAUSE_S: Final = 0.03
"""How long nothing more must be drawn."""
_START_LIMIT_S = 15.0


class ScreenError(Exception):
    """The screen cannot be started; the text says why."""


class Screen:
    """An X server, as long as the context lasts."""

    def __init__(self) -> None:
        """Start the server.

        Raises:
            ScreenError: If Xvfb is not installed or does not start.
        """
        if shutil.which("Xvfb") is None:
            raise ScreenError("Xvfb is not installed.")
        self._folder = tempfile.TemporaryDirectory(prefix="atm-screen-")
        read, write = os.pipe()
        self._process = subprocess.Popen(
            [
                "Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
                "-fbdir", self._folder.name, "-nolisten", "tcp", "-noreset",
            ],
            pass_fds=(write,), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read, "rb") as told:
            number = told.readline().strip()
        if not number:
            self.close()
            raise ScreenError("Xvfb does not start.")
        self.display = f":{number.decode('ascii')}"
        self._picture = _open_picture(Path(self._folder.name) / "Xvfb_screen0")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server."""
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def look(self) -> NDArray[np.uint32]:
        """Return the current pixels of a grid over the screen."""
        return self._picture[::GRID, ::GRID].copy()


def watch(screen: Screen, until: float) -> list[tuple[float, NDArray[np.uint32]]]:
    """Return each change of the picture with its time.monotonic(), until the time *until*."""
    seen = [(time.monotonic(), screen.look())]
    while time.monotonic() < until:
        now, picture = time.monotonic(), screen.look()
        if not np.array_equal(picture, seen[-1][1]):
            seen.append((now, picture))
        time.sleep(0.004)
    return seen


def first_painted(seen: list[tuple[float, NDArray[np.uint32]]]) -> float:
    """Return when the page was complete: nine tenths of it final, and a pause in the drawing.

    Args:
        seen: What `watch` returned: the bare screen first, the finished page last.

    Raises:
        ScreenError: If nothing was ever painted.
    """
    bare, last = seen[0][1], seen[-1][1]
    drawn = last != bare
    if not drawn.any():
        raise ScreenError("nothing was painted")
    ends = [at for at, _ in seen[1:]] + [float("inf")]
    return next(
        at
        for (at, picture), end in zip(seen, ends, strict=True)
        if (picture == last)[drawn].mean() >= ALIKE and end - at >= PAUSE_S
    )


def _open_picture(path: Path) -> NDArray[np.uint32]:
    """Return the pixels of the X window dump that the server keeps up to date."""
    end = time.monotonic() + _START_LIMIT_S
    while not path.exists() or path.stat().st_size < WIDTH * HEIGHT * 4:
        if time.monotonic() > end:
            raise ScreenError("Xvfb shows no picture.")
        time.sleep(0.01)
    with path.open("rb") as file:
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header = struct.unpack(">25I", memory[:100])
    start = header[0] + header[19] * 12  # the header with its name, then the colours
    pixels = np.frombuffer(memory, np.uint32, header[12] // 4 * header[5], start)
    return pixels.reshape(header[5], header[12] // 4)
