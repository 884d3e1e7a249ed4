"""Parity of this detector with the ``mtcnn`` package: same frames, settings and thresholds."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.frames import enlarged
from benchmarks.rivals import mended_pyramid
from face_auth.recognition.detection import Detector, Face

SMALLEST: Final = 100.0
LEAST_FOUND: Final = 0.99
LEAST_OVERLAP: Final = 0.95
FURTHEST_PX: Final = 2.0


@dataclass(frozen=True, slots=True)
class Parity:
    """Agreement of the two detectors.

    Attributes:
        photographs: Number of photographs.
        theirs: Faces of SMALLEST px or more that the package found.
        found: How many of them this detector found too, with an overlap of LEAST_OVERLAP or more.
        lowest_overlap: Lowest intersection over union of a face that both found.
        close: How many of *theirs* it found with all five landmarks within FURTHEST_PX.
        furthest_px: The largest distance of a landmark.
        ours_alone: Faces of SMALLEST px or more that only this detector found.
    """

    photographs: int
    theirs: int
    found: int
    lowest_overlap: float
    close: int
    furthest_px: float
    ours_alone: int

    @property
    def met(self) -> bool:
        """Whether this detector finds the package's faces as closely as the project requires."""
        least = LEAST_FOUND * self.theirs
        return self.theirs > 0 and self.found >= least and self.close >= least

    def text(self) -> str:
        """Return the figures as printed lines."""
        lines = [f"{name.replace('_', ' ')}: {value:g}" for name, value in asdict(self).items()]
        return "\n".join([*lines, "parity: " + ("met" if self.met else "MISSED")]) + "\n"


def measure(folder: Path, photographs: int) -> Parity:
    """Compare both on *photographs* photographs of *folder*, each enlarged to fill 640 x 480.

    The package's pyramid is cut off where P-Net's window would not fit; otherwise the package would
    find no face at all with a smallest face of 100 px.

    Raises:
        ImportError: If the package is not installed.
        ValueError: If the folder holds no photograph.
    """
    from mtcnn import MTCNN

    package, ours = MTCNN(), Detector()
    pairs: list[tuple[list[Face], list[Face]]] = []
    for frame, _ in zip(enlarged(folder), range(photographs), strict=False):
        with mended_pyramid():
            rows = package.detect_faces(frame, min_face_size=int(SMALLEST), output_type="numpy")
        pairs.append(([_face(row) for row in rows], ours.detect(frame)))
    return compare(pairs)


def compare(pairs: list[tuple[list[Face], list[Face]]]) -> Parity:
    """Count over pairs of the package's and this detector's faces, one for each photograph.

    Raises:
        ValueError: If there are no pairs.
    """
    if not pairs:
        raise ValueError("there are no photographs to compare on")
    theirs = found = close = alone = 0
    overlaps, distances = [], []
    for package, ours in pairs:
        wanted = [face for face in package if face.height >= SMALLEST]
        theirs += len(wanted)
        for face in wanted:
            best = max(ours, key=lambda other: overlap(face.box, other.box), default=None)
            if best is None or not overlap(face.box, best.box):
                continue
            overlaps.append(overlap(face.box, best.box))
            distances.append(float(np.linalg.norm(face.landmarks - best.landmarks, axis=1).max()))
            found += overlaps[-1] >= LEAST_OVERLAP
            close += overlaps[-1] >= LEAST_OVERLAP and distances[-1] <= FURTHEST_PX
        alone += sum(
            all(overlap(face.box, other.box) < 0.5 for other in package)
            for face in ours
            if face.height >= SMALLEST
        )
    return Parity(
        photographs=len(pairs),
        theirs=theirs,
        found=found,
        lowest_overlap=min(overlaps, default=0.0),
        close=close,
        furthest_px=max(distances, default=0.0),
        ours_alone=alone,
    )


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return intersection over union of two boxes x, y, width, height."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    whole = one[2] * one[3] + other[2] * other[3] - shared
    return shared / whole if whole > 0 else 0.0


def _face(row: NDArray[np.floating[Any]]) -> Face:
    """Return the face in a row of the package: picture, box, score, five x, five y."""
    x, y, width, height = (float(value) for value in row[1:5])
    points = np.stack([row[6:11], row[11:16]], axis=1).astype(np.float32)
    return Face((x, y, width, height), points, float(row[5]))
