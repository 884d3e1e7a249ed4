"""Simulation of several frames of one visit from one photograph."""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

FRAMES: Final = 3
"""As many as the kiosk averages at a login."""


def shaken(image: NDArray[np.uint8], which: int) -> NDArray[np.uint8]:
    """Return *image* as the next frame of a camera might show it: moved a little, with noise.

    The head turns by up to 3 degrees, moves by up to 3 % of the width and 4 % nearer or further;
    light changes by up to 12 grey levels; the sensor's noise has 4 grey levels.

    Args:
        image: RGB, shape (h, w, 3); the result has the same shape.
        which: The same image and number give the same frame.
    """
    rng = np.random.default_rng([which, zlib.crc32(image.tobytes())])
    height, width = image.shape[:2]
    middle = (width - 1) / 2, (height - 1) / 2
    matrix = cv2.getRotationMatrix2D(middle, rng.uniform(-3, 3), rng.uniform(0.96, 1.04))
    matrix[:, 2] += rng.uniform(-0.03, 0.03, 2) * width
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    light = rng.uniform(-12, 12)
    noise = rng.normal(light, 4, moved.shape)
    return np.asarray(np.clip(moved + noise + 0.5, 0, 255), np.uint8)


ALTERATIONS: Final[dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]] = {
    f"frame {number}": partial(shaken, which=number) for number in range(1, FRAMES + 1)
}
"""The frames by name; none is the photograph itself."""
