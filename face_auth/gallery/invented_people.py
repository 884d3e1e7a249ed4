"""Embeddings of people who do not exist, drawn like those of real people: for decoy templates.

A person is drawn from a mixture of Gaussians over the 60 directions in which people differ most,
and one Gaussian over the others, both fitted to people whom no network saw. A draw is taken as
often as it is like a real person in `features`, by a logistic regression that was fitted between
real people and such draws; else another one is drawn. The captures of one visit scatter around the
person as those of simulated visits do. The template trained on them is taken in the same way, by a
regression on `what_a_thief_sees`; about one in eight is. `face_auth.model_making.invention` fits
all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.files import read_regular
from face_auth.models import LARGEST_FILE, ModelCard
from face_auth.npz import read_arrays
from face_auth.recognition.classifier import CustomerSvm, Embeddings, train_customer_svm

CAPTURES: Final = 5
"""Captures of one enrolment."""
MOST_DRAWS: Final = 400
MOST_TEMPLATES: Final = 60
AT_ONCE: Final = 16
"""Draws that are judged together."""
QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
BANDS: Final = (0, 5, 20, 60, 120, 250, 512)
KNOTS: Final = (-1.5, -0.5, 0.5, 1.5)

SCORES: Final = (0.5, 0.75, 0.99, 1.0)
SOFTENINGS: Final = (1e-4, 1e-3, 1e-2)
"""Added to each direction's variance before whitening."""
FEATURES: Final = len(QUANTILES) + 5 + len(BANDS) - 1 + len(SOFTENINGS) + len(SCORES) + 1
SPREAD: Final = (-3.8, 0.25)
"""Mean and deviation of the logarithm of the captures' variance around their mean, in simulated
visits."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """What `features` needs of a cohort, made once."""

    rows: Numbers
    directions: Numbers
    middle: Numbers
    inverses: Numbers

    @classmethod
    def of(cls, cohort: Embeddings) -> "Cohort":
        """Return it for a cohort's unit rows, shape (m, 512)."""
        rows = cohort.astype(np.float64)
        variances, directions = np.linalg.eigh(np.cov(rows.T))
        inverses = [(directions / (variances + each)) @ directions.T for each in SOFTENINGS]
        return cls(rows, directions[:, ::-1], rows.mean(axis=0), np.stack(inverses))


def features(people: Numbers, cohort: Cohort) -> Numbers:
    """Return what a stranger could tell real people by, one row a person, shape (n, FEATURES).

    Quantiles, spread and skewness of the cosines to the cohort, kurtosis and largest of the
    coordinates, cosine to the cohort's middle, the share of the length in six bands of the
    cohort's principal directions, and distance and scores of the cohort after whitening, on which
    an SVM depends.

    Args:
        people: Unit rows, shape (n, 512).
        cohort: The cohort.
    """
    cosines = people @ cohort.rows.T
    middle = cosines.mean(axis=1, keepdims=True)
    spread = cosines.std(axis=1)
    centred = people - people.mean(axis=1, keepdims=True)
    shares = (people @ cohort.directions) ** 2
    away = people - cohort.middle
    whitened = [away @ inverse for inverse in cohort.inverses]
    distances = [(away * each).sum(axis=1) for each in whitened]
    scores = (whitened[1] @ (cohort.rows - cohort.middle).T) / distances[1][:, np.newaxis]
    columns = [
        *np.quantile(cosines, QUANTILES, axis=1),
        spread,
        ((cosines - middle) ** 3).mean(axis=1) / spread**3,
        (centred**4).mean(axis=1) / (centred**2).mean(axis=1) ** 2 - 3,
        np.abs(people).max(axis=1),
        people @ cohort.middle,
        *(shares[:, a:b].sum(axis=1) for a, b in pairwise(BANDS)),
        *(np.log(each) for each in distances),
        *np.quantile(scores, SCORES, axis=1),
        scores.std(axis=1),
    ]
    return np.stack(columns, axis=1)


def expanded(scaled: Numbers) -> Numbers:
    """Return the terms of the regression for standardised `features`."""
    z = np.clip(scaled, -4, 4)
    first, second = np.triu_indices(z.shape[1])
    return np.concatenate(
        [z, z[:, first] * z[:, second], *(np.maximum(z - knot, 0) for knot in KNOTS)], axis=1
    )


def what_a_thief_sees(svm: CustomerSvm, cohort: Cohort, captures: int = CAPTURES) -> Numbers:
    """Return what somebody who knows the cohort can compute from a template, shape (55,).

    The SVM's conditions of optimality give the cohort's part in it exactly. What is left, the
    residual, is the captures' weighted sum.
    """
    weights = svm.weights.astype(np.float64)
    number = len(cohort.rows)
    scores = cohort.rows @ weights + svm.bias
    parts = 2 * (number + captures) / (2 * number) * np.maximum(0, 1 + scores)
    residual = weights + parts @ cohort.rows
    total, length = svm.bias + parts.sum(), float(np.linalg.norm(residual))
    person = (residual / length)[np.newaxis]
    cosines = cohort.rows @ weights / np.linalg.norm(weights)
    singular = np.linalg.svd(np.stack([weights / np.linalg.norm(weights), person[0]]))[1]
    shares = (weights @ cohort.directions) ** 2 / (weights @ weights)
    steps = (0, 5, 20, 60, 120, 250, 512)
    return np.array([
        np.linalg.norm(weights), svm.bias, length, total, length / total, (parts > 0).sum(),
        *singular, *features(person, cohort)[0],
        *np.quantile(scores, (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)),
        scores.std(), *np.quantile(cosines, (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)),
        *(shares[a:b].sum() for a, b in pairwise(steps)),
    ])  # fmt: skip


