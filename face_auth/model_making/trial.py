"""Verification trial of a network and its cohort by the kiosk's protocol.

Each person with six photographs or more is a customer: five photographs are enrolled, up to ten
others are genuine attempts, and every photograph of anybody else is an impostor attempt. One
threshold holds for all customers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.model_making.cohort import PHOTOGRAPHS, People
from face_auth.recognition.classifier import Embeddings, train_customer_svm

PROBES: Final = 10
DRAWS: Final = 5
"""Number of draws of the enrolled photographs; all scores are pooled."""
RATES: Final = ("1e-2", "1e-3", "1e-4")


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The scores of one trial.

    Attributes:
        customers: How many people were enrolled.
        genuine: Their own photographs' scores.
        impostor: Everybody else's.
    """

    customers: int
    genuine: NDArray[np.float32]
    impostor: NDArray[np.float32]

    def threshold(self, fmr: float) -> float:
        """Return the lowest threshold at which no more than *fmr* of the impostors pass."""
        ranked = np.sort(self.impostor)[::-1]
        return float(np.nextafter(ranked[int(fmr * len(ranked))], np.float32(np.inf)))

    def thresholds(self, rates: Sequence[str] = RATES) -> dict[str, float]:
        """Return a threshold for each rate at which ten impostors or more would pass."""
        measurable = [rate for rate in rates if float(rate) * len(self.impostor) >= 10]
        return {rate: self.threshold(float(rate)) for rate in measurable}

    def true_accept_rates(self, rates: Sequence[str] = RATES) -> Mapping[str, float]:
        """Return the share of genuine attempts that pass, at each measurable rate."""
        return {
            rate: float((self.genuine >= value).mean())
            for rate, value in self.thresholds(rates).items()
        }


def run_trial(people: People, cohort: Embeddings, draws: int = DRAWS, seed: int = 1) -> Trial:
    """Run the kiosk's protocol and return its scores.

    Args:
        people: Nobody of whom the network was trained on or the cohort made of.
        cohort: Unit rows, shape (m, d).
        draws: How many times to draw the enrolled photographs.
        seed: Of the first draw.
    """
    groups = list(people)
    customers = 0
    genuine, impostor = [np.empty(0, np.float32)], [np.empty(0, np.float32)]
    for draw in range(draws):
        rng = np.random.default_rng(seed + draw)
        for person, rows in groups:
            if len(rows) <= PHOTOGRAPHS:
                continue
            customers += draw == 0
            mixed = rows[rng.permutation(len(rows))]
            svm = train_customer_svm(mixed[:PHOTOGRAPHS], cohort)
            genuine.append(svm.score(mixed[PHOTOGRAPHS : PHOTOGRAPHS + PROBES]))
            others = np.asarray(people.names) != person
            impostor.append(svm.score(people.embeddings[others]))
    return Trial(customers, np.concatenate(genuine), np.concatenate(impostor))
