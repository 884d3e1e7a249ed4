"""Digests of the model cards of this program: a card that differs was made or changed elsewhere.

The cards lie in a folder that others may be able to write to, so the digests stand here, in the
source. `tests/face_auth/models/test_shipped.py` tells what to write after a change of the cards.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from face_auth.models.card import read_entry
from face_auth.models.files import MODELS, ModelFiles

SHIPPED: Final = {
    "bundled": "f000d6d46f70d885ded52017e8f6111c22ce6d240c3e58e2999b4322d69e6bdd",
    "vggface2": "a53a8caebae0cfb5a81213f8467ef1d0adc724de43c191952abd31a015ca58a3",
    "liveness_head": "e151bacbdbf12ce67c322e96b54a43754d17cd0aa39da71d378fe0b83659f852",
    "mtcnn": "0ccdf999fb1c27bcc4c959828830fe4143d437ec8feae390d728e420631e0ab7",
}
"""SHA-256, hexadecimal, of what decides who is recognised and what is a picture, by entry."""

_DECIDING = (
    "sha256", "cohort", "thresholds", "default rate", "input", "files",
    "means", "deviations", "weights", "bias",
)  # fmt: skip


def deciding_digest(entry: dict[str, Any]) -> str:
    """Return the SHA-256 of the parts of a card's entry that `SHIPPED` speaks of."""
    parts = {name: entry[name] for name in _DECIDING if name in entry}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("ascii")).hexdigest()


def is_shipped(name: str, folder: Path | ModelFiles = MODELS) -> bool:
    """Return whether the entry *name* of the cards in *folder* decides as the shipped one.

    Raises:
        ModelError: If there is no such entry, or a card cannot be read.
    """
    return deciding_digest(read_entry(name, folder)) == SHIPPED.get(name)
