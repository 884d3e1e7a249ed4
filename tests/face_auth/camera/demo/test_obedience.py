"""Tests of the drawn person's movements: their delay, speed and end."""

import numpy as np
import pytest

from face_auth.camera import Camera
from face_auth.camera.demo.obedience import (
    AGAIN,
    ENDS,
    MOVEMENT_S,
    REACTION_S,
    STRAIGHT,
    Obedience,
)
from face_auth.camera.open_source import make_source
from face_auth.types import Movement


@pytest.mark.parametrize("movement", list(Movement))
def test_it_ends_where_the_movement_leads_and_comes_back(movement) -> None:
    person = Obedience()
    assert person.pose(None, 0.0) == STRAIGHT
    assert person.pose(movement, 1.0) == STRAIGHT
    assert person.pose(movement, 1.0 + REACTION_S * 0.9) == STRAIGHT
    assert person.pose(movement, 1.0 + REACTION_S + MOVEMENT_S) == pytest.approx(ENDS[movement])
    person.pose(None, 3.0)
    assert person.pose(None, 3.1 + REACTION_S + MOVEMENT_S) == STRAIGHT


@pytest.mark.parametrize(("movement", "name"), [(Movement.LEFT, "yaw"), (Movement.DOWN, "pitch")])
def test_a_movement_that_is_still_asked_for_grows_and_shrinks_by_a_fifth(movement, name) -> None:
    person = Obedience()
    end, last = ENDS[movement][name], 1.0 + REACTION_S + MOVEMENT_S
    poses = [person.pose(movement, t)[name] / end for t in (1.0, *np.arange(last, last + 3, 0.02))]
    assert (min(poses[1:]), max(poses)) == pytest.approx((1 - AGAIN, 1 + AGAIN), abs=0.002)


def test_it_turns_no_faster_than_people() -> None:
    person = Obedience()
    times = np.arange(0, 6, 0.04)
    asked = [None if t < 1 else Movement.LEFT if t < 3 else Movement.RIGHT for t in times]
    yaws = [person.pose(one, float(t))["yaw"] for one, t in zip(asked, times, strict=True)]
    assert max(yaws) >= ENDS[Movement.LEFT]["yaw"]
    assert min(yaws) <= ENDS[Movement.RIGHT]["yaw"]
    assert np.abs(np.diff(yaws)).max() / 0.04 < 200


def test_the_camera_hands_on_what_is_asked() -> None:
    """The source of the demo camera reads the requested movement at every frame."""
    now = [0.0]
    camera = Camera("demo", clock=lambda: now[0])
    source = make_source("demo", lambda: now[0], lambda: camera.asked).open()
    before = after = None
    for now[0] in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5):
        camera.asked = None if now[0] < 1 else Movement.CLOSER
        source.grab()
        after = source.retrieve()
        before = after if before is None else before
    unasked = make_source("demo", lambda: now[0]).open()
    unasked.grab()
    assert np.abs(after.astype(int) - before).mean() > 2
    assert not np.array_equal(after, unasked.retrieve())
    camera.close()
