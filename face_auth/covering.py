"""Are eyes or mouth covered? Two linear classifiers over edges and colours of the aligned face.

They were trained on 600 one-face LFW photographs as they are, with glasses, tinted glasses, an eye
patch, a hat and side light (not covered), and with masks, hands and cloths painted on (covered).
On 200 others 0 % of unaltered eyes and 1.0 % of unaltered mouths count as covered, and 99 to 100 %
of the painted ones that the detector still finds. ``python -m face_auth.evaluation.guidance DIR
--train FILE`` trains them the same way on another draw. One dark eye or two dark lenses are no
covering: whoever was enrolled with them logs in with them.
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.alignment import align
from face_auth.errors import ModelError
from face_auth.models import MODELS, read_listed

NAME: Final = "covering"
FILE: Final = "covering.npz"
REGIONS: Final = {"eyes": (16, 24, 96, 56), "mouth": (24, 64, 88, 104)}
"""Left, top, right and bottom in the aligned face of 112 px."""
CELL: Final = 8
DIRECTIONS: Final = 8
CHEEKS: Final = (slice(54, 68), slice(32, 80))
"""Rows and columns that give the skin's colour."""


@dataclass(frozen=True, slots=True, eq=False)
class Covering:
    """Both classifiers; a region is covered where its score is above 0.

    Attributes:
        weights: One row of weights by region, as long as `describe` gives.
        biases: Added to each; they hold the thresholds.
    """

    weights: dict[str, NDArray[np.float32]]
    biases: dict[str, float]

    def scores(self, image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> dict[str, float]:
        """Return how far eyes and mouth are on the covered side, by region.

        Args:
            image: RGB, shape (h, w, 3), values 0 to 255.
            landmarks: x, y in px of *image*, shape (5, 2).
        """
        aligned = align(image, landmarks)
        return {
            region: float(describe(aligned, region) @ self.weights[region]) + self.biases[region]
            for region in REGIONS
        }


@cache
def load_covering(folder: Path = MODELS) -> Covering:
    """Return the classifiers of a models folder, read once.

    Raises:
        ModelError: If the file is missing or is not the one that the model card names.
    """
    data = read_listed(NAME, FILE, folder)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return Covering(
                {region: archive[f"{region}_weights"] for region in REGIONS},
                {region: float(archive[f"{region}_bias"]) for region in REGIONS},
            )
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise ModelError(f"{folder / FILE} holds no classifiers. Restore it.") from error


def describe(aligned: NDArray[np.uint8], region: str) -> NDArray[np.float32]:
    """Return a region's edges by direction and its colours against the cheeks', cell by cell.

    Args:
        aligned: RGB, shape (112, 112, 3).
        region: A key of `REGIONS`.
    """
    left, top, right, bottom = REGIONS[region]
    lab = cv2.cvtColor(aligned, cv2.COLOR_RGB2LAB).astype(np.float32)
    part = lab[top:bottom, left:right]
    across = cv2.Sobel(part[..., 0], cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(part[..., 0], cv2.CV_32F, 0, 1, ksize=3)
    strength = np.hypot(across, down)
    turn = np.mod(np.arctan2(down, across), np.pi) * (DIRECTIONS / np.pi)
    bins = [strength * (turn.astype(int) % DIRECTIONS == number) for number in range(DIRECTIONS)]
    edges = _cells(np.stack(bins, axis=-1))
    edges = np.sqrt(edges / (edges.sum(axis=-1, keepdims=True).mean() + 1e-3))
    cheeks = np.median(lab[CHEEKS].reshape(-1, 3), axis=0)
    colours = (_cells(part) - cheeks) / 40
    return np.concatenate([edges.ravel(), colours.ravel()]).astype(np.float32)


def _cells(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return means over cells of CELL x CELL, shape (h / CELL, w / CELL, channels)."""
    height, width, channels = values.shape
    cells = values.reshape(height // CELL, CELL, width // CELL, CELL, channels)
    return np.asarray(cells.mean(axis=(1, 3)), np.float32)
