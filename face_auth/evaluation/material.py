"""The data of an evaluation: two folders of images, and the photographs they were made from."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from face_auth.datasets.photographs import LeftOut, people_in, shown
from face_auth.datasets.plan import DRAWN, read_record
from face_auth.datasets.unseen import unseen_people
from face_auth.errors import DatasetError, FaceAuthError

COPY: Final = re.compile(r"(?P<photograph>.+)__\d\d_(?P<alteration>[a-z_]+)")
HOW_TO_FILL: Final = (
    "Fill both folders with: python -m face_auth.datasets lfw "
    "(or: python -m face_auth.datasets folder FOLDER_WITH_ONE_SUBFOLDER_A_PERSON; "
    "or, to try it with drawn people: python -m face_auth.datasets sample)"
)
LFW_NAMES: Final = 100
"""Number of names on the list of unseen people by which a folder is recognised as LFW."""


class InputError(FaceAuthError):
    """The requested measurement is impossible with the data given; the message says why."""


def say(line: str) -> None:
    """Print a line of progress on standard error."""
    print(line, file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Image:
    """One file of a data folder.

    Attributes:
        person: The sub-folder's name.
        path: The file.
        photograph: The photograph that it is a copy of; the file's own name if it is no copy.
        alteration: What was done to it; "plain" for the photograph itself.
    """

    person: str
    path: Path
    photograph: str
    alteration: str


@dataclass(frozen=True, slots=True)
class Photographs:
    """Unaltered photographs, for protocols that need strangers.

    Attributes:
        folder: Where they are.
        people: Each person's files, in order.
        unseen: The people whom no network saw in training.
        lfw: Whether they are Labeled Faces in the Wild.
    """

    folder: Path
    people: Mapping[str, Sequence[Path]]
    unseen: frozenset[str]
    lfw: bool


@dataclass(frozen=True, slots=True)
class Material:
    """All data that the protocols may use.

    Attributes:
        train: Images to train on, by person.
        test: Images to classify, by person.
        unseen: The people in both whom no network saw in training.
        photographs: Where the images came from; the images themselves if that is unknown.
        drawn: Whether these are drawn people, whose figures tell nothing about people.
    """

    train: Mapping[str, Sequence[Image]]
    test: Mapping[str, Sequence[Image]]
    unseen: frozenset[str]
    photographs: Photographs
    drawn: bool = False


def load(train: Path, test: Path, photographs: Path | None = None) -> Material:
    """Read which images the folders hold.

    Args:
        train: One sub-folder a person.
        test: The same people.
        photographs: One sub-folder a person; by default what dataset.json names.

    Raises:
        InputError: If a folder is missing, empty or half made.
    """
    try:
        records = [read_record(folder) for folder in (train, test)]
    except DatasetError as error:
        raise InputError(str(error)) from error
    images = [_images(folder) for folder in (train, test)]
    for folder, record in zip((train, test), records, strict=True):
        if record is not None and not record[1]:
            raise InputError(
                f"{folder} is only half made. Run the command that fills it again: it goes on."
            )
    plan = records[1][0] if records[1] else None
    if photographs is None and plan is not None and Path(plan.source).is_dir():
        photographs = Path(plan.source)
    pool = photographs_in(photographs) if photographs else _own(*images)
    names = images[0].keys() | images[1].keys()
    from_lfw = pool.lfw if plan is None else plan.kind == "lfw"
    unseen = names & unseen_people() if from_lfw else frozenset(names)
    drawn = any(record is not None and record[0].kind == DRAWN for record in records)
    return Material(images[0], images[1], frozenset(unseen), pool, drawn)


def photographs_in(folder: Path) -> Photographs:
    """Return the photographs in *folder*, one sub-folder per person.

    Raises:
        InputError: If there are none.
    """
    people = _people(folder)
    unseen = unseen_people() & people.keys()
    if len(unseen) >= LFW_NAMES:
        return Photographs(folder, people, unseen, lfw=True)
    return Photographs(folder, people, frozenset(people), lfw=False)


def _own(train: Mapping[str, Sequence[Image]], test: Mapping[str, Sequence[Image]]) -> Photographs:
    """Return the unaltered images of both folders: first those for training."""
    people = {
        name: [
            image.path
            for folder in (train, test)
            for image in folder.get(name, ())
            if image.alteration == "plain"
        ]
        for name in sorted(train.keys() | test.keys())
    }
    return Photographs(Path(), people, frozenset(people), lfw=False)


def _images(folder: Path) -> dict[str, list[Image]]:
    return {
        person: [_image(person, file) for file in files]
        for person, files in _people(folder).items()
    }


def _image(person: str, file: Path) -> Image:
    copy = COPY.fullmatch(file.stem)
    if copy is None:
        return Image(person, file, file.name, "plain")
    return Image(person, file, copy["photograph"], copy["alteration"])


def _people(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each person who has some; entries that are none are named."""
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}. {HOW_TO_FILL}")
    left_out: LeftOut = []
    people = {name: files for name, files in people_in(folder, left_out).items() if files}
    for path, why in left_out:
        say(f"{shown(path)}: {why} (left out)")
    if not people:
        raise InputError(f"{folder} holds no images. {HOW_TO_FILL}")
    return people
