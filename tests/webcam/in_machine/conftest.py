"""Fixtures of the tests that run in the machine of `tests/webcam/machine.py`."""

import contextlib
import functools
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from face_auth.camera import Camera
from face_auth.types import CameraState, Frame
from tests import patience
from tests.webcam.usb_camera import Mode, UsbCamera

until = functools.partial(patience.until, limit_s=30)  # a minute for each failure is too much
VGA = Mode("YUYV", 640, 480, (30.0,))
DEFAULTS = {
    "test_pattern": 0, "osd_text_mode": 0, "brightness": 128, "percentage_of_dropped_buffers": 0,
}  # fmt: skip


@pytest.fixture
def start() -> Iterator[Callable[[str], Camera]]:
    """Start a camera by its spec; all are closed at the end."""
    cameras: list[Camera] = []

    def started(spec: str) -> Camera:
        cameras.append(Camera(spec))
        cameras[-1].start()
        return cameras[-1]

    yield started
    for camera in cameras:
        camera.close()


@pytest.fixture
def link_to() -> Iterator[Callable[[str], str]]:
    """Make the link that udev makes for a webcam; there is no udev in the machine."""
    link = Path("/dev/v4l/by-id/usb-Kiosk_Webcam-video-index0")
    link.parent.mkdir(parents=True, exist_ok=True)

    def linked(device: str) -> str:
        link.unlink(missing_ok=True)
        link.symlink_to(device)
        return str(link)

    yield linked
    link.unlink(missing_ok=True)


@pytest.fixture
def adjust() -> Iterator[Callable[..., None]]:
    """Set controls of the driver vivid; they are put back at the end."""

    def control(device: int = 0, **values: int) -> None:
        for name, value in values.items():
            subprocess.run(
                ["v4l2-ctl", "-d", f"/dev/video{device}", "-c", f"{name}={value}"], check=True
            )

    yield control
    control(**DEFAULTS)


@pytest.fixture
def plug_in() -> Iterator[Callable[..., tuple[UsbCamera, str]]]:
    """Plug in a USB webcam; returns it and the path of its device."""
    cameras: list[UsbCamera] = []

    def plugged(modes: Sequence[Mode] = (VGA,), **options: object) -> tuple[UsbCamera, str]:
        options = {"scene": noise(), **options}
        camera = UsbCamera(modes, **options)  # type: ignore[arg-type]
        cameras.append(camera)
        return camera, plug(camera)

    yield plugged
    for camera in cameras:
        camera.pull_out()
    until(lambda: not usb_devices())


def usb_devices() -> set[str]:
    """The capture devices of all USB webcams; a webcam's second device has its metadata."""
    found = set()
    for node in Path("/sys/class/video4linux").glob("video*"):
        with contextlib.suppress(OSError):  # it is being pulled out
            if "/usb" in str(node.resolve()) and int((node / "index").read_text()) == 0:
                found.add(f"/dev/{node.name}")
    return found


def plug(camera: UsbCamera) -> str:
    """Plug *camera* in and return the path of its device."""
    before = usb_devices()
    camera.plug_in()
    until(lambda: len(usb_devices()) > len(before))
    (device,) = usb_devices() - before
    until(Path(device).exists)
    return device


def noise(grey: float = 128) -> Callable[[int], np.ndarray]:
    """A grey scene with a sensor's noise."""
    rng = np.random.default_rng(20261129)
    pictures = [
        np.clip(rng.normal(grey, 20, (60, 80, 3)), 0, 255).astype(np.uint8) for _ in range(5)
    ]
    return lambda number: pictures[number % len(pictures)]


def ready(camera: Camera) -> Frame:
    """Wait until *camera* shows a new picture and return it."""
    now = time.monotonic()
    found: list[Frame] = []

    def look() -> bool:
        frame = camera.latest()
        if frame is not None and frame.captured_at > now:
            found.append(frame)
        return bool(found)

    until(look)
    return found[0]


def lost(camera: Camera) -> str:
    """Look at *camera* until it is lost and return the reason."""
    until(lambda: camera.latest() is None and camera.state is CameraState.LOST)
    return camera.problem
