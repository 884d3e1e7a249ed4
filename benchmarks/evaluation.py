"""Rate of the evaluation's first step: photographs detected and embedded a second, uncached."""

import time
from pathlib import Path

import cv2

from benchmarks.frames import Picture, photograph_paths
from benchmarks.results import Report, Target
from face_auth.evaluation.features import Extractor

WARM_UP = 32
LEAST_A_SECOND = 100.0


def measure(
    report: Report, pictures: list[Picture], folder: Path | None, work: Path, count: int
) -> None:
    """Run the evaluation's first step on *count* photographs and add its rate.

    Args:
        report: Gets the figures.
        pictures: Saved and used if there is no *folder*.
        folder: Folder of photographs of any size, or None.
        work: An empty folder for the cache.
        count: Number of photographs, without the warm-up.
    """
    work.mkdir(parents=True)
    paths = photograph_paths(folder) if folder else _written(pictures, work, WARM_UP + count)
    paths = paths[: WARM_UP + count]
    extractor = Extractor("bundled", work / "cache")
    extractor.extract(paths[:WARM_UP])
    begin = time.perf_counter()
    features = extractor.extract(paths[WARM_UP:])
    took = time.perf_counter() - begin
    extractor.cache.close()
    rate = len(features.states) / took
    report.facts["photographs of the evaluation with a face (share)"] = float(features.found.mean())
    report.targets.append(
        Target("evaluation: detect, embed", rate, "photographs a second", LEAST_A_SECOND, "least")
    )


def _written(pictures: list[Picture], work: Path, count: int) -> list[Path]:
    """Save *pictures* as *count* different files and return their paths."""
    paths = []
    for number in range(count):
        picture = pictures[number % len(pictures)].copy()
        picture[0, : 1 + number // 256] = number % 256  # the evaluation recognises equal files
        path = work / f"{number:05}.png"
        cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        paths.append(path)
    return paths
