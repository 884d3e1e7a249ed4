"""The challenge: a state machine that checks requested movements on landmarks and times.

A movement is judged against the person's own first, straight frames (`straight`); a turn or nod
must be one of a head with depth (`pose_change`).
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.liveness.pose_change import Baseline, PoseChange
from face_auth.liveness.request_time import RequestTime
from face_auth.liveness.straight import StraightLook
from face_auth.liveness.track import Sighting, Track
from face_auth.recognition.detection import Face
from face_auth.recognition.pose import head_pose
from face_auth.types import Frame, Movement

REACTION_S: Final = 0.2
"""A movement that starts sooner after it was asked for is not a response to it."""
HELD_S: Final = 0.075
"""How long a movement must be seen, in two frames in a row at least."""
JUMPED_S: Final = 0.075
"""How long a face must be elsewhere, in two frames or more, to have jumped: one may be wrong."""
WRONG: Final = 1.5
"""Another movement than the requested one is a wrong answer from this many times its size on."""
SLIPS: Final = 1
"""Wrong answers in a challenge that are forgiven: people mistake left for right."""
RELEASED: Final = 0.5
"""Share of a movement below which an earlier one has ended."""
SAME_PERSON: Final = 0.4
"""Least cosine between the embeddings of a straight and a turned face of one person. In
simulation 24 LFW faces keep 0.69 and more (90 %) at these turns; how often strangers reach it was
not measured."""

Embed = Callable[[], NDArray[np.float32]]
Speaking = Callable[[int], bool]
"""Returns whether a movement, by the number of its request, is still being asked for in words."""


class ChallengeState(StrEnum):
    """The state of a challenge."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNSEEN = "unseen"


