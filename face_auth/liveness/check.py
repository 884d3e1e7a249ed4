"""One attempt's liveness check: the challenge, the passive cues, or neither."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from face_auth.camera import Frame
from face_auth.detection import Face
from face_auth.liveness.challenge import Challenge, State
from face_auth.liveness.cues import Repetition
from face_auth.liveness.passive import (
    FRAMES,
    SPAN_S,
    LivenessResult,
    PassiveCheck,
    judge_repetition,
    mean_result,
)
from face_auth.liveness.requests import Request, draw_poses, draw_requests
from face_auth.quality import Quality, Verdict

Liveness = Literal["challenge", "passive", "off"]
"""The setting: "challenge" includes what "passive" does."""

USABLE: Final = frozenset({Verdict.OK, Verdict.HOLD_STILL})
"""Verdicts of frames that the passive cues look at."""
LOST: Final = frozenset({Verdict.NO_FACE, Verdict.SEVERAL})
"""Verdicts of frames that a challenge cannot follow. Whoever moves is turned, blurred, near or in
shadow at times, so it follows all others once it has seen the person look straight."""


@dataclass(frozen=True, slots=True)
class LivenessProgress:
    """What the screen shows meanwhile.

    Attributes:
        request: What is asked for now; None while a straight look is awaited or none is asked.
        done: Requests met.
        wanted: Requests in all.
        share: How much of the current movement is seen; 1 is all of it.
    """

    request: Request | None
    done: int
    wanted: int
    share: float


class LivenessCheck:
    """Takes every frame of one attempt until it is `done`; then there is a `result`.

    The passive cues judge batches of frames for as long as the challenge runs, and their mean
    counts: a screen that passes at a glance seldom does so for four seconds.
    """

    def __init__(self, passive: PassiveCheck | None, challenge: Challenge | None = None) -> None:
        """Take what to check; neither is the setting "off".

        Raises:
            ValueError: If there is a challenge without the passive check.
        """
        if challenge is not None and passive is None:
            raise ValueError("a challenge includes the passive check")
        self._passive = passive
        self.challenge = challenge
        self._frames: list[Frame] = []
        self._faces: list[Face] = []
        self._repetition = Repetition()
        self._batches: list[LivenessResult] = []
        self._judged: LivenessResult | None = None

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        if self._passive is None:
            return True
        if self._judged is not None and not self._judged.passed:
            return True
        if self.challenge is not None and self.challenge.state is not State.PASSED:
            return self.challenge.state is State.FAILED
        return self._judged is not None

    @property
    def result(self) -> LivenessResult:
        """What was found; a check that is not done has not passed."""
        if self._passive is None:
            return LivenessResult(True, 0.0, ("liveness is off",))
        judged = self._judged or LivenessResult(False, 0.0, ("too few frames",))
        challenge = self.challenge
        refused = self._judged is not None and not self._judged.passed
        if challenge is None or challenge.state is State.PASSED or refused:
            return judged
        reason = challenge.reason or "the challenge was not finished"
        return LivenessResult(False, judged.score, (f"challenge: {reason}", *judged.reasons))

    @property
    def progress(self) -> LivenessProgress:
        """How far it is."""
        challenge = self.challenge
        if challenge is None:
            return LivenessProgress(None, 0, 0, 0.0)
        return LivenessProgress(
            challenge.current, challenge.done, len(challenge.requests), challenge.share
        )

    def observe(
        self, frame: Frame, seen: Quality, embed: Callable[[], NDArray[np.float32]]
    ) -> None:
        """Take a frame.

        Args:
            frame: Captured after the press, later than the one before.
            seen: What was found in it.
            embed: Returns the unit embedding of its face; called now and then.
        """
        if self._passive is None or self.done:
            return
        self._repetition.add(frame)
        recorded = judge_repetition(self._repetition)
        if recorded is not None:
            self._judged = recorded
            return
        if self.challenge is not None:
            starts = self.challenge.done == 0 and self.challenge.current is None
            follows = seen.verdict in USABLE if starts else seen.verdict not in LOST
            if seen.face is not None and follows:
                self.challenge.observe(frame, seen.face, embed)
            else:
                self.challenge.miss(frame)
        if seen.face is None or seen.verdict not in USABLE or self.done:
            return
        self._frames.append(frame)
        self._faces.append(seen.face)
        enough = len(self._frames) >= FRAMES
        if enough and frame.captured_at - self._frames[0].captured_at >= SPAN_S:
            self._batches.append(self._passive.judge(self._frames, self._faces))
            self._judged = mean_result(self._batches)
            self._frames, self._faces = [], []


def make_check(
    liveness: Liveness,
    passive: PassiveCheck,
    *,
    allowed: Collection[Request] = tuple(Request),
    enrols: bool = False,
    random: Random | None = None,
) -> LivenessCheck:
    """Return the check of one attempt, its requests freshly drawn.

    Args:
        liveness: The setting.
        passive: Loaded once for all attempts.
        allowed: What a customer whom staff marked can do: two or more.
        enrols: Whether the requests are an enrolment's four poses beside straight.
        random: For tests; the operating system's by default.
    """
    if liveness == "off":
        return LivenessCheck(None)
    if liveness == "passive":
        return LivenessCheck(passive)
    if not enrols:
        drawn = draw_requests(allowed=allowed, random=random)
    else:
        drawn = tuple(pose for pose in draw_poses(random) if pose in allowed)
    return LivenessCheck(passive, Challenge(drawn))
