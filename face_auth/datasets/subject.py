"""The subject of a photograph: the face of the person whom it was taken of.

The kiosk's detector is set for a customer at the screen: large faces, strict thresholds. A
photograph may show a smaller face, or one in bad light or wrong colours. Work on photographs has
time, so it looks a second time where the first look finds nothing, or nothing likely.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.models import MODELS
from face_auth.recognition.alignment import align
from face_auth.recognition.cascade import Scores
from face_auth.recognition.detection import Detector, Face

SMALLEST: Final = 40
"""Smallest face of the second look, px of the letterboxed 640 x 480 frame."""

LOOSE: Final = Scores(pnet=0.4, rnet=0.4, onet=0.5)
"""Thresholds of the second look. It is made on the picture and on its grey copy: of 6,220 altered
LFW photographs the first look misses 28, most with red and blue exchanged; of those this look
misses 10 in colour and 2 in grey. In the dark colour finds more, in glaring light grey does."""

NEAR: Final = 0.2
LARGE: Final = 0.3
"""A face of the first look is likely if its centre is off the picture's by at most the first, a
share of width and height, and its height at least the second, a share of the picture's height. Of
13,230 LFW photographs 99.9 % have such a face."""

SPREAD: Final = 0.2
"""Standard deviation of a subject's distance from the middle, a share of width and height: a face
at 0.4 must be 7 times as large and sharp as one in the middle. In 1,569 LFW photographs with
several faces, which are framed on their person, it leaves the nearest to the middle for another
in 3: for the sharp one of two that overlap, and for the better box of a face found twice."""

INNER: Final = (slice(28, 92), slice(24, 88))
"""Rows and columns of the aligned face from the eyes to the mouth: the outer part of a face that
is cut off by the picture's edge has contrasts that are not its own."""


class SubjectFinder:
    """The search for a photograph's subject. Any thread may call it; calls take turns."""

    def __init__(self, folder: Path = MODELS) -> None:
        """Load the kiosk's detector and one for the second look; 40 ms.

        Args:
            folder: Holds the detector's files.

        Raises:
            ModelError: If a file is missing or damaged.
        """
        self._kiosk = Detector(folder)
        self._thorough = Detector(folder, min_face=SMALLEST, scores=LOOSE)

    def find(self, image: NDArray[np.uint8]) -> Face | None:
        """Return the subject's face, or None if both looks find no face.

        Args:
            image: RGB, shape (h, w, 3), values 0 to 255.

        Raises:
            ValueError: If *image* has another shape or type.
        """
        faces = self._kiosk.detect(image)
        face = subject(image, faces)
        if face is None or not _is_likely(image, face):
            grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            faces += self._thorough.detect(image)
            faces += self._thorough.detect(np.asarray(grey, np.uint8))
            face = subject(image, faces)
        return face


def subject(image: NDArray[np.uint8], faces: Sequence[Face]) -> Face | None:
    """Return the face that a photograph was most likely taken of, or None without a face.

    It is the one of the highest product of height, sharpness, confidence and place. A bystander may
    be larger, but stands aside; a face in the middle of a crowd is small or out of focus.

    Args:
        image: RGB, shape (h, w, 3), values 0 to 255.
        faces: What was found in it, in any order.
    """
    if len(faces) < 2:
        return next(iter(faces), None)

    def weight(face: Face) -> float:
        place = np.exp(-((_off_centre(image, face) / SPREAD) ** 2) / 2)
        return float(place * face.confidence * face.height * _sharpness(image, face))

    return max(faces, key=weight)


def _is_likely(image: NDArray[np.uint8], face: Face) -> bool:
    return _off_centre(image, face) <= NEAR and face.height >= LARGE * image.shape[0]


def _off_centre(image: NDArray[np.uint8], face: Face) -> float:
    """Return the distance of the face's centre from the picture's, in widths and heights."""
    height, width = image.shape[:2]
    x, y, w, h = face.box
    return float(np.hypot((x + w / 2) / width - 0.5, (y + h / 2) / height - 0.5))


def _sharpness(image: NDArray[np.uint8], face: Face) -> float:
    """Return the contrast from pixel to pixel of the aligned face; a small face has less."""
    grey = cv2.cvtColor(align(image, face.landmarks), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[INNER].std() / (grey[INNER].mean() + 1))
