"""Tests of the simulated camera with the drawn person."""

import itertools
import threading

import numpy as np
import pytest

from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.types import Movement


def test_frames_are_forty_milliseconds_apart_whatever_the_machine_does() -> None:
    frames = list(DrawnCamera("demo").frames(after=10.0, until=10.21))
    assert [frame.index for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame.captured_at for frame in frames] == pytest.approx(
        [10.04, 10.08, 10.12, 10.16, 10.20]
    )
    assert all(frame.image.shape == (480, 640, 3) for frame in frames)
    assert not any(
        np.array_equal(one.image, other.image) for one, other in itertools.pairwise(frames)
    )


def test_it_does_what_it_is_asked() -> None:
    still, asked = DrawnCamera("demo"), DrawnCamera("demo")
    asked.asked = Movement.LEFT
    last = [list(camera.frames(after=0.0, until=1.5))[-1].image for camera in (still, asked)]
    assert np.abs(last[0].astype(int) - last[1]).mean() > 5


def test_it_ends_when_it_is_told_to() -> None:
    stop = threading.Event()
    frames = DrawnCamera("demo:1").frames(after=0.0, until=1000.0, cancel=stop)
    assert next(frames).index == 1
    stop.set()
    assert list(frames) == []


def test_another_number_is_another_person() -> None:
    one, other = (next(DrawnCamera(s).frames(after=0, until=1)).image for s in ("demo", "demo:1"))
    assert np.abs(one.astype(int) - other).mean() > 5
