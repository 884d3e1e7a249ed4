"""Faces with age, sex and group: tar shards of aligned faces beside a table of their labels.

The labels are annotators' guesses from the picture (UTKFace). They serve to measure errors by
group, and to make the impostor cohort of all groups; never to tell people's groups.
"""

import csv
import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.camera.opencv import decode_picture
from face_auth.datasets.subject import SubjectFinder
from face_auth.errors import DatasetError
from face_auth.recognition.alignment import ALIGNED_SIZE, FIVE_POINTS
from face_auth.recognition.detection import Face

TABLE: Final = "utkface_groups.csv"
SIDE: Final = 137
"""Width and height of a picture, px; the face in its middle is aligned as for 112 px."""
LANDMARKS: Final = FIVE_POINTS + (SIDE - ALIGNED_SIZE) / 2
"""Where every face's five points lie in its picture, px, shape (5, 2)."""
USUAL_BOX: Final = (30.0, 12.0, 76.0, 103.0)
"""x, y, width and height, px: the median of MTCNN's boxes on 112 faces of three collections."""
ADULT: Final = 18
CHILD: Final = 12
"""Years: adults are this old or older, children this old or younger."""
COHORT_SHARE: Final = 0.15
"""Share of the adults of whom an impostor cohort may be made; the others are measured."""


@dataclass(frozen=True, slots=True)
class Label:
    """What annotators said of one face.

    Attributes:
        name: ``<collection>/<person>/<number>``.
        age: Years.
        sex: "female" or "male".
        group: "asian", "black", "indian", "white" or "other".
    """

    name: str
    age: int
    sex: str
    group: str

    @property
    def adult(self) -> bool:
        """Whether it is an adult's face."""
        return self.age >= ADULT

    @property
    def for_cohort(self) -> bool:
        """Whether cohorts are made of this face: the same answer in every run and folder."""
        return self.adult and hashlib.sha256(self.name.encode()).digest()[0] < COHORT_SHARE * 256


def face_in(picture: NDArray[np.uint8], finder: SubjectFinder) -> Face:
    """Return the face of an aligned picture (137, 137, 3); at its usual place if not found."""
    return finder.find(picture) or Face(USUAL_BOX, np.asarray(LANDMARKS, np.float32), 0.0)


def read_labels(folder: Path) -> dict[str, Label]:
    """Return the labels of all faces by name.

    Raises:
        DatasetError: If the table is missing or damaged.
    """
    path = folder / TABLE
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {
            row["face"]: Label(row["face"], int(row["age"]), row["sex"], row["group"])
            for row in rows
        }
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DatasetError(f"The labels {path} cannot be read ({error}).") from error


def read_pictures(folder: Path) -> Iterator[tuple[Label, NDArray[np.uint8]]]:
    """Yield label and picture of every labelled face in the shards of *folder*.

    Yields:
        Pictures are RGB, shape (137, 137, 3).

    Raises:
        DatasetError: If the table or a shard cannot be read, or no labelled face is there.
    """
    labels = read_labels(folder)
    collections = {name.split("/")[0] for name in labels}
    found = False
    for path in sorted(folder.glob("*.tar")):
        if path.stem.rsplit("-", 1)[0] not in collections:
            continue
        try:
            with tarfile.open(path) as shard:
                for member in shard:
                    label = labels.get(member.name.removesuffix(".webp"))
                    file = shard.extractfile(member) if label is not None else None
                    picture = decode_picture(file.read()) if file is not None else None
                    if label is not None and picture is not None:
                        found = True
                        yield label, picture
        except (OSError, tarfile.TarError) as error:
            raise DatasetError(f"The shard {path} cannot be read ({error}).") from error
    if not found:
        raise DatasetError(f"{folder} holds no labelled face.")
