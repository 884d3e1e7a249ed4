"""Creation of the folders of training and test pictures from photographs of people.

Five photographs of each person become training pictures (the face turned upright, with a margin)
and one becomes test pictures (whole, not seen by any detector); each has twenty altered copies.
"""

import json
import shutil
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from tqdm import tqdm

from face_auth.datasets.alterations import altered_copies
from face_auth.datasets.photographs import (
    ImageError,
    aligned_crop,
    people_in,
    read_photograph,
)
from face_auth.datasets.subject import SubjectFinder
from face_auth.errors import DatasetError
from face_auth.files import write_whole

REPOSITORY: Final = Path(__file__).resolve().parents[2]
TRAIN: Final = REPOSITORY / "aligned_image_data"
TEST: Final = REPOSITORY / "test_images"

TRAIN_PHOTOGRAPHS: Final = 5
RECORD: Final = "dataset.json"
JOURNAL: Final = "problems.txt"
JPEG_QUALITY: Final = 95
WORKERS: Final = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a pair of folders; the same plan gives the same files.

    Attributes:
        source: Folder of photographs, one sub-folder per person.
        kind: "lfw" or "folder".
        people: "unseen", "seen" or "all": by whether the bundled network saw them in training.
        seed: Decides which photographs are for testing and how strong each alteration is.
    """

    source: str
    kind: str
    people: str
    seed: int


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


def read_record(folder: Path) -> tuple[Plan, bool] | None:
    """Return *folder*'s plan and whether the folder is complete; None without a plan.

    Raises:
        DatasetError: If the record is damaged.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_text("utf-8"))
        return Plan(**content["plan"]), bool(content["complete"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(
            f"{path} is damaged ({error!r}). Empty {folder} and start again."
        ) from error


def make_folders(
    plan: Plan, people: Mapping[str, Sequence[Path]], train: Path = TRAIN, test: Path = TEST
) -> FolderContents:
    """Fill both folders, continuing where an earlier run with the same plan stopped.

    Each problem goes to stderr and into problems.txt by path. A person's folder appears when it
    is whole.

    Args:
        plan: Is written beside the pictures.
        people: The photographs of each person; those with fewer than six are reported.
        train: Folder for the training pictures.
        test: Folder for the test pictures.

    Raises:
        DatasetError: If a folder holds anything else already, or another run is filling it.
        OSError: If a file cannot be read or written.
    """
    for folder in (train, test):
        folder.mkdir(parents=True, exist_ok=True)
        _claim(folder, plan)
    try:
        with FileLock(train / ".lock", timeout=0):
            return _FolderWriter(plan, people, train, test).run()
    except Timeout:
        raise DatasetError(f"Another run is filling {train} right now.") from None


def _claim(folder: Path, plan: Plan) -> None:
    """Check that *folder* is empty or has the same plan, and write the plan there."""
    record = read_record(folder)
    if record is None and any(people_in(folder)):
        raise DatasetError(
            f"{folder} holds pictures that this command did not make. "
            "Empty it first, or name other folders with --train and --test."
        )
    if record is not None and record[0] != plan:
        raise DatasetError(
            f"{folder} holds pictures made otherwise ({record[0]}). "
            "Empty it first, or name other folders with --train and --test."
        )
    if record is None:
        _write_record(folder, plan, complete=False)


def _write_record(folder: Path, plan: Plan, *, complete: bool) -> None:
    content = json.dumps({"plan": asdict(plan), "complete": complete}, indent=1)
    write_whole(folder / RECORD, content.encode(), mode=0o644)


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

    def run(self) -> FolderContents:
        """Write the missing files, then mark both folders as complete."""
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
            _write_record(folder, self._plan, complete=True)
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
        if len(photographs) <= TRAIN_PHOTOGRAPHS:
            folder = Path(self._plan.source) / name
            self._report(folder, "too few images", f"{len(photographs)}; six are needed")
            return
        # By name, so that a person's pictures do not depend on who else is there.
        order = np.random.default_rng([self._plan.seed, *name.encode()]).permutation(
            len(photographs)
        )
        tested, *rest = (photographs[index] for index in order)
        crops: dict[Path, NDArray[np.uint8]] = {}
        for photograph in rest:
            crop = self._crop(photograph)
            if crop is not None:
                crops[photograph] = crop
            if len(crops) == TRAIN_PHOTOGRAPHS:
                break
        else:
            self._report(
                Path(self._plan.source) / name,
                "too few images",
                f"{len(crops)} with a face beside the test photograph; five are needed",
            )
            return
        self._write(self._train / name, crops.items())
        self._write(self._test / name, [(tested, self._whole(tested))])

    def _crop(self, photograph: Path) -> NDArray[np.uint8] | None:
        """Return the aligned face of a training photograph, or record why there is none."""
        try:
            image = read_photograph(photograph.read_bytes())
        except ImageError:
            self._report(photograph, "damaged image", "skipped in training")
            return None
        if not hasattr(self._own, "finder"):
            self._own.finder = SubjectFinder()
        face = self._own.finder.find(image)
        if face is None:
            self._report(photograph, "no face", "skipped in training")
            return None
        return aligned_crop(image, face)

    def _whole(self, photograph: Path) -> NDArray[np.uint8] | bytes:
        """Return a test photograph, or its bytes if damaged, which then count as an error."""
        data = photograph.read_bytes()
        try:
            return read_photograph(data)
        except ImageError:
            self._report(photograph, "damaged image", "an error in testing")
            return data

    def _write(
        self, folder: Path, pictures: Iterable[tuple[Path, NDArray[np.uint8] | bytes]]
    ) -> None:
        """Write twenty copies of each picture into *folder*, which appears when complete."""
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for photograph, picture in pictures:
            if isinstance(picture, bytes):
                (partial / f"{photograph.stem}__00_plain{photograph.suffix}").write_bytes(picture)
                continue
            rng = np.random.default_rng([self._plan.seed, *photograph.stem.encode()])
            for number, (name, copy) in enumerate(altered_copies(picture, rng)):
                target = partial / f"{photograph.stem}__{number:02d}_{name}.jpg"
                target.write_bytes(_jpeg(copy))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    def _report(self, path: Path, problem: str, more: str) -> None:
        line = f"{path}: {problem} ({more})"
        with self._lock:
            if line in self._known:
                return
            self._known.add(line)
            with self._journal.open("a", encoding="utf-8") as journal:
                journal.write(line + "\n")
        tqdm.write(line, file=sys.stderr)


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
