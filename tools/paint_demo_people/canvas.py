"""Canvas of soft shapes on which the drawn people are painted."""

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from face_auth.camera.demo.portrait import FINE

Floats = NDArray[np.float32]


class Canvas:
    """A picture with its opacity; shapes are given in px of the frame, around a middle.

    Attributes:
        colour: RGB, shape (h, w, 3), 0 to 255.
        opacity: Shape (h, w), 0 to 1.
        x: Place of each pixel, px of the frame right of the middle, shape (h, w).
        y: The same, below the middle.
    """

    def __init__(self, left: int, top: int, right: int, bottom: int) -> None:
        """Begin with an empty picture between these edges."""
        self._corner = (left, top)
        shape = ((bottom - top) * FINE, (right - left) * FINE)
        self.colour: Floats = np.zeros((*shape, 3), np.float32)
        self.opacity: Floats = np.zeros(shape, np.float32)
        rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / FINE
        self.x: Floats = columns + left
        self.y: Floats = rows + top

    def window(self, left: int, top: int, right: int, bottom: int) -> "Canvas":
        """Return a part of this canvas that shares its pixels."""
        part = Canvas.__new__(Canvas)
        part._corner = (left, top)
        columns = slice((left - self._corner[0]) * FINE, (right - self._corner[0]) * FINE)
        rows = slice((top - self._corner[1]) * FINE, (bottom - self._corner[1]) * FINE)
        part.colour, part.opacity = self.colour[rows, columns], self.opacity[rows, columns]
        part.x, part.y = self.x[rows, columns], self.y[rows, columns]
        return part

    def paint(self, mask: Floats, colour: ArrayLike) -> None:
        """Blend a colour (one, or one for each pixel) over the picture by *mask* (0 to 1)."""
        reach, values = _reach(mask), np.asarray(colour, np.float32)
        part, over = self.colour[reach], mask[reach]
        part += over[..., np.newaxis] * ((values[reach] if values.ndim == 3 else values) - part)
        self.opacity[reach] += over * (1 - self.opacity[reach])

    def tint(self, mask: Floats, factor: tuple[float, float, float]) -> None:
        """Multiply red, green and blue by *factor*, by *mask* (0 to 1)."""
        reach = _reach(mask)
        self.colour[reach] *= 1 + mask[reach][..., np.newaxis] * (np.array(factor, np.float32) - 1)

    def shape(self, points: ArrayLike, soft: float = 0.0) -> Floats:
        """Return the mask of a closed smooth curve through the points, blurred by *soft* px."""
        return self._filled(smooth(np.asarray(points, float)), soft)

    def line(self, points: ArrayLike, width: float, soft: float = 0.0) -> Floats:
        """Return the mask of a smooth line through the points, tapered at both ends."""
        curve = smooth(np.asarray(points, float), closed=False)
        along = np.gradient(curve, axis=0)
        across = np.stack([-along[:, 1], along[:, 0]], 1) / np.linalg.norm(along, axis=1)[:, None]
        half = width / 2 * np.sin(np.linspace(0.25, np.pi - 0.25, len(curve)))[:, np.newaxis]
        return self._filled(
            np.concatenate([curve + across * half, (curve - across * half)[::-1]]), soft
        )

    def spot(self, x: float, y: float, wide: float, high: float) -> Floats:
        """Return a Gaussian of these sigmas, 1 in its middle."""
        return np.asarray(
            np.exp(-0.5 * (((self.x - x) / wide) ** 2 + ((self.y - y) / high) ** 2)), np.float32
        )

    def spots(self, x: float, y: float, wide: float, high: float) -> Floats:
        """Return two such Gaussians, one left and one right of the middle."""
        return self.spot(-x, y, wide, high) + self.spot(x, y, wide, high)

    def _filled(self, curve: NDArray[np.float64], soft: float) -> Floats:
        mask = np.zeros(self.opacity.shape, np.uint8)
        points = np.round((curve - self._corner) * FINE * 16).astype(np.int32)
        cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)
        return softened(mask.astype(np.float32) / np.float32(255), soft)


def _reach(mask: Floats) -> tuple[slice, slice]:
    """Return the rows and columns where a mask is large enough to be seen."""
    seen = mask > 1 / 1024
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def softened(values: Floats, soft: float) -> Floats:
    """Return values blurred by a Gaussian of sigma *soft*, px of the frame."""
    if not soft:
        return values
    if soft * FINE < 6:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), soft * FINE), np.float32)
    # A wide blur leaves nothing that a quarter of the pixels would not show.
    height, width = values.shape
    small = cv2.resize(values, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), soft * FINE / 4)
    return np.asarray(cv2.resize(small, (width, height)), np.float32)


def smooth(points: NDArray[np.float64], *, closed: bool = True) -> NDArray[np.float64]:
    """Return a Catmull-Rom curve through points of shape (n, 2), a dozen for each of them."""
    ends = (points[-1:], points[:2]) if closed else (points[:1], points[-1:])
    padded = np.concatenate([ends[0], points, ends[1]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, np.newaxis]
    parts = [
        b + t / 2 * ((c - a) + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate(parts if closed else [*parts, points[-1:]])


def mirrored(points: ArrayLike) -> NDArray[np.float64]:
    """Return a closed outline from its right half, given from top to bottom."""
    right = np.asarray(points, float)
    return np.concatenate([right, right[::-1] * (-1, 1)])


def noise(rng: np.random.Generator, shape: tuple[int, ...], across: float, down: float) -> Floats:
    """Return noise of spread 1, blurred by these sigmas in canvas pixels."""
    values = rng.standard_normal(shape, np.float32)
    values = np.asarray(cv2.GaussianBlur(values, (0, 0), sigmaX=across, sigmaY=down), np.float32)
    return np.asarray(values / values.std(), np.float32)


def light(height: Floats, lamp: float = -1.0) -> tuple[Floats, Floats]:
    """Return brightness (about 1) and gloss (0 to 1) of a surface under a soft lamp from above.

    Args:
        height: How far each point stands out, px of the frame.
        lamp: Where it hangs: -1 left, 1 right.
    """
    across = cv2.Sobel(height, -1, 1, 0, scale=FINE / 8)
    down = cv2.Sobel(height, -1, 0, 1, scale=FINE / 8)
    length = np.sqrt(across**2 + down**2 + 1)

    def towards(x: float, y: float, z: float) -> Floats:
        return np.asarray(np.clip((z - x * across - y * down) / length, 0, None), np.float32)

    brightness = 0.36 + 0.5 * towards(0.42 * lamp, -0.5, 0.757)
    brightness += 0.24 * towards(-0.6 * lamp, -0.1, 0.79)
    return brightness, towards(0.22 * lamp, -0.3, 0.928) ** 40
