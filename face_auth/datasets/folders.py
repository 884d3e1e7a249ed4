"""Creation of the folders of training and test pictures from photographs of people.

Five photographs of each person become training pictures (the face turned upright, with a margin)
and one becomes test pictures (whole, not seen by any detector); each has twenty altered copies.
"""

import os
import shutil
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from tqdm import tqdm

from face_auth.datasets.alterations import NAMES, altered_copies
from face_auth.datasets.photographs import (
    ImageError,
    aligned_crop,
    content_of,
    decode_photograph,
    people_in,
    photograph_bytes,
    read_photograph,
    shown,
)
from face_auth.datasets.plan import Plan, claim, write_record
from face_auth.datasets.subject import SubjectFinder
from face_auth.errors import DatasetError

REPOSITORY: Final = Path(__file__).resolve().parents[2]
TRAIN: Final = REPOSITORY / "aligned_image_data"
TEST: Final = REPOSITORY / "test_images"

TRAIN_PHOTOGRAPHS: Final = 5
JOURNAL: Final = "problems.txt"
JPEG_QUALITY: Final = 95
WORKERS: Final = 2
LONGEST_NAME: Final = 255
"""Bytes of a file's name on the usual file systems."""


@dataclass(frozen=True, slots=True)
class FolderContents:
    """Counts of people and pictures in the finished folders.

    Attributes:
        people: Persons in both folders.
        train_images: Images for training.
        test_images: Images for testing.
        problems: How often each kind of problem was met.
    """

    people: int
    train_images: int
    test_images: int
    problems: Mapping[str, int]


def make_folders(
    plan: Plan,
    people: Mapping[str, Sequence[Path]],
    train: Path = TRAIN,
    test: Path = TEST,
    left_out: Sequence[tuple[Path, str]] = (),
) -> FolderContents:
    """Fill both folders, continuing where an earlier run with the same plan stopped.

    Each problem goes to stderr and into problems.txt by path. A person's folder appears when it
    is whole.

    Args:
        plan: Is written beside the pictures.
        people: The photographs of each person; those with fewer than six are reported.
        train: Folder for the training pictures.
        test: Folder for the test pictures.
        left_out: Entries of the source that are no photographs or people, and why.

    Raises:
        DatasetError: If a folder holds anything else already, or another run is filling it.
        OSError: If a file cannot be read or written.
    """
    for folder in (train, test):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatasetError(f"{folder} cannot be made: {error.strerror}.") from error
        claim(folder, plan)
    try:
        with FileLock(train / ".lock", timeout=0):
            return _FolderWriter(plan, people, train, test).run(left_out)
    except Timeout:
        raise DatasetError(f"Another run is filling {train} right now.") from None


