"""The fitted head: a logistic regression on the liveness network's scores and on fine colour.

A print or a screen is photographed twice, and its fine structure of colour then differs from that
of skin. All inputs are ratios, so that brightness and skin tone cancel out: features of brightness
and colour themselves told attacks apart better, and were unfair to dark and to light skin.

Its coefficients and where they come from stand in the model card, entry "liveness_head";
`evaluation.py train-liveness` fits them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.liveness.minifas import AROUND, SIDE
from face_auth.models import LIVENESS_HEAD, MODELS, ModelFiles, read_entry

INPUTS: Final = len(AROUND) + 3
_FACE: Final = slice(SIDE * 3 // 16, SIDE * 13 // 16)
LARGEST: Final = 3.0
"""Deviations from the mean beyond which an input counts no further: no single one decides."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LivenessHead:
    """The coefficients; all arrays have shape (INPUTS,).

    Attributes:
        means: Of the inputs that it was fitted on.
        deviations: Of the same.
        weights: Of the inputs brought to mean 0 and deviation 1.
        bias: Added; it holds the threshold.
    """

    means: Floats
    deviations: Floats
    weights: Floats
    bias: float

    def scores(self, inputs: Floats) -> Floats:
        """Return the scores of pictures, shape (n,): log odds, from 0 on bona fide.

        Args:
            inputs: As `inputs_of` returns them, shape (n, INPUTS).
        """
        return np.asarray(self.standardised(inputs) @ self.weights + self.bias)

    def standardised(self, inputs: Floats) -> Floats:
        """Return *inputs* in deviations from the mean, at most LARGEST either way."""
        return np.clip((inputs - self.means) / self.deviations, -LARGEST, LARGEST)

    def as_entry(self) -> dict[str, Any]:
        """Return the coefficients as the model card keeps them."""
        return {
            name: [round(float(value), 6) for value in values]
            for name, values in (
                ("means", self.means), ("deviations", self.deviations), ("weights", self.weights),
            )
        } | {"bias": round(self.bias, 6)}  # fmt: skip


def inputs_of(network: Floats, crop: NDArray[np.uint8]) -> Floats:
    """Return the head's inputs for one picture, shape (INPUTS,).

    They are the network's scores, then of Cr, Cb (YCrCb) and saturation (HSV) the logarithm of the
    Laplacian's mean size over the channel's deviation.

    Args:
        network: As `MiniFas.scores` returns them.
        crop: RGB, shape (SIDE, SIDE, 3), values 0 to 255: the narrower square around the face.
    """
    face = np.ascontiguousarray(crop[_FACE, _FACE])
    colour = cv2.cvtColor(face, cv2.COLOR_RGB2YCrCb)
    saturation = cv2.cvtColor(face, cv2.COLOR_RGB2HSV)[..., 1]
    ratios = []
    for channel in (colour[..., 1], colour[..., 2], saturation):
        values = channel.astype(np.float32)
        edges = np.abs(cv2.Laplacian(values, cv2.CV_32F))
        ratios.append(np.log1p(edges.mean()) - np.log1p(values.std()))
    return np.array([*network, *ratios], np.float64)


def load_head(folder: Path | ModelFiles = MODELS) -> LivenessHead:
    """Return the head of a models folder.

    Raises:
        ModelError: If the card has no such entry, or a damaged one.
    """
    entry = read_entry(LIVENESS_HEAD, folder)
    try:
        means, deviations, weights = arrays = [
            np.array(entry[name], float) for name in ("means", "deviations", "weights")
        ]
        head = LivenessHead(means, deviations, weights, float(entry["bias"]))
        sound = all(each.shape == (INPUTS,) and np.isfinite(each).all() for each in arrays)
        if not sound or not np.isfinite(head.bias) or (head.deviations <= 0).any():
            raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The model card's entry {LIVENESS_HEAD} is damaged. "
            "Restore it from the program's repository: git checkout -- models"
        ) from error
    return head
