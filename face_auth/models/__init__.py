"""Model files and the model card that describes them.

``python -m face_auth.models --help`` lists the commands that make, fetch and check them.
"""

from face_auth.models.best import BUNDLED, NETWORKS, PUBLISHED, best_network
from face_auth.models.card import (
    CARD_FILE,
    DIMENSIONS,
    Framing,
    ModelCard,
    Threshold,
    load_card,
    load_cohort,
    own_card,
    read_card_file,
    read_checked,
    read_entry,
    read_listed,
)
from face_auth.models.files import (
    LARGEST_FILE,
    LIVENESS_FILE,
    LIVENESS_HEAD,
    MODELS,
    ModelFiles,
)
from face_auth.models.shipped import is_shipped

__all__ = [
    "BUNDLED",
    "CARD_FILE",
    "DIMENSIONS",
    "LARGEST_FILE",
    "LIVENESS_FILE",
    "LIVENESS_HEAD",
    "MODELS",
    "NETWORKS",
    "PUBLISHED",
    "Framing",
    "ModelCard",
    "ModelFiles",
    "Threshold",
    "best_network",
    "is_shipped",
    "load_card",
    "load_cohort",
    "own_card",
    "read_card_file",
    "read_checked",
    "read_entry",
    "read_listed",
]
