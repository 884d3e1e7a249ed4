"""Teachers: networks whose vectors for each face the student imitates."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from face_auth.datasets.grouped_faces import face_in
from face_auth.datasets.subject import SubjectFinder
from face_auth.files import read_regular, write_whole
from face_auth.models import Framing
from face_auth.npz import read_arrays
from face_auth.recognition.embedding import load_network
from face_auth.training.shards import MARGIN, SIDE, Faces, Picture, TrainingError

LARGEST_FILE: Final = 256 << 20
POWER: Final = -0.3
"""Of the covariance: whitening in part, at which dlib's descriptor recognised best as a teacher."""
AT_ONCE: Final = 64
CHIP: Final = 150
"""Width and height of the face that dlib's network sees, px."""

Rows = NDArray[np.float32]
Teach = Callable[[Picture], Rows]
"""Faces (n, 137, 137, 3) -> vectors (n, d)."""


def read_vectors(places: Sequence[Path]) -> dict[str, Rows]:
    """Return the teacher's vectors by the face's name, read from ``teacher.npz`` files.

    Args:
        places: Such files, or folders that hold one; each has *names*, *vectors* (int8) and
            *scale*.

    Raises:
        TrainingError: If one is missing or damaged, or their vectors differ in length.
    """
    vectors: dict[str, Rows] = {}
    lengths = set()
    for place in places:
        path = place / "teacher.npz" if place.is_dir() else place
        try:
            arrays = read_arrays(read_regular(path, LARGEST_FILE))
            rows = arrays["vectors"].astype(np.float32) * np.float32(arrays["scale"])
            names = [str(name) for name in arrays["names"]]
        except (OSError, ValueError, KeyError) as error:
            raise TrainingError(
                f"The teacher's vectors {path} cannot be read ({error}). "
                "Make them: python -m face_auth.training teach"
            ) from error
        lengths.add(rows.shape[1])
        vectors.update(zip(names, rows, strict=True))
    if len(lengths) > 1:
        raise TrainingError(f"The vectors are of several teachers: {sorted(lengths)} values long.")
    return vectors


def write_vectors(path: Path, names: Sequence[str], rows: Rows) -> None:
    """Write vectors as scaled bytes, in the form that `read_vectors` reads.

    Raises:
        OSError: If the file cannot be written.
    """
    scale = np.float32(np.abs(rows).max() / 127)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        names=np.array(names, str),
        vectors=np.rint(rows / scale).astype(np.int8),
        scale=scale,
    )
    write_whole(path, buffer.getvalue(), mode=0o644)


def rows_of(names: Sequence[str], vectors: Mapping[str, Rows]) -> tuple[Rows, NDArray[np.bool_]]:
    """Return a row for each name, zeros without a vector, and whether there is a vector."""
    length = len(next(iter(vectors.values()))) if vectors else 1
    rows = np.zeros((len(names), length), np.float32)
    known = np.zeros(len(names), bool)
    for index, name in enumerate(names):
        row = vectors.get(name)
        if row is not None:
            rows[index], known[index] = row, True
    return rows, known


@dataclass(frozen=True, slots=True, eq=False)
class PartialWhitening:
    """A centring and partial whitening of vectors.

    Attributes:
        mean: Shape (d,).
        matrix: The covariance to a power, shape (d, d).
    """

    mean: Rows
    matrix: Rows

    @classmethod
    def of(cls, rows: Rows, power: float = POWER) -> "PartialWhitening":
        """Fit to *rows*, shape (n, d); -0.5 as *power* would whiten whole."""
        mean = rows.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov((rows - mean).T.astype(np.float64)))
        powers = np.maximum(values, values.max() * 1e-6) ** power
        return cls(mean, np.asarray((vectors * powers) @ vectors.T, np.float32))

    def __call__(self, rows: Rows) -> Rows:
        """Return unit rows, shape (n, d)."""
        turned = (rows - self.mean) @ self.matrix
        return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), np.float32)


def teach(faces: Faces, teacher: Teach) -> Rows:
    """Return the teacher's vector of each face, the mean of the picture's and its mirror's."""
    rows = []
    for start in tqdm(range(0, len(faces.names), AT_ONCE), unit="batch", desc="teaching"):
        part = faces.pictures[start : start + AT_ONCE]
        mirrored = np.ascontiguousarray(part[:, :, ::-1])
        rows.append((teacher(part) + teacher(mirrored)) / 2)
    return np.concatenate(rows).astype(np.float32)


def network_teacher(name: str, folder: Path) -> Teach:
    """Return a network of the model card in *folder* as a teacher.

    Raises:
        ModelError: If the card knows no such network.
    """
    network = load_network(name, folder, mirror=False)
    edge = (SIDE - network.size) // 2
    if network.card.framing is Framing.FIVE_POINTS:
        return lambda pictures: network.embed(
            np.ascontiguousarray(
                pictures[:, edge : edge + network.size, edge : edge + network.size]
            )
        )
    finder = SubjectFinder(folder)

    def embed(pictures: Picture) -> Rows:
        framed = []
        for picture in pictures:
            framed.append(network.frame_face(picture, face_in(picture, finder)))
        return network.embed(np.stack(framed))

    return embed


class _Descriptor(Protocol):
    def compute_face_descriptor(self, chip: Any) -> Sequence[float]: ...


def dlib_teacher() -> Teach:
    """Return dlib's face descriptor as a teacher; its vectors have 128 values.

    Raises:
        TrainingError: If dlib is not installed.
    """
    try:
        import dlib  # type: ignore[import-not-found]
        import face_recognition_models  # type: ignore[import-not-found]
    except ImportError as error:
        raise TrainingError(
            f"The teacher needs dlib ({error}). Install it: pip install dlib "
            "face_recognition_models"
        ) from error
    points = dlib.shape_predictor(
        face_recognition_models.pose_predictor_five_point_model_location()
    )
    network: _Descriptor = dlib.face_recognition_model_v1(
        face_recognition_models.face_recognition_model_location()
    )

    def describe(pictures: Picture) -> Rows:
        rows = []
        for picture in pictures:
            large = cv2.resize(picture, (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_CUBIC)
            left, top = round(2 * (MARGIN + 12)), round(2 * (MARGIN + 14))
            box = dlib.rectangle(left, top, left + 176, top + 176)
            chip = dlib.get_face_chip(large, points(large, box), CHIP, 0.25)
            rows.append(network.compute_face_descriptor(chip))
        return np.array(rows, np.float32)

    return describe
