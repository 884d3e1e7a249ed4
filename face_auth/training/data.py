"""The training set of a run, on the training device, with labels and teacher's vectors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from face_auth.training.people import is_held_out, labels
from face_auth.training.settings import Settings
from face_auth.training.shards import UNNAMED, Faces, TrainingError
from face_auth.training.teacher import PartialWhitening, Rows, rows_of


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """The faces to train on, with their labels and vectors.

    Attributes:
        pictures: Bytes, RGB, shape (n, 137, 137, 3).
        teacher: Unit rows, shape (n, d).
        is_taught: Whether the teacher has a vector of each, shape (n,).
        labels: A number for each face's person, -1 for none, shape (n,).
        names: What the numbers stand for.
        digest: Of everything but the pixels: another set gives another one.
        about: Collections, people and pictures, for the model card.
    """

    pictures: Tensor
    teacher: Tensor
    is_taught: Tensor
    labels: Tensor
    names: tuple[str, ...]
    digest: str
    about: Mapping[str, Any]

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.pictures)


def gather(
    faces: Faces, vectors: Mapping[str, Rows], settings: Settings, device: str
) -> TrainingSet:
    """Select the faces that a stage trains on and copy them to a device.

    The first stage takes every face that the teacher knows, the second every face of a named
    person; what is held out is in neither.

    Args:
        faces: All there are.
        vectors: The teacher's, by the face's name; may be empty.
        settings: Of the stage.
        device: As PyTorch names it.

    Raises:
        TrainingError: If there is nothing to train on.
    """
    kept = [
        index for index, name in enumerate(faces.names) if not is_held_out(name, settings.held_out)
    ]
    people = faces.people
    numbers, names = labels([people[index] for index in kept], settings.fewest)
    rows, known = rows_of([faces.names[index] for index in kept], vectors)
    wanted = known if settings.stage == "imitate" else numbers >= 0
    chosen = np.flatnonzero(wanted)
    if len(chosen) < 2:
        raise TrainingError(
            "No face has a teacher's vector. Make them: python -m face_auth.training teach"
            if settings.stage == "imitate"
            else f"Nobody has {settings.fewest} faces and a name."
        )
    if known.any():
        whiten = PartialWhitening.of(rows[known])
        rows[known] = whiten(rows[known])
    used = faces.take([kept[index] for index in chosen.tolist()])
    return TrainingSet(
        pictures=torch.from_numpy(used.pictures).to(device),
        teacher=torch.from_numpy(rows[chosen]).to(device),
        is_taught=torch.from_numpy(known[chosen]).to(device),
        labels=torch.from_numpy(numbers[chosen]).to(device),
        names=tuple(names),
        digest=_digest(used.names, rows[chosen], numbers[chosen]),
        about=_about(used),
    )


def _digest(names: Sequence[str], rows: Rows, numbers: NDArray[np.int64]) -> str:
    whole = sha256("\n".join(names).encode())
    whole.update(np.ascontiguousarray(rows).tobytes())
    whole.update(np.ascontiguousarray(numbers).tobytes())
    return whole.hexdigest()


def _about(faces: Faces) -> dict[str, Any]:
    pictures = Counter(name.split("/")[0] for name in faces.names)
    people = {
        collection: len(
            {name.split("/")[1] for name in faces.names if name.startswith(f"{collection}/")}
            - {UNNAMED}
        )
        for collection in pictures
    }
    return {
        collection: {"pictures": count, "people": people[collection] or "not named"}
        for collection, count in sorted(pictures.items())
    }
