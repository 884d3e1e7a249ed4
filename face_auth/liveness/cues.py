"""Passive cues of a picture in front of the camera: repetition, moire, refresh bands, borders.

Every cue is a number that grows with the suspicion of an attack; `passive` weighs them.
"""

import zlib
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.liveness.track import PICTURE_S
from face_auth.recognition.detection import Face, letterbox
from face_auth.types import Frame

SPECTRUM: Final = 128
"""Side of the patch whose spectrum is looked at, in px of the camera."""
ALONG_AXES: Final = 0.7
"""Decades. The blocks of compressed video and the rows of a sensor give frequencies there too."""


class Repetition:
    """A detector of frames that are identical to the last bit, which camera noise rules out.

    Attributes:
        frozen_s: The longest time without a new picture so far, in seconds.
        returned: Whether an older picture came back.
    """

    def __init__(self) -> None:
        """Start without a frame."""
        self.frozen_s = 0.0
        self.returned = False
        self._seen: set[int] = set()
        self._last: int | None = None
        self._since = 0.0

    def add(self, frame: Frame) -> None:
        """Add a frame, later than the one before."""
        mark = zlib.crc32(frame.image[::2, ::2].tobytes())
        if mark != self._last:
            self.returned = self.returned or mark in self._seen
            self._since = frame.captured_at
        self.frozen_s = max(self.frozen_s, frame.captured_at - self._since)
        self._seen.add(mark)
        self._last = mark


def moire(frames: Sequence[Frame], faces: Sequence[Face]) -> float:
    """Return how far single frequencies stand out in the spectra of a face, in decades.

    A screen's raster seen through a camera's gives a regular pattern; skin and hair have none.
    The mean of all frames' spectra is taken: what a face shows changes as it moves, and a raster
    keeps its frequency. Frequencies along rows and columns count by `ALONG_AXES` less.
    """
    levels = []
    window = np.outer(np.hanning(SPECTRUM), np.hanning(SPECTRUM))
    for frame, face in zip(frames, faces, strict=True):
        x, y, width, height = face.box
        rows, columns = frame.image.shape[:2]
        left = int(np.clip(x + width / 2 - SPECTRUM / 2, 0, max(columns - SPECTRUM, 0)))
        top = int(np.clip(y + height * 0.5 - SPECTRUM / 2, 0, max(rows - SPECTRUM, 0)))
        part = frame.image[top : top + SPECTRUM, left : left + SPECTRUM]
        if part.shape[:2] == (SPECTRUM, SPECTRUM):
            grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.float32)
            power = np.abs(np.fft.fftshift(np.fft.fft2((grey - grey.mean()) * window))) ** 2
            levels.append(np.log10(power + 1.0))
    if not levels:
        return 0.0
    smooth = np.asarray(cv2.GaussianBlur(np.mean(levels, axis=0), (0, 0), 1.0), np.float32)
    around = np.asarray(cv2.medianBlur(smooth, 5))
    for _ in range(2):
        around = np.asarray(cv2.blur(around, (13, 13)))
    axis = np.abs(np.arange(SPECTRUM) - SPECTRUM // 2)
    across, down = np.meshgrid(axis, axis)
    radius = np.hypot(across, down)
    over = smooth - around - ALONG_AXES * (np.minimum(across, down) <= 2)
    return float(over[(radius > 14) & (radius < SPECTRUM // 2 - 2)].max())


def bands(frames: Sequence[Frame], faces: Sequence[Face]) -> float:
    """Return the change of brightness of rows from frame to frame, in grey levels.

    A screen refreshed while a rolling shutter reads gives wandering horizontal bands. The median
    along each row leaves out what moves, and the least of all pairs counts: a screen never rests.
    Frames with a gap between them are no pair: the light of the room may have changed meanwhile.
    """
    strengths = []
    for (one, face), other in zip(zip(frames, faces, strict=True), frames[1:], strict=False):
        apart = other.captured_at - one.captured_at
        if one.image.shape != other.image.shape or apart > PICTURE_S:
            continue
        x, y, width, height = (round(value) for value in face.box)
        rows = slice(max(y, 0), max(y + height, 1))
        columns = slice(max(x, 0), max(x + width, 1))
        before = one.image[rows, columns, 1].astype(np.float32)
        after = other.image[rows, columns, 1].astype(np.float32)
        profile = np.median(after - before, axis=1)
        profile = np.convolve(profile, np.ones(5) / 5, "valid")
        strengths.append(float((profile - np.median(profile)).std()))
    return min(strengths, default=0.0)


def border(image: NDArray[np.uint8], face: Face) -> float:
    """Return how much of a straight frame stands around the face: 0 none, 1 three sides or more.

    Looks for long straight edges beside, above and below the face, as a phone, a monitor or a
    sheet of paper has; edges count for two parallel sides at least.
    """
    frame, placement = letterbox(image)
    scale = 0.5
    small = cv2.resize(
        cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY),
        None,
        fx=scale,
        fy=scale,
        interpolation=cv2.INTER_AREA,
    )
    corner = np.array(placement.corner, float)
    zoom = np.array(placement.scale, float)
    x, y = (np.array(face.box[:2]) * zoom + corner) * scale
    width, height = np.array(face.box[2:]) * zoom * scale
    edges = cv2.Canny(np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8), 40, 110)
    inner_left, inner_top = corner * scale
    inner_right = small.shape[1] - inner_left
    inner_bottom = small.shape[0] - inner_top
    lines = cv2.HoughLinesP(
        edges, 1, np.pi / 360, 40, minLineLength=0.9 * float(height), maxLineGap=5
    )
    sides: dict[str, list[tuple[float, float]]] = {"left": [], "right": [], "top": [], "bottom": []}
    for x1, y1, x2, y2 in np.asarray(lines, float).reshape(-1, 4) if lines is not None else ():
        length = float(np.hypot(x2 - x1, y2 - y1))
        mid_x, mid_y = (x1 + x2) / 2, (y1 + y2) / 2
        if abs(x2 - x1) < 0.3 * abs(y2 - y1):
            if min(abs(mid_x - inner_left), abs(mid_x - inner_right)) < 3:
                continue  # the letterbox's own edge
            lean = float(np.degrees(np.arctan2(x2 - x1, y2 - y1)))
            lean = (lean + 90) % 180 - 90
            beside = min(y1, y2) < y + 0.7 * height and max(y1, y2) > y + 0.2 * height
            if beside and mid_x < x:
                sides["left"].append((length, lean))
            elif beside and mid_x > x + width:
                sides["right"].append((length, lean))
        elif abs(y2 - y1) < 0.3 * abs(x2 - x1):
            if min(abs(mid_y - inner_top), abs(mid_y - inner_bottom)) < 3:
                continue
            lean = float(np.degrees(np.arctan2(y2 - y1, x2 - x1)))
            lean = (lean + 90) % 180 - 90
            over = min(x1, x2) < x + 0.7 * width and max(x1, x2) > x + 0.3 * width
            if over and mid_y < y:
                sides["top"].append((length, -lean))
            elif over and mid_y > y + height:
                sides["bottom"].append((length, -lean))
    longest = {name: max(found) for name, found in sides.items() if found}
    score = 0.0
    for one, other in (("left", "right"), ("top", "bottom")):
        if one in longest and other in longest:
            apart = abs(longest[one][1] - longest[other][1])
            score += 0.5 if apart < 8 else 0.25
    score += 0.2 * min(len(longest), 3) - 0.2 if longest else 0.0
    return float(np.clip(score, 0, 1))
