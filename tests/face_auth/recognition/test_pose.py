"""Tests of pose and parallax on points rotated by known angles."""

import numpy as np
import pytest

from face_auth.recognition.pose import HEAD, head_pose, nose_parallax


def turned(yaw=0.0, pitch=0.0, roll=0.0, scale=80.0, shape=HEAD, distance=1e9):
    """Return the landmarks of a turned head in px; yaw to the right, pitch up, roll clockwise."""
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    x, y, z = np.asarray(shape, float).T
    x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    y, z = y * np.cos(pitch) - z * np.sin(pitch), z * np.cos(pitch) + y * np.sin(pitch)
    x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
    near = 1 - z / distance
    return np.stack([320 + scale * x / near, 200 + scale * y / near], axis=1)


FLAT = HEAD * (1, 1, 0)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (25, 0, 0), (-25, 5, 10), (0, 20, -15), (10, -20, 25)]
)
def test_the_angles_are_those_that_the_head_was_turned_by(yaw, pitch, roll) -> None:
    pose = head_pose(turned(yaw, pitch, roll))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=1.5)
    assert pose.scale == pytest.approx(80, rel=0.03)


def test_mirrored_landmarks_turn_the_other_way() -> None:
    points = turned(20, 8, 5)
    mirror = (points * (-1, 1))[[1, 0, 2, 4, 3]]
    one, other = head_pose(points), head_pose(mirror)
    assert other.yaw == pytest.approx(-one.yaw, abs=0.5)
    assert other.pitch == pytest.approx(one.pitch, abs=0.5)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), np.nan), np.zeros((4, 2))])
def test_what_is_no_face_has_no_pose(points) -> None:
    with pytest.raises(ValueError):
        head_pose(points)


@pytest.mark.parametrize("distance", [1e9, 6.0])
@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(45, 0, 0), (-30, 20, 15), (0, 40, 0)])
def test_on_a_flat_picture_the_nose_follows_the_plane(yaw, pitch, roll, distance) -> None:
    before = turned(shape=FLAT, distance=distance)
    after = turned(yaw, pitch, roll, scale=110, shape=FLAT, distance=distance)
    assert nose_parallax(before, after) == pytest.approx((0, 0), abs=1e-3)


def test_on_a_head_the_nose_goes_where_the_head_turns() -> None:
    before = turned()
    assert nose_parallax(before, turned(yaw=20))[0] > 0.12
    assert nose_parallax(before, turned(yaw=-20))[0] < -0.12
    assert nose_parallax(before, turned(pitch=15))[1] < -0.08
    assert nose_parallax(before, turned(pitch=-15))[1] > 0.08


def test_rolling_and_nearing_move_no_nose() -> None:
    assert np.abs(nose_parallax(turned(), turned(roll=25, scale=130))).max() < 1e-3
