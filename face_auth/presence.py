"""Presence check of the admitted customer at the camera while the account is open.

It is meant for about two frames a second; one costs 8 to 19 ms of one processor core, by the number
of faces in view.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import Final

from face_auth.errors import GalleryError
from face_auth.gallery import Template
from face_auth.recogniser import Recogniser
from face_auth.recognition.quality import Quality, assess
from face_auth.types import Frame, PresenceState, Verdict

GONE_AFTER_S: Final = 5.0
OTHER_AFTER_S: Final = 1.0
"""How long another face must be in view without the customer's: longer than a bad picture lasts."""
UNLIKE: Final = 0.5
"""A face whose score lies so far below the floor (FMR 1e-2) is another one; in between it is
nobody's. Of single photographs of LFW 87 % of the strangers lie below and 0 of 340 genuine ones;
on clips a man's own score falls to 0.35 below the floor, when he bows his head."""
LOOKED_AT: Final = 3
"""Faces judged in one picture, the highest first."""
UNREADABLE: Final = frozenset({Verdict.BLURRED, Verdict.TOO_DARK, Verdict.TOO_BRIGHT})
"""What is wrong with a face that tells nothing about whose it is."""

_log = logging.getLogger(__name__)


class Presence:
    """The presence check of one admitted customer; once OTHER, the state is final.

    Who is GONE is here again when their face is; whoever must not wait for that covers the account.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        template: Template,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with the customer present, who was admitted just now.

        Args:
            recogniser: Its network must be the one of *template*.
            template: The admitted customer's.
            clock: The camera's, in seconds.

        Raises:
            GalleryError: If the template was made by another network.
        """
        if template.network_sha256 != recogniser.network.sha256:
            raise GalleryError(f"the template was made by another network ({template.network})")
        self._recogniser = recogniser
        self._svm = template.svm
        self._clock = clock
        self._seen_at = clock()
        self._other_since: float | None = None
        self._state = PresenceState.HERE

    def judge(self, frame: Frame | None) -> PresenceState:
        """Judge the newest frame and return who is there.

        GONE: the admitted face was not seen for five seconds. OTHER: for one second another
        face was in view without the admitted one. No frame, an unusable face and a failed check
        count as not seen; while the admitted face is in view, others do not matter. Never raises.

        Args:
            frame: The camera's newest, or None without one.
        """
        if self._state is PresenceState.OTHER:
            return self._state
        score = self._best_score(frame)
        now = self._clock()
        if score >= self._recogniser.threshold.value and frame is not None:
            self._seen_at, self._other_since = min(frame.captured_at, now), None
        elif math.isfinite(score) and score < self._recogniser.floor.value - UNLIKE:
            if self._other_since is None:
                self._other_since = now
        else:
            self._other_since = None
        if self._other_since is not None and now - self._other_since >= OTHER_AFTER_S:
            self._state = PresenceState.OTHER
        elif now - self._seen_at >= GONE_AFTER_S:
            self._state = PresenceState.GONE
        else:
            self._state = PresenceState.HERE
        return self._state

    def _best_score(self, frame: Frame | None) -> float:
        """Return the highest score of the faces in *frame*; minus infinity without a usable one."""
        if frame is None:
            return -math.inf
        try:
            faces = self._recogniser.detector.detect(frame.image)[:LOOKED_AT]
            occlusion = self._recogniser.occlusion
            seen = [assess(frame.image, [face], occlusion) for face in faces]
            return max((self._score(frame, one) for one in seen), default=-math.inf)
        except Exception:  # a failed check counts as not seen
            _log.exception("The presence of the customer could not be checked")
            return -math.inf

    def _score(self, frame: Frame, seen: Quality) -> float:
        score = float(self._svm.score(self._recogniser.embed(frame.image, seen)[None])[0])
        own = score >= self._recogniser.threshold.value
        return score if own or seen.verdict not in UNREADABLE else -math.inf
