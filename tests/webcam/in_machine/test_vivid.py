"""The capture code on the kernel's driver vivid: formats, sizes, rates and faults of a driver."""

import time

import cv2
import pytest

from atm.camera.registration import read_identity
from face_auth.camera import v4l2
from face_auth.camera.opencv import Webcam
from face_auth.types import CameraState
from tests.webcam.in_machine.conftest import lost, ready, until

RED = 7  # test patterns of vivid
BLACK = 5


def test_index_path_and_link_open_the_same_camera(start, link_to) -> None:
    for spec in ("0", "/dev/video0", link_to("/dev/video0")):
        camera = start(spec)
        assert ready(camera).image.shape == (480, 640, 3)
        assert read_identity(spec) == read_identity("0")
        camera.close()


@pytest.mark.parametrize("fourcc", (*v4l2.COLOURED[1:], *v4l2.GREY))
def test_colours_are_right_in_every_format(monkeypatch, adjust, fourcc: str) -> None:
    """All but MJPG, which vivid does not have; `test_usb` has it."""
    adjust(test_pattern=RED, osd_text_mode=2)
    monkeypatch.setattr(v4l2, "best_mode", lambda _: v4l2.Mode(fourcc, 640, 480, 25))
    webcam = Webcam("0")
    try:
        webcam.open()
        webcam.grab()
        image = webcam.retrieve()
        used = int(webcam._capture.get(cv2.CAP_PROP_FOURCC))  # type: ignore[union-attr]
    finally:
        webcam.close()
    assert image is not None and image.shape == (480, 640, 3)
    red, green, blue = image.mean(axis=(0, 1))
    assert used.to_bytes(4, "little").decode() == fourcc
    if fourcc in v4l2.GREY:
        assert red == green == blue
        assert 20 < red < 120
    else:
        assert red > 180
        assert max(green, blue) < 40


@pytest.mark.parametrize(
    ("width", "height", "rate"), [(320, 180, 60), (640, 480, 25), (1280, 720, 10), (1920, 1080, 5)]
)
def test_sizes_and_rates(monkeypatch, width: int, height: int, rate: int) -> None:
    monkeypatch.setattr(v4l2, "best_mode", lambda _: v4l2.Mode("YUYV", width, height, rate))
    webcam = Webcam("0")
    try:
        webcam.open()
        for _ in range(3):
            webcam.grab()
        image = webcam.retrieve()
        assert image is not None and image.shape == (height, width, 3)
        assert webcam._capture is not None
        assert webcam._capture.get(cv2.CAP_PROP_FPS) == rate
    finally:
        webcam.close()


def test_best_mode_of_a_list_and_of_a_range() -> None:
    assert v4l2.best_mode("/dev/video0") == v4l2.Mode("YUYV", 640, 480, 25)
    assert v4l2.best_mode("/dev/video2") == v4l2.Mode("YUYV", 640, 480, 60)


def test_a_grabber_with_a_range_of_sizes_delivers(start) -> None:
    assert ready(start("2")).image.shape == (480, 640, 3)


def test_two_cameras_of_a_kind_are_told_apart_by_their_place() -> None:
    first, second = read_identity("0"), read_identity("1")
    assert first.bus_path == "devices/platform/vivid.0"
    assert first != second


def test_a_busy_camera_says_so_and_comes_when_it_is_free(start) -> None:
    first = start("0")
    ready(first)
    second = start("/dev/video0")
    assert "camera is busy at /dev/video0" in lost(second)
    assert ready(first)
    first.close()
    ready(second)


@pytest.mark.parametrize("fault", ["inject_fatal_streaming_error", "disconnect"])
def test_a_camera_comes_back_after_a_fault(start, adjust, fault: str) -> None:
    camera = start("0")
    before = ready(camera)
    adjust(**{fault: 1})
    assert "/dev/video0" in lost(camera)
    assert ready(camera).index > before.index


@pytest.mark.parametrize(
    "fault",
    [
        "inject_v4l2_buf_flag_error", "inject_vidioc_qbuf_error", "inject_vidioc_streamon_error",
        "inject_vidioc_reqbufs_error",
    ],
)  # fmt: skip
def test_an_error_of_the_driver_is_survived(start, adjust, fault: str) -> None:
    camera = start("0")
    before = ready(camera)
    adjust(**{fault: 1})
    until(lambda: ready(camera).index > before.index + 30)
    camera.close()
    camera = start("0")
    ready(camera)


def test_a_camera_that_hangs_is_lost_until_it_goes_on(start, adjust) -> None:
    camera = start("0")
    before = ready(camera)
    adjust(percentage_of_dropped_buffers=100)
    assert lost(camera) == "0 stopped delivering"
    assert camera.latest() is None
    adjust(percentage_of_dropped_buffers=0)
    assert ready(camera).index > before.index


def test_a_frozen_picture_is_lost_until_it_moves(start, adjust) -> None:
    camera = start("0")
    ready(camera)
    adjust(test_pattern=BLACK, osd_text_mode=2)
    assert "the same picture over and over" in lost(camera)
    adjust(osd_text_mode=0)
    ready(camera)


def test_a_camera_without_light_at_first_is_ready_when_it_has_some(start, adjust) -> None:
    adjust(brightness=0, test_pattern=BLACK)
    camera = start("0")
    dark = ready(camera).image.mean()
    adjust(brightness=128, test_pattern=0)
    with_light = [0.0]
    for frame in camera.frames(after=time.monotonic(), until=time.monotonic() + 60):
        with_light.append(frame.image.mean())
        if with_light[-1] > dark + 30:
            break
    assert with_light[-1] > dark + 30
    assert camera.state is CameraState.READY
