"""A fake recogniser whose pictures name the person by their first pixel, without models."""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth.recogniser import Recogniser
from face_auth.recognition.detection import Face
from face_auth.recognition.quality import Quality
from face_auth.types import Frame, Verdict

Pixel = tuple[int, int, int]
"""Person, picture, and 1 where no face is seen, 2 where it is turned away."""

BOX = (20.0, 20.0, 40.0, 50.0)
LANDMARKS = np.array([[30, 35], [50, 35], [40, 45], [32, 58], [48, 58]], np.float32)
NOBODY, TURNED = 1, 2


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the rows with length one."""
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


class StagedNetwork:
    """Embeds a frame by its first pixel; pictures of one person differ, as real ones do."""

    name, sha256, size = "staged", "00" * 32, 8

    def __init__(self, rng: np.random.Generator) -> None:
        self._people = unit(rng.normal(size=(4, 512)))
        self._noise = unit(rng.normal(size=(256, 512)))

    def frame_face(self, image, face, aligned=None):
        return np.broadcast_to(image[0, 0], (8, 8, 3)).copy()

    def embed(self, faces):
        person, picture = faces[:, 0, 0, 0], faces[:, 0, 0, 1]
        return unit(self._people[person] + 0.5 * self._noise[picture])


class StagedDetector:
    """Finds the one face unless the pixel says that there is none."""

    def detect(self, image):
        return [] if image[0, 0, 2] == NOBODY else [Face(BOX, LANDMARKS, 1.0)]


def staged_recogniser(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Recogniser:
    """Return a recogniser of four people with thresholds of zero."""

    def assess(image, faces, occlusion=None):
        if not faces:
            return Quality(Verdict.NO_FACE, None)
        turned = image[0, 0, 2] == TURNED
        return Quality(Verdict.TURNED if turned else Verdict.OK, faces[0])

    monkeypatch.setattr("face_auth.recogniser.assess", assess)
    cohort = unit(rng.normal(size=(500, 512)))
    limit = SimpleNamespace(value=0.0)
    return Recogniser(StagedDetector(), StagedNetwork(rng), cohort, limit, limit)


def frames(*pixels: Pixel, every: float = 0.5) -> Iterator[Frame]:
    """Yield one frame for each pixel."""
    for number, pixel in enumerate(pixels):
        image = np.zeros((100, 100, 3), np.uint8)
        image[:, :] = pixel
        yield Frame(image, number * every, number + 1)


def embeddings_of(recogniser: Recogniser, *pixels: Pixel) -> NDArray[np.float32]:
    """Return the rows that the network makes of these pictures."""
    rows: NDArray[np.float32] = recogniser.network.embed(np.array(pixels, np.uint8)[:, None, None])
    return rows
