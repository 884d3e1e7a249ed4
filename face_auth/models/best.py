"""The embedding networks of the model card, and the best of them whose files are there."""

from pathlib import Path
from typing import Final

from face_auth.errors import ModelError
from face_auth.models.card import load_card, load_cohort
from face_auth.models.files import MODELS

BUNDLED: Final = "bundled"
PUBLISHED: Final = "vggface2"
NETWORKS: Final = (PUBLISHED, BUNDLED)
"""From the best to the weakest."""


def best_network(folder: Path = MODELS) -> str:
    """Return the name of the best network that can run, `BUNDLED` if there is no other.

    A network can run if its file is the one that the card names, and its cohort and its
    thresholds are there.
    """
    for name in NETWORKS:
        try:
            card = load_card(name, folder)
            card.files.checked(card.file, card.sha256)
            load_cohort(card)
            card.threshold()
        except ModelError:
            continue
        return name
    return BUNDLED
