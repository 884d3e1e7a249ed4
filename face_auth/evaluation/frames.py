"""Simulation of a camera's frames from one photograph: several of one visit, and less light."""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

FRAMES: Final = 3
"""As many as the kiosk averages at a login."""

WHITE: Final = 4000.0
"""Electrons that make a pixel white (grey 255), as in a small webcam's sensor: shot noise is their
square root."""
READ_NOISE: Final = 6.0
"""Electrons that reading a pixel adds as noise, standard deviation."""
_LEVELS: Final = 65535


def _linear(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the light, 0 to 1, of sRGB values from 0 to 1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


_LIGHT: Final = _linear(np.arange(256) / 255).astype(np.float32)
"""The light, 0 to 1, that each grey level stands for."""
_GREY: Final = np.searchsorted(
    _linear((np.arange(255) + 0.5) / 255), np.arange(_LEVELS + 1) / _LEVELS
).astype(np.uint8)
"""The grey level nearest to each of 65,536 steps of light."""


def exposed(
    image: NDArray[np.uint8], exposure: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return *image* as a sensor would take it with less light and no amplification.

    The grey levels are turned into light (sRGB), the light into electrons, *exposure* times as
    many; shot noise and the noise of reading are added, and the sum is encoded as sRGB again.

    Args:
        image: RGB, any shape, values 0 to 255; the result has the same shape.
        exposure: Light as a share of the photograph's, above 0; at 1 only noise is added.
        rng: Of the noise.
    """
    electrons = _LIGHT[image] * np.float32(exposure * WHITE)
    spread = np.sqrt(electrons + np.float32(READ_NOISE**2))
    electrons += spread * rng.standard_normal(image.shape, dtype=np.float32)
    steps = np.clip(electrons * np.float32(_LEVELS / WHITE), 0, _LEVELS).astype(np.uint16)
    return np.asarray(_GREY[steps], np.uint8)


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
