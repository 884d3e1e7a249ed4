"""Tests of the challenge's state machine on points of heads and pictures, without a camera."""

import math
import random
from collections import Counter

import numpy as np
import pytest

from face_auth.liveness.challenge import Challenge, ChallengeState
from face_auth.liveness.movements import POSES, draw_movements, draw_poses
from face_auth.liveness.request_time import EACH_S, ENOUGH, LONGEST, STRAIGHT_S, WORDS_S
from face_auth.liveness.track import LOST_S
from face_auth.recognition.detection import Face
from face_auth.recognition.pose import HEAD, Pose
from face_auth.types import Frame, Movement

STEP_S = 0.1
RATES = (25, 12, 8, 5)
ME = np.eye(512, dtype=np.float32)[0]
STRANGER = np.eye(512, dtype=np.float32)[1]
FLAT = HEAD * (1, 1, 0)
TURNS = {
    Movement.LEFT: {"yaw": 25.0},
    Movement.RIGHT: {"yaw": -25.0},
    Movement.UP: {"pitch": 18.0},
    Movement.DOWN: {"pitch": -18.0},
    Movement.CLOSER: {"scale": 1.35},
}


def bent(radius: float):
    """Return the points of a picture on a cylinder about the vertical axis."""
    x = HEAD[:, 0]
    depth = radius * (np.cos(x / radius) - 1)
    return np.stack([radius * np.sin(x / radius), HEAD[:, 1], depth], axis=1)


def points(shape, yaw=0.0, pitch=0.0, scale=1.0):
    yaw, pitch = np.radians([yaw, pitch])
    x, y, z = np.asarray(shape, float).T
    x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    y = y * np.cos(pitch) - z * np.sin(pitch)
    return (np.stack([x, y], axis=1) * 80 * scale + (320, 200)).astype(np.float32)


class Visitor:
    """Holds a shape before the camera and moves it towards what it is told."""

    def __init__(self, challenge: Challenge, shape=HEAD, rng=None, rate: float = 10.0) -> None:
        self.challenge, self.shape = challenge, shape
        self.step_s = 1 / rate
        self.rng = rng or np.random.default_rng(3)
        self.t = 0.0
        self.now = {"yaw": 0.0, "pitch": 0.0, "scale": 1.0}
        self.embedding = ME
        self.heard: list[Movement | None] = [None] * (round(0.4 / self.step_s) + 1)

    def show(self, **aim: float) -> None:
        """Show one frame, a step nearer to the aim."""
        aim = {"yaw": 0.0, "pitch": 0.0, "scale": 1.0} | aim
        for name, end in aim.items():
            most = (0.8 if name == "scale" else 80.0) * self.step_s
            self.now[name] += float(np.clip(end - self.now[name], -most, most))
        landmarks = points(self.shape, **self.now) + self.rng.normal(0, 0.4, (5, 2))
        face = Face((240.0, 140.0, 160.0, 200.0), landmarks.astype(np.float32), 1.0)
        self.challenge.observe(self.frame(), face, lambda: self.embedding)

    def frame(self) -> Frame:
        self.t += self.step_s
        return Frame(np.zeros((1, 1, 3), np.uint8), self.t, round(self.t / self.step_s))

    def follow(self, answer=TURNS, frames: int = 200) -> None:
        """Do what is asked, 0.4 s after it was asked, until the challenge ends."""
        for _ in range(frames):
            if self.challenge.state is not ChallengeState.RUNNING:
                return
            self.heard = [*self.heard[1:], self.challenge.current]
            asked = self.heard[0]
            self.show(**(answer[asked] if asked else {}))


@pytest.mark.parametrize("movement", list(Movement))
def test_a_head_that_does_what_is_asked_passes(movement) -> None:
    challenge = Challenge([movement])
    Visitor(challenge).follow()
    assert challenge.state is ChallengeState.PASSED
    assert challenge.current is None


def test_three_in_any_order_pass_in_few_seconds() -> None:
    for seed in range(40):
        challenge = Challenge(draw_movements(random=random.Random(seed)))
        visitor = Visitor(challenge, rng=np.random.default_rng(seed))
        visitor.follow()
        assert challenge.state is ChallengeState.PASSED, (challenge.movements, challenge.reason)
        assert visitor.t < 6


def test_nothing_is_asked_before_a_straight_look() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    visitor.now["yaw"] = -30.0
    visitor.show(yaw=-30)
    assert challenge.current is None
    visitor.follow(frames=9)
    assert challenge.current is Movement.LEFT


class Returning(Visitor):
    """Comes back from an earlier movement, and slows down before it looks straight."""

    def back(self, seconds: float, **start: float) -> None:
        """Move from *start* to a straight look in *seconds*, and stay there until asked."""
        began = self.t
        rest = {"yaw": 0.0, "pitch": 0.0, "scale": 1.0}
        while self.challenge.current is None and self.t - began < 6:
            left = max(1 - (self.t - began) / seconds, 0.0) ** 2
            now = {name: rest[name] + (value - rest[name]) * left for name, value in start.items()}
            self.now |= now
            self.show(**now)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("seconds", [0.6, 0.9, 1.4])
