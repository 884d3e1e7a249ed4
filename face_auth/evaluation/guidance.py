"""The guidance's thresholds on photographs: ``python -m face_auth.evaluation.guidance DIR``.

Prints how often each verdict comes up on one-face photographs within 20 degrees of yaw, and how
often on copies of them that were altered at known strength. ``--train FILE`` trains the
classifiers of `face_auth.covering` anew and writes them there.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.alignment import align
from face_auth.covering import REGIONS, describe
from face_auth.detection import Detector, Face, letterbox
from face_auth.evaluation.alterations import ALLOWED, HIDING
from face_auth.evaluation.report import table_text
from face_auth.evaluation.result import Table, percent
from face_auth.files import write_whole
from face_auth.photographs import people_in, read_photograph
from face_auth.pose import head_pose
from face_auth.quality import assess
from face_auth.types import Verdict

Picture = NDArray[np.uint8]
Alter = Callable[[Picture, Face, np.random.Generator], Picture]

MOST_YAW: Final = 20.0
TRAINED_ON: Final = 600
"""Photographs for training; those after them are for measuring."""
HIDES: Final = {
    "eyes": ("hand over eyes", "cloth over eyes"),
    "mouth": ("mask", "hand over mouth"),
}
FALSE_ALARMS: Final = 0.007
"""Share of unaltered training photographs that each classifier may call covered."""


def _times(picture: Picture, face: Face, rng: np.random.Generator, factor: float) -> Picture:
    return np.asarray(np.clip(picture * np.float32(factor), 0, 255), np.uint8)


def _veiled(picture: Picture, face: Face, rng: np.random.Generator) -> Picture:
    return np.asarray(picture * 0.4 + 150, np.uint8)


def _backlit(picture: Picture, face: Face, rng: np.random.Generator) -> Picture:
    """Darken the head to 35 % and make all around it white."""
    x, y, width, height = face.box
    mask = np.zeros(picture.shape[:2], np.float32)
    middle = (round(x + width / 2), round(y + height * 0.6))
    cv2.ellipse(mask, middle, (round(width * 0.9), round(height * 1.1)), 0, 0, 360, 1.0, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 6))[..., np.newaxis]
    return np.asarray(np.clip(picture * 0.35 * soft + 252 * (1 - soft), 0, 255), np.uint8)


def _blurred(picture: Picture, face: Face, rng: np.random.Generator) -> Picture:
    sigma = 5 * face.height / 230
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def _painted(picture: Picture, face: Face, rng: np.random.Generator, what: str) -> Picture:
    return (ALLOWED | HIDING)[what](picture, face.landmarks, rng)


ALTERED: Final[dict[str, tuple[Alter, Verdict]]] = {
    "25 % of the light": (partial(_times, factor=0.25), Verdict.TOO_DARK),
    "2.5 times the light": (partial(_times, factor=2.5), Verdict.TOO_BRIGHT),
    "a veil of 150": (_veiled, Verdict.TOO_BRIGHT),
    "backlit, 35 % of the light": (_backlit, Verdict.TOO_BRIGHT),
    "blurred by 2 % of the face": (_blurred, Verdict.BLURRED),
    **{name: (partial(_painted, what=name), Verdict.COVERED) for name in HIDING},
    **{name: (partial(_painted, what=name), Verdict.OK) for name in ALLOWED},
}
"""Each alteration, and the verdict that it should get."""


def faces_in(folder: Path, skipped: int, detector: Detector) -> Iterator[tuple[Picture, Face]]:
    """Yield frames of 640 x 480 with one face within 20 degrees of yaw, mixed, after some."""
    paths = [path for files in people_in(folder).values() for path in files]
    order = np.random.default_rng(20261123).permutation(len(paths))
    for index in order[skipped:]:
        frame, _ = letterbox(read_photograph(paths[index].read_bytes()))
        faces = detector.detect(frame)
        if len(faces) == 1 and abs(head_pose(faces[0].landmarks).yaw) <= MOST_YAW:
            yield frame, faces[0]


def measure(folder: Path, count: int, detector: Detector) -> Table:
    """Return the shares of verdicts on unaltered and altered photographs."""
    plain: Counter[Verdict] = Counter()
    altered: dict[str, Counter[Verdict]] = {name: Counter() for name in ALTERED}
    for number, (frame, face) in enumerate(
        islice(faces_in(folder, 2 * TRAINED_ON, detector), count)
    ):
        rng = np.random.default_rng([number, 5])
        plain[assess(frame, [face]).verdict] += 1
        for name, (alter, _) in ALTERED.items():
            picture = alter(frame, face, rng)
            altered[name][assess(picture, detector.detect(picture)).verdict] += 1
    rows = [("none", "OK", percent(plain[Verdict.OK] / plain.total(), 1), _others(plain, "ok"))]
    for name, (_, wanted) in ALTERED.items():
        found = altered[name]
        share = percent(found[wanted] / found.total(), 1)
        rows.append((name, wanted.value, share, _others(found, wanted)))
    return Table(
        f"Verdicts on {plain.total()} photographs",
        ("altered", "expected", "given", "otherwise"),
        rows,
    )


def _others(found: Counter[Verdict], wanted: str) -> str:
    return ", ".join(
        f"{verdict.value} {percent(count / found.total(), 1)}"
        for verdict, count in found.most_common()
        if verdict.value != wanted
    )


def train(folder: Path, detector: Detector, path: Path) -> None:
    """Train the classifiers of covered eyes and mouths, and write them to *path*."""
    from io import BytesIO

    from sklearn.linear_model import LogisticRegression

    faces: list[tuple[str, Picture]] = []
    for number, (frame, face) in enumerate(islice(faces_in(folder, 0, detector), TRAINED_ON)):
        rng = np.random.default_rng([number, 6])
        faces.append(("plain", align(frame, face.landmarks)))
        for name, alter in (ALLOWED | HIDING).items():
            picture = alter(frame, face.landmarks, rng)
            found = detector.detect(picture)
            if found:
                faces.append((name, align(picture, found[0].landmarks)))
    arrays: dict[str, NDArray[np.float32]] = {}
    for region in REGIONS:
        both = [(name, side) for name, one in faces for side in (one, one[:, ::-1])]
        rows = np.stack([describe(np.ascontiguousarray(one), region) for _, one in both])
        hidden = np.array([name in HIDES[region] for name, _ in both])
        plain = np.array([name == "plain" for name, _ in both])
        model = LogisticRegression(C=0.03, max_iter=400).fit(rows, hidden)
        scores = model.decision_function(rows)
        limit = max(float(np.quantile(scores[plain], 1 - FALSE_ALARMS)), -1.0)
        arrays[f"{region}_weights"] = model.coef_[0].astype(np.float32)
        arrays[f"{region}_bias"] = np.array(model.intercept_[0] - limit, np.float32)
    packed = BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    write_whole(path, packed.getvalue(), mode=0o644)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when done."""
    parser = argparse.ArgumentParser(
        prog="python -m face_auth.evaluation.guidance", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="photographs, one sub-folder a person")
    parser.add_argument("--count", type=int, default=400, help="photographs to measure on")
    parser.add_argument("--train", type=Path, metavar="FILE", help="train, write, and stop")
    options = parser.parse_args(arguments)
    detector = Detector()
    if options.train:
        train(options.folder, detector, options.train)
        print(f"Wrote {options.train}; put its SHA-256 into the model card.")
    else:
        print(table_text(measure(options.folder, options.count, detector)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
