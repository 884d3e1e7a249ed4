"""Confidence intervals of error rates by bootstrap over people.

Attempts of one person are alike, so people are resampled, not attempts. One draw decides for a
person in both roles: how often they count as customer and how often as stranger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.metrics import Interval, equal_error_rate

REPETITIONS: Final = 1000
SMALLEST_TAIL: Final = 0.03
"""The highest-scoring share of impostor attempts that is kept for thresholds; more if needed."""

_SIDES: Final[tuple[Literal["left", "right"], ...]] = ("left", "right")

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Attempts:
    """Scores, each with its claimed and its actual person. People are numbers, customers first.

    Attributes:
        customers: How many people are customers.
        people: How many people there are in all.
        genuine: Scores of customers with their own template, shape (g,).
        genuine_person: Whose each is, shape (g,).
        impostor: Scores with somebody else's template, shape (m,).
        customer: Whose template it was, shape (m,).
        stranger: Who attempted, shape (m,).
    """

    customers: int
    people: int
    genuine: Floats
    genuine_person: NDArray[np.int32]
    impostor: Floats
    customer: NDArray[np.int32]
    stranger: NDArray[np.int32]

    @cached_property
    def counts(self) -> Floats:
        """Impostor attempts of each stranger on each customer, shape (customers, people)."""
        counts = np.zeros((self.customers, self.people))
        np.add.at(counts, (self.customer, self.stranger), 1)
        return counts

    @property
    def pairs(self) -> int:
        """Distinct (customer, stranger) pairs with at least one attempt."""
        return int((self.counts > 0).sum())

    def genuine_by_person(self) -> list[Floats]:
        """Return each customer's own scores."""
        return [self.genuine[self.genuine_person == person] for person in range(self.customers)]

    @classmethod
    def together(cls, parts: "Sequence[Attempts]") -> "Attempts":
        """Return the attempts of several sets of the same people as one set."""
        scores = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("genuine", "genuine_person", "impostor", "customer", "stranger")
        }
        return cls(customers=parts[0].customers, people=parts[0].people, **scores)


def interval(values: Floats) -> Interval:
    """Return the range that holds the middle 95 % of bootstrap *values*."""
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))


class Bootstrap:
    """Error rates of attempts, one for each resampling of the people."""

    def __init__(self, attempts: Attempts, seed: int, repetitions: int = REPETITIONS) -> None:
        """Resample the people *repetitions* times, customers and others separately."""
        self._attempts = attempts
        rng = np.random.default_rng(seed)
        customers, others = attempts.customers, attempts.people - attempts.customers
        drawn = [
            rng.multinomial(number, np.full(number, 1 / number), repetitions)
            for number in (customers, others)
            if number
        ]
        weights = np.concatenate(drawn, axis=1).astype(np.float64)
        total = ((weights[:, :customers] @ attempts.counts) * weights).sum(axis=1)
        # Of very few people a draw may hold one alone; such a draw measures nothing.
        self._total = total[total > 0]
        # Shape (repetitions, people): how often each person was drawn.
        self._weights = weights[total > 0]
        as_customer = self._weights[:, :customers]
        self._order = np.argsort(attempts.genuine)
        self._own = np.cumsum(as_customer[:, attempts.genuine_person[self._order]], axis=1)
        share = min(
            1.0, max(SMALLEST_TAIL, 3 * equal_error_rate(attempts.genuine, attempts.impostor)[0])
        )
        kept = max(1, round(share * len(attempts.impostor)))
        top = np.argpartition(attempts.impostor, -kept)[-kept:]
        self._tail = top[np.argsort(attempts.impostor[top])[::-1]]

    def fmr(self, threshold: float) -> Floats:
        """Return the false match rate at *threshold* in each repetition."""
        matched = self._attempts.impostor >= threshold
        hits = np.zeros_like(self._attempts.counts)
        np.add.at(hits, (self._attempts.customer[matched], self._attempts.stranger[matched]), 1)
        customers = self._weights[:, : self._attempts.customers]
        return np.asarray(((customers @ hits) * self._weights).sum(axis=1) / self._total)

    def fnmr(self, threshold: float) -> Floats:
        """Return the false non-match rate at *threshold* in each repetition."""
        failed = np.searchsorted(self._attempts.genuine[self._order], threshold)
        below = self._own[:, failed - 1] if failed else np.zeros(len(self._own))
        return np.asarray(below / self._own[:, -1])

    def sweep(self, rates: Sequence[float]) -> tuple[Floats, Floats]:
        """Return the error rates at thresholds that are determined in each repetition.

        Args:
            rates: False match rates, each at most as large as the tail that is kept.

        Returns:
            The share of genuine matches at each rate, shape (repetitions, rates); the equal error
            rate, shape (repetitions,).
        """
        attempts, tail = self._attempts, self._tail
        scores = attempts.impostor[tail]
        genuine = attempts.genuine[self._order]
        customer, stranger = attempts.customer[tail], attempts.stranger[tail]
        # Genuine scores below each impostor score, and those at most as high.
        below, up_to = (np.searchsorted(genuine, scores, side) for side in _SIDES)
        tar, eer = np.empty((len(self._weights), len(rates))), np.empty(len(self._weights))
        for row, weights in enumerate(self._weights):
            matched = np.cumsum(weights[customer] * weights[stranger]) / self._total[row]
            own = np.concatenate([[0.0], self._own[row]]) / self._own[row, -1]
            # A threshold lies just above the first score that must not match.
            first = np.searchsorted(matched, np.multiply(rates, 1 + 1e-12), "right")
            tar[row] = 1 - own[up_to[np.minimum(first, len(scores) - 1)]]
            fnmr = own[below]
            nearest = int(np.abs(matched - fnmr).argmin())
            eer[row] = (matched[nearest] + fnmr[nearest]) / 2
        return tar, eer