class InventedPeople:
    """Draws people, each with the captures of one visit."""

    def __init__(self, fitted: Mapping[str, NDArray[Any]], cohort: Embeddings) -> None:
        """Use what `face_auth.model_making.invention.fit` found, and the network's cohort."""
        self._fitted = {name: np.asarray(value, np.float64) for name, value in fitted.items()}
        self._rows = cohort
        self._cohort = Cohort.of(cohort)

    @classmethod
    def of_cohort(cls, cohort: Embeddings) -> "InventedPeople":
        """Return people drawn by mean and covariance of *cohort*, where nobody fitted better ones.

        They can be told from real people.
        """
        variances, directions = np.linalg.eigh(np.cov(cohort.T))
        deviations = np.sqrt(np.maximum(variances, 0))
        terms = expanded(np.zeros((1, FEATURES))).shape[1]
        return cls(
            {
                "mean": cohort.mean(axis=0),
                "directions": directions,
                "shares": np.ones(1),
                "middles": np.zeros((1, 1)),
                "factors": deviations[:1].reshape(1, 1, 1),
                "rest": deviations[1:],
                "within": deviations / np.linalg.norm(deviations),
                "spread": np.array(SPREAD),
                "feature_mean": np.zeros(FEATURES),
                "feature_scale": np.ones(FEATURES),
                "weights": np.zeros(terms),
                "bias": np.zeros(()),
                "most": np.zeros(()),
            },
            cohort,
        )

    def person(self, rng: np.random.Generator) -> Numbers:
        """Return one person: a unit vector, shape (512,)."""
        best, most = np.empty(0), -np.inf
        for _ in range(MOST_DRAWS // AT_ONCE):
            people = self.draws(rng, AT_ONCE)
            odds = self.over(people)
            taken = np.log(rng.random(AT_ONCE)) < odds
            if taken.any():
                found: Numbers = people[int(taken.argmax())]
                return found
            if odds.max() > most:
                best, most = people[int(odds.argmax())], float(odds.max())
        return best

    def captures(self, rng: np.random.Generator, count: int = CAPTURES) -> Embeddings:
        """Return the captures of one visit of a new person: unit rows, shape (count, 512)."""
        fitted = self._fitted
        middle, sigma = fitted["spread"]
        scatter = np.exp(rng.normal(middle, sigma) / 2) * np.sqrt(count / (count - 1))
        away = (rng.normal(size=(count, len(fitted["within"]))) * fitted["within"]) @ fitted[
            "directions"
        ].T
        rows = self.person(rng) + scatter * away
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def template(self, rng: np.random.Generator) -> CustomerSvm:
        """Return the SVM of one visit of a new person, taken as often as it is like a real one."""
        fitted = self._fitted
        for _ in range(MOST_TEMPLATES):
            svm = train_customer_svm(self.captures(rng), self._rows)
            if "template_weights" not in fitted:
                return svm
            seen = what_a_thief_sees(svm, self._cohort)[np.newaxis]
            terms = np.clip((seen - fitted["template_mean"]) / fitted["template_scale"], -4, 4)
            odds = float(terms[0] @ fitted["template_weights"] + fitted["template_bias"])
            if np.log(rng.random()) < odds - float(fitted["template_most"]):
                return svm
        return svm

    def draws(self, rng: np.random.Generator, count: int) -> Numbers:
        """Return people before any is rejected: unit rows, shape (count, 512)."""
        fitted = self._fitted
        which = rng.choice(
            len(fitted["shares"]), size=count, p=fitted["shares"] / fitted["shares"].sum()
        )
        head = fitted["middles"].shape[1]
        first = fitted["middles"][which] + np.einsum(
            "nij,nj->ni", fitted["factors"][which], rng.normal(size=(count, head))
        )
        rest = rng.normal(size=(count, len(fitted["rest"]))) * fitted["rest"]
        rows = fitted["mean"] + np.concatenate([first, rest], axis=1) @ fitted["directions"].T
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))

    def over(self, people: Numbers) -> Numbers:
        """Return the logarithm of the chance to be taken, shape (n,); above 0 is certain."""
        return self.odds(people) - float(self._fitted["most"])

    def odds(self, people: Numbers) -> Numbers:
        """Return the logarithm of the odds that each of *people* is real, shape (n,)."""
        fitted = self._fitted
        scaled = (features(people, self._cohort) - fitted["feature_mean"]) / fitted["feature_scale"]
        return np.asarray(expanded(scaled) @ fitted["weights"] + float(fitted["bias"]))


def invented_file(card: ModelCard) -> Path:
    """Return the path of what was fitted for a network."""
    return card.folder / f"{card.name}_invented.npz"


def load_invented(card: ModelCard, cohort: Embeddings) -> InventedPeople:
    """Return the people drawn for a network with *cohort*, by the cohort alone if none were fitted.

    Raises:
        ModelError: If what was fitted is damaged, or belongs to another cohort.
    """
    path = invented_file(card)
    if not path.exists():
        return InventedPeople.of_cohort(cohort)
    try:
        arrays = read_arrays(read_regular(path, LARGEST_FILE))
        if str(arrays.pop("cohort")) != card.cohort_sha256:
            raise ValueError("it was fitted with another cohort")
        return InventedPeople(arrays, cohort)
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"{path} holds no people for decoys ({error}). Fit them:"
            f" python -m face_auth.models invent {card.name} --people FOLDER"
        ) from error
