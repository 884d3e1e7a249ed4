"""Alignment: a detected face cut out of a photograph in the form that a network expects."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

ALIGNED_SIZE: Final = 112
"""Width and height of an aligned face, px."""

FIVE_POINTS: Final = np.array(
    [(38.39, 40.59), (73.39, 40.40), (56.00, 60.51), (41.62, 81.00), (70.61, 80.84)]
)
"""Where image-left eye, image-right eye, nose and the two mouth corners come to lie, px."""


def similarity(source: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Return the rotation, scale and shift from points to others, by least squares.

    Args:
        source: Points x, y, shape (n, 2), n at least 2.
        target: Where they should come to lie, same shape.

    Returns:
        Affine matrix, shape (2, 3), without reflection or shear.

    Raises:
        ValueError: If the shapes differ, a value is not finite, or all source points coincide.
    """
    points, aims = np.asarray(source, float), np.asarray(target, float)
    if points.shape != aims.shape or points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"points of shape {points.shape} cannot be brought to {aims.shape}")
    if not (np.isfinite(points).all() and np.isfinite(aims).all()):
        raise ValueError("a point is not finite")
    # As complex numbers the map is z -> turn * z + shift, and least squares is one division.
    z, w = points @ (1, 1j), aims @ (1, 1j)
    centred = z - z.mean()
    spread = np.vdot(centred, centred).real
    if spread < 1e-6:
        raise ValueError("the points coincide")
    turn = np.vdot(centred, w - w.mean()) / spread
    shift = w.mean() - turn * z.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def align(image: NDArray[np.uint8], landmarks: ArrayLike, margin: float = 0.0) -> NDArray[np.uint8]:
    """Return the face turned, scaled and shifted so that its landmarks lie on FIVE_POINTS.

    Bilinear, borders replicated. A face more than twice as large as needed is first reduced by
    averaging, so that the camera's noise is not sampled into the result.

    Args:
        image: RGB, shape (h, w, 3), values 0 to 255.
        landmarks: x, y in px of *image*, shape (5, 2), in the order of FIVE_POINTS.
        margin: Kept around the aligned face on each side, px; a multiple of a half.

    Returns:
        RGB, shape (112, 112, 3), and twice the margin wider and higher.

    Raises:
        ValueError: If the image or the landmarks have another shape, or the landmarks coincide.
    """
    _check_image(image)
    points = np.asarray(landmarks, float)
    matrix = similarity(points, FIVE_POINTS + margin)
    factor = int(1 / np.hypot(matrix[0, 0], matrix[1, 0]))
    if factor >= 2:
        image, points = _reduced(image, points, factor)
        matrix = similarity(points, FIVE_POINTS + margin)
    side = ALIGNED_SIZE + round(2 * margin)
    aligned = cv2.warpAffine(
        image,
        matrix,
        (side, side),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(aligned, np.uint8)


def crop_with_margin(
    image: NDArray[np.uint8], box: Sequence[float], size: int = 160, margin: float = 0.125
) -> NDArray[np.uint8]:
    """Return the face's box, widened, clipped to the image and stretched to a square.

    That is how the published VGGFace2 weights were trained: box and surroundings in 160 px with
    16 px of them on each side, whatever the shape of the box.

    Args:
        image: RGB, shape (h, w, 3), values 0 to 255.
        box: x, y, width, height in px of *image*; it may reach over the edge.
        size: Width and height of the result, px.
        margin: Added on each side, as a share of the box's width and height.

    Returns:
        RGB, shape (size, size, 3).

    Raises:
        ValueError: If the image has another shape, or nothing of the box lies inside it.
    """
    _check_image(image)
    x, y, width, height = (float(value) for value in box)
    rows, columns = image.shape[:2]
    left = max(round(x - margin * width), 0)
    right = min(round(x + width + margin * width), columns)
    top = max(round(y - margin * height), 0)
    bottom = min(round(y + height + margin * height), rows)
    if left >= right or top >= bottom:
        raise ValueError(f"nothing of the box {tuple(box)} lies in an image {columns} x {rows}")
    part = image[top:bottom, left:right]
    shrinks = part.shape[0] > size and part.shape[1] > size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (size, size), interpolation=how), np.uint8)


def _check_image(image: NDArray[np.uint8]) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"not an RGB image of bytes: shape {image.shape}, {image.dtype}")


def _reduced(
    image: NDArray[np.uint8], points: NDArray[np.float64], factor: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the surroundings of the points *factor* times smaller, and the points in them."""
    # The five points span half of the aligned face, so their extent on each side is ample.
    low, high = points.min(axis=0), points.max(axis=0)
    reach = float((high - low).max()) * 2
    rows, columns = image.shape[:2]
    left, top = (max(int(value - reach), 0) for value in low)
    right, bottom = int(high[0] + reach) + 1, int(high[1] + reach) + 1
    part = image[top : min(bottom, rows), left : min(right, columns)]
    height, width = part.shape[0] // factor, part.shape[1] // factor
    if not height or not width:
        return image, points
    part = part[: height * factor, : width * factor]
    small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    inside = (points - (left, top) + 0.5) / factor - 0.5
    return np.asarray(small, np.uint8), inside
