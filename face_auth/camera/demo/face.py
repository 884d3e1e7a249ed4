"""The animated face of the demo camera: it sways, breathes, blinks and turns when asked."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.camera.demo.portrait import (
    BLINK,
    BODY,
    DEPTH_EVERY,
    EYE_COLUMNS,
    EYE_ROWS,
    FINE,
    HEAD,
    read_portrait,
)

WIDTH: Final = 640
HEIGHT: Final = 480
MIDDLE: Final = (320.0, 222.0)
"""Where the middle of the face is when nothing moves, px."""
DISTANCE: Final = 1100.0
"""From the camera to the head, px; what is nearer looks larger."""
GRID: Final = 8
"""The head's movement is computed for every eighth pixel and interpolated between."""
BLINK_EVERY_S: Final = 3.7
BLINK_S: Final = 0.28

Floats = NDArray[np.float32]


class DemoFace:
    """A drawn person in front of the camera, the same in every run."""

    def __init__(self, number: int) -> None:
        """Read the layers of the person with that number.

        Raises:
            OSError: If a layer is missing, or there is no such person.
            ValueError: If a layer is damaged.
        """
        self._number = number
        self._portrait = read_portrait(number)
        rng = np.random.default_rng([number, 1])
        self._phase = rng.uniform(0, 2 * np.pi, 8)
        grain = rng.normal(0, 2.2, (HEIGHT + 64, WIDTH + 64, 3))
        self._brighter = np.clip(grain, 0, 9).astype(np.uint8)
        self._darker = np.clip(-grain, 0, 9).astype(np.uint8)

    def draw(
        self,
        t: float,
        *,
        yaw: float = 0.0,
        pitch: float = 0.0,
        roll: float = 0.0,
        scale: float = 1.0,
        sway: float = 1.0,
        x: float = 0.0,
        y: float = 0.0,
    ) -> NDArray[np.uint8]:
        """Return the picture at a moment; a pure function of all that is given.

        The person sways gently by itself; the pose is added to that.

        Args:
            t: Seconds since any beginning.
            yaw: Degrees by which the nose turns to the right of the picture; to 30 either way.
            pitch: Degrees by which it rises; to 30 either way.
            roll: Degrees by which the head leans to the right of the picture.
            scale: Above 1, the person comes nearer; from 0.4 to 1.6.
            sway: Share of the gentle turning and nodding that remains.
            x: Moves the person to the right, px.
            y: Moves the person down, px.

        Returns:
            RGB, shape (480, 640, 3), values 0 to 255.
        """
        yaw += sway * (self._wave(t, 0, 9.1, 4.0) + self._wave(t, 1, 4.3, 1.0))
        pitch += sway * self._wave(t, 2, 7.3, 2.2)
        roll += self._wave(t, 3, 11.7, 1.6)
        scale *= 1 + self._wave(t, 4, 8.9, 0.015)
        x += self._wave(t, 5, 10.3, 7)
        breath = self._wave(t, 6, 4.1, 1.0)
        y += self._wave(t, 7, 6.7, 3) + breath

        frame = self._portrait.wall.copy()
        middle_x, middle_y = MIDDLE[0] + x, MIDDLE[1] + y
        corner, across, down = self._head_map(yaw, pitch, roll, scale, middle_x, middle_y)
        if self._portrait.back is not None:
            _lay(frame, corner, _moved(self._portrait.back, across, down))
        # The shoulders follow the head by half.
        place = np.array([[scale / FINE, 0, 0], [0, scale / FINE, 0]])
        place[0, 2] = MIDDLE[0] + x * 0.6 + BODY[0] * scale
        place[1, 2] = MIDDLE[1] + y * 0.6 - breath + BODY[1] * scale
        top = max(0, math.floor(place[1, 2]))
        place[1, 2] -= top
        if top < HEIGHT:
            size = (WIDTH, HEIGHT - top)
            # The edges are repeated: empty at the sides, the shirt goes on below.
            body = cv2.warpAffine(
                self._portrait.body,
                place,
                size,
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            _lay(frame, (0, top), np.asarray(body, np.uint8))
        head = self._portrait.head
        head[EYE_ROWS, EYE_COLUMNS, :3] = self._portrait.eyes[self._lids(t)]
        _lay(frame, corner, _moved(head, across, down))
        return self._filmed(frame, t)

    def _wave(self, t: float, number: int, period_s: float, reach: float) -> float:
        """Return one slow movement at a moment, from -reach to reach."""
        return reach * math.sin(2 * math.pi * t / period_s + self._phase[number])

    def _lids(self, t: float) -> int:
        """Return the number of the eyes' picture at a moment: 0 is open."""
        since = (t + self._phase[0]) % BLINK_EVERY_S
        if since >= BLINK_S:
            return 0
        last = len(BLINK) - 1
        return round(last * math.sin(math.pi * since / BLINK_S))

    def _head_map(
        self, yaw: float, pitch: float, roll: float, scale: float, x: float, y: float
    ) -> tuple[tuple[int, int], Floats, Floats]:
        """Return the corner of the head in the frame, and for each pixel from there its source.

        A point of the head at (X, Y, depth Z) is turned by yaw about the vertical and by pitch
        about the horizontal axis, seen in perspective, then rolled, enlarged and moved. The
        source of a pixel follows by turning back with the depth at the last estimate.
        """
        reach_x, reach_y = (HEAD[2] - 20) * scale, HEAD[3] * scale
        left, top = max(0, math.floor(x - reach_x)), max(0, math.floor(y - reach_y))
        right, bottom = min(WIDTH, math.ceil(x + reach_x)), min(HEIGHT, math.ceil(y + reach_y))
        columns = np.arange(left, max(right, left + 1) + GRID, GRID).astype(np.float32)
        rows = np.arange(top, max(bottom, top + 1) + GRID, GRID).astype(np.float32)
        lean = math.radians(roll)
        cos, sin = math.cos(lean) / scale, math.sin(lean) / scale
        dx, dy = np.meshgrid(columns - x, rows - y)
        seen_x, seen_y = dx * cos + dy * sin, dy * cos - dx * sin
        sin_yaw, cos_yaw = math.sin(math.radians(yaw)), math.cos(math.radians(yaw))
        sin_pitch, cos_pitch = math.sin(math.radians(pitch)), math.cos(math.radians(pitch))
        head_x, head_y = seen_x, seen_y
        for _ in range(4):
            z = self._depth_at(head_x, head_y)
            z_yaw = z * cos_yaw - head_x * sin_yaw
            near = 1 - (z_yaw * cos_pitch + head_y * sin_pitch - 40) / DISTANCE
            head_x = (seen_x * near - z * sin_yaw) / cos_yaw
            head_y = (seen_y * near + z_yaw * sin_pitch) / cos_pitch
        size = (len(columns) * GRID, len(rows) * GRID)
        # cv2.resize puts the grid's first sample at the middle of its first cell of GRID pixels.
        shift = (GRID - 1) // 2
        across = cv2.resize((head_x - HEAD[0]) * FINE, size)[shift:, shift:]
        down = cv2.resize((head_y - HEAD[1]) * FINE, size)[shift:, shift:]
        height, width = max(bottom - top, 1), max(right - left, 1)
        return (left, top), across[:height, :width], down[:height, :width]

    def _depth_at(self, x: Floats, y: Floats) -> Floats:
        """Return the head's depth at points around its middle."""
        across, down = (x - HEAD[0]) / DEPTH_EVERY, (y - HEAD[1]) / DEPTH_EVERY
        depth = cv2.remap(self._portrait.depth, across, down, cv2.INTER_LINEAR)
        return np.asarray(depth, np.float32)

    def _filmed(self, frame: NDArray[np.uint8], t: float) -> NDArray[np.uint8]:
        """Return the frame with a camera's faint grain, different at every moment."""
        rng = np.random.default_rng([self._number, round(abs(t) * 1000)])
        left, top = rng.integers(0, 64, 2)
        part = (slice(top, top + HEIGHT), slice(left, left + WIDTH))
        frame = np.asarray(cv2.add(frame, self._brighter[part]), np.uint8)
        return np.asarray(cv2.subtract(frame, self._darker[part]), np.uint8)


def _moved(layer: NDArray[np.uint8], across: Floats, down: Floats) -> NDArray[np.uint8]:
    return np.asarray(cv2.remap(layer, across, down, cv2.INTER_LINEAR), np.uint8)


def _lay(frame: NDArray[np.uint8], corner: tuple[int, int], layer: NDArray[np.uint8]) -> None:
    """Lay a layer of colours times opacity over a part of the frame."""
    left, top = corner
    part = frame[top : top + layer.shape[0], left : left + layer.shape[1]]
    if not part.size:
        return
    layer = layer[: part.shape[0], : part.shape[1]]
    through = cv2.bitwise_not(cv2.cvtColor(layer[..., 3], cv2.COLOR_GRAY2RGB))
    behind = cv2.multiply(part, through, scale=1 / 255)
    part[:] = cv2.add(behind, cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB))
