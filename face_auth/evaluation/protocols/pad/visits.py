"""Simulated visits through the kiosk's own liveness check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.photographs import ImageError, content_of, read_photograph
from face_auth.evaluation.protocols.pad import species
from face_auth.evaluation.protocols.pad.heads import HEIGHT, WIDTH, Head, HeadPlacement
from face_auth.evaluation.protocols.pad.people import ENDS
from face_auth.evaluation.protocols.pad.species import RATE, Make, Subject
from face_auth.liveness.check import make_check
from face_auth.liveness.passive import PassiveCheck
from face_auth.recogniser import Recogniser
from face_auth.recognition.detection import Face
from face_auth.recognition.pose import head_pose
from face_auth.recognition.quality import Steadiness, assess
from face_auth.types import Frame, Liveness, Verdict

LONGEST_S: Final[dict[Liveness, float]] = {"passive": 10.0, "challenge": 32.0}
"""How long an attempt may last: the kiosk's own limits."""
FACING: Final = (8.0, 18.0)
"""Degrees of yaw and pitch up to which a photograph shows somebody who faces the camera."""
DRAWN: Final = tuple(
    HeadPlacement(yaw=20 * yaw, pitch=13 * pitch)
    for yaw, pitch in {(0, 0), *((yaw, pitch) for yaw, pitch, _ in ENDS.values())}
)
"""The least turns and nods of `people`, at which the detector must find the drawn head."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The outcome of one attempt.

    Attributes:
        passed: Whether it was taken for bona fide.
        suspected: Whether it was taken for an attack. One that is neither could not be judged:
            the kiosk admits nobody by it, and accuses nobody.
        seconds: How long it took from the press.
        reason: The first thing that spoke against it, or why it could not be judged.
        score: Of the passive cues.
    """

    passed: bool
    suspected: bool
    seconds: float
    reason: str
    score: float


def subjects(paths: Sequence[Path], recogniser: Recogniser, seed: int) -> Iterator[Subject]:
    """Yield photographs with one usable face that looks at the camera, shuffled by a seed.

    A photograph is enlarged to the frame's height and continued at both sides by its blurred
    mirror image, so that no bar stands around the person. Photographs with a second face are left
    out: a frame with two people is refused before liveness comes in. So are those in which the
    detector loses the drawn head, half of it behind a curtain, or finds somebody at the edge: it
    finds real people who turn their heads so. Identical ones are one.
    """
    seen: set[int] = set()
    for index in np.random.default_rng(seed).permutation(len(paths)):
        try:
            photograph = read_photograph(paths[index])
        except ImageError:
            continue
        if _has_corners(photograph) or content_of(photograph) in seen:
            continue
        seen.add(content_of(photograph))
        height, width = photograph.shape[:2]
        scaled = cv2.resize(photograph, (max(round(width * HEIGHT / height), 1), HEIGHT))
        side = max((WIDTH - scaled.shape[1] + 1) // 2, 0)
        wide = cv2.copyMakeBorder(scaled, 0, 0, side, side, cv2.BORDER_REFLECT_101)
        left = (wide.shape[1] - WIDTH) // 2
        picture = np.ascontiguousarray(wide[:, left : left + WIDTH], np.uint8)
        blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 14), np.uint8)
        bar = max((WIDTH - scaled.shape[1]) // 2, 0)
        share = np.clip((np.abs(np.arange(WIDTH) - WIDTH / 2) - WIDTH / 2 + bar + 20) / 40, 0, 1)
        share = share.astype(np.float32)[:, np.newaxis]
        picture = (picture * (1 - share) + blurred * share).astype(np.uint8)
        faces = recogniser.detector.detect(picture)
        quality = assess(picture, faces)
        if quality.verdict is not Verdict.OK or quality.face is None or len(faces) != 1:
            continue
        pose = head_pose(quality.face.landmarks)
        if abs(pose.yaw) > FACING[0] or abs(pose.pitch) > FACING[1]:
            continue
        if _stays_in_sight(recogniser, picture, quality.face):
            yield Subject(picture, quality.face)


def _stays_in_sight(recogniser: Recogniser, picture: NDArray[np.uint8], face: Face) -> bool:
    """Tell whether the detector finds the head and nobody else however it is drawn turned."""
    head = Head(picture, face, 0)
    return all(len(recogniser.detector.detect(head.draw(pose, 0.0))) == 1 for pose in DRAWN)


def _has_corners(photograph: NDArray[np.uint8]) -> bool:
    """Tell whether a photograph was turned, with black wedges left: a frame around the face."""
    sides = photograph[:3], photograph[-3:], photograph[:, :3], photograph[:, -3:]
    edge = np.concatenate([side.reshape(-1, 3) for side in sides])
    return bool((edge.max(axis=1) < 8).mean() > 0.03)


def visit(
    recogniser: Recogniser,
    passive: PassiveCheck,
    make: Make,
    shown: Subject,
    other: Subject,
    seed: int,
    liveness: Liveness = "challenge",
    rate: float = RATE,
) -> Visit:
    """Run one attempt at a frame rate until the check is done or the time is up."""
    sequence: species.Sequence = make(shown, other, seed)
    sequence.rate = rate
    check = make_check(liveness, passive, random=Random(seed))
    steadiness = Steadiness()
    number, t = 0, 0.0
    while not check.done and not check.unseen and t < LONGEST_S[liveness]:
        image = sequence.frame(check.progress.movement, t)
        seen = steadiness.judge(recogniser.assess(image), t)
        check.observe(Frame(image, t, number + 1), seen, partial(recogniser.embed, image, seen))
        number += 1
        t = number / rate
    result = check.result
    if not check.done:
        reason = check.unseen or str(check.progress.guidance.value)
        return Visit(False, False, t, f"unseen: {reason}", result.score)
    reason = "" if result.passed else (result.reasons or ("several cues together",))[0]
    return Visit(result.passed, not result.passed, t, reason, result.score)
