"""SVMs over embeddings: one for each customer (verification), multi-class (identification).

A trained SVM is plain arrays; nothing is pickled. scikit-learn is imported by the first training:
it takes 0.4 s and 100 MB, and a kiosk scores without it.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]

_one_at_a_time = threading.Lock()
"""liblinear's random numbers are one global state, which threads would spoil for each other."""


@dataclass(frozen=True, slots=True, eq=False)
class CustomerSvm:
    """A linear SVM of one customer against the impostor cohort.

    Attributes:
        weights: Shape (d,).
        bias: Added to every score.
    """

    weights: NDArray[np.float32]
    bias: float

    def score(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Return the score of each row; higher is more like the customer, unbounded.

        Args:
            embeddings: Unit rows, shape (n, d).

        Returns:
            Shape (n,).
        """
        return np.asarray(embeddings @ self.weights + np.float32(self.bias), np.float32)


def train_customer_svm(enrolled: Embeddings, cohort: Embeddings) -> CustomerSvm:
    """Return a linear SVM (C = 1, both sides of equal weight) of one customer against a cohort.

    The same input gives the same SVM, whatever is trained before or at the same time. With a cohort
    of two thousand it takes 25 ms for five frames of one visit, 40 ms for photographs that differ.

    Args:
        enrolled: The customer's unit rows, shape (n, d), n at least 1.
        cohort: Nobody's unit rows, shape (m, d), m at least 1.

    Raises:
        ValueError: If the shapes do not fit together, a side is empty, or a value is not finite.
    """
    from sklearn.svm import LinearSVC

    if enrolled.ndim != 2 or cohort.ndim != 2 or enrolled.shape[1] != cohort.shape[1]:
        raise ValueError(f"{enrolled.shape} and {cohort.shape} do not fit together")
    if not len(enrolled) or not len(cohort):
        raise ValueError("an SVM needs rows on both sides")
    rows = np.concatenate([enrolled, cohort]).astype(np.float64)
    is_customer = np.arange(len(rows)) < len(enrolled)
    # The primal, which needs no random numbers. On captures as alike as those of one enrolment the
    # dual does not converge in 1,000 rounds (64 ms).
    svm = LinearSVC(C=1.0, class_weight="balanced", dual=False)
    svm.fit(rows, is_customer)
    return CustomerSvm(svm.coef_[0].astype(np.float32), float(svm.intercept_[0]))


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationSvm:
    """A multi-class SVM: one linear SVM per person against all others.

    It always names somebody; whether the face is anybody's at all is for a threshold on the score.

    Attributes:
        people: k names, in the order of the scores' columns.
        weights: Shape (k, d).
        biases: Shape (k,).
    """

    people: tuple[str, ...]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    def scores(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Return each row's score for each person, shape (n, k).

        Args:
            embeddings: Unit rows, shape (n, d).
        """
        return np.asarray(embeddings @ self.weights.T + self.biases, np.float32)

    def predict(self, embeddings: Embeddings) -> list[str]:
        """Return the best-scoring person for each row of *embeddings*, shape (n, d)."""
        return [self.people[best] for best in self.scores(embeddings).argmax(axis=1)]


def train_identification_svm(embeddings: Embeddings, people: Sequence[str]) -> IdentificationSvm:
    """Return a multi-class linear SVM (C = 1): each person against all the others.

    Args:
        embeddings: Unit rows, shape (n, d).
        people: Whose each row is, n names of at least two people.

    Raises:
        ValueError: If the lengths differ or there are fewer than two people.
    """
    from sklearn.svm import LinearSVC

    names, labels = np.unique(np.asarray(people, str), return_inverse=True)
    if len(embeddings) != len(labels):
        raise ValueError(f"{len(embeddings)} embeddings of {len(labels)} names")
    if len(names) < 2:
        raise ValueError("identification needs at least two people")
    svm = LinearSVC(C=1.0, dual=True, random_state=0)
    with _one_at_a_time:
        svm.fit(embeddings.astype(np.float64), labels)
    weights, biases = svm.coef_, svm.intercept_
    if len(names) == 2:  # scikit-learn keeps one machine then: the second person against the first
        weights, biases = np.concatenate([-weights, weights]), np.concatenate([-biases, biases])
    return IdentificationSvm(
        tuple(str(name) for name in names), weights.astype(np.float32), biases.astype(np.float32)
    )
