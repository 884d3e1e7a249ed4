"""The impostor cohort: 2,000 synthetic embeddings against which each customer's SVM is trained.

Its vectors belong to no person: they are drawn from a mixture of Gaussians fitted to embeddings of
many people, or lie between two people. None may be good enough to pass for a person it came from.
"""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from face_auth.errors import ModelError
from face_auth.recognition.classifier import Embeddings, train_customer_svm

SIZE: Final = 2000
"""Vectors in a cohort."""
PEOPLE_PER_GAUSSIAN: Final = 13
"""People for each Gaussian of the mixture, on average."""
FEW_PER_GAUSSIAN: Final = 7
"""The same where a group has few people."""
FEWEST_OF_GROUP: Final = 20
"""Too few people to stand for a group."""
FEWEST_PEOPLE: Final = 5
"""A Gaussian that stands for fewer than these is left out: it would be a portrait."""
FEWEST_SOURCES: Final = 100
"""Too few people to fit anything to below this."""
PHOTOGRAPHS: Final = 5
"""As many as a kiosk enrols."""
SEED: Final = 20261123


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Embeddings with the name of each one's person.

    Attributes:
        embeddings: Unit rows, shape (n, d).
        names: n names.
    """

    embeddings: Embeddings
    names: Sequence[str]

    def __iter__(self) -> Iterator[tuple[str, Embeddings]]:
        """Go through the people in the order of their names, with all rows of each."""
        names = np.asarray(self.names, str)
        order = np.argsort(names, kind="stable")
        people, starts = np.unique(names[order], return_index=True)
        for person, rows in zip(people, np.split(order, starts[1:]), strict=True):
            yield str(person), self.embeddings[rows]

    def of(self, wanted: Callable[[str], bool]) -> "People":
        """Return those whose names are wanted."""
        rows = [place for place, name in enumerate(self.names) if wanted(name)]
        return People(self.embeddings[rows], [self.names[row] for row in rows])

    def one_each(self) -> Embeddings:
        """Return the first row of each person, shape (people, d)."""
        return np.array([rows[0] for _, rows in self], np.float32)


def together(parts: Sequence[People]) -> People:
    """Return the people of all parts as one."""
    names = [name for part in parts for name in part.names]
    return People(np.concatenate([part.embeddings for part in parts]), names)


def of_groups(known: People, groups: Sequence[People], count: int) -> list[Embeddings]:
    """Return a mixture of people and one of each group, so that no group is missing.

    Args:
        known: Most of the people; half of the vectors are of them.
        groups: The people of each group, who share the other half equally.
        count: How many to draw in all.

    Raises:
        ModelError: If there are too few people.
    """
    fewest = min(len(group.names) for group in groups)
    if fewest < FEWEST_OF_GROUP:
        raise ModelError(f"A group of {fewest} people is too small; {FEWEST_OF_GROUP} are needed.")
    each = count // 2 // len(groups)
    return [
        mixture(known, count - each * len(groups)),
        *(_mixture(group.one_each(), each, SEED, FEW_PER_GAUSSIAN) for group in groups),
    ]


def mixture(people: People, count: int, seed: int = SEED) -> Embeddings:
    """Return samples of a mixture of spherical Gaussians fitted to one photograph of each person.

    Args:
        people: At least FEWEST_SOURCES of them.
        count: How many to draw.
        seed: The same seed and people give the same samples.

    Returns:
        Unit rows, shape (count, d).

    Raises:
        ModelError: If there are too few people.
    """
    return _mixture(_sources(people), count, seed, PEOPLE_PER_GAUSSIAN)


def _mixture(people: Embeddings, count: int, seed: int, per_gaussian: int) -> Embeddings:
    rows = people.astype(np.float64)
    gaussians = GaussianMixture(
        max(len(rows) // per_gaussian, 1),
        covariance_type="spherical",
        reg_covar=1e-5,
        max_iter=60,
        random_state=seed % 2**32,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # nearly converged will do
        gaussians.fit(rows)
    stands_for = gaussians.predict_proba(rows).sum(axis=0)
    chances = gaussians.weights_ * (stands_for >= FEWEST_PEOPLE)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(chances), count, p=chances / chances.sum())
    deviations = np.sqrt(gaussians.covariances_[drawn])[:, np.newaxis]
    noise = rng.normal(size=(count, rows.shape[1]))
    return _unit(gaussians.means_[drawn] + deviations * noise)


def blends(people: People, count: int, seed: int = SEED) -> Embeddings:
    """Return the means of photographs of two people each; otherwise as `mixture`."""
    rows = _sources(people)
    rng = np.random.default_rng(seed)
    first = rng.integers(0, len(rows), count)
    second = (first + rng.integers(1, len(rows), count)) % len(rows)
    return _unit(rows[first].astype(np.float64) + rows[second])


KINDS: Final[dict[str, Callable[..., Embeddings]]] = {"mixture": mixture, "blends": blends}


def best_scores(vectors: Embeddings, people: People, *, held_out: bool) -> NDArray[np.float32]:
    """Return each cohort vector's highest score against any of the people it may have come from.

    Each person is enrolled with up to five photographs.

    Args:
        vectors: The cohort, unit rows, shape (m, d).
        people: Everybody whose embeddings went into it.
        held_out: Whether each vector is scored by an SVM trained against the other half of the
            cohort only: would it pass where it is not known as nobody? Otherwise the SVM is the
            kiosk's, trained against the whole cohort.

    Returns:
        Shape (m,).
    """
    even = np.arange(len(vectors)) % 2 == 0
    halves = (even, ~even) if held_out else (np.full(len(vectors), True),)

    def scores(enrolled: Embeddings) -> NDArray[np.float32]:
        result = np.empty(len(vectors), np.float32)
        for half in halves:
            against = vectors[~half] if held_out else vectors
            result[half] = train_customer_svm(enrolled[:PHOTOGRAPHS], against).score(vectors[half])
        return result

    best = np.full(len(vectors), -np.inf, np.float32)
    for _, rows in people:
        np.maximum(best, scores(rows), out=best)
    return best


def pack(vectors: Embeddings, network_sha256: str) -> bytes:
    """Return a cohort's file: float16 vectors and the digest of their network."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, vectors=vectors.astype(np.float16), network=np.array(network_sha256)
    )
    return buffer.getvalue()


def rounded(vectors: Embeddings) -> Embeddings:
    """Return vectors as they are read from the file: rounded to float16, then unit rows."""
    return _unit(vectors.astype(np.float16).astype(np.float32))


def _sources(people: People) -> Embeddings:
    rows = people.one_each()
    if len(rows) < FEWEST_SOURCES:
        raise ModelError(
            f"A cohort needs photographs of {FEWEST_SOURCES} people at least, here are {len(rows)}."
        )
    return rows


def _unit(rows: NDArray[np.floating]) -> Embeddings:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
