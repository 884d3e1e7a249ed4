"""Passive cue of a held picture or screen: face and surroundings move as one flat thing.

Points around the head are followed from the first frame to later ones (Lucas and Kanade, in
pyramids: Bouguet 2001), and the homography that explains their movement is fitted. All points of a
flat thing move by one homography (Hartley and Zisserman, Multiple View Geometry, 13.1), so the
points on the face of a print or a still screen obey it too. A person before a fixed camera moves
before a background that does not: nothing can be fitted, and the cue says nothing.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.detection import Face
from face_auth.types import Frame

HEIGHT: Final = 128
"""px. Every face is brought to this height, so that movements are shares of a face."""
SIDE: Final = 332
"""px. Side of the square around the first face that is looked at."""
MOVED: Final = 4.0
"""px, 3 % of a face. Surroundings that move less tell nothing: a camera trembles when its machine
is touched."""
PAIRS: Final = 2
"""Pictures that must show such a movement."""
FEWEST: Final = 12
"""Points on the face, and half as many on either side of it, that must be found again."""
EXPLAINED: Final = 0.5
"""Share of the points around it that one homography must explain."""

_BACK_PX: Final = 1.0
"""How far a point that is followed forth and back may end from where it began."""
_RANSAC_PX: Final = 1.5

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]


def flatness(frames: Sequence[Frame], faces: Sequence[Face]) -> float:
    """Return how well the movement around the face explains that of the face: 1 wholly, 0 not.

    0 is returned as well where nothing can be judged: too few points or too little movement.

    Args:
        frames: Oldest first; RGB.
        faces: The face in each.
    """
    scene = _Scene(frames[0].image, faces[0])
    shares = [
        share
        for frame in frames[1:]
        if frame.image.shape == frames[0].image.shape
        and (share := scene.unexplained(frame.image)) is not None
    ]
    return float(np.clip(1 - np.median(shares), 0, 1)) if len(shares) >= PAIRS else 0.0


class _Scene:
    """The first frame's surroundings of a face, with points to follow on and around it."""

    def __init__(self, image: NDArray[np.uint8], face: Face) -> None:
        x, y, width, height = face.box
        scale, middle = HEIGHT / height, SIDE / 2
        self._scale = scale
        self._matrix = np.array(
            [
                [scale, 0, middle - (x + width / 2) * scale],
                [0, scale, middle - (y + height / 2) * scale],
            ]
        )
        self._grey = self._cut(image)
        whole = np.full(image.shape[:2], 255, np.uint8)
        inside = cv2.warpAffine(whole, self._matrix, (SIDE, SIDE))
        within = cv2.erode(inside, np.ones((15, 15), np.uint8)) > 0
        half, reach = width * scale / 2, HEIGHT / 2
        on_face = np.zeros((SIDE, SIDE), np.bool_)
        on_face[round(middle - reach) : round(middle + reach), _span(middle, 0.9 * half)] = True
        around = np.ones((SIDE, SIDE), np.bool_)
        # Hair, neck and shoulders belong to the person, who sways as a whole.
        around[:, _span(middle, 1.8 * half)] = False
        around[round(middle + 0.8 * reach) :] = False
        face_points = self._points(80, 4, on_face & within)
        other_points = self._points(120, 5, around & within)
        self._start = np.concatenate([face_points, other_points])
        self._of_face = np.arange(len(self._start)) < len(face_points)
        self._enough = min(len(face_points), len(other_points)) >= FEWEST

    def unexplained(self, image: NDArray[np.uint8]) -> float | None:
        """Return the face's movement beyond the surroundings', as a share of theirs.

        None where they have not moved by `MOVED`, or too few points were found again.
        """
        if not self._enough:
            return None
        grey = self._cut(image)
        there, found = _followed(self._grey, grey, self._start)
        back, found_back = _followed(grey, self._grey, there)
        kept = found & found_back & (np.linalg.norm(back - self._start, axis=1) < _BACK_PX)
        face, around = kept & self._of_face, kept & ~self._of_face
        left = around & (self._start[:, 0] < SIDE / 2)
        if min(face.sum(), 2 * left.sum(), 2 * (around & ~left).sum()) < FEWEST:
            return None
        moved = float(np.median(np.linalg.norm(there[around] - self._start[around], axis=1)))
        if moved < MOVED:
            return None
        matrix, explained = cv2.findHomography(
            self._start[around], there[around], cv2.RANSAC, _RANSAC_PX
        )
        if matrix is None or float(np.mean(explained)) < EXPLAINED:
            return None
        expected = cv2.perspectiveTransform(self._start[face][:, np.newaxis], matrix)[:, 0]
        apart = np.linalg.norm(expected - there[face], axis=1)
        return float(np.median(apart)) / moved

    def _cut(self, image: NDArray[np.uint8]) -> Grey:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        if self._scale < 0.7:
            grey = cv2.GaussianBlur(grey, (0, 0), 0.4 / self._scale)
        return np.asarray(cv2.warpAffine(grey, self._matrix, (SIDE, SIDE)), np.uint8)

    def _points(self, most: int, apart_px: float, where: NDArray[np.bool_]) -> Points:
        found = cv2.goodFeaturesToTrack(
            self._grey, most, 0.01, apart_px, mask=255 * where.astype(np.uint8)
        )
        if found is None:
            return np.zeros((0, 2), np.float32)
        return np.asarray(found[:, 0], np.float32)


def _followed(one: Grey, other: Grey, points: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Return where *points* of *one* are in *other*, and which were found."""
    guess = points[:, np.newaxis].copy()
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        one, other, points[:, np.newaxis], guess, winSize=(21, 21), maxLevel=3
    )
    return np.asarray(there[:, 0], np.float32), np.asarray(found).ravel() == 1


def _span(middle: float, half: float) -> slice:
    return slice(max(round(middle - half), 0), round(middle + half))
