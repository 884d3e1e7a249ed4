"""The people of LFW whom no network saw in training, and the seed of draws."""

from pathlib import Path
from typing import Final

from face_auth.errors import DatasetError
from face_auth.models import MODELS

SEED: Final = 20261123
"""Of every draw among people and photographs, where none is named."""
UNSEEN_FILE: Final = "unseen_people.txt"
"""Names of the people in LFW of whom the bundled network saw no photograph; in a models folder."""
VGGFACE2_FILE: Final = "vggface2_people.txt"
"""Names in LFW that are also in VGGFace2's list of people, whom the published network saw."""


def unseen_people(folder: Path = MODELS) -> frozenset[str]:
    """Return the people of LFW whom neither network saw: all figures are measured on them.

    Args:
        folder: Holds both lists.

    Raises:
        DatasetError: If a list cannot be read.
    """
    return read_names(folder / UNSEEN_FILE) - read_names(folder / VGGFACE2_FILE)


def read_names(path: Path) -> frozenset[str]:
    """Return the names in a list, one a line; lines that begin with # are remarks.

    Raises:
        DatasetError: If it cannot be read.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
        return frozenset(line.strip() for line in lines if line.strip() and line[0] != "#")
    except OSError as error:
        raise DatasetError(
            f"The list of people {path} cannot be read ({error.strerror}). "
            "Restore it from the program's repository: git checkout -- models"
        ) from error
