"""Simulated heads: a photograph warped over a head-shaped depth, so that it turns in 3D.

The depth is an ellipsoid with a nose, placed by the landmarks; the surroundings move with the head
less and less, like rubber, so no gap opens and the background stays.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.detection import Face

Picture = NDArray[np.uint8]

WIDTH: Final = 640
HEIGHT: Final = 480
GRID: Final = 8
NECK: Final = 0.35
"""How far the axis of turning lies behind the plane of the eyes, in eye distances."""
DEPTH: Final = 0.95
"""How far the middle of the face stands before the edge of the head, in eye distances."""
NOSE: Final = 0.3
"""How far the nose stands out of that, in eye distances: with the ellipsoid's own curve the tip is
0.5 before the plane of eyes and mouth, an adult's measure."""
DISTANCE: Final = 9.0
"""From camera to head in eye distances of 63 mm: 57 cm."""


@dataclass(frozen=True, slots=True)
class HeadPlacement:
    """The pose and position of a head: degrees as for ``pose.Pose``, shift in px of the frame."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0


class Head:
    """The person of one photograph as a head that can be drawn at any pose."""

    def __init__(self, picture: Picture, face: Face, seed: int) -> None:
        """Prepare the head of the face in a frame of 640 x 480."""
        self._picture = picture
        points = np.asarray(face.landmarks, float)
        across = points[1] - points[0]
        self.unit = float(np.hypot(*across))
        self._middle = points[[0, 1, 3, 4]].mean(axis=0)
        self._lean = float(np.arctan2(across[1], across[0]))
        self._nose = self._upright(points[2] - self._middle)
        self._own = [self._upright(point - self._middle) for point in points]
        self._rng = np.random.default_rng([seed, 77])
        self._phase = self._rng.uniform(0, 2 * np.pi, 8)

    def _upright(self, offset: NDArray[np.float64]) -> tuple[float, float]:
        cos, sin = np.cos(self._lean), np.sin(self._lean)
        x, y = offset / self.unit
        return float(x * cos + y * sin), float(y * cos - x * sin)

    def draw(self, pose: HeadPlacement, t: float, blink: float = 0.0) -> Picture:
        """Return the person's picture at a moment, shape (480, 640, 3), without camera noise.

        Args:
            pose: Added to how the photograph shows the person.
            t: Seconds; the mouth and the brows move a little.
            blink: 0 with open eyes, 1 closed.
        """
        columns = np.arange(0, WIDTH + GRID, GRID, dtype=np.float32)
        rows = np.arange(0, HEIGHT + GRID, GRID, dtype=np.float32)
        x, y = np.meshgrid(columns, rows)
        roll = np.radians(pose.roll)
        dx, dy = x - self._middle[0], y - self._middle[1]
        still = self._in_units(dx, dy)
        cos, sin = np.cos(roll) / pose.scale, np.sin(roll) / pose.scale
        dx, dy = dx - pose.x, dy - pose.y
        moved = self._in_units(dx * cos + dy * sin, dy * cos - dx * sin)
        su, sv = self._turned_back(*moved, still, np.radians(pose.yaw), np.radians(pose.pitch))
        sv = sv + self._lively(su, sv, t, blink)
        cos, sin = np.cos(self._lean), np.sin(self._lean)
        sx = (su * cos - sv * sin) * self.unit + self._middle[0]
        sy = (su * sin + sv * cos) * self.unit + self._middle[1]
        size = (len(columns) * GRID, len(rows) * GRID)
        shift = (GRID - 1) // 2
        maps = [
            cv2.resize(one.astype(np.float32), size)[shift : shift + HEIGHT, shift : shift + WIDTH]
            for one in (sx, sy)
        ]
        drawn = cv2.remap(
            self._picture, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(drawn, np.uint8)

    def _in_units(
        self, dx: NDArray[np.floating], dy: NDArray[np.floating]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return px from the middle of the face in eye distances along and across it."""
        cos, sin = np.cos(self._lean), np.sin(self._lean)
        return (dx * cos + dy * sin) / self.unit, (dy * cos - dx * sin) / self.unit

    def _turned_back(
        self,
        u: NDArray[np.floating],
        v: NDArray[np.floating],
        still: tuple[NDArray[np.floating], NDArray[np.floating]],
        yaw: float,
        pitch: float,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return the point of the photograph for each point of the turned head.

        Far from the head it is *still*, the point itself: a room does not move with a person.
        """
        sy, cy, sp, cp = np.sin(yaw), np.cos(yaw), np.sin(pitch), np.cos(pitch)
        hx, hy = u, v
        for _ in range(4):
            z = self._depth(hx, hy) + NECK
            deep = z * cy - hx * sy
            near = 1 - (deep * cp + hy * sp - NECK - DEPTH) / DISTANCE
            hx = (u * near - z * sy) / cy
            hy = (v * near + deep * sp) / cp
        shift_u, shift_v = NECK * sy, -NECK * sp
        radius = np.hypot(u - shift_u, (v + 0.15 - shift_v) * 0.8)
        weight = 1 / (1 + np.exp((radius - 1.75) * 6))
        return still[0] + (hx - still[0]) * weight, still[1] + (hy - still[1]) * weight

    def _depth(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.floating]:
        radius = (x / 1.3) ** 2 + ((y + 0.1) / 1.75) ** 2
        nose_x, nose_y = self._nose
        bridge = np.exp(-(((x - nose_x) / 0.16) ** 2) - ((y - nose_y + 0.25) / 0.3) ** 2)
        tip = np.exp(-(((x - nose_x) / 0.2) ** 2) - ((y - nose_y) / 0.17) ** 2)
        bump = 0.35 * bridge + 0.9 * tip
        return np.asarray(DEPTH * np.clip(1 - radius, 0, None) ** 0.5 + NOSE * bump)

    def _lively(
        self, x: NDArray[np.floating], y: NDArray[np.floating], t: float, blink: float
    ) -> NDArray[np.floating]:
        """Return the downward shift of points by mouth, brows and lids, in eye distances."""
        mouth = (np.add(self._own[3], self._own[4])) / 2
        waves = np.sin(2 * np.pi * t / np.array([1.9, 3.1, 2.3]) + self._phase[:3])
        moved = (
            0.018 * waves[0] * np.exp(-(((x - mouth[0]) / 0.4) ** 2) - ((y - mouth[1]) / 0.2) ** 2)
        )
        moved = moved + 0.012 * waves[1] * np.exp(-((x / 0.8) ** 2) - ((y + 0.85) / 0.15) ** 2)
        for eye in self._own[:2]:
            near = np.exp(-(((x - eye[0]) / 0.2) ** 2) - ((y - eye[1] + 0.02) / 0.09) ** 2)
            moved = moved - 0.16 * blink * near
        return np.asarray(moved)
