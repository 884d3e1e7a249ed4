"""The liveness check of one attempt: challenge with passive cues, passive cues alone, or none."""

from collections.abc import Callable, Collection
from dataclasses import replace
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.liveness.challenge import Challenge, ChallengeState, Speaking
from face_auth.liveness.cues import Repetition
from face_auth.liveness.movements import draw_movements, draw_poses
from face_auth.liveness.passive import (
    FEW,
    FRAMES,
    SPAN_S,
    PassiveCheck,
    is_clear,
    judge_repetition,
    mean_result,
)
from face_auth.liveness.track import Track
from face_auth.recognition.detection import Face
from face_auth.recognition.quality import Quality
from face_auth.types import Frame, Liveness, LivenessProgress, LivenessResult, Movement, Verdict

USABLE: Final = frozenset({Verdict.OK, Verdict.HOLD_STILL})
"""Verdicts of frames that the passive cues look at."""
LOST: Final = frozenset({Verdict.NO_FACE, Verdict.SEVERAL})
"""Verdicts of frames that a challenge cannot follow. A moving face is turned, blurred, near or in
shadow at times, so it follows all others once it has seen the person look straight."""
APART_S: Final = 0.075
"""Least time between two frames that the passive cues look at, however many a second there are."""


class LivenessCheck:
    """The liveness check of one attempt, fed with every frame until it is `done` or `unseen`.

    The passive cues judge batches of frames for as long as the challenge runs, and their mean
    counts: a screen that passes at a glance seldom does so for four seconds. While they can neither
    pass nor suspect somebody the check goes on, for as long as there are frames; then it takes a
    batch in which no cue abstains to pass. So nobody gains by light in which nothing can be judged.

    Without a challenge, the first few frames pass who is clearly a person, so that a login does not
    wait for a batch.
    """

    def __init__(
        self,
        passive: PassiveCheck | None,
        challenge: Challenge | None = None,
        *,
        hurries: bool = False,
    ) -> None:
        """Prepare a check; without both arguments it is the setting "off".

        Args:
            passive: Loaded once for all attempts.
            challenge: Of this attempt.
            hurries: Whether the first few frames may pass somebody.

        Raises:
            ValueError: If there is a challenge without the passive check.
        """
        if challenge is not None and passive is None:
            raise ValueError("a challenge includes the passive check")
        self._passive = passive
        self.challenge = challenge
        self._track = challenge.track if challenge is not None else Track()
        self._frames: list[Frame] = []
        self._faces: list[Face] = []
        self._repetition = Repetition()
        self._batches: list[LivenessResult] = []
        self._judged: LivenessResult | None = None
        self._doubted = False
        self._hurries = hurries

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        if self._passive is None:
            return True
        if self._judged is not None and self._judged.suspected:
            return True
        if self.challenge is not None and self.challenge.state is not ChallengeState.PASSED:
            return self.challenge.state is ChallengeState.FAILED
        return self._judged is not None and self._judged.passed

    @property
    def unseen(self) -> str:
        """The reason why no result is possible any more; "" while one still is."""
        challenge = self.challenge
        if self.done or challenge is None or challenge.state is not ChallengeState.UNSEEN:
            return ""
        return challenge.reason

    @property
    def starved(self) -> bool:
        """Whether frames were missing, so that an unfinished check is not the person's fault."""
        return self._track.starved

    @property
    def result(self) -> LivenessResult:
        """The result; a check that is not done has not passed."""
        if self._passive is None:
            return LivenessResult(True, 0.0, ("liveness is off",))
        judged = self._judged or LivenessResult(False, 0.0, ("too few frames",))
        challenge = self.challenge
        if challenge is None or challenge.state is ChallengeState.PASSED or judged.suspected:
            return judged
        reason = challenge.reason or "the challenge was not finished"
        return LivenessResult(False, judged.score, (f"challenge: {reason}", *judged.reasons))

    @property
    def progress(self) -> LivenessProgress:
        """The progress, for the screen."""
        undecided = self._judged is not None and not self._judged.passed
        guidance = self._judged.guidance if self._judged and undecided else Verdict.OK
        challenge = self.challenge
        if challenge is None:
            return LivenessProgress(None, 0, 0, 0.0, guidance)
        wanted = len(challenge.movements)
        return LivenessProgress(
            challenge.current, challenge.done, wanted, challenge.share, guidance,
            challenge.requests,
        )  # fmt: skip

    def observe(
        self, frame: Frame, seen: Quality, embed: Callable[[], NDArray[np.float32]]
    ) -> bool:
        """Process a frame.

        Args:
            frame: Captured after the press, later than the one before.
            seen: What was found in it.
            embed: Returns the unit embedding of its face; called now and then.

        Returns:
            Whether the face goes on; False where it was lost, so that no frame before this one
            belongs to it for certain.
        """
        if self._passive is None or (self.done and not self.result.passed):
            return True
        self._repetition.add(frame)
        recorded = judge_repetition(self._repetition)
        if recorded is not None:
            self._judged = recorded
            return True
        breaks = self._track.breaks
        challenge = self.challenge
        starts = challenge is not None and not challenge.has_begun
        follows = seen.verdict in USABLE if starts else seen.verdict not in LOST
        if challenge is None:
            self._track.add(frame.captured_at, in_sight=follows)
        elif seen.face is not None and follows:
            challenge.observe(frame, seen.face, embed)
        else:
            challenge.miss(frame)
        goes_on = self._track.breaks == breaks
        if not goes_on:
            self._frames, self._faces, self._judged = [], [], None
        if seen.face is not None and seen.verdict in USABLE and not self.done and not self.unseen:
            self._collect(self._passive, frame, seen.face)
        return goes_on

    def _collect(self, passive: PassiveCheck, frame: Frame, face: Face) -> None:
        """Add a frame for the passive cues, and run them once there are enough."""
        if self._frames and frame.captured_at - self._frames[-1].captured_at < APART_S:
            return
        self._frames.append(frame)
        self._faces.append(face)
        if self._hurries and not self._batches and len(self._frames) == FEW:
            early = passive.judge(self._frames, self._faces)
            if is_clear(early):
                self._judged = early
                return
        enough = len(self._frames) >= FRAMES
        if enough and frame.captured_at - self._frames[0].captured_at >= SPAN_S:
            self._batches.append(passive.judge(self._frames, self._faces))
            judged = mean_result(self._batches)
            self._doubted = self._doubted or not judged.passed
            if self._doubted and judged.guidance is not Verdict.OK:
                judged = replace(judged, passed=False)
            self._judged = judged
            self._frames, self._faces = [], []


def make_check(
    liveness: Liveness,
    passive: PassiveCheck,
    *,
    allowed: Collection[Movement] = tuple(Movement),
    enrols: bool = False,
    speaking: Speaking | None = None,
    random: Random | None = None,
) -> LivenessCheck:
    """Return the check of one attempt, with freshly drawn movements.

    Args:
        liveness: The setting.
        passive: Loaded once for all attempts.
        allowed: What a customer whom staff marked can do: two or more.
        enrols: Whether the movements are an enrolment's four poses beside straight.
        speaking: Whether the person is still being told a movement in words; see `Challenge`.
        random: For tests; the operating system's by default.
    """
    if liveness == "off":
        return LivenessCheck(None)
    if liveness == "passive":
        return LivenessCheck(passive, hurries=not enrols)
    if not enrols:
        drawn = draw_movements(allowed=allowed, random=random)
    else:
        drawn = tuple(pose for pose in draw_poses(random) if pose in allowed)
    return LivenessCheck(passive, Challenge(drawn, speaking))
