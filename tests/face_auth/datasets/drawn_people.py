"""Folders of drawn pictures, and a finder that finds a face in each, for tests of the folders."""

from pathlib import Path

import cv2
import numpy as np

from face_auth.datasets.__main__ import main
from face_auth.recognition.alignment import FIVE_POINTS
from face_auth.recognition.detection import Face

SIDE = 80


class FakeFinder:
    """Finds one upright face in the middle of everything that is not black."""

    def find(self, image: np.ndarray) -> Face | None:
        if image.mean() < 5:
            return None
        points = (FIVE_POINTS * 0.5 + 10).astype(np.float32)
        return Face((20.0, 20.0, 40.0, 40.0), points, 0.99)


def picture(rng: np.random.Generator) -> np.ndarray:
    noise = rng.integers(60, 200, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8)
    return cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def write_picture(path: Path, image: np.ndarray) -> None:
    """Write a picture under any name and suffix; OpenCV would refuse some."""
    suffix = path.suffix.lower() if path.suffix.lower() != ".jfif" else ".jpg"
    path.write_bytes(cv2.imencode(suffix, image)[1].tobytes())


def write_person(folder: Path, name: str, count: int, rng: np.random.Generator) -> None:
    (folder / name).mkdir(parents=True)
    for index in range(count):
        write_picture(folder / name / f"{name[:20]}_{index:04d}.png", picture(rng))


def fill(source: Path, into: Path, *more: str) -> int:
    return main(
        ["folder", str(source), "--train", str(into / "a"), "--test", str(into / "t"), *more]
    )


def photographs(files: list[Path]) -> set[str]:
    """Return the names of the photographs that *files* are copies of."""
    return {file.name.split("__")[0] for file in files}
