"""The people of LFW who were not in the bundled network's training data, and the draws' seed."""

from pathlib import Path
from typing import Final

from face_auth.errors import DatasetError
from face_auth.models import MODELS

SEED: Final = 20261123
"""Of every draw among people and photographs, where none is named."""
UNSEEN_FILE: Final = "unseen_people.txt"
"""The list of their names in a models folder."""
UNSEEN_PEOPLE: Final = MODELS / UNSEEN_FILE


def unseen_people(path: Path = UNSEEN_PEOPLE) -> frozenset[str]:
    """Return the people of LFW of whom no photograph was in the bundled network's training data.

    Raises:
        DatasetError: If the list cannot be read.
    """
    try:
        return frozenset(path.read_text("utf-8").split())
    except OSError as error:
        raise DatasetError(
            f"The list of people {path} cannot be read ({error.strerror}). "
            "Restore it from the program's repository: git checkout -- models"
        ) from error
