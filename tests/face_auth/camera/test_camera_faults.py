"""Tests of camera faults: the face factor answers, refuses, or reports the camera."""

import itertools
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from face_auth.camera import Camera
from face_auth.camera import camera as camera_module
from face_auth.camera.demo.face import DemoFace
from face_auth.camera.opencv import rgb_of
from face_auth.camera.sources import Source, SourceError
from face_auth.enrolment import enrol_face
from face_auth.errors import CameraError, NoFaceError
from face_auth.gallery import Template
from face_auth.recogniser import Recogniser
from face_auth.types import CameraState, FaceResult, Frame
from face_auth.verification import verify
from tests.patience import LIMIT_S, until


class Device(Source):
    """A webcam that takes its pictures, as a driver gives them, from an iterator.

    An exception among them is raised by the grab. When the device is opened again it goes on
    where it was.
    """

    def __init__(self, pictures: Iterator[np.ndarray | Exception], period_s: float) -> None:
        self._pictures = pictures
        self._period_s = period_s
        self._now: np.ndarray | None = None

    def open(self) -> Source:
        return self

    def grab(self) -> None:
        time.sleep(self._period_s)
        given = next(self._pictures)
        if isinstance(given, Exception):
            raise given
        self._now = given

    def retrieve(self) -> np.ndarray | None:
        return None if self._now is None else rgb_of(self._now.copy(), from_bgr=False)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load()


@pytest.fixture(scope="module")
def person() -> DemoFace:
    return DemoFace(1)


@pytest.fixture(scope="module")
def template(recogniser: Recogniser, person: DemoFace) -> Template:
    frames = (Frame(person.draw(0.4 * n), 0.4 * n, n + 1) for n in range(40))
    return enrol_face(recogniser, frames, "ada")[0]


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Camera]]:
    """Start a camera on a device that gives these pictures."""
    cameras: list[Camera] = []

    def start(pictures: Iterator[np.ndarray | Exception], period_s: float = 0.03) -> Camera:
        device = Device(iter(pictures), period_s)
        monkeypatch.setattr(camera_module, "make_source", lambda *_: device)
        cameras.append(Camera("0"))
        cameras[-1].start()
        return cameras[-1]

    yield start
    for each in cameras:
        each.close()


def moving(person: DemoFace) -> Iterator[np.ndarray]:
    """The person as a living sensor shows them: never twice the same."""
    return (person.draw(60 + 0.2 * n) for n in itertools.count())


def noisy(grey: float, shape: tuple[int, ...], rng: np.random.Generator) -> Iterator[np.ndarray]:
    while True:
        yield np.clip(rng.normal(grey, 2, shape), 0, 255).astype(np.uint8)


def log_in(
    camera: Camera, recogniser: Recogniser, template: Template, limit_s: float = LIMIT_S
) -> FaceResult:
    now = time.monotonic()
    return verify(recogniser, camera.frames(after=now, until=now + limit_s), template)


def unplugged() -> Iterator[SourceError]:
    return itertools.repeat(SourceError("0 stopped delivering"))


def test_a_sound_camera_lets_the_customer_in(plug_in, recogniser, template, person) -> None:
    assert log_in(plug_in(moving(person)), recogniser, template).accepted


def test_camera_lost_before_the_capture(plug_in, recogniser, template) -> None:
    with pytest.raises(CameraError, match="stopped delivering"):
        log_in(plug_in(unplugged()), recogniser, template)


def test_camera_lost_during_the_capture(plug_in, recogniser, template, person) -> None:
    pictures = itertools.chain(itertools.islice(moving(person), 2), unplugged())
    with pytest.raises(CameraError, match="stopped delivering"):
        log_in(plug_in(pictures), recogniser, template)


def test_camera_lost_after_the_capture_changes_nothing(
    plug_in, recogniser, template, person
) -> None:
    camera = plug_in(itertools.chain(itertools.islice(moving(person), 30), unplugged()))
    assert log_in(camera, recogniser, template).accepted
    until(lambda: camera.state is CameraState.LOST)
    with pytest.raises(CameraError):
        log_in(camera, recogniser, template)


def test_camera_that_comes_back_in_time_goes_on(plug_in, recogniser, template, person) -> None:
    alive = moving(person)
    pictures = itertools.chain(
        itertools.islice(alive, 2), itertools.repeat(SourceError("loose contact"), 1), alive
    )
    assert log_in(plug_in(pictures), recogniser, template).accepted


def test_a_frozen_face_lets_nobody_in(plug_in, recogniser, template, person) -> None:
    """The customer's own picture, left standing by a driver that hangs."""
    camera = plug_in(itertools.repeat(person.draw(60)))
    with pytest.raises(CameraError, match="the same picture over and over"):
        log_in(camera, recogniser, template)
    assert camera.latest() is None


