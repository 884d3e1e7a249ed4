"""Value types of the face factor: frames, movements, verdicts, progress and results.

Importing this module loads neither NumPy, OpenCV nor LiteRT, so the window can name a result
without loading the code that computes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

COUNT: Final = 3
"""Movements that a login asks for. Of 76 orders a recording shows the right one by chance once."""
FRAMES_PER_LOGIN: Final = 3
"""Frames that a login scores."""

Liveness = Literal["challenge", "passive", "off"]
"""The setting: "challenge" includes what "passive" does."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from the camera.

    Attributes:
        image: RGB, (h, w, 3), 0 to 255, contiguous, read-only, at most 1920 on a side.
        captured_at: When the source delivered it, in seconds of the camera's clock.
        index: 1 for the first frame delivered, then one more each.
    """

    image: NDArray[np.uint8] = field(repr=False)  # a person's picture belongs in no log
    captured_at: float
    index: int


class CameraState(StrEnum):
    """The state of the camera."""

    STARTING = "starting"
    READY = "ready"
    LOST = "lost"


class Movement(StrEnum):
    """A head movement of a challenge. Left and right are the person's own.

    In the picture as the camera delivers it a turn to the left takes the nose to the right; in
    a mirrored preview the arrow for it stands at the left edge.
    """

    LEFT = "turn_left"
    RIGHT = "turn_right"
    UP = "look_up"
    DOWN = "look_down"
    CLOSER = "come_closer"


class Verdict(StrEnum):
    """The quality verdict on a frame: the first problem that applies, or OK."""

    OK = "ok"
    NO_FACE = "no_face"
    SEVERAL = "several_people"
    TOO_FAR = "too_far"
    TOO_NEAR = "too_near"
    OFF_CENTRE = "off_centre"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRED = "blurred"
    TURNED = "turned_away"
    COVERED = "covered"
    HOLD_STILL = "hold_still"
    MOVE = "move_a_little"


MOSTLY: Final = "mostly: "
"""Prefix of a reason in the log that is a verdict."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What was wrong with most pictures of an attempt.

    Attributes:
        verdict: The verdict that they share; never OK.
        pictures: How many have it.
        of: How many there were.
    """

    verdict: Verdict
    pictures: int
    of: int

    @property
    def reason(self) -> str:
        """The verdict as a reason in the log, without counts: equal refusals stay equal."""
        return MOSTLY + self.verdict.value


class PresenceState(StrEnum):
    """The person at the camera while an account is open: its owner, nobody or somebody else."""

    HERE = "here"
    GONE = "gone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LivenessProgress:
    """The progress of one attempt's liveness check, for the screen.

    Attributes:
        movement: What is asked for now; None while a straight look is awaited or none is asked.
        done: Movements made.
        wanted: Movements in all.
        share: How much of the current movement is seen; 1 is all of it.
        guidance: What would help the passive cues to judge; OK where they need nothing.
        request: How many times a movement was asked for so far.
    """

    movement: Movement | None
    done: int
    wanted: int
    share: float
    guidance: Verdict = Verdict.OK
    request: int = 0


@dataclass(frozen=True, slots=True)
class LivenessResult:
    """The liveness result of one attempt.

    Attributes:
        passed: Whether this is taken for a person before the camera (bona fide).
        score: Of the passive cues, unbounded; bona fide at 0 and above.
        reasons: What spoke against it, for staff and the log; may name something though it passed.
        abstained: Points deducted from *score* by cues that could not judge, 0 or more.
        guidance: What would help them to judge; OK where they did, or need nothing.
        measured: What each cue measured, by its name, for the evaluation.
    """

    passed: bool
    score: float
    reasons: tuple[str, ...] = ()
    abstained: float = 0.0
    guidance: Verdict = Verdict.OK
    measured: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def suspected(self) -> bool:
        """Whether an attack is suspected; a result neither passed nor suspected is undecided."""
        return not self.passed and self.score + self.abstained < 0


@dataclass(frozen=True, slots=True)
class LoginProgress:
    """The progress of a login's face check.

    Attributes:
        scored: Frames scored.
        wanted: Frames wanted.
        asked: What the liveness check asks for.
    """

    scored: int
    wanted: int
    asked: LivenessProgress


@dataclass(frozen=True, slots=True)
class FaceResult:
    """The result of the face factor for one claimed customer.

    Attributes:
        customer_id: The customer who was claimed.
        accepted: Whether *score* reached *threshold* and no presentation attack is suspected.
        score: The customer's SVM over the mean embedding of the frames; higher is more alike.
        threshold: What the model card asks for.
        frames: How many frames were scored.
        embedding: Their mean, a unit row, shape (512,): for the search of `duplicates` in memory.
            Never in a log: not even in this result's text.
        liveness: What the liveness check found; None where none was made.
    """

    customer_id: str
    accepted: bool
    score: float
    threshold: float
    frames: int
    embedding: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    liveness: LivenessResult | None = None

    @property
    def attack_suspected(self) -> bool:
        """Whether the liveness check refused: a presentation attack, or movements not followed."""
        return self.liveness is not None and not self.liveness.passed


@dataclass(frozen=True, slots=True)
class EnrolProgress:
    """The progress of an enrolment's captures, and what the person should do now.

    Attributes:
        taken: Captures kept so far.
        wanted: Captures needed.
        verdict: What is to be said about the latest frame.
        pose: Where the person is to turn now; None for straight, or where no pose is asked for.
        over: Whether the pictures are of one person and the liveness check has passed.
    """

    taken: int
    wanted: int
    verdict: Verdict
    pose: Movement | None = None
    over: bool = False
