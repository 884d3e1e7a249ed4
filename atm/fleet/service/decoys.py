"""Decoy templates, which hide from a kiosk whether a customer with that name exists."""

import hmac
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atm.fleet.wire_faces import ClaimedTemplate
from face_auth.recognition.classifier import CustomerSvm

SOFTENING: Final = 1e-3
"""Added to each direction's variance, as in `face_auth.gallery.duplicates`."""


class Decoys:
    """Makes decoy templates: always the same one for the same name."""

    def __init__(
        self, key: bytes, network_sha256: str, cohort: NDArray[np.float32], like: CustomerSvm
    ) -> None:
        """Measure the typical length and bias of an SVM over these embeddings.

        Args:
            key: Secret, so that nobody else can compute the decoy of a name.
            network_sha256: SHA-256 of the network that made *cohort*.
            cohort: Impostor embeddings, unit rows, shape (m, 512).
            like: An SVM trained on some of them; gives the length of the weights, and the bias.
        """
        self._key = key
        self._network = network_sha256
        self._cohort = cohort
        self._middle = cohort.mean(axis=0)
        spread = np.cov(cohort.T) + SOFTENING * np.eye(cohort.shape[1])
        self._inverse = np.linalg.inv(spread).astype(np.float32)
        self._length = float(np.linalg.norm(like.weights))
        self._bias = like.bias

    def of(self, name: str) -> ClaimedTemplate:
        """Return the decoy of *name*, a `username_key`."""
        seed = hmac.digest(self._key, name.encode("utf-8"), "sha256")
        rng = np.random.default_rng(np.frombuffer(seed, np.uint32))
        some = self._cohort[rng.choice(len(self._cohort), size=3, replace=False)]
        face = rng.dirichlet(np.ones(3)) @ some
        direction = self._inverse @ (face / np.linalg.norm(face) - self._middle)
        weights = direction / np.linalg.norm(direction) * self._length * rng.uniform(0.9, 1.1)
        bias = self._bias * rng.uniform(0.9, 1.1)
        svm = CustomerSvm(weights.astype(np.float32), float(bias))
        return ClaimedTemplate(self._network, svm, None)
