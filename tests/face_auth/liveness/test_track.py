"""Tests of the face's track: time watched, gaps and lost faces, by frame times alone."""

import numpy as np
import pytest

from face_auth.liveness.track import LOST_S, PICTURE_S, Track


@pytest.mark.parametrize("rate", [4, 5, 8, 12, 25])
def test_four_pictures_a_second_watch_all_the_time(rate) -> None:
    track = Track()
    for number in range(3 * rate + 1):
        assert track.add(number / rate, in_sight=True)
    assert track.watched_s == pytest.approx(3.0)


def test_of_a_gap_only_what_one_picture_speaks_for_was_watched() -> None:
    track = Track()
    for at in (10.0, 10.1, 17.0, 17.1):
        track.add(at, in_sight=True)
    assert track.watched_s == pytest.approx(0.2 + PICTURE_S)


@pytest.mark.parametrize(
    ("times", "starved"),
    [
        ((), False),
        ((5.0,), False),
        (np.arange(0, 4, 0.04), False),
        (np.arange(0, 4, 0.5), False),
        (np.arange(0, 4, 0.6), True),
        ((*np.arange(0, 2, 0.1), *np.arange(2.65, 6, 0.1)), False),
        ((*np.arange(0, 2, 0.1), *np.arange(2.85, 6, 0.1)), True),
    ],
)
def test_missing_pictures_are_told_from_missing_faces(times, starved) -> None:
    for in_sight in (True, False):
        track = Track()
        for at in times:
            track.add(float(at), in_sight=in_sight)
        assert track.starved is starved


def test_time_without_a_face_was_watched_too() -> None:
    track = Track()
    for number in range(11):
        track.add(number / 10, in_sight=False)
    assert (track.watched_s, track.breaks) == (pytest.approx(1.0), 0)


@pytest.mark.parametrize("between", [(), (0.3, 0.6)])
def test_a_face_goes_on_after_a_short_absence(between) -> None:
    track = Track()
    track.add(0.0, in_sight=True)
    assert all(track.add(at, in_sight=False) for at in between)
    assert track.add(LOST_S, in_sight=True)
    assert track.breaks == 0


@pytest.mark.parametrize("between", [(), (0.3, 0.6), (0.3, 0.85)])
def test_it_is_lost_once_after_a_longer_one(between) -> None:
    """Whether pictures without it came meanwhile, or none at all."""
    track = Track()
    track.add(0.0, in_sight=True)
    told = [track.add(at, in_sight=False) for at in between]
    told.append(track.add(LOST_S + 0.1, in_sight=True))
    told.append(track.add(LOST_S + 0.2, in_sight=True))
    assert told.count(False) == track.breaks == 1