@pytest.mark.parametrize(
    ("start", "movement"),
    [({"yaw": 30.0}, Movement.LEFT), ({"yaw": -30.0}, Movement.LEFT),
     ({"pitch": 22.0}, Movement.UP), ({"pitch": -22.0}, Movement.UP),
     ({"scale": 1.4}, Movement.CLOSER)],
)  # fmt: skip
def test_no_baseline_is_taken_while_a_head_returns_from_an_earlier_movement(
    rate, seconds, start, movement
) -> None:
    """Measured from there, looking straight would show half a movement, or half the opposite."""
    challenge = Challenge([Movement.LEFT])
    visitor = Returning(challenge, rate=rate)
    visitor.back(seconds, **start)
    assert challenge.current is Movement.LEFT
    straight = Face((240.0, 140.0, 160.0, 200.0), points(HEAD), 1.0)
    assert abs(challenge.share_of(movement, straight)) < 0.5
    visitor.follow(frames=10 * rate)
    assert challenge.state is ChallengeState.PASSED


@pytest.mark.parametrize("degrees", [25, 40, 55])
@pytest.mark.parametrize("movement", POSES)
def test_a_flat_picture_that_is_turned_does_not_pass(movement, degrees) -> None:
    (axis, way) = next(iter(TURNS[movement].items()))
    challenge = Challenge([movement])
    Visitor(challenge, FLAT).follow({movement: {axis: float(np.sign(way) * degrees)}})
    assert challenge.state is ChallengeState.FAILED
    assert challenge.done == 0


@pytest.mark.parametrize("degrees", [25, 40, 55])
@pytest.mark.parametrize("radius", [0.8, 1.2, 2.0])
def test_nor_does_one_that_is_bent(radius, degrees) -> None:
    challenge = Challenge([Movement.LEFT])
    Visitor(challenge, bent(radius)).follow({Movement.LEFT: {"yaw": float(degrees)}})
    assert challenge.state is ChallengeState.FAILED


def test_a_still_face_runs_out_of_time() -> None:
    challenge = Challenge([Movement.UP])
    visitor = Visitor(challenge)
    visitor.follow({Movement.UP: {}})
    assert challenge.state is ChallengeState.FAILED
    assert "not done in time" in challenge.reason
    assert EACH_S < visitor.t < EACH_S + 2


@pytest.mark.parametrize(("spoken_s", "held_s"), [(0.0, 0.0), (3.0, 3.0), (99.0, WORDS_S)])
def test_the_time_for_a_movement_begins_when_its_words_were_spoken(spoken_s, held_s) -> None:
    asked: list[float] = []

    def speaking(request: int) -> bool:
        asked.append(visitor.t)
        assert request == challenge.requests == 1
        return visitor.t - asked[0] < spoken_s

    challenge = Challenge([Movement.UP], speaking)
    visitor = Visitor(challenge)
    visitor.follow({Movement.UP: {}})
    assert challenge.reason == f"not done in time: {Movement.UP}"
    assert visitor.t - asked[0] == pytest.approx(held_s + EACH_S, abs=2.5 * visitor.step_s)


def test_who_answers_while_the_words_are_spoken_has_answered() -> None:
    challenge = Challenge([Movement.LEFT, Movement.UP, Movement.LEFT], lambda _request: True)
    visitor = Visitor(challenge)
    visitor.follow()
    assert challenge.state is ChallengeState.PASSED
    assert challenge.requests == 3
    assert visitor.t < 3 * WORDS_S


def test_one_wrong_answer_is_forgiven_and_two_are_not() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    visitor.follow({Movement.LEFT: TURNS[Movement.RIGHT]}, frames=14)
    assert challenge.state is ChallengeState.RUNNING
    visitor.follow()
    assert challenge.state is ChallengeState.PASSED

    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    visitor.follow({Movement.LEFT: TURNS[Movement.RIGHT]}, frames=14)
    visitor.follow({Movement.LEFT: {}}, frames=6)
    visitor.follow({Movement.LEFT: TURNS[Movement.UP]}, frames=12)
    assert challenge.state is ChallengeState.FAILED
    assert "other movements" in challenge.reason


def test_a_movement_under_way_when_it_is_asked_for_is_no_answer() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    while challenge.current is None:
        visitor.show()
    visitor.now["yaw"] = 25.0
    for _ in range(10):
        visitor.show(yaw=25)
    assert challenge.state is ChallengeState.RUNNING
    assert challenge.done == 0


def test_who_holds_a_movement_from_before_looks_straight_first_and_then_has_time_for_it() -> None:
    """After a turn and a nod, a head may still be turned when the same turn is asked again."""
    challenge = Challenge([Movement.RIGHT, Movement.UP, Movement.RIGHT])
    visitor = Visitor(challenge)
    visitor.follow(frames=8)
    while challenge.done < 2 and visitor.t < 10:
        visitor.follow(frames=1)
    visitor.now |= {"yaw": -25.0, "pitch": 0.0}
    assert challenge.current is Movement.RIGHT
    for _ in range(20):
        visitor.show(**TURNS[Movement.RIGHT])
    assert (challenge.state, challenge.current) == (ChallengeState.RUNNING, None)
    assert challenge.done == 2
    for _ in range(4):
        visitor.show()
    assert challenge.current is Movement.RIGHT
    for _ in range(round((EACH_S - 1) / STEP_S)):
        visitor.show()
    visitor.heard = [None]
    visitor.follow()
    assert challenge.state is ChallengeState.PASSED