def test_a_frozen_face_enrols_nobody(plug_in, recogniser, person) -> None:
    now = time.monotonic()
    frames = plug_in(itertools.repeat(person.draw(60))).frames(after=now, until=now + LIMIT_S)
    with pytest.raises(CameraError, match="the same picture over and over"):
        enrol_face(recogniser, frames, "ada")


def test_opening_again_does_not_thaw_a_camera_but_another_picture_does(
    plug_in, person, monkeypatch
) -> None:
    monkeypatch.setattr(camera_module, "RETRY_S", 0.05)
    monkeypatch.setattr(camera_module, "SETTLING_S", camera_module.STALLED_S)
    frozen = True
    last = person.draw(60)

    def pictures() -> Iterator[np.ndarray]:
        yield from itertools.islice(moving(person), 1, 4)
        while frozen:
            yield last
        yield from moving(person)

    camera = plug_in(pictures())
    states, handed_out = [], set()
    began = time.monotonic()
    while time.monotonic() - began < 4.5:
        frame = camera.latest()
        states.append(camera.state)
        if frame is not None:
            handed_out.add(frame.index)
        time.sleep(0.01)
    lost = states.index(CameraState.LOST)
    assert set(states[lost:]) == {CameraState.LOST}
    assert len(handed_out) <= 4
    frozen = False
    until(lambda: camera.state is CameraState.READY)


class Cold(Device):
    """A webcam that is black for longer than a frozen one may be, each time it is opened."""

    def open(self) -> Source:
        self._opened = time.monotonic()
        return super().open()

    def retrieve(self) -> np.ndarray | None:
        image = super().retrieve()
        warm = time.monotonic() > self._opened + camera_module.STALLED_S + 0.5
        return image if warm or image is None else np.zeros_like(image)


def test_a_webcam_that_is_black_after_each_opening_becomes_ready(
    recogniser, template, person, monkeypatch
) -> None:
    monkeypatch.setattr(camera_module, "make_source", lambda *_: Cold(moving(person), 0.03))
    with Camera("0") as camera:
        assert log_in(camera, recogniser, template).accepted


@pytest.mark.parametrize(
    ("grey", "shape"),
    [(3, (480, 640, 3)), (128, (1, 1, 3)), (128, (2, 9000, 3)), (128, (480, 640))],
    ids=["black", "1x1", "a line", "grey wall"],
)
def test_where_no_face_can_be_seen_nobody_is_let_in(
    plug_in, recogniser, template, rng, grey: int, shape: tuple[int, ...]
) -> None:
    with pytest.raises(NoFaceError):
        log_in(plug_in(noisy(grey, shape, rng)), recogniser, template, limit_s=1.0)


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 1, 3)])
def test_a_covered_lens_is_a_camera_at_fault(plug_in, recogniser, template, shape) -> None:
    with pytest.raises(CameraError, match="the same picture"):
        log_in(plug_in(itertools.repeat(np.zeros(shape, np.uint8))), recogniser, template)


def grey_of(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


@pytest.mark.parametrize(
    ("turned_into", "period_s"),
    [
        (lambda image: cv2.resize(image, (7680, 4320)), 0.05),
        (grey_of, 0.03),
        (lambda image: grey_of(image)[..., None], 0.03),
        (lambda image: np.dstack([image, np.full(image.shape[:2], 7, np.uint8)]), 0.03),
        (lambda image: image.astype(np.uint16) << 8, 0.03),
        (lambda image: image, 0.2),
    ],
    ids=["8K", "grey", "one channel", "four channels", "16 bits", "5 a second"],
)
def test_odd_cameras_work(
    plug_in, recogniser, template, person, turned_into: Callable, period_s: float
) -> None:
    drawn = [turned_into(image) for image in itertools.islice(moving(person), 6)]
    pictures = itertools.cycle(drawn)
    assert log_in(plug_in(pictures, period_s), recogniser, template).accepted


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((48, 64), np.float32),
        np.zeros((48, 64, 2), np.uint8),
        np.zeros((0, 64, 3), np.uint8),
        np.zeros((4, 48, 64, 3), np.uint8),
    ],
    ids=["floats", "two channels", "no rows", "four dimensions"],
)
def test_what_is_no_picture_is_a_camera_at_fault(plug_in, recogniser, template, picture) -> None:
    with pytest.raises(CameraError, match="frames of unknown"):
        log_in(plug_in(itertools.repeat(picture)), recogniser, template)


def test_a_size_that_changes_between_pictures_is_no_matter(
    plug_in, recogniser, template, person
) -> None:
    sizes = itertools.cycle([(640, 480), (1280, 960), (320, 240), (800, 600)])
    pictures = (cv2.resize(image, next(sizes)) for image in moving(person))
    assert log_in(plug_in(pictures), recogniser, template).accepted
