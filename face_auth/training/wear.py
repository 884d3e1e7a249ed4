"""Data augmentation with painted glasses, which must not change a person's embedding.

Shapes, colours and strengths are drawn far more widely than those of
`face_auth.evaluation.overlays`, on which the network is measured.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.alignment import FIVE_POINTS
from face_auth.training.shards import MARGIN, SIDE, UNNAMED, Faces, Picture

FINER: Final = 3
"""Factor by which a face is enlarged before glasses are painted; then it is reduced."""
CORNERS: Final = (2.0, 2.5, 4.0, 8.0)
"""Powers of a superellipse: from an oval to nearly a rectangle."""
TINTED, SHINING, COLOURED = 0.45, 0.3, 0.3
"""Shares of glasses with dark lenses, with light on them, with a rim that is not dark."""

Points = NDArray[np.float64]


def with_glasses(
    faces: Faces, indices: Sequence[int], seed: int
) -> Iterator[tuple[str, Picture, str]]:
    """Yield faces with painted glasses, in the form that `write_shards` takes.

    Args:
        faces: Of shards.
        indices: Which of them, in this order.
        seed: The same seed and faces give the same glasses.
    """
    rng = np.random.default_rng(seed)
    digits = len(str(len(indices)))
    for number, index in enumerate(indices):
        yield f"{UNNAMED}/{number:0{digits}d}", glasses(faces.pictures[index], rng), ""


def glasses(face: Picture, rng: np.random.Generator) -> Picture:
    """Return a face of a shard, (137, 137, 3), RGB, with glasses on."""
    size = SIDE * FINER
    large = cv2.resize(face, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    eyes = (FIVE_POINTS[:2] + MARGIN + np.array([0, rng.uniform(-1, 4)])) * FINER
    outline = _lens(rng) * FINER
    apart = np.array([rng.uniform(-1, 3) * FINER, 0])
    lenses = [eyes[0] - apart + outline, eyes[1] + apart + outline * np.array([-1, 1])]
    if rng.random() < TINTED:
        for lens in lenses:
            _lay(large, lens, rng.uniform(0, 60, 3), rng.uniform(0.3, 0.95))
    if rng.random() < SHINING:
        for lens in lenses:
            shifted = lens * 0.6 + lens.mean(axis=0) * 0.4 + rng.uniform(-4, 4, 2) * FINER
            _lay(large, shifted, np.full(3, 255.0), rng.uniform(0.1, 0.5))
    top = 230 if rng.random() < COLOURED else 70
    colour = rng.uniform(10, top, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(10, top))
    rim = np.zeros((size, size), np.uint8)
    thick = max(1, round(rng.uniform(0.6, 4) * FINER))
    for lens in lenses:
        cv2.polylines(rim, [_whole(lens)], True, (255,), thick, cv2.LINE_AA)
    inner = np.array([lenses[0][lenses[0][:, 0].argmax()], lenses[1][lenses[1][:, 0].argmin()]])
    outer = [lenses[0][lenses[0][:, 0].argmin()], lenses[1][lenses[1][:, 0].argmax()]]
    sides = [
        np.array([point, [edge, point[1]]]) for point, edge in zip(outer, (0, size), strict=True)
    ]
    for line in (inner, *sides):
        cv2.polylines(rim, [_whole(line)], False, (255,), thick, cv2.LINE_AA)
    strength = rng.uniform(0.6, 1.0) * rim[..., np.newaxis].astype(np.float32) / 255
    framed = large * (1 - strength) + colour.astype(np.float32) * strength
    small = cv2.resize(framed, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(np.rint(small), 0, 255), np.uint8)


def _lens(rng: np.random.Generator) -> Points:
    """Return the outline of the left lens about its eye, px of the aligned face."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    power = 2 / rng.choice(CORNERS)
    across, down = np.cos(turn), np.sin(turn)
    outline = np.stack(
        [np.sign(across) * np.abs(across) ** power, np.sign(down) * np.abs(down) ** power], axis=1
    )
    return np.asarray(outline * np.array([rng.uniform(11, 17), rng.uniform(7, 14)]))


def _lay(picture: NDArray[np.float32], outline: Points, colour: Points, strength: float) -> None:
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [_whole(outline)], (255,), cv2.LINE_AA)
    soft = mask[..., np.newaxis].astype(np.float32) / 255 * strength
    picture *= 1 - soft
    picture += soft * colour.astype(np.float32)


def _whole(points: Points) -> NDArray[np.int32]:
    return np.rint(points).astype(np.int32)
