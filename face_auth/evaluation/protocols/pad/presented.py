"""Judgement of real presentations: attempts on clips, and what each cue measures on pictures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.camera.opencv import rgb_of
from face_auth.evaluation.material import say
from face_auth.evaluation.protocols.pad.clips import attempts
from face_auth.evaluation.protocols.pad.codec import Codec, codec_of
from face_auth.evaluation.protocols.pad.manifest import Presentation
from face_auth.liveness.passive import FLAT, HEAD, NETWORK, PassiveCheck
from face_auth.recogniser import Recogniser
from face_auth.types import Frame, LivenessResult

OF_MOVEMENT: Final = frozenset({FLAT, "refresh bands"})
"""Cues that measure nothing on a single picture."""
MARGIN: Final = 0.5
"""What is added around a crop of a face, reflected, as a part of its longer side: the detector and
the network look for a face in its surroundings."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A presentation and what was found on it.

    Attributes:
        shown: The presentation.
        attempts: The results of a clip's attempts; None for one without a result. Empty for a
            picture.
        measured: What each cue measured on a picture; empty where no face was found.
        codec: How the file was compressed.
    """

    shown: Presentation
    attempts: list[LivenessResult | None] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)
    codec: Codec | None = None


def suspicion(cue: str, value: float) -> float:
    """Return what a cue measured as a number that grows with the suspicion."""
    return -value if cue in (NETWORK, HEAD) else value


def judge_all(
    presentations: Iterable[Presentation],
    recogniser: Recogniser,
    passive_for: Callable[[Presentation], PassiveCheck],
) -> list[Judged]:
    """Judge clips by attempts in the setting "passive", and pictures by what each cue measures.

    Args:
        presentations: What is shown.
        recogniser: Finds the faces.
        passive_for: Returns the check that judges a presentation.

    Raises:
        OSError: If a file cannot be read.
    """
    found = []
    for number, shown in enumerate(presentations, start=1):
        passive = passive_for(shown)
        codec = codec_of(shown.path, clip=shown.clip)
        if shown.clip:
            found.append(Judged(shown, attempts(shown.path, recogniser, passive), codec=codec))
        else:
            measured = _on_picture(shown, recogniser, passive)
            found.append(Judged(shown, measured=measured, codec=codec))
        if number % 50 == 0:
            say(f"  {number} files")
    return found


def _on_picture(
    shown: Presentation, recogniser: Recogniser, passive: PassiveCheck
) -> dict[str, float]:
    image = picture_of(shown)
    face = recogniser.assess(image).face
    if face is None:
        return {}
    measured = passive.measure([Frame(image, 0.0, 1)], [face])
    return {cue: value for cue, value in measured.items() if cue not in OF_MOVEMENT}


def picture_of(shown: Presentation) -> NDArray[np.uint8]:
    """Return a picture, RGB, shape (h, w, 3); around a crop of a face MARGIN is added.

    Raises:
        OSError: If it cannot be read.
    """
    read = cv2.imread(str(shown.path), cv2.IMREAD_COLOR)
    if read is None:
        raise OSError(f"{shown.path} is not a readable picture")
    image = rgb_of(np.asarray(read, np.uint8))
    if shown.whole:
        return image
    side = round(MARGIN * max(image.shape[:2]))
    wide = cv2.copyMakeBorder(image, side, side, side, side, cv2.BORDER_REFLECT_101)
    return np.asarray(wide, np.uint8)
