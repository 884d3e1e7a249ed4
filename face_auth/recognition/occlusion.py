"""Occlusion of eyes or mouth: two linear classifiers on edges and colours of the aligned face.

They were trained on 600 one-face LFW photographs as they are, with glasses, tinted glasses, an eye
patch, a hat and side light (not covered), and with masks, hands and cloths painted on (covered).
On 200 others 0 % of unaltered eyes and 1.0 % of unaltered mouths count as covered, and 99 to 100 %
of the painted ones that the detector still finds. ``python evaluation.py train-occlusion
--photographs DIR`` trains them the same way on another draw. One dark eye or two dark lenses are
not an occlusion: a customer who was enrolled with them logs in with them.
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.models import MODELS, ModelFiles, read_listed

NAME: Final = "covering"
FILE: Final = "covering.npz"
REGIONS: Final = {"eyes": (16, 24, 96, 56), "mouth": (24, 64, 88, 104)}
"""Left, top, right and bottom in the aligned face of 112 px."""
CELL: Final = 8
DIRECTIONS: Final = 8
CHEEKS: Final = (slice(54, 68), slice(32, 80))
"""Rows and columns that give the skin's colour."""


@dataclass(frozen=True, slots=True, eq=False)
class OcclusionClassifier:
    """The two classifiers of occlusion; 0 is their own threshold, `quality` asks for more.

    Attributes:
        weights: One row of weights by region, as long as `describe` gives.
        biases: Added to each; they hold the thresholds.
    """

    weights: dict[str, NDArray[np.float32]]
    biases: dict[str, float]

    def scores(self, aligned: NDArray[np.uint8]) -> dict[str, float]:
        """Return the occlusion score of eyes and mouth, by region.

        Args:
            aligned: A face as `align` gives it, RGB, shape (112, 112, 3), values 0 to 255.
        """
        lab = _lab(aligned)
        return {
            region: float(_describe(lab, region) @ self.weights[region]) + self.biases[region]
            for region in REGIONS
        }


def load_occlusion_classifier(folder: Path | ModelFiles = MODELS) -> OcclusionClassifier:
    """Return the classifiers of a models folder.

    Raises:
        ModelError: If the file is missing or is not the one that the model card names.
    """
    files = ModelFiles.of(folder)
    data = read_listed(NAME, FILE, files)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return OcclusionClassifier(
                {region: archive[f"{region}_weights"] for region in REGIONS},
                {region: float(archive[f"{region}_bias"]) for region in REGIONS},
            )
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise ModelError(f"{files.path(FILE)} holds no classifiers. Restore it.") from error


@cache
def program_occlusion_classifier() -> OcclusionClassifier:
    """Return the classifiers that come with the program; the file is read once."""
    return load_occlusion_classifier()


def describe(aligned: NDArray[np.uint8], region: str) -> NDArray[np.float32]:
    """Return a region's features, cell by cell: edges by direction, colours relative to the cheeks.

    Args:
        aligned: RGB, shape (112, 112, 3).
        region: A key of `REGIONS`.
    """
    return _describe(_lab(aligned), region)


def _lab(aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
    return cv2.cvtColor(aligned, cv2.COLOR_RGB2LAB).astype(np.float32)


def _describe(lab: NDArray[np.float32], region: str) -> NDArray[np.float32]:
    left, top, right, bottom = REGIONS[region]
    part = lab[top:bottom, left:right]
    light = np.ascontiguousarray(part[..., 0])
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(light, cv2.CV_32F, 0, 1, ksize=3)
    strength = np.hypot(across, down)
    turn = np.mod(np.arctan2(down, across), np.pi) * (DIRECTIONS / np.pi)
    bins = _cell_numbers(region) * DIRECTIONS + turn.astype(np.int64) % DIRECTIONS
    rows, columns = (bottom - top) // CELL, (right - left) // CELL
    sums = np.bincount(bins.ravel(), strength.ravel(), minlength=rows * columns * DIRECTIONS)
    edges = sums.reshape(rows, columns, DIRECTIONS) / CELL**2
    edges = np.sqrt(edges / (edges.sum(axis=-1, keepdims=True).mean() + 1e-3))
    cheeks = np.median(lab[CHEEKS].reshape(-1, 3), axis=0)
    means = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    colours = (np.asarray(means, np.float32) - cheeks) / 40
    return np.concatenate([edges.ravel(), colours.ravel()]).astype(np.float32)


@cache
def _cell_numbers(region: str) -> NDArray[np.int64]:
    """Return the number of the cell that each pixel of a region lies in, row by row."""
    left, top, right, bottom = REGIONS[region]
    rows, columns = np.arange(bottom - top) // CELL, np.arange(right - left) // CELL
    return rows[:, np.newaxis] * ((right - left) // CELL) + columns
