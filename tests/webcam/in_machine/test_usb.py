"""The capture code on a USB webcam: choice of the mode, unplugging, exchange, faults, identity."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from atm.camera.registered_camera import RegisteredCamera
from atm.camera.registration import CameraChangedError, Registration, read_identity
from atm.folder import Kind
from credentials.sealed.seal import Seal
from face_auth.errors import CameraError
from tests.webcam.in_machine.conftest import VGA, lost, noise, plug, ready, until, usb_devices
from tests.webcam.usb_camera import Mode

MJPG = Mode("MJPG", 640, 480, (30.0, 15.0))
FULL_HD = Mode("MJPG", 1920, 1080, (30.0,))


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ([VGA, Mode("YUYV", 1280, 720, (10.0,)), MJPG, FULL_HD], (MJPG, 30)),
        ([Mode("YUYV", 1920, 1080, (5.0,)), VGA, Mode("MJPG", 160, 120, (60.0,))], (VGA, 30)),
        ([VGA, Mode("MJPG", 1920, 1080, (5.0,))], (VGA, 30)),
        ([Mode("YUYV", 640, 480, (5.0,)), Mode("YUYV", 1280, 720, (15.0,))], 1),
        ([Mode("GREY", 640, 480, (60.0,)), VGA], (VGA, 30)),
        ([Mode("GREY", 320, 240, (60.0, 30.0))], 0),
        ([Mode("YUYV", 160, 120, (60.0, 5.0))], 0),
        ([Mode("MJPG", 1920, 1080, (5.0,))], 0),
    ],
    ids=["usual", "small MJPEG", "slow MJPEG", "slow VGA", "infrared", "grey", "tiny", "full HD"],
)  # fmt: skip
def test_the_mode_that_suits_a_face_is_taken(plug_in, start, modes, expected) -> None:
    webcam, device = plug_in(modes)
    image = ready(start(device)).image
    if isinstance(expected, int):
        expected = (modes[expected], webcam.mode[1])
    assert webcam.mode == expected
    assert image.shape == (expected[0].height, expected[0].width, 3)


@pytest.mark.parametrize("fourcc", ["MJPG", "YUYV"])
def test_red_stays_red(plug_in, start, fourcc: str) -> None:
    grey = noise()

    def scene(number: int) -> np.ndarray:
        return (grey(number) // (2, 16, 16) + (150, 0, 0)).astype(np.uint8)

    _, device = plug_in([Mode(fourcc, 640, 480, (30.0,))], scene=scene)
    red, green, blue = ready(start(device)).image.mean(axis=(0, 1))
    assert red > 200
    assert max(green, blue) < 40


def test_pulled_out_in_mid_capture_and_back_again(plug_in, start) -> None:
    webcam, device = plug_in()
    camera = start(device)
    indices = []
    for frame in camera.frames(after=time.monotonic(), until=time.monotonic() + 100):
        indices.append(frame.index)
        if len(indices) == 3:
            webcam.pull_out()
            lost(camera)
            assert plug(webcam) == device
            ready(camera)
        if len(indices) == 6:
            break
    assert len(indices) == 6


def test_a_camera_that_stays_away_ends_the_capture(plug_in, start) -> None:
    webcam, device = plug_in()
    camera = start(device)
    with pytest.raises(CameraError, match=f"no camera at {device}"):
        for _ in camera.frames(after=time.monotonic(), until=time.monotonic() + 100):
            webcam.pull_out()
    assert camera.problem == f"no camera at {device}"


def test_two_nodes_of_one_camera_and_only_one_has_pictures(plug_in, start) -> None:
    _, device = plug_in()
    metadata = f"/dev/video{int(device[10:]) + 1}"
    assert lost(start(metadata)) == f"no camera at {metadata}: it captures no pictures"


def test_a_camera_that_shows_black_while_it_starts_becomes_ready(plug_in, start) -> None:
    """A sensor that needs three seconds of light after each opening."""
    webcam, device = plug_in()
    lit = noise()
    black = np.zeros((60, 80, 3), np.uint8)
    began: dict[object, float] = {}

    def scene(number: int) -> np.ndarray:
        opened = began.setdefault(webcam.streams, time.monotonic())
        return black if time.monotonic() < opened + 3 else lit(number)

    webcam.scene = scene
    camera = start(device)
    until(lambda: ready(camera).image.mean() > 50)


def test_a_webcam_that_hangs_is_lost_until_it_goes_on(plug_in, start) -> None:
    webcam, device = plug_in()
    camera = start(device)
    ready(camera)
    webcam.sends = False
    assert lost(camera) == f"{device} stopped delivering"
    webcam.sends = True
    ready(camera)


def test_a_dark_room_is_no_fault_of_the_camera(plug_in, start) -> None:
    _, device = plug_in(scene=noise(10))
    assert ready(start(device)).image.mean() < 40


@pytest.mark.parametrize("mode", [VGA, MJPG], ids=["raw", "compressed"])
def test_half_a_picture_is_not_shown(plug_in, start, mode: Mode) -> None:
    webcam, device = plug_in([mode])
    camera = start(device)
    ready(camera)
    webcam.cut = 0.5
    assert lost(camera).startswith(device)
    webcam.cut = 1.0
    ready(camera)


@pytest.fixture
def registered(tmp_path: Path) -> Iterator[Callable[[str], RegisteredCamera]]:
    """Register the camera at a path as that of a live data folder."""
    cameras: list[RegisteredCamera] = []

    def register(device: str) -> RegisteredCamera:
        registration = Registration(tmp_path / "camera.json", Seal(b"s" * 32))
        registration.register(read_identity(device), ["Ada"])
        cameras.append(RegisteredCamera(Kind.LIVE, device, registration, cast(Any, None)))
        return cameras[-1]

    yield register
    for camera in cameras:
        camera.close()


@pytest.mark.parametrize("serial", ["A1", "B2"], ids=["the same", "another"])
def test_a_camera_that_is_exchanged_in_mid_capture(plug_in, registered, serial: str) -> None:
    webcam, device = plug_in(serial="A1")
    camera = registered(device)
    ready(camera.camera)
    now = time.monotonic()
    frames = camera.checked(camera.camera.frames(after=now, until=now + 100))
    assert [next(frames) for _ in range(3)]
    webcam.pull_out()
    until(lambda: not usb_devices())
    assert lost(camera.camera)
    assert "There is no camera" in camera.problem
    other, again = plug_in(serial=serial)
    assert again == device
    if serial == "A1":
        assert [next(frames) for _ in range(3)]
        return
    with pytest.raises(CameraChangedError, match="Camera changed"):
        for _ in frames:
            pytest.fail("a picture of another camera")
    other.pull_out()
    until(lambda: not usb_devices())
    assert plug(webcam) == device
    ready(camera.camera)
    assert camera.problem == ""


def test_two_cameras_are_told_apart_by_port_and_serial(plug_in) -> None:
    (_, left), (_, right) = plug_in(serial="A1", port=0), plug_in(serial="", port=1)
    one, two = read_identity(left), read_identity(right)
    assert (one.bus_path, one.serial) == ("vhci_hcd.0/1", "A1")
    assert (two.bus_path, two.serial) == ("vhci_hcd.0/2", "")
    assert one.name == two.name


def test_a_camera_whose_number_another_took_is_not_the_registered_one(plug_in, registered) -> None:
    first, device = plug_in(serial="A1", port=0)
    second, _ = plug_in(serial="B2", port=1)
    camera = registered(device)
    assert camera.problem == ""
    for webcam in (first, second):
        webcam.pull_out()
    until(lambda: not usb_devices())
    assert plug(second) == device
    plug(first)
    assert camera.problem == "Camera changed. Ask staff."


def test_a_camera_that_comes_back_under_another_number_is_found_by_its_link(
    plug_in, start, link_to
) -> None:
    """Its old number stays taken as long as another program has it open."""
    webcam, device = plug_in()
    by_number, by_link = start(device), start(link_to(device))
    other = os.open(device, os.O_RDWR)
    try:
        webcam.pull_out()
        lost(by_number)
        again = plug(webcam)
        link_to(again)
        assert again != device
        ready(by_link)
        assert lost(by_number) == f"no camera at {device}"
    finally:
        os.close(other)
