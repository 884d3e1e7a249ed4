"""Enrolment of a face: five captures of one person become a template that is tested on them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.errors import (
    NoFaceError,
    NotOnePersonError,
    PresentationAttackError,
    SamePictureError,
)
from face_auth.gallery import Capture, Template
from face_auth.liveness.challenge import Challenge, ChallengeState
from face_auth.liveness.check import LivenessCheck
from face_auth.liveness.movements import POSES
from face_auth.recogniser import Recogniser
from face_auth.recognition.classifier import train_customer_svm
from face_auth.recognition.detection import Face
from face_auth.recognition.quality import Steadiness
from face_auth.types import EnrolProgress, Frame, Movement, Verdict

WANTED = 5
SPACING_S = 0.4
"""Least time between two captures, so that they show distinct moments."""
MARGIN = 0.35
"""What a capture keeps around the face box, as a part of the box on each side: room for
the framing of either network (the wider one, vggface2, needs 0.1)."""
KEPT_HEIGHT = 200
"""Faces are kept at most this high, in pixels: above what either network takes (112, 160)."""


SHOWN: Final = 0.45
"""Share of a movement from which a picture shows that pose."""
NOT_SHOWN: Final = 0.35
"""Share of every movement below which a picture shows the face straight."""


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    at: float
    capture: Capture
    embedding: NDArray[np.float32]
    pose: Movement | None


def enrol_face(
    recogniser: Recogniser,
    frames: Iterable[Frame],
    customer_id: str,
    *,
    liveness: LivenessCheck | None = None,
    progress: Callable[[EnrolProgress], None] | None = None,
) -> tuple[Template, list[Capture]]:
    """Collect five good captures of one person and train a template from them.

    The five are five different pictures: one that is shown again, by a folder or a frozen camera,
    is not taken again. With a challenge they show the face straight and a little to each side, up
    and down; otherwise they show five distinct moments.

    The five are of one person when, however one or two of them are set aside and scored by an SVM
    trained on the rest, the scores reach the login threshold on average and none lies below the
    floor (FMR 1e-2). Otherwise the picture least like the others is dropped and another one is
    taken: somebody who passes behind costs a picture and not the enrolment.

    Args:
        recogniser: Finds, embeds and trains; its threshold is the login's.
        frames: Frames captured after the press, oldest first; they end when time is up.
        customer_id: Whose template it will be.
        liveness: The check of this enrolment, from ``make_check(..., enrols=True)``; None makes
            none.
        progress: Called after each frame.

    Returns:
        The template, and the captures that it was made from.

    Raises:
        NoFaceError: If time ended before five usable faces, or the liveness check could not be
            done; SamePictureError if most pictures were identical to one before.
        NotOnePersonError: If time ended and the usable faces were not of one person.
        PresentationAttackError: If the liveness check refuses; at once.
        CameraError: If the camera stopped meanwhile.
    """
    check = liveness or LivenessCheck(None)
    steadiness = Steadiness()
    taken: list[_Taken] = []
    dropped: list[Capture] = []
    considered = repeated = 0
    for frame in frames:
        seen = steadiness.judge(recogniser.assess(frame.image), frame.captured_at)
        if not check.observe(frame, seen, partial(recogniser.embed, frame.image, seen)):
            taken.clear()
        if check.unseen:
            raise NoFaceError(check.unseen, steadiness.hindrance)
        if check.done and not check.result.passed:
            raise PresentationAttackError("; ".join(check.result.reasons))
        if seen.verdict is Verdict.OK and seen.face is not None and len(taken) < WANTED:
            pose = _wanted_pose(check.challenge, seen.face, taken)
            if pose != "none" and _is_distinct_moment(frame, taken):
                known = [*dropped, *(t.capture for t in taken)]
                candidate = _candidate(recogniser, frame, seen.face, known, pose)
                considered += 1
                if candidate is not None:
                    taken.append(candidate)
                else:
                    repeated += 1
        if len(taken) == WANTED and check.done:
            embeddings = np.stack([t.embedding for t in taken])
            odd = _odd_one(embeddings, recogniser)
            if odd is None:
                if progress:
                    progress(EnrolProgress(WANTED, WANTED, Verdict.OK, over=True))
                return recogniser.train(customer_id, embeddings), [t.capture for t in taken]
            dropped.append(taken.pop(odd).capture)
        if progress:
            asked = _asked_pose(check.challenge, taken)
            verdict = seen.verdict
            if verdict is Verdict.OK:
                verdict = check.progress.guidance
            progress(EnrolProgress(len(taken), WANTED, verdict, asked))
    if not check.done:
        raise NoFaceError("the liveness check was not finished in time", steadiness.hindrance)
    if dropped:
        raise NotOnePersonError("the pictures did not all show one person")
    if repeated and 2 * repeated >= considered:
        raise SamePictureError(
            f"{len(taken)} of {WANTED} different pictures in time; {repeated} were repetitions"
        )
    raise NoFaceError(f"{len(taken)} of {WANTED} usable faces in time", steadiness.hindrance)


def _wanted_pose(
    challenge: Challenge | None, face: Face, taken: list[_Taken]
) -> Movement | Literal["none"] | None:
    """Return the missing pose that a face shows: None for straight or if no pose is requested."""
    if challenge is None:
        return None
    if not challenge.has_begun:
        return "none"
    shares = {movement: challenge.share_of(movement, face) for movement in POSES}
    missing = {None, *challenge.movements} - {t.pose for t in taken}
    if None in missing and max(shares.values()) < NOT_SHOWN:
        return None
    for movement in challenge.movements:
        if movement in missing and shares[movement] >= SHOWN:
            return movement
    # Who cannot take a pose gives another moment of facing straight instead.
    if len(taken) >= 1 + len(challenge.movements) and max(shares.values()) < NOT_SHOWN:
        return None
    return "none"


def _asked_pose(challenge: Challenge | None, taken: list[_Taken]) -> Movement | None:
    """Return the pose that is requested now."""
    if challenge is None or challenge.state is not ChallengeState.PASSED:
        return challenge.current if challenge is not None else None
    have = {t.pose for t in taken}
    missing = [movement for movement in challenge.movements if movement not in have]
    return missing[0] if missing else None


def _odd_one(embeddings: NDArray[np.float32], recogniser: Recogniser) -> int | None:
    """Return the capture least like the others, or None if all are of one person."""
    singles, pairs = split_scores(embeddings, recogniser.cohort)
    scores = np.concatenate([singles, pairs])
    one_person = (
        scores.mean() >= recogniser.threshold.value and scores.min() >= recogniser.floor.value
    )
    return None if one_person else int(singles.argmin())


def split_scores(
    embeddings: NDArray[np.float32], cohort: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Score each row and each pair of rows by an SVM trained on the other rows.

    Pairs matter: two pictures of a second person vouch for each other when left out one by one.

    Args:
        embeddings: Unit rows, shape (n, 512).
        cohort: Impostor embeddings, unit rows, shape (m, 512).

    Returns:
        Scores of the single rows, shape (n,), and of the means of two, shape (n (n - 1) / 2,).
    """

    def score(aside: tuple[int, ...]) -> float:
        svm = train_customer_svm(np.delete(embeddings, aside, axis=0), cohort)
        mean = embeddings[list(aside)].mean(axis=0)
        return float(svm.score((mean / np.linalg.norm(mean))[np.newaxis])[0])

    rows = range(len(embeddings))
    singles, pairs = ([score(aside) for aside in combinations(rows, k)] for k in (1, 2))
    return np.asarray(singles, np.float32), np.asarray(pairs, np.float32)


