"""Tests of MTCNN on LiteRT against the mtcnn package, and of the detector's guarantees."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth.camera.demo.face import DemoFace
from face_auth.errors import ModelError
from face_auth.models import MODELS
from face_auth.recognition.cascade import PNET_WINDOW, Reduction, pyramid, suppress
from face_auth.recognition.detection import Detector, Face, letterbox

SMALLEST = 100


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.fixture(scope="module")
def portrait() -> NDArray[np.uint8]:
    return DemoFace(0).draw(1.0)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes x, y, width, height."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def eyes_apart(face: Face) -> float:
    return float(np.linalg.norm(face.landmarks[0] - face.landmarks[1]))


@pytest.mark.faces
def test_faces_are_those_of_the_mtcnn_package(
    shared: Path, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = pytest.importorskip("mtcnn.stages.stage_pnet")
    from mtcnn import MTCNN

    whole_pyramid = stage.build_scale_pyramid

    def cut_off(width: int, height: int, **options: float) -> NDArray[np.float64]:
        # As it is, the package finds no face at all at this smallest face: its pyramid goes on
        # to levels smaller than P-Net's window.
        scales = np.asarray(whole_pyramid(width, height, **options))
        return scales[np.floor(scales * min(width, height)) >= PNET_WINDOW]

    monkeypatch.setattr(stage, "build_scale_pyramid", cut_off)
    package = MTCNN()
    photographs = sorted((shared / "data" / "lfw").glob("*/*.jpg"))[::330]
    assert len(photographs) >= 40
    overlaps, distances, more = [], [], 0
    for path in photographs:
        frame, _ = letterbox(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
        found = detector.detect(frame)
        in_package = package.detect_faces(frame, min_face_size=SMALLEST)
        more += abs(len(found) - len(in_package))
        for theirs in in_package:
            if theirs["box"][3] < SMALLEST:
                continue
            ours = max(found, key=lambda face: overlap(face.box, theirs["box"]), default=None)
            points = theirs["keypoints"]
            names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
            landmarks = np.array([points[name] for name in names], float)
            overlaps.append(overlap(ours.box, theirs["box"]) if ours else 0.0)
            distances.append(np.abs(ours.landmarks - landmarks).max() if ours else np.inf)
    assert len(overlaps) >= 40
    assert more <= 1
    # Of 555 faces in 500 photographs all were found, and 99.8 % of their landmarks within 2 px.
    assert np.mean(np.array(overlaps) >= 0.95) >= 0.99
    assert np.mean(np.array(distances) <= 2.0) >= 0.97


def test_landmarks_lie_on_the_drawn_eyes_nose_and_mouth(detector: Detector) -> None:
    face = DemoFace(0)
    for yaw in (-12.0, 0.0, 12.0):
        (found,) = detector.detect(face.draw(1.0, yaw=yaw))
        left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
        assert found.confidence > 0.8
        assert SMALLEST <= found.height <= 300


def test_a_face_twice_as_near_is_found_twice_as_high(detector: Detector) -> None:
    face = DemoFace(0)
    (far,) = detector.detect(face.draw(1.0, scale=0.7))
    (near,) = detector.detect(face.draw(1.0, scale=1.4))
    assert near.height / far.height == pytest.approx(2, rel=0.1)
    assert eyes_apart(near) / eyes_apart(far) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("size", [(1280, 960), (320, 240), (480, 480), (300, 600)])
def test_coordinates_are_those_of_the_image_given(
    detector: Detector, portrait: NDArray[np.uint8], size: tuple[int, int]
) -> None:
    (expected,) = detector.detect(portrait)
    # The middle of the frame, so that tall images keep the whole face.
    width = round(480 * min(size[0] / size[1], 640 / 480))
    left = (640 - width) // 2
    image = cv2.resize(portrait[:, left : left + width], size, interpolation=cv2.INTER_AREA)
    (found,) = detector.detect(image)
    factor = size[1] / 480
    # The eyes; on a drawn mouth MTCNN's points wander by some pixels with the size.
    shift = found.landmarks[:2] / factor - (expected.landmarks[:2] - (left, 0))
    assert np.abs(shift).max() < 3
    x, y, face_width, face_height = found.box
    assert x >= 0
    assert y >= 0
    assert x + face_width <= size[0] - 1
    assert y + face_height <= size[1] - 1


def test_the_highest_face_comes_first(detector: Detector, portrait: NDArray[np.uint8]) -> None:
    (large,) = detector.detect(portrait)
    scene = np.full((480, 960, 3), 200, np.uint8)
    small = cv2.resize(portrait, (400, 300), interpolation=cv2.INTER_AREA)
    scene[100:400, :400] = small
    scene[:, 400:] = portrait[:, 40:600]
    first, second = detector.detect(scene)
    assert first.height > second.height
    assert first.box[0] > 400 > second.box[0]
    assert first.height == pytest.approx(large.height, rel=0.1)


def test_no_face_is_an_empty_list(detector: Detector, rng: np.random.Generator) -> None:
    assert detector.detect(np.zeros((480, 640, 3), np.uint8)) == []
    assert detector.detect(np.full((1, 1, 3), 128, np.uint8)) == []
    assert detector.detect(rng.integers(0, 256, (480, 640, 3), np.uint8)) == []


def test_a_smaller_smallest_face_finds_faces_further_away(portrait: NDArray[np.uint8]) -> None:
    scene = np.full((480, 640, 3), 200, np.uint8)
    scene[200:260, 280:360] = cv2.resize(portrait, (80, 60), interpolation=cv2.INTER_AREA)
    assert Detector(min_face=100).detect(scene) == []
    (found,) = Detector(min_face=24).detect(scene)
    assert 20 <= found.height <= 40


def test_threads_share_a_detector(detector: Detector) -> None:
    pictures = [DemoFace(seed).draw(1.0) for seed in (0, 1)]
    alone = [detector.detect(picture)[0].box for picture in pictures]

    def work(number: int) -> list[list[tuple[float, ...]]]:
        return [[face.box for face in detector.detect(pictures[number])] for _ in range(15)]

    with ThreadPoolExecutor(4) as pool:
        for number, found in zip((0, 1, 0, 1), pool.map(work, (0, 1, 0, 1)), strict=True):
            assert found == [[alone[number]]] * 15


def test_the_box_of_a_face_cut_off_by_the_edge_ends_there(
    detector: Detector, portrait: NDArray[np.uint8]
) -> None:
    (whole,) = detector.detect(portrait)
    x, y, width, height = whole.box
    for picture in (portrait[:, round(x + 0.15 * width) :], portrait[: round(y + 0.9 * height)]):
        (cut,) = detector.detect(np.ascontiguousarray(picture))
        assert cut.box[0] >= 0
        assert cut.box[0] + cut.box[2] <= picture.shape[1] - 1
        assert cut.box[1] + cut.box[3] <= picture.shape[0] - 1


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.zeros((0, 640, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(detector: Detector, image: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="not an RGB image"):
        detector.detect(image)


def test_a_damaged_or_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    for path in MODELS.glob("mtcnn*"):
        shutil.copy(path, tmp_path)
    Detector(tmp_path)
    damaged = tmp_path / "mtcnn_rnet.tflite"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(ModelError, match=r"mtcnn_rnet\.tflite.*convert mtcnn"):
        Detector(tmp_path)
    damaged.unlink()
    with pytest.raises(ModelError, match=r"mtcnn_rnet\.tflite.*convert mtcnn"):
        Detector(tmp_path)


def test_a_smallest_face_must_fit_between_window_and_frame() -> None:
    for size in (11, 481):
        with pytest.raises(ValueError, match="min_face"):
            Detector(min_face=size)
    assert pyramid(480) == [(0.025, 16, 12)]


def test_levels_shrink_by_the_factor_down_to_the_window() -> None:
    levels = pyramid(SMALLEST)
    assert [(width, height) for _, width, height in levels] == [
        (76, 57),
        (54, 40),
        (38, 28),
        (27, 20),
        (19, 14),
    ]
    assert levels[1][0] / levels[0][0] == pytest.approx(0.709)


def test_a_level_is_the_mean_over_area(rng: np.random.Generator) -> None:
    frame = rng.integers(0, 256, (480, 640, 3), np.uint8)
    sums = cv2.integral(frame, sdepth=cv2.CV_32S)
    for _, width, height in pyramid(SMALLEST):
        level = Reduction(width, height)(np.asarray(sums, np.int32))
        expected = cv2.resize(
            frame.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA
        )
        assert np.abs(level - expected).max() < 0.001


def test_a_box_is_dropped_for_any_better_one_even_a_dropped_one() -> None:
    # Each overlaps the next by 60 / 140, the first and the third by 20 / 180.
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    scores = np.array([0.7, 0.9, 0.8], np.float32)
    assert suppress(boxes, scores, 0.4).tolist() == [1]
    assert suppress(boxes, scores, 0.5).tolist() == [1, 2, 0]
    chain = np.array([0.9, 0.8, 0.7], np.float32)
    assert suppress(boxes, chain, 0.4).tolist() == [0]


def test_a_box_inside_another_overlaps_the_smaller_one_wholly() -> None:
    boxes = np.array([[0, 0, 10, 10], [2, 2, 4, 4]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    assert suppress(boxes, scores, 0.7).tolist() == [0, 1]
    assert suppress(boxes, scores, 0.7, of_smaller=True).tolist() == [0]
    nothing = np.empty((0, 4), np.float32)
    assert suppress(nothing, np.empty(0, np.float32), 0.7).tolist() == []


def test_letterbox_keeps_the_aspect_between_black_bars() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    frame, placement = letterbox(white)
    assert frame.shape == (480, 640, 3)
    assert frame[:, :80].max() == 0
    assert frame[:, 560:].max() == 0
    assert frame[:, 80:560].min() == 255
    # The middle of the image's first pixel lies at 1.9 in its 4.8 px wide picture.
    points = placement.to_image(np.array([[81.9, 1.9], [319.5, 239.5]], np.float32))
    assert np.allclose(points, [(0, 0), (49.5, 49.5)], atol=0.01)
    frame, placement = letterbox(np.full((400, 1280, 3), 255, np.uint8))
    assert frame[:140].max() == 0
    assert frame[140:340].min() == 255
