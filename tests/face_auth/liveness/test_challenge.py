"""Tests of the challenge's state machine on points of heads and pictures, without a camera."""

import random
from collections import Counter

import numpy as np
import pytest

from face_auth.liveness.challenge import EACH_S, ENOUGH, LONGEST, Challenge, ChallengeState
from face_auth.liveness.movements import POSES, draw_movements, draw_poses
from face_auth.liveness.track import LOST_S
from face_auth.recognition.detection import Face
from face_auth.recognition.pose import HEAD
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
    assert all(one[0] != one[1] != one[2] for one in drawn)
    assert all(one.count(Movement.CLOSER) <= 1 for one in drawn)
    assert len(set(drawn)) >= 70
    first = Counter(one[0] for one in drawn)
    assert all(380 < first[movement] < 750 for movement in Movement)


def test_two_allowed_movements_are_enough_and_one_is_not() -> None:
    allowed = {Movement.LEFT, Movement.CLOSER}
    assert all(set(draw_movements(allowed=allowed)) == allowed for _ in range(20))
    with pytest.raises(ValueError):
        draw_movements(allowed={Movement.LEFT})


def test_an_enrolment_asks_for_each_pose_once() -> None:
    assert {frozenset(draw_poses()) for _ in range(10)} == {frozenset(POSES)}
