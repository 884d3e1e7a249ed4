"""Cosine scores between all pairs of photographs, summarised without storing each score."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ROWS: Final = 256
HIGHEST: Final = 0.02
"""Share of the impostor pairs that is kept, the most alike."""


@dataclass(frozen=True, slots=True, eq=False)
class AllPairs:
    """The distributions of genuine and impostor cosines over all pairs.

    Attributes:
        genuine: Cosines of the pairs of one person.
        highest: The highest cosines of the other pairs, falling.
        impostors: How many other pairs there are.
    """

    genuine: NDArray[np.float64]
    highest: NDArray[np.float64]
    impostors: int

    def tar(self, fmr: float) -> float:
        """Return the share of genuine pairs that match where at most *fmr* of the others do.

        Raises:
            ValueError: If *fmr* is above the share that was kept.
        """
        return float(np.mean(self.genuine > self.limit(fmr)))

    def limit(self, fmr: float) -> float:
        """Return the cosine that at most *fmr* of the other pairs exceed.

        Raises:
            ValueError: If *fmr* is above the share that was kept.
        """
        allowed = math.floor(fmr * self.impostors + 1e-9)
        if allowed >= len(self.highest):
            raise ValueError(f"only {len(self.highest)} of {self.impostors} pairs were kept")
        return float(self.highest[allowed])


def compare_all(embeddings: NDArray[np.float32], person: NDArray[np.integer]) -> AllPairs:
    """Return the cosines of all pairs of *embeddings* (unit rows, shape (n, d)).

    Args:
        embeddings: One row a photograph.
        person: A number of whose each is, shape (n,).
    """
    sizes = np.unique(person, return_counts=True)[1]
    total = len(person) * (len(person) - 1) // 2
    impostors = total - int((sizes * (sizes - 1) // 2).sum())
    kept = min(impostors, math.ceil(impostors * HIGHEST) + 1)
    genuine: list[NDArray[np.float32]] = []
    highest = np.empty(0, np.float32)
    for start in range(0, len(person), ROWS):
        rows = np.arange(start, min(start + ROWS, len(person)))
        cosines = embeddings[rows] @ embeddings.T
        later = np.arange(len(person)) > rows[:, None]
        same = person[rows][:, None] == person
        genuine.append(cosines[later & same])
        highest = np.concatenate([highest, cosines[later & ~same]])
        if len(highest) > kept:
            highest = np.partition(highest, len(highest) - kept)[len(highest) - kept :]
    return AllPairs(
        np.concatenate(genuine).astype(np.float64),
        np.sort(highest)[::-1].astype(np.float64),
        impostors,
    )
