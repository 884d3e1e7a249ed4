"""Photographs of one face that looks ahead, as a kiosk's camera frames them, and its skin tone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.photographs import ImageError, content_of, read_photograph
from face_auth.evaluation.material import Photographs
from face_auth.recognition.alignment import align
from face_auth.recognition.detection import Detector, Face, letterbox
from face_auth.recognition.occlusion import CHEEKS
from face_auth.recognition.pose import head_pose

MOST_YAW: Final = 20.0
"""Degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A photograph of one face.

    Attributes:
        person: Whose it is: the sub-folder's name.
        path: The file.
        frame: RGB, letterboxed, shape (480, 640, 3).
        face: The only face in it.
    """

    person: str
    path: Path
    frame: NDArray[np.uint8]
    face: Face


def portraits(
    photographs: Photographs, skipped: int, detector: Detector, seed: int
) -> Iterator[Portrait]:
    """Yield the photographs of one face within 20 degrees of yaw, mixed, after some.

    Identical photographs of one person are one.
    """
    seen: set[tuple[str, int]] = set()
    files = [(name, path) for name, paths in photographs.people.items() for path in paths]
    for index in np.random.default_rng(seed).permutation(len(files))[skipped:]:
        person, path = files[index]
        try:
            frame, _ = letterbox(read_photograph(path))
        except ImageError:
            continue
        picture = person, content_of(frame)
        if picture in seen:
            continue
        seen.add(picture)
        faces = detector.detect(frame)
        if len(faces) == 1 and abs(head_pose(faces[0].landmarks).yaw) <= MOST_YAW:
            yield Portrait(person, path, frame, faces[0])


def typology_angle(portrait: Portrait) -> float:
    """Return the individual typology angle of the cheeks, degrees: the higher, the lighter.

    It is the angle of lightness above 50 to yellowness, in CIELAB, of the cheeks' median colour;
    by convention skin is light above 41 and dark below -30. A photograph's own light and white
    balance move it.
    """
    cheeks = align(portrait.frame, portrait.face.landmarks)[CHEEKS].astype(np.float32) / 255
    lab = cv2.cvtColor(cheeks, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    lightness, _, yellowness = np.median(lab, axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, yellowness)))
