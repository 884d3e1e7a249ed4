"""What a fine-tuned network gains on a bank's own people: their held-out pictures as attempts."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.alignment import ALIGNED_SIZE
from face_auth.classifier import train_customer_svm
from face_auth.embedding import Network, load_network
from face_auth.evaluation.bootstrap import Attempts
from face_auth.evaluation.trials import ENROLLED, MOST_PROBES
from face_auth.models import load_card, load_cohort
from face_auth.training.compare import Difference, differences
from face_auth.training.people import Half, half_of, is_held_out
from face_auth.training.shards import MARGIN, UNNAMED, Faces, TrainingError
from face_auth.training.teacher import Rows

_MIDDLE: Final = np.array([[1, 0, -MARGIN], [0, 1, -MARGIN]])


@dataclass(frozen=True, slots=True)
class Gain:
    """Attempts on the templates of a bank's own people.

    Attributes:
        customers: How many own people are enrolled.
        tar: By false match rate ("0.001").
    """

    customers: int
    tar: dict[str, Difference]


def compare_own(
    old: Path, new: Path, own: Faces, strangers: Faces, held_out: float, seed: int
) -> Gain:
    """Enrol a bank's people with pictures trained on; let their held-out pictures attempt.

    Impostors are the other own people's held-out pictures, and strangers of the comparing half.

    Args:
        old: Models folder of the present network.
        new: Of the fine-tuned one.
        own: Faces of the bank's people.
        strangers: Faces of people whom no network saw.
        held_out: The share that the training kept out.
        seed: Of the bootstrap.

    Raises:
        TrainingError: If nobody has five pictures to enrol and one held out.
    """
    faces, attempts = _arrange(own, strangers, held_out)
    return Gain(
        len(attempts.enrolled),
        differences(_scored(old, faces, attempts), _scored(new, faces, attempts), seed),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Attempts:
    """Which faces are enrolled, and whose face each attempt shows."""

    enrolled: tuple[NDArray[np.int64], ...]
    probes: NDArray[np.int64]
    person: NDArray[np.int32]
    people: int


def _arrange(
    own: Faces, strangers: Faces, held_out: float
) -> tuple[tuple[Faces, Faces], _Attempts]:
    trained: dict[str, list[int]] = defaultdict(list)
    tried: dict[str, list[int]] = defaultdict(list)
    for index, (name, whose) in enumerate(zip(own.names, own.people, strict=True)):
        if whose != UNNAMED:
            (tried if is_held_out(name, held_out) else trained)[whose].append(index)
    customers = sorted(p for p in tried if len(trained[p]) >= ENROLLED)
    if not customers:
        raise TrainingError("Nobody has five pictures to enrol and one that was held out.")
    probes: list[int] = []
    person: list[int] = []
    for number, name in enumerate(customers):
        kept = tried[name][:MOST_PROBES]
        probes += kept
        person += [number] * len(kept)
    numbers: dict[str, int] = {}
    for index, name in enumerate(strangers.people):
        if half_of(name) is Half.COMPARING:
            probes.append(len(own.names) + index)
            person.append(len(customers) + numbers.setdefault(name, len(numbers)))
    attempts = _Attempts(
        tuple(np.array(trained[name][:ENROLLED]) for name in customers),
        np.array(probes),
        np.array(person, np.int32),
        len(customers) + len(numbers),
    )
    return (own, strangers), attempts


def _scored(folder: Path, faces: tuple[Faces, Faces], attempts: _Attempts) -> Attempts:
    network, cohort = load_network("bundled", folder), load_cohort(load_card("bundled", folder))
    used = np.unique(np.concatenate([*attempts.enrolled, attempts.probes]))
    rows = dict(zip(used.tolist(), _embed(network, faces, used), strict=True))
    probes = np.stack([rows[index] for index in attempts.probes.tolist()])
    scores = np.stack(
        [
            train_customer_svm(np.stack([rows[i] for i in own.tolist()]), cohort).score(probes)
            for own in attempts.enrolled
        ],
        axis=1,
    )
    customers = len(attempts.enrolled)
    is_own = attempts.person[:, None] == np.arange(customers)
    tries, customer = np.nonzero(~is_own)
    mine, owner = np.nonzero(is_own)
    return Attempts(
        customers=customers,
        people=attempts.people,
        genuine=scores[mine, owner].astype(np.float64),
        genuine_person=owner.astype(np.int32),
        impostor=scores[tries, customer].astype(np.float64),
        customer=customer.astype(np.int32),
        stranger=attempts.person[tries],
    )


def _embed(network: Network, faces: tuple[Faces, Faces], used: NDArray[np.int64]) -> Rows:
    first = len(faces[0].names)
    size = (ALIGNED_SIZE, ALIGNED_SIZE)
    cut = [
        cv2.warpAffine(
            faces[0].pictures[i] if i < first else faces[1].pictures[i - first], _MIDDLE, size
        )
        for i in used.tolist()
    ]
    return network.embed(np.stack(cut).astype(np.uint8))