def test_who_never_lets_go_of_a_movement_was_not_seen_and_is_not_accused() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    while challenge.current is None:
        visitor.show()
    visitor.now["yaw"] = 25.0
    for _ in range(round((STRAIGHT_S + 1) / STEP_S)):
        visitor.show(yaw=25)
    assert challenge.state is ChallengeState.UNSEEN
    assert challenge.reason == "nobody looked straight in time"


def test_somebody_elses_face_ends_it() -> None:
    challenge = Challenge([Movement.LEFT, Movement.UP])
    visitor = Visitor(challenge)
    while challenge.current is None:
        visitor.show()
    visitor.embedding = STRANGER
    visitor.follow()
    assert (challenge.state, challenge.reason) == (ChallengeState.FAILED, "another person")


def test_a_face_that_jumps_ends_it_but_one_misplaced_frame_does_not() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    visitor.follow(frames=6)
    face = Face((0.0, 0.0, 160.0, 200.0), points(HEAD) + np.float32(250), 1.0)
    challenge.observe(visitor.frame(), face, lambda: ME)
    assert challenge.state is ChallengeState.RUNNING
    visitor.follow(frames=2)
    assert challenge.state is ChallengeState.RUNNING
    for _ in range(2):
        challenge.observe(visitor.frame(), face, lambda: ME)
    assert (challenge.state, "jumped" in challenge.reason) == (ChallengeState.FAILED, True)


def test_a_face_out_of_sight_too_long_ends_it() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    visitor.follow(frames=6)
    for _ in range(int(LOST_S / STEP_S) - 1):
        challenge.miss(visitor.frame())
    assert challenge.state is ChallengeState.RUNNING
    for _ in range(3):
        challenge.miss(visitor.frame())
    assert (challenge.state, challenge.reason) == (ChallengeState.UNSEEN, "the face was lost")
    visitor.follow()
    assert challenge.state is ChallengeState.UNSEEN


@pytest.mark.parametrize("rate", RATES)
def test_a_head_passes_at_every_rate_and_a_picture_at_none(rate) -> None:
    challenge = Challenge(draw_movements(random=random.Random(rate)))
    visitor = Visitor(challenge, rate=rate)
    visitor.follow(frames=10 * rate)
    assert challenge.state is ChallengeState.PASSED, challenge.reason
    assert visitor.t < 6.5
    challenge = Challenge([Movement.LEFT])
    Visitor(challenge, FLAT, rate=rate).follow({Movement.LEFT: {"yaw": 40.0}}, frames=10 * rate)
    assert challenge.state is (ChallengeState.FAILED if rate > 5 else ChallengeState.UNSEEN)


@pytest.mark.parametrize("seconds", [1.0, 3.0, 7.0])
def test_a_gap_before_the_first_movement_costs_nothing(seconds) -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    visitor.follow(frames=2)
    visitor.t += seconds
    visitor.follow(frames=3)
    assert challenge.current is None, "the straight look began anew"
    visitor.follow()
    assert challenge.state is ChallengeState.PASSED, challenge.reason


@pytest.mark.parametrize("seconds", [0.9, 2.0, 4.4, 20.0])
@pytest.mark.parametrize("done", [0, 1])
def test_a_gap_after_it_accuses_nobody_and_admits_nobody(done, seconds) -> None:
    """A starved program gets no picture for a while: meanwhile the head has moved anywhere."""
    challenge = Challenge([Movement.LEFT, Movement.RIGHT])
    visitor = Visitor(challenge)
    while challenge.current is None or challenge.done < done:
        visitor.follow(frames=1)
    visitor.t += seconds
    visitor.now = {"yaw": -25.0, "pitch": 5.0, "scale": 1.3}
    visitor.follow()
    assert (challenge.state, challenge.reason) == (ChallengeState.UNSEEN, "the face was lost")
    assert challenge.done == done


def test_a_gap_shorter_than_a_face_may_be_lost_is_followed() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    visitor.follow(frames=6)
    visitor.t += LOST_S - 2 * STEP_S
    visitor.follow()
    assert challenge.state is ChallengeState.PASSED, challenge.reason


def test_an_answer_that_began_in_a_gap_may_have_begun_before_it_was_asked_for() -> None:
    for gap, state in ((0.3, ChallengeState.RUNNING), (0.7, ChallengeState.UNSEEN)):
        challenge = Challenge([Movement.LEFT])
        visitor = Visitor(challenge)
        while challenge.current is None:
            visitor.show()
        visitor.t += gap - STEP_S
        visitor.now["yaw"] = 25.0 if gap > 0.5 else 2.0
        visitor.show(**TURNS[Movement.LEFT])
        assert challenge.state is state
        visitor.follow()
        assert challenge.state is (
            ChallengeState.PASSED if state is ChallengeState.RUNNING else state
        )


def test_the_time_for_a_movement_is_time_that_was_watched() -> None:
    """At two pictures a second the person is slow to be seen, and has longer; up to a bound."""
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge, rate=2)
    while challenge.current is None:
        visitor.show()
    asked_at = visitor.t
    while visitor.t - asked_at < 1.5 * EACH_S:
        visitor.show()
    assert challenge.state is ChallengeState.RUNNING
    visitor.follow()
    assert challenge.state is ChallengeState.PASSED


