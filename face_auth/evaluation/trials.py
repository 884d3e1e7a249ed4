"""Enrolment, genuine and impostor attempts, and their scores by the kiosk's and other methods."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.bootstrap import Attempts
from face_auth.evaluation.cache import Cache, digest
from face_auth.evaluation.features import Features, unit
from face_auth.evaluation.material import InputError, Photographs
from face_auth.recognition.classifier import train_customer_svm

ENROLLED: Final = 5
MOST_PROBES: Final = 10
DRAWS: Final = 5
"""Number of draws of the enrolled photographs; the attempts of all draws are pooled."""
MOST_ATTEMPTS: Final = 8_000_000
"""Of strangers, all draws together: enough for every rate, and few enough for the memory."""

Floats = NDArray[np.float32]
Scorer = Callable[[Floats, Floats], Floats]
"""Enrolled embeddings (c, 5, d) and probes (n, d) -> scores (n, c)."""


@dataclass(frozen=True, slots=True, eq=False)
class TrialPeople:
    """The customers with their enrolled and probe photographs, and the strangers.

    Attributes:
        names: People; the first *customers* of them are enrolled.
        customers: How many.
        paths: All photographs, shape (n,).
        person: Whose each is, shape (n,).
        enrolled: The photographs of each customer's enrolment, shape (draws, customers, 5).
        probe: Whether a photograph is a genuine attempt of its customer, shape (draws, n).
        tried: Whether a photograph attempts on other people's templates, shape (n,).
        failed: How many photographs had no face or were damaged; they are not in *paths*.
    """

    names: tuple[str, ...]
    customers: int
    paths: tuple[Path, ...]
    person: NDArray[np.int32]
    enrolled: NDArray[np.int32]
    probe: NDArray[np.bool_]
    tried: NDArray[np.bool_]
    failed: int


def files_of_unseen(photographs: Photographs) -> list[tuple[str, Path]]:
    """Return person and file of every photograph of people not in the training data."""
    return [
        (name, path)
        for name, paths in sorted(photographs.people.items())
        if name in photographs.unseen
        for path in paths
    ]


def arrange(
    files: Sequence[tuple[str, Path]], features: Features, seed: int, draws: int = DRAWS
) -> tuple[TrialPeople, Features]:
    """Choose the customers: people with five usable photographs and at least one more.

    Each customer is enrolled from five photographs drawn at random; up to ten more are genuine
    attempts. Every photograph of somebody else is an impostor attempt.

    Args:
        files: Person and file.
        features: Of each file.
        seed: Of the draws; a person's do not depend on who else is there.
        draws: How many times to draw, at most.

    Returns:
        The people, and the features of their usable photographs.

    Raises:
        InputError: If there is nobody to be a customer, or no second person.
    """
    usable = np.flatnonzero(features.found)
    own: dict[str, list[int]] = {}
    kept = [files[index] for index in usable.tolist()]
    for place, (name, _) in enumerate(kept):
        own.setdefault(name, []).append(place)
    customers = sorted(name for name, places in own.items() if len(places) > ENROLLED)
    if not customers or len(own) < 2:
        raise InputError(
            f"Verification needs people with {ENROLLED + 1} photographs or more, and strangers; "
            f"there are {len(customers)} of {len(own)} people."
        )
    names = (*customers, *sorted(own.keys() - set(customers)))
    number = {name: index for index, name in enumerate(names)}
    most = MOST_ATTEMPTS // len(customers)
    tried = np.zeros(len(usable), bool)
    tried[np.random.default_rng(seed).permutation(len(usable))[:most]] = True
    draws = min(draws, max(1, most // len(usable)))
    enrolled = np.empty((draws, len(customers), ENROLLED), np.int32)
    probe = np.zeros((draws, len(usable)), bool)
    for draw in range(draws):
        for customer, name in enumerate(customers):
            mixed = np.random.default_rng([seed, draw, *name.encode()]).permutation(own[name])
            enrolled[draw, customer] = mixed[:ENROLLED]
            probe[draw, mixed[ENROLLED : ENROLLED + MOST_PROBES]] = True
    people = TrialPeople(
        names=names,
        customers=len(customers),
        paths=tuple(path for _, path in kept),
        person=np.array([number[name] for name, _ in kept], np.int32),
        enrolled=enrolled,
        probe=probe,
        tried=tried,
        failed=len(files) - len(usable),
    )
    return people, features.take(usable)


def run(people: TrialPeople, scorer: Scorer, embeddings: Floats, probes: Floats) -> list[Attempts]:
    """Return the attempts of each draw.

    Args:
        people: Who is who.
        scorer: Scores probes against enrolled embeddings.
        embeddings: Of all photographs, to enrol from, shape (n, d).
        probes: Of the same photographs as they attempt, shape (n, d); a row of zeros does not.
    """
    allowed = np.asarray(probes.any(axis=1), bool)
    columns = np.arange(people.customers, dtype=np.int32)
    rows, customers = np.nonzero(
        (people.person[:, None] != columns) & (people.tried & allowed)[:, None]
    )
    stranger, customer = people.person[rows], customers.astype(np.int32)
    draws = []
    for enrolled, probe in zip(people.enrolled, people.probe, strict=True):
        scores = scorer(embeddings[enrolled], probes)
        genuine = np.flatnonzero(probe & allowed)
        own = people.person[genuine]
        draws.append(
            Attempts(
                customers=people.customers,
                people=len(people.names),
                genuine=scores[genuine, own].astype(np.float64),
                genuine_person=own,
                impostor=scores[rows, customers].astype(np.float64),
                customer=customer,
                stranger=stranger,
            )
        )
    return draws


def by_mean(enrolled: Floats, probes: Floats) -> Floats:
    """Score by the cosine to the mean of the enrolled embeddings."""
    return np.asarray(probes @ unit(enrolled.mean(axis=1)).T)


def by_nearest(enrolled: Floats, probes: Floats) -> Floats:
    """Score by the largest cosine to an enrolled embedding."""
    best = np.full((len(probes), len(enrolled)), -1, np.float32)
    for sample in range(enrolled.shape[1]):
        np.maximum(best, probes @ enrolled[:, sample].T, out=best)
    return best


def by_svm(cohort: Floats, cache: Cache, code: str) -> Scorer:
    """Return the kiosk's scorer: an SVM of each customer against the cohort.

    Args:
        cohort: Impostor embeddings, unit rows.
        cache: Keeps the trained SVMs.
        code: Whatever else decides what an SVM is; part of the cache's key.
    """

    def score(enrolled: Floats, probes: Floats) -> Floats:
        def train() -> dict[str, NDArray[np.generic]]:
            svms = [train_customer_svm(own, cohort) for own in enrolled]
            return {
                "weights": np.stack([svm.weights for svm in svms]),
                "biases": np.array([svm.bias for svm in svms], np.float32),
            }

        stored = cache.arrays(digest("customer svms", code, enrolled, cohort), train)
        weights = np.asarray(stored["weights"], np.float32)
        return np.asarray(probes @ weights.T + np.asarray(stored["biases"], np.float32))

    return score
