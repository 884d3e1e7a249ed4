"""Preparation of training data: photographs, one folder per person, become shards of faces."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from face_auth.datasets.photographs import (
    ImageError,
    LeftOut,
    people_in,
    read_photograph,
    shown,
)
from face_auth.datasets.subject import SubjectFinder
from face_auth.files import write_whole
from face_auth.recognition.alignment import align
from face_auth.training.shards import MARGIN, Picture, TrainingError, digest, write_shards

WORKERS: Final = 2
AT_ONCE: Final = 64

Landmarks = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The outcome of a folder of photographs.

    Attributes:
        faces: How many were written.
        people: Of how many people.
        left_out: Each photograph without a face, and each entry that is no photograph, and why.
        shards: The files.
    """

    faces: int
    people: int
    left_out: tuple[str, ...]
    shards: tuple[Path, ...]


def prepare(
    source: Path,
    out: Path,
    collection: str,
    is_wanted: Callable[[str], bool] = lambda person: True,
    landmarks: Landmarks | None = None,
) -> Prepared:
    """Detect, align and store the face of each photograph; those without a face are listed.

    Args:
        source: One sub-folder a person.
        out: Folder of the shards, and of ``<collection>.left_out.txt``.
        collection: What to call them.
        is_wanted: Of a person's name.
        landmarks: Five points by "person/file", where they are known; a photograph without is
            left out then. Otherwise the face nearest the middle of the photograph is taken.

    Raises:
        TrainingError: If no face was found.
        OSError: If a file cannot be read or written.
    """
    if "/" in collection or not collection:
        raise TrainingError(f"{collection!r} is not a valid name for a collection.")
    no_photographs: LeftOut = []
    files = [
        (person, path)
        for person, paths in people_in(source, no_photographs).items()
        if is_wanted(person)
        for path in paths
    ]
    stems = Counter(f"{person}/{path.stem}" for person, path in files)
    left_out = [f"{shown(path)}: {why}" for path, why in no_photographs]
    seen: set[str] = set()

    def faces() -> Iterator[tuple[str, Picture, str]]:
        cutter = _Cutter(landmarks)
        with ThreadPoolExecutor(WORKERS) as pool:
            bar = tqdm(total=len(files), unit="photo", desc=collection)
            for start in range(0, len(files), AT_ONCE):
                part = files[start : start + AT_ONCE]
                for (person, path), result in zip(part, pool.map(cutter, part), strict=True):
                    bar.update()
                    if isinstance(result, str):
                        left_out.append(f"{shown(path)}: {result}")
                        continue
                    stem = f"{person}/{path.stem}"
                    seen.add(person)
                    name = f"{person}/{path.name}" if stems[stem] > 1 else stem
                    yield name, *result
            bar.close()

    shards = write_shards(out, collection, faces())
    content = "".join(f"{line}\n" for line in left_out)
    write_whole(out / f"{collection}.left_out.txt", content.encode(), mode=0o644)
    if not seen:
        raise TrainingError(
            f"No face was found in {source}; it needs a sub-folder for each person."
        )
    faces_written = len(files) + len(no_photographs) - len(left_out)
    return Prepared(faces_written, len(seen), tuple(left_out), tuple(shards))


class _Cutter:
    """The face cutter; each thread has its own detector."""

    def __init__(self, landmarks: Landmarks | None) -> None:
        self._landmarks = landmarks
        self._own = threading.local()

    def __call__(self, file: tuple[str, Path]) -> tuple[Picture, str] | str:
        """Return the face and the photograph's digest, or the reason why there is no face."""
        person, path = file
        try:
            image = read_photograph(path)
        except ImageError as error:
            return str(error)
        points = self._points(image, f"{person}/{path.name}")
        if points is None:
            return "no face"
        try:
            return align(image, points, MARGIN), digest(image)
        except ValueError as error:
            return str(error)

    def _points(self, image: Picture, name: str) -> NDArray[np.float32] | None:
        if self._landmarks is not None:
            return self._landmarks.get(name)
        if not hasattr(self._own, "finder"):
            self._own.finder = SubjectFinder()
        face = self._own.finder.find(image)
        return None if face is None else face.landmarks
