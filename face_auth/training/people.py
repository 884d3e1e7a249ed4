"""The division of people into training, model selection and final comparison."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.training.shards import UNNAMED, Faces, TrainingError

LISTED: Final = 10
"""Number of leaks or look-alikes that are listed by name; the rest is counted."""


class Half(StrEnum):
    """The two halves of the people who are not in the training data."""

    CHOOSING = "choosing"
    """Epochs and settings are chosen on them."""
    COMPARING = "comparing"
    """They are used once, when two finished networks are compared."""


def half_of(person: str) -> Half:
    """Return the half to which a person belongs: the same in every run and folder."""
    odd = hashlib.sha256(person.encode()).digest()[0] & 1
    return Half.COMPARING if odd else Half.CHOOSING


def is_held_out(name: str, share: float) -> bool:
    """Return whether a face of a bank's own people is held out of training, for tests.

    Args:
        name: The face's name; it alone decides.
        share: How many of all faces are kept from training, 0 to 1.
    """
    number = int.from_bytes(hashlib.sha256(b"held out " + name.encode()).digest()[:4], "big")
    return number < share * 2**32


def labels(people: Sequence[str], fewest: int) -> tuple[NDArray[np.int64], list[str]]:
    """Return a class number for each face's person, -1 if unnamed or with too few faces.

    Args:
        people: Whose each face is; one name in two collections is one person.
        fewest: Faces that a person needs.

    Returns:
        The numbers, shape (n,), and the names that they stand for.
    """
    counts = Counter(person for person in people if person != UNNAMED)
    names = sorted(person for person, count in counts.items() if count >= fewest)
    number = {person: index for index, person in enumerate(names)}
    return np.array([number.get(person, -1) for person in people], np.int64), names


def without(faces: Faces, people: Collection[str]) -> Faces:
    """Return the faces without those of some people.

    Raises:
        TrainingError: If one of *people* is not there: a name mistyped would let them stay.
    """
    own = faces.people
    missing = sorted(set(people) - set(own))
    if missing:
        raise TrainingError(f"Nobody is called {_some(missing)}; nobody was left out.")
    return faces.take([index for index, person in enumerate(own) if person not in people])


def one_each(faces: Faces) -> Faces:
    """Return the first face of each named person."""
    first: dict[str, int] = {}
    for index, person in enumerate(faces.people):
        if person != UNNAMED:
            first.setdefault(person, index)
    return faces.take(list(first.values()))


def refuse_leaks(training: Faces, unseen: Faces, unseen_names: Collection[str]) -> None:
    """Raise an error if the training faces include a person who must stay unseen.

    Args:
        training: All faces to train on.
        unseen: Faces of the people who must stay unseen, prepared in the same way.
        unseen_names: Their names.

    Raises:
        TrainingError: If a name of theirs, a face of the same pixels or a face cut from the same
            photograph is among those to train on; the sentence names some.
    """
    forbidden = {_plain(name) for name in unseen_names} - {UNNAMED}
    forbidden |= {_plain(person) for person in unseen.people}
    by_name = [
        name
        for name, person in zip(training.names, training.people, strict=True)
        if _plain(person) in forbidden
    ]
    if by_name:
        raise TrainingError(
            f"{len(by_name)} faces to train on belong to people who must stay unseen: "
            f"{_some(by_name)}. Take them out of the training set."
        )
    known = dict(zip(unseen.digests(), unseen.names, strict=True))
    known |= {
        photograph: name
        for photograph, name in zip(unseen.photographs, unseen.names, strict=True)
        if photograph
    }
    same = [
        f"{name} (is {known[key]})"
        for name, *keys in zip(
            training.names, training.digests(), training.photographs, strict=True
        )
        for key in keys
        if key in known
    ]
    if same:
        raise TrainingError(
            f"{len(same)} pictures to train on are pictures of people who must stay unseen: "
            f"{_some(same)}. Take them out of the training set."
        )


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A training face and the unseen person's face that is most like it by the teacher.

    Attributes:
        cosine: Of the teacher's vectors.
        trained: The face to train on.
        unseen: The other.
    """

    cosine: float
    trained: str
    unseen: str


def look_alikes(
    trained: NDArray[np.float32],
    trained_names: Sequence[str],
    unseen: NDArray[np.float32],
    unseen_names: Sequence[str],
) -> list[LookAlike]:
    """Return the most similar pairs across both sets, each training face once, in falling order.

    Args:
        trained: The teacher's unit rows.
        trained_names: What they are called.
        unseen: The same of the unseen people's faces.
        unseen_names: What those are called.
    """
    best, which = nearest(trained, unseen)
    order = np.argsort(-best)[:LISTED]
    return [
        LookAlike(float(best[index]), trained_names[index], unseen_names[which[index]])
        for index in order.tolist()
    ]


def nearest(
    trained: NDArray[np.float32], unseen: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return each training face's highest cosine to an unseen face, shape (n,), and that face."""
    best = np.empty(len(trained), np.float32)
    which = np.empty(len(trained), np.int64)
    for start in range(0, len(trained), 1024):
        cosines = trained[start : start + 1024] @ unseen.T
        which[start : start + 1024] = cosines.argmax(axis=1)
        best[start : start + 1024] = cosines.max(axis=1)
    return best, which


def _plain(name: str) -> str:
    return "_".join(name.casefold().replace("_", " ").split())


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    return ", ".join(listed[:LISTED]) + more