class Challenge:
    """A sequence of movements, each with a time limit, made by one and the same face.

    Feed it every frame after the press, with `observe` where one face was found and `miss` where
    none or several were. It ends in FAILED, where something else was done than what was asked for,
    or in UNSEEN, where that could not be seen; there it stays. PASSED holds for as long as the face
    is followed.

    Who still holds a movement from before it is requested, as after a turn, a nod and the same
    turn, is asked to look straight first; its time begins then.

    If the face is lost before the first movement is requested, the challenge starts again; later
    the attempt is UNSEEN, because the next face may be another person's, who knows the movement.

    Who listens hears each request in words. It may be answered from its first word on, but its time
    begins when they were spoken.

    Attributes:
        track: Says whether the face goes on.
        requests: How many times a movement was asked for.
    """

    def __init__(self, movements: Sequence[Movement], speaking: Speaking | None = None) -> None:
        """Prepare a challenge of movements, in order; see `draw_movements`.

        Args:
            movements: What is asked for.
            speaking: Whether words are still being spoken; None where nobody listens.

        Raises:
            ValueError: If there is none.
        """
        if not movements:
            raise ValueError("a challenge needs a movement")
        self.movements = tuple(movements)
        self.state = ChallengeState.RUNNING
        self.reason = ""
        self._done = 0
        self._straight = StraightLook()
        self._base: Baseline | None = None
        self._embedding: NDArray[np.float32] | None = None
        self.track = Track()
        self._time = RequestTime(self.track)
        self._speaking = speaking
        self.requests = 0
        self._held: tuple[float, Embed] | None = None
        self._wrong_since: float | None = None
        self._slips = 0
        self._may_answer = False
        self._held_over = False
        self._carried: set[Movement] = set()
        self._jumped_at: float | None = None
        self._last: Sighting | None = None
        self._share = 0.0

    @property
    def current(self) -> Movement | None:
        """The movement requested now; None while a straight look is awaited, and at the end."""
        if self._base is None or self._held_over or self.state is not ChallengeState.RUNNING:
            return None
        return self.movements[self._done]

    @property
    def has_begun(self) -> bool:
        """Whether the person has looked straight at the camera."""
        return self._base is not None

    @property
    def done(self) -> int:
        """The number of movements made."""
        return self._done

    @property
    def share(self) -> float:
        """The share of the current movement in the latest frame; 1 is all of it."""
        return self._share

    def share_of(self, movement: Movement, face: Face) -> float:
        """Return the share of *movement* that a face shows; 0 before the straight look.

        Raises:
            ValueError: If its landmarks place no head.
        """
        if self._base is None:
            return 0.0
        points = np.asarray(face.landmarks, float)
        return self._base.change_of(points, head_pose(points)).share(movement)

    def is_same_person(self, embedding: NDArray[np.float32]) -> bool:
        """Return whether a unit embedding, shape (512,), is of the person who looked straight."""
        return self._embedding is not None and float(self._embedding @ embedding) >= SAME_PERSON

    def observe(self, frame: Frame, face: Face, embed: Embed) -> None:
        """Process a frame with one face.

        Args:
            frame: Its time counts, in seconds of the camera's clock.
            face: The one face in it.
            embed: Returns the face's unit embedding, shape (512,); called for the straight look and
                for each movement made, of the frame that first shows it, one frame later.
        """
        at, points = frame.captured_at, np.asarray(face.landmarks, float)
        try:
            pose = head_pose(points)
        except ValueError:
            self.miss(frame)
            return
        if not self._goes_on(at, in_sight=True):
            return
        sighting = Sighting(at, points.mean(axis=0), pose)
        if self._last is not None and not sighting.follows(self._last):
            if self._jumped_at is None:
                self._jumped_at = at
            elif at - self._jumped_at >= JUMPED_S:
                self._end(ChallengeState.FAILED, "the face jumped or was another one")
            return
        self._jumped_at = None
        self._last = sighting
        if self.state is ChallengeState.PASSED:
            return
        if self._base is not None:
            self._answer(at, self._base.change_of(points, pose), embed)
            return
        self._base = self._straight.add(at, points, pose)
        if self._base is not None:
            self._embedding = embed()
            self._ask(at)

    def miss(self, frame: Frame) -> None:
        """Process a frame without a face that can be followed."""
        if self._goes_on(frame.captured_at, in_sight=False):
            self._held = self._wrong_since = None

    def _goes_on(self, at: float, *, in_sight: bool) -> bool:
        """Process a frame's time; False if the attempt has ended."""
        if self.state in {ChallengeState.FAILED, ChallengeState.UNSEEN}:
            return False
        if not self.track.add(at, in_sight=in_sight):
            if self._base is not None:
                self._end(ChallengeState.UNSEEN, "the face was lost")
                return False
            self._straight.clear()
            self._last = self._jumped_at = None
        told = self._speaking if self.current is not None else None
        self._time.add(at, speaking=told is not None and told(self.requests))
        if self.state is ChallengeState.RUNNING:
            self._end_in_time(at)
        return self.state in {ChallengeState.RUNNING, ChallengeState.PASSED}

    def _end_in_time(self, at: float) -> None:
        straight = self._base is None or self._held_over
        over = self._time.over(at, straight=straight)
        if over == "few":
            self._end(ChallengeState.UNSEEN, "too few pictures")
        elif over == "late" and straight:
            self._end(ChallengeState.UNSEEN, "nobody looked straight in time")
        elif over == "late":
            self._end(ChallengeState.FAILED, f"not done in time: {self.current}")

    def _ask(self, at: float) -> None:
        self.requests += 1
        self._time.begin(at)
        self._held = self._wrong_since = None
        self._may_answer = self._held_over = False
        self._share = 0.0

    def _answer(self, at: float, change: PoseChange, embed: Embed) -> None:
        movement = self.movements[self._done]
        self._share = change.share(movement)
        self._carried = {one for one in self._carried if change.share(one) >= RELEASED}
        met = self._share >= 1 and change.solid(movement)
        if self._held_over:
            if self._share < RELEASED:
                self._ask(at)
            return
        if not self._may_answer:
            self._begin_answer(at, met)
            return
        wrong = not met and self._other_movement(movement, change) is not None
        self._held = (self._held or (at, embed)) if met else None
        self._wrong_since = _since(self._wrong_since, at, wrong)
        if self._wrong_since is not None and at - self._wrong_since >= HELD_S:
            self._slip(movement, change)
        elif self._held is not None and at - self._held[0] >= HELD_S:
            self._meet(at, movement, self._held[1]())

    def _begin_answer(self, at: float, met: bool) -> None:
        """Let what is shown from now on be the answer, unless it is the movement already."""
        assert self._time.asked_at is not None
        if at - self._time.asked_at < REACTION_S:
            return
        self._may_answer = not met
        if met and self.track.unwatched:  # before it was asked for, or because?
            self._end(ChallengeState.UNSEEN, "too few pictures")
        elif met:
            self._ask(at)
            self._held_over = True

    def _other_movement(self, movement: Movement, change: PoseChange) -> Movement | None:
        """Return another movement that the change clearly is.

        None while a turn or nod from before goes on: the landmarks of a head that is turned far
        show a nod as well, and one wrong turn is one wrong answer.
        """
        if self._carried - {Movement.CLOSER}:
            return None
        for other in Movement:
            asked = other in {movement, Movement.CLOSER}
            if not asked and change.share(other) >= WRONG and change.solid(other):
                return other
        return None

    def _slip(self, movement: Movement, change: PoseChange) -> None:
        self._slips += 1
        if self._slips > SLIPS:
            self._end(ChallengeState.FAILED, f"other movements than {movement}")
        other = self._other_movement(movement, change)
        self._carried |= set() if other is None else {other}
        self._wrong_since = None

    def _meet(self, at: float, movement: Movement, embedding: NDArray[np.float32]) -> None:
        if not self.is_same_person(embedding):
            self._end(ChallengeState.FAILED, "another person")
            return
        self._done += 1
        self._carried.add(movement)
        if self._done == len(self.movements):
            self.state = ChallengeState.PASSED
        else:
            self._ask(at)

    def _end(self, state: ChallengeState, reason: str) -> None:
        self.state, self.reason = state, reason


def _since(since: float | None, at: float, shown: bool) -> float | None:
    """Return since when something is shown without a break; None where it is not."""
    if not shown:
        return None
    return at if since is None else since