def test_too_few_pictures_in_the_longest_time_accuse_nobody() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge, rate=1.5)
    while challenge.current is None:
        visitor.show()
    asked_at = visitor.t
    while challenge.state is ChallengeState.RUNNING:
        visitor.show()
    assert (challenge.state, challenge.reason) == (ChallengeState.UNSEEN, "too few pictures")
    assert LONGEST * EACH_S < visitor.t - asked_at < LONGEST * EACH_S + 1


def test_who_never_looks_straight_was_not_seen() -> None:
    challenge = Challenge([Movement.UP])
    visitor = Visitor(challenge)
    for _ in range(200):
        challenge.miss(visitor.frame())
    assert (challenge.state, challenge.reason) == (
        ChallengeState.UNSEEN,
        "nobody looked straight in time",
    )
    assert challenge.done == 0


@pytest.mark.parametrize(
    ("rate", "latest_s", "state"),
    [
        (25, EACH_S, ChallengeState.FAILED),
        (12, EACH_S, ChallengeState.FAILED),
        (8, ENOUGH / 8, ChallengeState.FAILED),
        (5, LONGEST * EACH_S, ChallengeState.UNSEEN),
    ],
)
def test_fewer_pictures_give_more_time_before_a_request_counts_as_not_done(
    rate, latest_s, state
) -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge, rate=rate)
    while challenge.current is None:
        visitor.show()
    asked_at = visitor.t
    while challenge.state is ChallengeState.RUNNING:
        visitor.show()
    assert challenge.state is state
    assert visitor.t - asked_at == pytest.approx(latest_s, abs=1.5 / rate)


@pytest.mark.parametrize(("gap_s", "state"), [(0.2, "failed"), (0.5, "unseen")])
def test_a_gap_while_a_movement_is_awaited_accuses_nobody(gap_s, state) -> None:
    """The movement may have been made in the gap; 0.2 s without a picture count as watched."""
    challenge = Challenge([Movement.LEFT, Movement.UP])
    visitor = Visitor(challenge, rate=25)
    while challenge.done < 1:
        visitor.follow(frames=1)
    visitor.t += gap_s
    while challenge.state is ChallengeState.RUNNING:
        visitor.show()
    assert challenge.state == state


