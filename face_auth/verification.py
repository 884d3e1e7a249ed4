"""Verification (1:1): is the person before the camera the claimed customer?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from face_auth.camera import Frame
from face_auth.errors import GalleryError, NoFaceError
from face_auth.gallery import Template
from face_auth.quality import Verdict
from face_auth.recogniser import Recogniser

FRAMES_PER_LOGIN = 3


@dataclass(frozen=True, slots=True)
class FaceResult:
    """The answer of the face factor about one claimed customer.

    Attributes:
        customer_id: The customer who was claimed.
        accepted: Whether *score* reached *threshold*.
        score: The customer's SVM over the mean embedding of the frames; higher is more alike.
        threshold: What the model card asks for.
        frames: How many frames were scored.
        embedding: Their mean, a unit row, shape (512,): for the search of `duplicates` in memory.
            Never in a log: not even in this result's text.
    """

    customer_id: str
    accepted: bool
    score: float
    threshold: float
    frames: int
    embedding: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


def verify(
    recogniser: Recogniser,
    frames: Iterable[Frame],
    template: Template,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> FaceResult:
    """Score the first usable frames against *template*.

    Args:
        recogniser: Its network must be the one of *template*.
        frames: Frames captured after the press, oldest first; they end when time is up.
        template: The claimed customer's.
        progress: Called with (frames scored, frames wanted) after each usable frame.

    Raises:
        NoFaceError: If the frames ended before enough of them were usable.
        GalleryError: If the template was made by another network.
        CameraError: If the camera stopped meanwhile.
    """
    if template.network_sha256 != recogniser.network.sha256:
        raise GalleryError(f"the template was made by another network ({template.network})")
    embeddings: list[NDArray[np.float32]] = []
    for frame in frames:
        seen = recogniser.look(frame.image)
        if seen.verdict is not Verdict.OK:
            continue
        embeddings.append(recogniser.embed(frame.image, seen))
        if progress:
            progress(len(embeddings), FRAMES_PER_LOGIN)
        if len(embeddings) == FRAMES_PER_LOGIN:
            return _score(embeddings, template, recogniser.threshold.value)
    raise NoFaceError(f"{len(embeddings)} of {FRAMES_PER_LOGIN} usable frames in time")


def _score(
    embeddings: list[NDArray[np.float32]], template: Template, threshold: float
) -> FaceResult:
    mean = np.mean(embeddings, axis=0)
    mean /= np.linalg.norm(mean)
    score = float(template.svm.score(mean[np.newaxis])[0])
    return FaceResult(
        customer_id=template.customer_id,
        accepted=bool(score >= threshold),
        score=score,
        threshold=threshold,
        frames=len(embeddings),
        embedding=mean,
    )