class _FolderWriter:
    """One run over all people."""

    def __init__(
        self, plan: Plan, people: Mapping[str, Sequence[Path]], train: Path, test: Path
    ) -> None:
        self._plan, self._people, self._train, self._test = plan, people, train, test
        self._own = threading.local()
        self._lock = threading.Lock()
        self._journal = train / JOURNAL
        try:
            self._known = set(self._journal.read_text("utf-8").splitlines())
        except FileNotFoundError:
            self._known = set()

    def run(self, left_out: Sequence[tuple[Path, str]]) -> FolderContents:
        """Write the missing files, then mark both folders as complete."""
        for path, why in left_out:
            self._report(path, why, "left out")
        with (
            ThreadPoolExecutor(WORKERS) as pool,
            tqdm(total=len(self._people), unit="person", desc="people") as bar,
        ):
            tasks = [pool.submit(self._person, *person) for person in self._people.items()]
            try:
                for task in tasks:
                    task.result()
                    bar.update()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        for folder in (self._train, self._test):
            write_record(folder, self._plan)
        made, tested = people_in(self._train), people_in(self._test)
        return FolderContents(
            people=len(made),
            train_images=sum(map(len, made.values())),
            test_images=sum(map(len, tested.values())),
            problems=_counted(self._known),
        )

    def _person(self, name: str, photographs: Sequence[Path]) -> None:
        if (self._train / name).is_dir() and (self._test / name).is_dir():
            return
        folder = Path(self._plan.source) / name
        if not _fits(_partial(name)):
            self._report(folder, "name too long", "left out")
            return
        photographs = [path for path in photographs if self._can_name_copies(path)]
        if len(photographs) <= TRAIN_PHOTOGRAPHS:
            self._report(folder, "too few images", f"{len(photographs)}; six are needed")
            return
        # By name, so that a person's pictures do not depend on who else is there.
        order = np.random.default_rng([self._plan.seed, *name.encode()]).permutation(
            len(photographs)
        )
        tested, *rest = (photographs[index] for index in order)
        whole = self._whole(tested)
        seen = set() if isinstance(whole, bytes) else {content_of(whole)}
        crops: dict[Path, NDArray[np.uint8]] = {}
        for photograph in rest:
            crop = self._crop(photograph, seen)
            if crop is not None:
                crops[photograph] = crop
            if len(crops) == TRAIN_PHOTOGRAPHS:
                break
        else:
            self._report(
                folder,
                "too few images",
                f"{len(crops)} with a face beside the test photograph; five are needed",
            )
            return
        self._write(self._train / name, crops.items())
        self._write(self._test / name, [(tested, whole)])

    def _can_name_copies(self, photograph: Path) -> bool:
        fits = all(map(_fits, (_copy(photograph, number) for number in range(len(NAMES)))))
        if not fits:
            self._report(photograph, "name too long", "left out")
        return fits

    def _crop(self, photograph: Path, seen: set[int]) -> NDArray[np.uint8] | None:
        """Return the aligned face of a training photograph, or record why there is none.

        Args:
            photograph: The file.
            seen: The contents of the person's pictures so far; this one is added.
        """
        try:
            image = read_photograph(photograph)
        except ImageError as error:
            self._report(photograph, str(error), "skipped in training")
            return None
        if content_of(image) in seen:
            self._report(photograph, "identical picture", "counted once")
            return None
        seen.add(content_of(image))
        if not hasattr(self._own, "finder"):
            self._own.finder = SubjectFinder()
        face = self._own.finder.find(image)
        if face is None:
            self._report(photograph, "no face", "skipped in training")
            return None
        return aligned_crop(image, face)

    def _whole(self, photograph: Path) -> NDArray[np.uint8] | bytes:
        """Return a test photograph, or its bytes if damaged, which then count as an error."""
        data = b""
        try:
            data = photograph_bytes(photograph)
            return decode_photograph(data)
        except ImageError as error:
            self._report(photograph, str(error), "an error in testing")
            return data

    def _write(
        self, folder: Path, pictures: Iterable[tuple[Path, NDArray[np.uint8] | bytes]]
    ) -> None:
        """Write twenty copies of each picture into *folder*, which appears when complete."""
        partial = folder.with_name(_partial(folder.name))
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for photograph, picture in pictures:
            if isinstance(picture, bytes):
                (partial / _copy(photograph, 0)).write_bytes(picture)
                continue
            rng = np.random.default_rng([self._plan.seed, *photograph.name.encode()])
            for number, (_, copy) in enumerate(altered_copies(picture, rng)):
                (partial / _copy(photograph, number)).write_bytes(_jpeg(copy))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    def _report(self, path: Path, problem: str, more: str) -> None:
        line = f"{shown(path)}: {problem} ({more})"
        with self._lock:
            if line in self._known:
                return
            self._known.add(line)
            with self._journal.open("a", encoding="utf-8") as journal:
                journal.write(line + "\n")
        tqdm.write(line, file=sys.stderr)


def _partial(name: str) -> str:
    """Return the name of a person's folder until it is complete."""
    return f".{name}.partial"


def _copy(photograph: Path, number: int) -> str:
    """Return the name of a copy, which has the photograph's suffix: IMG_1.png is no IMG_1.jpg."""
    return f"{photograph.name}__{number:02d}_{NAMES[number]}.jpg"


def _fits(name: str) -> bool:
    return len(os.fsencode(name)) <= LONGEST_NAME


def _counted(lines: Iterable[str]) -> dict[str, int]:
    """Count journal lines by problem."""
    counts: dict[str, int] = {}
    for line in lines:
        problem = line.rsplit(": ", 1)[1].split(" (")[0]
        counts[problem] = counts.get(problem, 0) + 1
    return counts


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    # OpenCV writes from its own order of colours.
    good, data = cv2.imencode(".jpg", picture[:, :, ::-1], (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    if not good:
        raise OSError("a picture could not be encoded")
    return data.tobytes()
