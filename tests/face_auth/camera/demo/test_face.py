"""Tests of the drawn person: detection, liveness, movements and distinctness."""

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth.camera.demo import portrait
from face_auth.camera.demo.face import BLINK_EVERY_S, DemoFace
from face_auth.camera.open_source import make_source
from face_auth.camera.sources import SourceError
from face_auth.models import load_cohort
from face_auth.recognition.classifier import train_customer_svm
from face_auth.recognition.detection import Detector, Face
from face_auth.recognition.embedding import Network, load_network
from face_auth.recognition.quality import assess
from face_auth.types import Verdict

PEOPLE = range(8)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network()


@pytest.fixture(scope="module")
def people() -> list[DemoFace]:
    return [DemoFace(number) for number in PEOPLE]


def only_face(detector: Detector, picture: NDArray[np.uint8]) -> Face:
    (face,) = detector.detect(picture)
    return face


def test_every_person_is_found_large_enough_while_swaying(
    people: list[DemoFace], detector: Detector
) -> None:
    for person in people:
        pictures = [person.draw(1.3 * number) for number in range(25)]
        usable = 0
        for picture in pictures:
            faces = detector.detect(picture)
            usable += assess(picture, faces).verdict is Verdict.OK
            assert all(face.height >= 150 for face in faces)
        assert usable >= 24


def test_the_same_moment_is_drawn_the_same(people: list[DemoFace]) -> None:
    again = DemoFace(0)
    first, second = people[0].draw(2.5), again.draw(2.5)
    assert first.shape == (480, 640, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_no_two_frames_are_alike_nor_merely_shifted(people: list[DemoFace]) -> None:
    pictures = [people[0].draw(number / 25) for number in range(50)]
    for one, other in pairwise(pictures):
        difference = cv2.absdiff(one, other)
        assert 0.3 < difference.mean() < 6
        assert (difference.max(axis=2) > 0).mean() > 0.5


def test_the_eyes_close_now_and_then_and_only_they(
    people: list[DemoFace], detector: Detector
) -> None:
    times = np.arange(0, 2 * BLINK_EVERY_S, 0.04)
    eyes = []
    for t in times:
        picture = people[3].draw(float(t))
        if not eyes or len(eyes) % 5 == 0:
            face = only_face(detector, people[3].draw(float(t)))
        left = face.landmarks[0].round().astype(int)
        patch = picture[left[1] - 10 : left[1] + 10, left[0] - 14 : left[0] + 14]
        eyes.append(float(patch.astype(float).std()))
    closed = np.array(eyes) < 0.6 * np.median(eyes)
    starts = np.count_nonzero(closed[1:] & ~closed[:-1])
    assert starts in (1, 2, 3)
    assert 0.01 < closed.mean() < 0.15


def test_the_head_obeys_in_three_dimensions(people: list[DemoFace], detector: Detector) -> None:
    person = people[0]

    def nose(**pose: float) -> tuple[float, float]:
        """Return the nose against the middle of eyes and mouth, in eye distances."""
        points = only_face(detector, person.draw(1.0, **pose)).landmarks
        plane = points[[0, 1, 3, 4]].mean(axis=0)
        scale = np.linalg.norm(points[:2].mean(axis=0) - points[3:].mean(axis=0))
        x, y = (points[2] - plane) / scale
        return float(x), float(y)

    still = nose()
    assert nose(yaw=18)[0] - still[0] > 0.12
    assert nose(yaw=-18)[0] - still[0] < -0.12
    assert nose(pitch=15)[1] - still[1] < -0.04
    assert nose(pitch=-15)[1] - still[1] > 0.04


def test_the_head_leans_moves_and_comes_nearer(people: list[DemoFace], detector: Detector) -> None:
    person = people[0]
    still = only_face(detector, person.draw(1.0))
    moved = only_face(detector, person.draw(1.0, x=90, y=30))
    assert np.allclose((moved.landmarks - still.landmarks).mean(axis=0), (90, 30), atol=3)
    near = only_face(detector, person.draw(1.0, scale=1.4))
    assert near.height / still.height == pytest.approx(1.4, rel=0.06)
    leaning = only_face(detector, person.draw(1.0, roll=12))
    slopes = [
        np.degrees(np.arctan2(*(face.landmarks[1] - face.landmarks[0])[::-1]))
        for face in (still, leaning)
    ]
    assert slopes[1] - slopes[0] == pytest.approx(12, abs=3)


def test_any_pose_is_drawn(people: list[DemoFace]) -> None:
    for pose in ({"x": 600.0}, {"x": -600.0, "y": -500.0}, {"y": 400.0}, {"scale": 0.4}):
        assert people[0].draw(1.0, **pose).shape == (480, 640, 3)


def test_a_customer_is_told_from_every_other_person(
    people: list[DemoFace], detector: Detector, network: Network
) -> None:
    cohort, threshold = load_cohort(network.card), network.card.threshold().value

    def embeddings(person: DemoFace, start: float, count: int) -> NDArray[np.float32]:
        pictures = [person.draw(start + 1.1 * number) for number in range(count)]
        return network.embed(
            np.array([network.frame_face(p, only_face(detector, p)) for p in pictures])
        )

    probes = [embeddings(person, 40, 6) for person in people]
    for number, person in enumerate(people):
        svm = train_customer_svm(embeddings(person, 0, 5), cohort)
        for other, probe in enumerate(probes):
            accepted = svm.score(probe) >= threshold
            assert accepted.all() if other == number else not accepted.any(), (number, other)


def test_each_person_and_nobody_else_can_be_named() -> None:
    assert {path.name for path in portrait.FOLDER.iterdir()} == {str(n) for n in PEOPLE}
    for number in PEOPLE:
        make_source(f"demo:{number}").open()
    with pytest.raises(ValueError, match="demo:0 to demo:7"):
        make_source(f"demo:{len(PEOPLE)}")


@pytest.mark.parametrize("name", portrait.LAYERS)
def test_a_missing_or_damaged_layer_is_a_camera_that_does_not_open(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(portrait.FOLDER / "0", tmp_path / "0")
    monkeypatch.setattr(portrait, "FOLDER", tmp_path)
    make_source("demo:0").open()
    layer = tmp_path / "0" / f"{name}.webp"
    for contents in (layer.read_bytes()[:-200], b""):
        layer.write_bytes(contents)
        with pytest.raises(SourceError, match=f"cannot be shown: .*{name}.webp is damaged"):
            make_source("demo:0").open()
    layer.unlink()
    with pytest.raises(SourceError, match=f"cannot be shown: .*{name}.webp"):
        make_source("demo:0").open()


def test_the_painter_is_not_needed_to_show_a_person() -> None:
    code = (
        "import sys\n"
        "from face_auth.camera.open_source import make_source\n"
        "source = make_source('demo').open()\n"
        "source.grab()\n"
        "assert source.retrieve() is not None\n"
        "sys.exit('tools' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
