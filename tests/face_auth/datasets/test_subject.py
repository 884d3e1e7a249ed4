"""Tests of the choice of a photograph's face, and of the second look for one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.datasets.photographs import read_photograph
from face_auth.datasets.subject import LARGE, NEAR, SubjectFinder, subject
from face_auth.recognition.alignment import FIVE_POINTS
from face_auth.recognition.detection import Detector, Face

WIDTH, HEIGHT = 400, 300


def face(left: float, top: float, side: float, confidence: float = 1.0) -> Face:
    points = (FIVE_POINTS / 112 * side + (left, top)).astype(np.float32)
    return Face((left, top, side, side), points, confidence)


@pytest.fixture
def image(rng) -> np.ndarray:
    coarse = rng.integers(60, 200, (HEIGHT // 4, WIDTH // 4, 3), dtype=np.uint8)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def blurred(image: np.ndarray, face: Face) -> np.ndarray:
    x, y, w, h = (int(value) for value in face.box)
    result = image.copy()
    result[y : y + h, x : x + w] = cv2.GaussianBlur(image[y : y + h, x : x + w], (0, 0), 4)
    return result


def test_no_face_and_one_face_need_no_choice(image) -> None:
    only = face(0, 0, 30, 0.5)
    assert subject(image, []) is None
    assert subject(image, [only]) is only


def test_a_larger_bystander_at_the_side_is_not_the_subject(image) -> None:
    middle, aside = face(150, 100, 100), face(0, 80, 150)
    assert subject(image, [aside, middle]) is middle
    assert subject(image, [middle, aside]) is middle


def test_the_larger_of_two_at_the_same_distance_is_the_subject(image) -> None:
    small, large = face(80, 120, 60), face(230, 90, 120)  # centres 90 px left and right
    assert subject(image, [small, large]) is large


def test_the_sharp_one_of_two_at_the_same_distance_is_the_subject(image) -> None:
    left, right = face(60, 100, 100), face(240, 100, 100)
    assert subject(blurred(image, left), [left, right]) is right
    assert subject(blurred(image, right), [left, right]) is left


def test_the_surer_of_two_alike_is_the_subject(image) -> None:
    unsure, sure = face(150, 100, 100, 0.6), face(150, 100, 100, 0.9)
    assert subject(image, [unsure, sure]) is sure


class FakeDetector:
    """Finds what it was given, and counts how often it was asked."""

    def __init__(self, *faces: Face) -> None:
        self.faces, self.asked = list(faces), 0

    def detect(self, image: np.ndarray) -> list[Face]:
        self.asked += 1
        return list(self.faces)


def finder(monkeypatch, first: FakeDetector, second: FakeDetector) -> SubjectFinder:
    made = iter((first, second))
    monkeypatch.setattr("face_auth.datasets.subject.Detector", lambda *_, **__: next(made))
    return SubjectFinder()


def test_a_large_face_near_the_middle_ends_the_search(image, monkeypatch) -> None:
    likely = face(150, 100, 100)
    second = FakeDetector(face(150, 100, 110))
    assert finder(monkeypatch, FakeDetector(likely), second).find(image) is likely
    assert second.asked == 0


@pytest.mark.parametrize(
    "unlikely",
    [
        (),
        (face(WIDTH * (0.51 + NEAR) - 50, 100, 100),),
        (face(160, 110, LARGE * HEIGHT - 1),),
    ],
    ids=["none", "aside", "small"],
)
def test_without_a_likely_face_a_second_look_may_find_a_better_one(
    image, monkeypatch, unlikely
) -> None:
    better = face(150, 100, 100, 0.7)
    second = FakeDetector(better)
    assert finder(monkeypatch, FakeDetector(*unlikely), second).find(image) is better
    assert second.asked == 2  # in colour and in grey


def test_a_second_look_that_finds_nothing_leaves_the_first(image, monkeypatch) -> None:
    aside = face(0, 0, 60)
    assert finder(monkeypatch, FakeDetector(aside), FakeDetector()).find(image) is aside
    assert finder(monkeypatch, FakeDetector(), FakeDetector()).find(image) is None


# Real photographs


@pytest.fixture(scope="module")
def real() -> SubjectFinder:
    return SubjectFinder()


@pytest.fixture(scope="module")
def kiosks() -> Detector:
    return Detector()


def is_in_the_middle(found: Face | None, image: np.ndarray) -> bool:
    """Whether LFW's own person was found: 250 px, the face 110 to 160 px high in the middle."""
    height, width = image.shape[:2]
    if found is None:
        return False
    x, y, w, h = found.box
    off = np.hypot(x + (w - width) / 2, y + (h - height) / 2)
    return bool(off < 25 and 90 < h < 180)


@pytest.mark.faces
@pytest.mark.parametrize(
    "name",
    ["Charles_Taylor_0002", "Mahathir_Mohamad_0013", "Mike_Weir_0010", "Shimon_Peres_0001"],
)
def test_a_face_in_wrong_colours_that_the_kiosk_misses_is_found(
    shared: Path, real: SubjectFinder, kiosks: Detector, name: str
) -> None:
    path = shared / "data" / "lfw" / name.rsplit("_", 1)[0] / f"{name}.jpg"
    image = read_photograph(path)
    looks = [np.ascontiguousarray(look[:, :, ::-1]) for look in (image, image[:, ::-1])]
    missed = [look for look in looks if not kiosks.detect(look)]
    assert missed
    assert all(is_in_the_middle(real.find(look), look) for look in missed)


@pytest.mark.faces
def test_a_small_face_that_the_kiosk_misses_is_found(
    shared: Path, real: SubjectFinder, kiosks: Detector
) -> None:
    portrait = read_photograph(shared / "data/lfw/Charles_Taylor/Charles_Taylor_0002.jpg")
    wide = cv2.copyMakeBorder(portrait, 500, 500, 650, 650, cv2.BORDER_CONSTANT)
    assert not kiosks.detect(wide)
    assert is_in_the_middle(real.find(wide), wide)


@pytest.mark.faces
def test_the_sharp_face_is_taken_where_a_blurred_one_is_nearer_the_middle(
    shared: Path, real: SubjectFinder
) -> None:
    path = shared / "data" / "lfw" / "Fidel_Castro" / "Fidel_Castro_0002.jpg"
    found = real.find(read_photograph(path))
    assert found is not None and found.box[0] > 85  # his box begins at 95, the other's at 66
