"""Twenty altered copies of a picture: changes of light, colour, sharpness and posture."""

from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def _plain(picture: Picture, _: np.random.Generator) -> Picture:
    return picture


def _grey(picture: Picture, _: np.random.Generator) -> Picture:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _red_blue(picture: Picture, _: np.random.Generator) -> Picture:
    return picture[:, :, ::-1]


def _low_contrast(picture: Picture, rng: np.random.Generator) -> Picture:
    return _stretched(picture, rng.uniform(0.4, 0.75))


def _high_contrast(picture: Picture, rng: np.random.Generator) -> Picture:
    return _stretched(picture, rng.uniform(1.3, 1.8))


def _dark(picture: Picture, rng: np.random.Generator) -> Picture:
    return _clipped(picture.astype(np.float32) - rng.uniform(30, 70))


def _bright(picture: Picture, rng: np.random.Generator) -> Picture:
    return _clipped(picture.astype(np.float32) + rng.uniform(30, 70))


def _turned_left(picture: Picture, rng: np.random.Generator) -> Picture:
    return _turned(picture, rng.uniform(4, 15))


def _turned_right(picture: Picture, rng: np.random.Generator) -> Picture:
    return _turned(picture, -rng.uniform(4, 15))


def _blurred(picture: Picture, rng: np.random.Generator) -> Picture:
    sigma = rng.uniform(0.004, 0.01) * picture.shape[1]
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


ALTERATIONS: Final[dict[str, Callable[[Picture, np.random.Generator], Picture]]] = {
    "plain": _plain,
    "grey": _grey,
    "red_blue": _red_blue,
    "low_contrast": _low_contrast,
    "high_contrast": _high_contrast,
    "dark": _dark,
    "bright": _bright,
    "turned_left": _turned_left,
    "turned_right": _turned_right,
    "blurred": _blurred,
}
"""What is done to a picture, by name; each is done once to the picture, once to its mirror."""

NAMES: Final = tuple(
    name for alteration in ALTERATIONS for name in (alteration, f"{alteration}_mirrored")
)
"""The twenty copies, in order; the first is the picture itself."""


def altered_copies(picture: Picture, rng: np.random.Generator) -> Iterator[tuple[str, Picture]]:
    """Yield name and picture of each of the twenty copies, in the order of NAMES.

    Args:
        picture: RGB, shape (h, w, 3); each copy has the same shape.
        rng: Decides how strong each alteration is; the same state gives the same copies.
    """
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    for name, alter in ALTERATIONS.items():
        yield name, np.ascontiguousarray(alter(picture, rng))
        yield f"{name}_mirrored", np.ascontiguousarray(alter(mirrored, rng))


def _stretched(picture: Picture, factor: float) -> Picture:
    mean = picture.mean()
    return _clipped(mean + factor * (picture - mean))


def _turned(picture: Picture, degrees: float) -> Picture:
    """Turn about the middle, anticlockwise; what was outside repeats the edge."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def _clipped(values: NDArray[np.floating]) -> Picture:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)
