"""Verification (1:1) of the person at the camera against the claimed customer's template."""

from collections.abc import Callable, Iterable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import GalleryError, NoFaceError, TooFewPicturesError
from face_auth.gallery import Template
from face_auth.liveness.check import LivenessCheck
from face_auth.recogniser import Recogniser
from face_auth.recognition.quality import Steadiness
from face_auth.types import (
    FRAMES_PER_LOGIN,
    FaceResult,
    Frame,
    Hindrance,
    LivenessResult,
    LoginProgress,
    Verdict,
)

UNSCORED = -1e6
"""The score where a refused liveness check ended the attempt before any frame was scored."""


def verify(
    recogniser: Recogniser,
    frames: Iterable[Frame],
    template: Template,
    *,
    liveness: LivenessCheck | None = None,
    progress: Callable[[LoginProgress], None] | None = None,
) -> FaceResult:
    """Score the first usable frames against *template*, with a liveness check.

    The scored frames are the first of those that the liveness check follows, so they show the
    face that makes the movements; if that face is lost, scoring starts again, and frames of
    another face are left out. A check that refuses, or can see nothing any more, ends the
    attempt at once.

    Args:
        recogniser: Its network must be the one of *template*.
        frames: Frames captured after the press, oldest first; they end when time is up.
        template: The claimed customer's.
        liveness: The check of this attempt, from `make_check`; None makes none.
        progress: Called after each frame.

    Raises:
        NoFaceError: If the frames ended before enough of them were usable, or the liveness check
            could not be done in this light, or without a movement.
        TooFewPicturesError: The same where pictures were missing.
        GalleryError: If the template was made by another network.
        CameraError: If the camera stopped meanwhile.
    """
    if template.network_sha256 != recogniser.network.sha256:
        raise GalleryError(f"the template was made by another network ({template.network})")
    check = liveness or LivenessCheck(None)
    steadiness = Steadiness()
    embeddings: list[NDArray[np.float32]] = []
    for frame in frames:
        seen = steadiness.judge(recogniser.assess(frame.image), frame.captured_at)
        embed = cache(partial(recogniser.embed, frame.image, seen))
        if not check.observe(frame, seen, embed):
            embeddings.clear()
        if check.unseen:
            raise _not_seen(check, check.unseen, steadiness.hindrance)
        refused = check.done and not check.result.passed
        if seen.verdict is Verdict.OK and len(embeddings) < FRAMES_PER_LOGIN and not refused:
            embeddings.append(embed())
        if check.done and check.challenge is not None:
            embeddings = [each for each in embeddings if check.challenge.is_same_person(each)]
        if progress:
            progress(LoginProgress(len(embeddings), FRAMES_PER_LOGIN, check.progress))
        if check.done and (refused or len(embeddings) == FRAMES_PER_LOGIN):
            result = check.result if liveness is not None else None
            return _score(embeddings, template, recogniser.threshold.value, result)
    unfinished = "" if check.done else "; the liveness check was not finished"
    why = f"{len(embeddings)} of {FRAMES_PER_LOGIN} usable frames in time{unfinished}"
    raise _not_seen(check, why, steadiness.hindrance)


def _not_seen(check: LivenessCheck, why: str, hindrance: Hindrance | None) -> NoFaceError:
    return TooFewPicturesError(why) if check.starved else NoFaceError(why, hindrance)


def _score(
    embeddings: list[NDArray[np.float32]],
    template: Template,
    threshold: float,
    liveness: LivenessResult | None,
) -> FaceResult:
    score, mean = UNSCORED, None
    if embeddings:
        mean = np.mean(embeddings, axis=0)
        mean /= np.linalg.norm(mean)
        score = float(template.svm.score(mean[np.newaxis])[0])
    return FaceResult(
        customer_id=template.customer_id,
        accepted=bool(score >= threshold) and (liveness is None or liveness.passed),
        score=score,
        threshold=threshold,
        frames=len(embeddings),
        embedding=mean,
        liveness=liveness,
    )
