"""Decoy templates, which hide from a kiosk whether a customer with that name exists.

A decoy is made as a real template is: an SVM, trained against the cohort, on the captures of one
visit of somebody who does not exist (`face_auth.gallery.invented_people`).
"""

import hmac
from functools import lru_cache
from typing import Final

import numpy as np

from atm.fleet.wire_faces import ClaimedTemplate
from face_auth.gallery.invented_people import InventedPeople

KEPT: Final = 10_000
"""Decoys in memory, 2 KB each: one takes 0.4 s of processor time, at the first use of any name."""


class Decoys:
    """Makes decoy templates: always the same one for the same name."""

    def __init__(self, key: bytes, network_sha256: str, people: InventedPeople) -> None:
        """Make one decoy, so that the first name costs no more: the trainer is imported by it.

        Args:
            key: Secret, so that nobody else can compute the decoy of a name.
            network_sha256: SHA-256 of the network that *people* were fitted for.
            people: Draws those whose templates the decoys are.
        """
        self._key = key
        self._network = network_sha256
        self._people = people
        self.of = lru_cache(KEPT)(self._of)
        """Returns the decoy of a name, a `username_key`."""
        self.of("")

    def _of(self, name: str) -> ClaimedTemplate:
        seed = hmac.digest(self._key, name.encode("utf-8"), "sha256")
        rng = np.random.default_rng(np.frombuffer(seed, np.uint32))
        return ClaimedTemplate(self._network, self._people.template(rng), None)