def rebuild_template(recogniser: Recogniser, captures: list[Capture], customer_id: str) -> Template:
    """Train *customer_id*'s template again from kept captures, for another network.

    Raises:
        NotOnePersonError: If the captures do not pass the test of an enrolment with this network.
        ValueError: If they are not `WANTED` pictures with a face.
    """
    if len(captures) != WANTED:
        raise ValueError(f"{len(captures)} captures instead of {WANTED}")
    network = recogniser.network
    framed = [network.frame_face(c.image, Face(c.box, c.landmarks, 1.0)) for c in captures]
    embeddings = network.embed(np.stack(framed))
    if _odd_one(embeddings, recogniser) is not None:
        raise NotOnePersonError("the kept pictures do not all show one person to this network")
    return recogniser.train(customer_id, embeddings)


def cut_capture(image: NDArray[np.uint8], face: Face) -> Capture:
    """Return *face* cut out of *image* with a margin, reduced to `KEPT_HEIGHT`, with its points."""
    x, y, width, height = face.box
    left = max(0, int(x - MARGIN * width))
    top = max(0, int(y - MARGIN * height))
    right = min(image.shape[1], int(x + (1 + MARGIN) * width) + 1)
    bottom = min(image.shape[0], int(y + (1 + MARGIN) * height) + 1)
    scale = min(1.0, KEPT_HEIGHT / height)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    crop = cv2.resize(image[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    corner = np.asarray([left, top], np.float32)
    return Capture(
        image=crop.astype(np.uint8),
        box=((x - left) * scale, (y - top) * scale, width * scale, height * scale),
        landmarks=((face.landmarks - corner) * scale).astype(np.float32),
    )


def _is_distinct_moment(frame: Frame, taken: list[_Taken]) -> bool:
    return not taken or frame.captured_at - taken[-1].at >= SPACING_S


def _candidate(
    recogniser: Recogniser, frame: Frame, face: Face, known: list[Capture], pose: Movement | None
) -> _Taken | None:
    """Return the frame as a capture, or None if it repeats a known one: it would count twice."""
    capture = cut_capture(frame.image, face)
    if any(_identical(capture, other) for other in known):
        return None
    framed = recogniser.network.frame_face(frame.image, face)
    embedding = recogniser.network.embed(framed[np.newaxis])[0]
    return _Taken(frame.captured_at, capture, embedding, pose)


def _identical(one: Capture, other: Capture) -> bool:
    return np.array_equal(one.image, other.image)
