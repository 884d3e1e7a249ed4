"""The manifest of a folder of real presentations: pictures and clips of people and of attacks."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from face_auth.evaluation.material import InputError

FILE: Final = "manifest.csv"
COLUMNS: Final = ("file", "kind", "collection", "label", "species", "person", "whole")
_BONA_FIDE: Final = "bona fide"


@dataclass(frozen=True, slots=True)
class Presentation:
    """A picture or a clip of somebody before a camera, or of an attack.

    Attributes:
        path: The file.
        clip: Whether it is a clip, not a picture.
        collection: Where it comes from.
        species: The attack's: "phone", "monitor", ...; "bona fide" for a person.
        person: Whose face it shows, and so whose camera; people are never shared by collections.
        whole: Whether it is the whole frame of the camera, not a crop of the face.
    """

    path: Path
    clip: bool
    collection: str
    species: str
    person: str
    whole: bool

    @property
    def bona_fide(self) -> bool:
        """Whether a person was before the camera, not a picture of one."""
        return self.species == _BONA_FIDE


def read_manifest(folder: Path) -> list[Presentation]:
    """Return what ``manifest.csv`` in *folder* lists, one line a file.

    Its columns: file (relative to *folder*), kind (picture or clip), collection, label (real or
    spoof), species (of a spoof), person, whole (whole or crop); others are passed over.

    Raises:
        InputError: If there is none, a column is missing, or a value cannot be used.
    """
    path = folder / FILE
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({error}).") from error
    if not rows:
        raise InputError(f"{path} lists nothing.")
    found = []
    for number, row in enumerate(rows, start=2):
        values = [row.get(name) for name in COLUMNS]
        name, kind, collection, label, species, person, whole = (v or "" for v in values)
        known = (
            name and collection and person
            and kind in ("picture", "clip") and label in ("real", "spoof")
            and whole in ("whole", "crop") and (species or label == "real")
        )  # fmt: skip
        if not known:
            raise InputError(
                f"Line {number} of {path} cannot be used: it needs {', '.join(COLUMNS)}."
            )
        found.append(
            Presentation(
                folder / name,
                kind == "clip",
                collection,
                species if label == "spoof" else _BONA_FIDE,
                person,
                whole == "whole",
            )
        )
    return found