@pytest.mark.parametrize("rate", [8, 12, 25])
def test_landmarks_misplaced_for_a_moment_are_no_jump_at_any_rate(rate) -> None:
    """What counts is how long they are, not in how many pictures."""
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge, rate=rate)
    visitor.follow(frames=2 * rate // 3)
    face = Face((0.0, 0.0, 160.0, 200.0), points(HEAD) + np.float32(250), 1.0)
    for _ in range(max(rate // 12, 1)):
        challenge.observe(visitor.frame(), face, lambda: ME)
    assert challenge.state is ChallengeState.RUNNING
    visitor.follow(frames=10 * rate)
    assert challenge.state is ChallengeState.PASSED


@pytest.mark.parametrize(("rate", "too_few"), [(5, 1), (8, 1), (12, 1), (25, 2)])
def test_a_movement_counts_once_it_is_held_and_not_in_a_glimpse(rate, too_few) -> None:
    for count in (too_few, too_few + 1):
        challenge = Challenge([Movement.LEFT, Movement.UP])
        visitor = Visitor(challenge, rate=rate)
        while challenge.current is None:
            visitor.show()
        for _ in range(rate // 2):
            visitor.show()
        for _ in range(count):
            visitor.now["yaw"] = 25.0
            visitor.show(yaw=25)
        assert challenge.done == (count > too_few)


def test_passed_holds_only_for_the_face_that_passed() -> None:
    for after, state in ((0.5, ChallengeState.PASSED), (2.0, ChallengeState.UNSEEN)):
        challenge = Challenge([Movement.LEFT])
        visitor = Visitor(challenge)
        visitor.follow()
        visitor.t += after
        visitor.show()
        assert challenge.state is state


def test_movements_are_drawn_evenly_and_never_twice_in_a_row() -> None:
    drawn = [draw_movements() for _ in range(3000)]
    assert {len(one) for one in drawn} == {3}
    assert all(one[0] != one[1] != one[2] for one in drawn)
    assert all(one.count(Movement.CLOSER) <= 1 for one in drawn)
    assert len(set(drawn)) >= 70
    first = Counter(one[0] for one in drawn)
    assert all(380 < first[movement] < 750 for movement in Movement)


def test_two_allowed_movements_are_enough_and_one_is_not() -> None:
    allowed = {Movement.LEFT, Movement.CLOSER}
    assert all(set(draw_movements(allowed=allowed)) == allowed for _ in range(20))
    assert {draw_movements(allowed=allowed)[0] for _ in range(60)} == allowed
    with pytest.raises(ValueError):
        draw_movements(allowed={Movement.LEFT})


def test_an_enrolment_asks_for_each_pose_once() -> None:
    assert {frozenset(draw_poses()) for _ in range(10)} == {frozenset(POSES)}


# The numbers, each at its limit: what the landmarks tell is given, so that it lies on the limit.

LOOK_S = (-0.375, -0.25, -0.125, 0.0)
"""Four straight frames; the first movement is asked for at 0.0."""
EYES, MOUTH, HEIGHT = 64.0, 56.0, 70.0
SLANTED = {Movement.LEFT: 1, Movement.RIGHT: -1, Movement.DOWN: 1, Movement.UP: -1}
"""Which way the nose moves on a head: right and down are above 0."""


class Stage:
    """Shows a challenge poses and movements of the nose as they are told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *movements: Movement) -> None:
        self.challenge = Challenge(movements)
        self.pose, self.nose = Pose(0.0, 0.0, 0.0, 64.0), (0.0, 0.0)
        self.embedding = ME
        of = "face_auth.liveness."
        monkeypatch.setattr(f"{of}challenge.head_pose", lambda points: self.pose)
        monkeypatch.setattr(f"{of}pose_change.nose_parallax", lambda *given: np.array(self.nose))

    def face(
        self, yaw=0.0, pitch=0.0, scale=64.0, nose=(0.0, 0.0), x=0.0, size=(EYES, MOUTH, HEIGHT)
    ) -> Face:
        self.pose, self.nose = Pose(yaw, pitch, 0.0, scale), nose
        eyes, mouth, height = size
        landmarks = [
            (x - eyes / 2, 0), (x + eyes / 2, 0), (x, 38),
            (x - mouth / 2, height), (x + mouth / 2, height),
        ]  # fmt: skip
        return Face((0.0, 0.0, 100.0, 100.0), np.array(landmarks, np.float32), 1.0)

    def show(self, at: float, **how) -> None:
        frame, embedding = Frame(np.zeros((1, 1, 3), np.uint8), at, 1), self.embedding
        self.challenge.observe(frame, self.face(**how), lambda: embedding)

    def look(self, *seconds: float, **how) -> "Stage":
        for at in seconds or LOOK_S:
            self.show(at, **how)
        return self

    def make(self, movement: Movement, at: float, much: float = 1.0, **how) -> None:
        """Show one frame of a movement, with a nose that moves as on a head."""
        way = SLANTED[movement]
        axis = "yaw" if movement in {Movement.LEFT, Movement.RIGHT} else "pitch"
        if axis == "yaw":
            self.show(at, **{"yaw": way * 14.0 * much, "nose": (way * 0.3, 0.0)} | how)
        else:
            self.show(at, **{"pitch": -way * 8.0 * much, "nose": (0.0, way * 0.3)} | how)

    def counts(self, movement: Movement, **how) -> bool:
        """Return whether a movement counts that is made once it may be and held long enough."""
        self.look()
        self.show(0.2)
        for at in (0.4, 0.5):
            self.make(movement, at, **how)
        return self.challenge.done == 1


@pytest.mark.parametrize(
    ("movement", "whole"),
    [
        (Movement.LEFT, {"yaw": 14.0}),
        (Movement.RIGHT, {"yaw": -14.0}),
        (Movement.UP, {"pitch": 8.0}),
        (Movement.DOWN, {"pitch": -8.0}),
        (Movement.CLOSER, {"scale": 64 * 1.2}),
    ],
)
def test_a_movement_is_14_degrees_of_turn_8_of_nod_or_a_fifth_larger(
    monkeypatch, movement, whole
) -> None:
    stage = Stage(monkeypatch, Movement.LEFT)
    assert stage.challenge.share_of(movement, stage.face(**whole)) == 0.0
    assert stage.challenge.share == 0.0
    stage.look()
    assert stage.challenge.share_of(movement, stage.face(**whole)) == 1.0
    assert stage.challenge.share_of(movement, stage.face()) == 0.0


def test_the_share_of_a_movement_on_a_real_pose_is_that_of_its_degrees() -> None:
    challenge = Challenge([Movement.LEFT])
    visitor = Visitor(challenge)
    while challenge.current is None:
        visitor.show()
    for movement, shape, share in (
        (Movement.LEFT, points(HEAD, yaw=7), 0.5), (Movement.RIGHT, points(HEAD, yaw=-21), 1.5),
        (Movement.UP, points(HEAD, pitch=8), 1.0), (Movement.CLOSER, points(HEAD, scale=1.1), 0.5),
    ):  # fmt: skip
        face = Face((240.0, 140.0, 160.0, 200.0), shape, 1.0)
        assert challenge.share_of(movement, face) == pytest.approx(share, abs=0.1)


def test_a_share_just_below_the_whole_does_not_count(monkeypatch) -> None:
    for much, counts in ((1.0, True), (0.999, False)):
        for movement in POSES:
            assert Stage(monkeypatch, movement).counts(movement, much=much) is counts


@pytest.mark.parametrize(
    ("movement", "narrowed", "lowered", "least"),
    [
        (Movement.LEFT, 0.0, 0.0, 0.085), (Movement.RIGHT, 0.0, 0.0, 0.085),
        (Movement.UP, 0.0, 0.0, 0.062), (Movement.DOWN, 0.0, 0.0, 0.062),
        (Movement.LEFT, 0.1, 0.0, 0.12), (Movement.RIGHT, 0.2, 0.0, 0.185),
        (Movement.DOWN, 0.0, 0.1, 0.085), (Movement.UP, 0.0, 0.2, 0.13),
    ],
)  # fmt: skip
def test_the_nose_must_move_the_further_the_narrower_or_lower_the_face_is(
    monkeypatch, movement, narrowed, lowered, least
) -> None:
    size = (EYES * (1 - narrowed), MOUTH * (1 - narrowed), HEIGHT * (1 - lowered))
    turned, way = movement in {Movement.LEFT, Movement.RIGHT}, SLANTED[movement]
    slack = 1e-4 if narrowed or lowered else 0.0
    for moved, counts in ((least + slack, True), (least - 1e-4, False), (-least - 0.01, False)):
        nose = (way * moved, 0.0) if turned else (0.0, way * moved)
        stage = Stage(monkeypatch, movement)
        assert stage.counts(movement, size=size, nose=nose) is counts, moved


@pytest.mark.parametrize(
    ("size", "lost"),
    [
        ((EYES, MOUTH - 12, HEIGHT), 0.1),
        ((EYES - 12, MOUTH, HEIGHT), 0.1),
        ((EYES - 6, MOUTH - 6, HEIGHT), 0.1),
        ((2 * EYES, 2 * MOUTH, 2.5 * HEIGHT), 0.2),
        ((EYES / 2, MOUTH / 2, HEIGHT / 2), 0.0),
    ],
)
def test_narrow_is_the_width_of_eyes_and_mouth_over_the_height_at_any_size(
    monkeypatch, size, lost
) -> None:
    least = max(0.085, 0.055 + 0.65 * lost)
    for moved, counts in ((least + 1e-4, True), (least - 1e-4, False)):
        stage = Stage(monkeypatch, Movement.LEFT)
        assert stage.counts(Movement.LEFT, size=size, nose=(moved, 0.0)) is counts


def test_narrow_is_narrower_than_at_first_on_a_short_face_too(monkeypatch) -> None:
    """Its eyes are further apart than they are from the mouth."""
    for moved, counts in ((0.1201, True), (0.1199, False)):
        stage = Stage(monkeypatch, Movement.LEFT).look(size=(64.0, 56.0, 40.0))
        stage.show(0.2, size=(64.0, 56.0, 40.0))
        for at in (0.4, 0.5):
            stage.make(Movement.LEFT, at, size=(58.0, 50.0, 40.0), nose=(moved, 0.0))
        assert (stage.challenge.done == 1) is counts


@pytest.mark.parametrize(("last", "done"), [(0.075, 1), (0.0749, 0)])
def test_a_movement_is_held_for_0_075_seconds(monkeypatch, last, done) -> None:
    stage = Stage(monkeypatch, Movement.LEFT, Movement.UP).look(-0.875, -0.75, -0.625, -0.5)
    stage.show(-0.2)
    stage.make(Movement.LEFT, 0.0)
    assert stage.challenge.share == 1.0
    stage.make(Movement.LEFT, last)
    assert stage.challenge.done == done
    assert stage.challenge.share == (0.0 if done else 1.0), "the next one has not begun"


@pytest.mark.parametrize(("at", "done"), [(0.2, 1), (0.199, 0)])
def test_a_movement_begins_0_2_seconds_after_it_was_asked_for_at_the_soonest(
    monkeypatch, at, done
) -> None:
    stage = Stage(monkeypatch, Movement.LEFT, Movement.UP).look()
    stage.show(at)
    for later in (0.25, 0.35, 0.45):
        stage.make(Movement.LEFT, later)
    assert stage.challenge.done == done


@pytest.mark.parametrize(
    ("much", "held_s", "back", "state"),
    [
        (1.5, 0.075, 0.49, ChallengeState.FAILED),
        (1.49, 0.075, 0.49, ChallengeState.RUNNING),
        (1.5, 0.0749, 0.49, ChallengeState.RUNNING),
        (1.5, 0.075, 0.5, ChallengeState.RUNNING),
    ],
)
def test_another_movement_is_wrong_from_one_and_a_half_on_and_counts_again_after_its_half(
    monkeypatch, much, held_s, back, state
) -> None:
    """Once is forgiven; the second ends it."""
    stage = Stage(monkeypatch, Movement.LEFT).look(-0.875, -0.75, -0.625, -0.5)
    stage.show(-0.2)
    stage.make(Movement.DOWN, 0.0, much)
    stage.make(Movement.DOWN, held_s, much)
    assert stage.challenge.state is ChallengeState.RUNNING
    stage.make(Movement.DOWN, 0.1, back)
    stage.make(Movement.DOWN, 0.2, much)
    stage.make(Movement.DOWN, 0.3, much)
    assert stage.challenge.state is state


def test_one_wrong_turn_is_one_wrong_answer_though_its_landmarks_show_a_nod_as_well(
    monkeypatch,
) -> None:
    """A head turned by 35 degrees to the wrong side shows 15 degrees of pitch in simulation."""
    stage = Stage(monkeypatch, Movement.LEFT).look()
    stage.show(0.25)
    for at in (0.5, 0.6, 0.7):
        stage.make(Movement.RIGHT, at, 1.6)
    for at in (0.8, 0.9, 1.0):
        stage.show(at, yaw=-35.0, pitch=15.0, nose=(-0.3, -0.3))
    assert stage.challenge.state is ChallengeState.RUNNING
    stage.show(1.2)
    for at in (1.4, 1.5):
        stage.make(Movement.UP, at, 1.6)
    assert stage.challenge.state is ChallengeState.FAILED, "a second one, after the first ended"


def test_who_came_closer_makes_wrong_answers_as_anybody(monkeypatch) -> None:
    stage = Stage(monkeypatch, Movement.CLOSER, Movement.LEFT).look()
    stage.show(0.25)
    for at in (0.5, 0.6):
        stage.show(at, scale=80.0)
    assert stage.challenge.done == 1
    stage.show(0.9, scale=80.0)
    for start, movement in ((1.0, Movement.UP), (1.5, Movement.DOWN)):
        for at in (0.0, 0.1):
            stage.make(movement, start + at, 1.6, scale=80.0)
        stage.show(start + 0.3, scale=80.0)
    assert stage.challenge.state is ChallengeState.FAILED


@pytest.mark.parametrize(("first", "second"), [(ME, STRANGER), (STRANGER, ME)])
def test_the_frame_that_first_shows_a_movement_says_whose_it_is(monkeypatch, first, second) -> None:
    """In the next one, at few pictures a second, the head may be turned too far to be known."""
    stage = Stage(monkeypatch, Movement.LEFT, Movement.UP).look()
    stage.show(0.25)
    for at, stage.embedding in ((0.5, first), (0.625, second)):
        stage.make(Movement.LEFT, at)
    assert (stage.challenge.done == 1) is (first is ME)
    assert (stage.challenge.reason == "another person") is (first is STRANGER)


def test_another_movement_of_a_flat_picture_or_a_step_towards_the_camera_is_not_wrong(
    monkeypatch,
) -> None:
    for how in ({"yaw": 30.0}, {"pitch": 20.0}, {"scale": 100.0}):
        stage = Stage(monkeypatch, Movement.RIGHT).look()
        for number in range(1, 20):
            stage.show(0.2 * number, **(how if number % 4 else {}))
        assert stage.challenge.state is ChallengeState.RUNNING


def test_a_straight_look_is_four_frames_in_three_eighths_of_a_second(monkeypatch) -> None:
    for seconds, begun in (
        ((0.0, 0.1, 0.2, 0.375), True), ((0.0, 0.1, 0.2, 0.374), False),
        ((0.0, 0.1, 0.375), False),
    ):  # fmt: skip
        stage = Stage(monkeypatch, Movement.LEFT).look(*seconds)
        assert stage.challenge.has_begun is begun
        assert (stage.challenge.current is not None) is begun


@pytest.mark.parametrize(
    ("straight", "turned"),
    [({"yaw": 16.0}, {"yaw": 16.1}), ({"yaw": -16.0}, {"yaw": -16.1}),
     ({"pitch": 28.0}, {"pitch": 28.1}), ({"pitch": -28.0}, {"pitch": -28.1})],
)  # fmt: skip
def test_straight_is_within_16_degrees_of_yaw_and_28_of_pitch(
    monkeypatch, straight, turned
) -> None:
    assert Stage(monkeypatch, Movement.LEFT).look(**straight).challenge.has_begun
    stage = Stage(monkeypatch, Movement.LEFT).look(**turned)
    assert not stage.challenge.has_begun
    stage.look(0.1, 0.2, 0.4)
    stage.show(0.5, **turned)
    stage.look(0.6, 0.7, 0.9)
    assert not stage.challenge.has_begun, "four in a row, without a turned one"
    assert stage.look(1.0).challenge.has_begun


@pytest.mark.parametrize(
    ("how", "begun"),
    [
        ({"yaw": 12.0}, True), ({"yaw": 12.1}, False), ({"yaw": -12.1}, False),
        ({"pitch": -12.0}, True), ({"pitch": 12.1}, False), ({"pitch": -12.1}, False),
        ({"growth": 0.119}, True), ({"growth": 0.121}, False), ({"growth": -0.121}, False),
    ],
)  # fmt: skip
def test_a_head_is_at_rest_up_to_12_degrees_or_a_growth_of_12_percent_a_second(
    monkeypatch, how, begun
) -> None:
    stage = Stage(monkeypatch, Movement.LEFT)
    for at in LOOK_S:
        scale = 64.0 * math.exp(how.get("growth", 0.0) * at)
        stage.show(at, yaw=how.get("yaw", 0.0) * at, pitch=how.get("pitch", 0.0) * at, scale=scale)
    assert stage.challenge.has_begun is begun


def test_what_was_seen_before_a_head_came_to_rest_is_forgotten(monkeypatch) -> None:
    stage = Stage(monkeypatch, Movement.LEFT)
    for at, yaw in ((0.0, 15.0), (0.125, 10.0), (0.25, 5.0), (0.375, 1.0), (0.5, 1.0)):
        stage.show(at, yaw=yaw)
        assert not stage.challenge.has_begun
    stage.show(0.625, yaw=1.0)
    assert stage.challenge.share_of(Movement.LEFT, stage.face(yaw=15.0)) == 1.0


def test_movements_are_measured_from_the_median_of_the_straight_frames(monkeypatch) -> None:
    stage = Stage(monkeypatch, Movement.LEFT)
    for at, yaw in zip(LOOK_S, (3.0, 15.0, 3.0, 3.0), strict=True):
        stage.show(at, yaw=yaw, scale=64.0 + yaw)
    assert stage.challenge.share_of(Movement.LEFT, stage.face(yaw=17.0)) == 1.0
    assert stage.challenge.share_of(Movement.CLOSER, stage.face(scale=67.0)) == 0.0


@pytest.mark.parametrize(
    ("passed", "how", "follows"),
    [
        (0.125, {"x": 80.0}, True), (0.125, {"x": 80.5}, False),
        (0.25, {"x": -128.0}, True), (0.25, {"x": -128.5}, False),
        (0.125, {"scale": 64 * 1.529}, True), (0.125, {"scale": 64 * 1.531}, False),
        (0.25, {"scale": 64 / 1.732}, True), (0.25, {"scale": 64 / 1.734}, False),
        (math.log(1.5) - 0.3, {"scale": 96.0}, True),
        (0.125, {"yaw": 50.0}, True), (0.125, {"yaw": 50.1}, False),
        (0.0625, {"yaw": -37.5}, True), (0.0625, {"yaw": -37.6}, False),
        (0.25, {"scale": 0.0}, False), (0.25, {"scale": -1.0}, False),
    ],
)  # fmt: skip
def test_a_face_goes_on_where_it_moves_grows_and_turns_no_faster_than_a_head(
    monkeypatch, passed, how, follows
) -> None:
    """By 0.5 and 6 eye distances a second; by exp(0.3) and exp(1) a second; 25 and 200 degrees."""
    stage = Stage(monkeypatch, Movement.UP).look()
    stage.show(passed, pitch=4.0, **how)
    assert stage.challenge.share == (0.5 if follows else 0.0)
    assert stage.challenge.state is ChallengeState.RUNNING


@pytest.mark.parametrize(
    ("second", "state"), [(0.075, ChallengeState.FAILED), (0.0749, ChallengeState.RUNNING)]
)
def test_a_face_that_is_elsewhere_for_0_075_seconds_has_jumped(monkeypatch, second, state) -> None:
    stage = Stage(monkeypatch, Movement.UP).look(-0.475, -0.35, -0.2, -0.1)
    for at in (0.0, second):
        stage.show(at, x=9999.0)
    assert stage.challenge.state is state
    stage = Stage(monkeypatch, Movement.UP).look(-0.475, -0.35, -0.2, -0.1)
    for at, x in ((0.0, 9999.0), (0.05, 0.0), (0.1, 9999.0)):
        stage.show(at, x=x)
    assert stage.challenge.state is ChallengeState.RUNNING, "it was back in between"


def test_the_same_person_has_a_cosine_of_0_4_at_least(monkeypatch) -> None:
    stage = Stage(monkeypatch, Movement.UP)
    assert not stage.challenge.is_same_person(ME)
    stage.look()
    for cosine, same in ((1.0, True), (0.4, True), (0.399, False), (-1.0, False)):
        assert stage.challenge.is_same_person(np.eye(512)[0] * cosine) is same


def times(stage: Stage, apart: float, last: float, **how) -> ChallengeState:
    """Show frames after 0.0 until *last*."""
    for number in range(1, round(last / apart) + 1):
        stage.show(number * apart, **how)
    return stage.challenge.state


@pytest.mark.parametrize(
    ("apart", "last_s", "state"),
    [
        (0.0625, 4.5, ChallengeState.FAILED),
        (0.125, 5.875, ChallengeState.FAILED),  # the 47th picture
        (0.25, 9.0, ChallengeState.UNSEEN),
    ],
)
def test_a_movement_may_take_four_and_a_half_seconds_48_pictures_or_nine_seconds(
    monkeypatch, apart, last_s, state
) -> None:
    stage = Stage(monkeypatch, Movement.UP).look()
    assert times(stage, apart, last_s) is ChallengeState.RUNNING
    stage.show(last_s + apart)
    assert stage.challenge.state is state


def test_a_straight_look_may_take_eight_seconds_and_sixteen_with_few_pictures(monkeypatch) -> None:
    stage = Stage(monkeypatch, Movement.UP)
    stage.show(0.0, yaw=40.0)
    assert times(stage, 0.25, 8.0, yaw=40.0) is ChallengeState.RUNNING
    stage.show(8.25, yaw=40.0)
    assert stage.challenge.reason == "nobody looked straight in time"
    stage = Stage(monkeypatch, Movement.UP)
    stage.show(0.0, yaw=40.0)
    assert times(stage, 0.75, 15.75, yaw=40.0) is ChallengeState.RUNNING
    stage.show(16.0, yaw=40.0)
    assert stage.challenge.state is ChallengeState.RUNNING
    stage.show(16.25, yaw=40.0)
    assert (stage.challenge.state, stage.challenge.reason) == (
        ChallengeState.UNSEEN,
        "too few pictures",
    )


def test_the_share_that_is_told_is_that_of_the_latest_frame(monkeypatch) -> None:
    stage = Stage(monkeypatch, Movement.LEFT).look()
    for at, yaw, share in ((0.1, 7.0, 0.5), (0.2, -3.5, -0.25), (0.3, 3.5, 0.25)):
        stage.show(at, yaw=yaw)
        assert stage.challenge.share == share
