"""Tests of each passive cue on frames made for it, and of the published network."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.camera.demo.face import DemoFace
from face_auth.errors import ModelError
from face_auth.liveness import cues
from face_auth.liveness.minifas import FILE, SHA256, MiniFas
from face_auth.liveness.passive import FRAMES, WEIGHTS, PassiveCheck, mean_result
from face_auth.liveness.track import PICTURE_S
from face_auth.recognition.detection import Detector, Face
from face_auth.types import Frame, LivenessResult

STEP_S = 0.12


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    person = DemoFace(0)
    return [person.draw(number * STEP_S) for number in range(FRAMES)]


@pytest.fixture(scope="module")
def face(pictures) -> Face:
    return Detector().detect(pictures[0])[0]


def frames(pictures) -> list[Frame]:
    return [Frame(one, number * STEP_S, number + 1) for number, one in enumerate(pictures)]


def judged(pictures, face: Face, minifas: Path | None = None):
    return PassiveCheck(minifas).judge(frames(pictures), [face] * len(pictures))


def noisy(picture, rng):
    noise = rng.normal(0, 2.5, picture.shape)
    return np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8)


def test_a_moving_person_passes(pictures, face) -> None:
    result = judged(pictures, face)
    assert result.passed
    assert result.score > 1


def test_the_same_picture_again_and_again_is_refused(pictures, face) -> None:
    result = judged([pictures[0]] * FRAMES, face)
    assert (result.passed, result.reasons) == (False, ("the picture stands still",))


def test_pictures_that_come_again_are_refused(pictures, face) -> None:
    looped = [*pictures[: FRAMES // 2], *pictures[: FRAMES // 2]]
    result = judged(looped, face)
    assert (result.passed, result.reasons) == (False, ("pictures come again",))


def test_one_picture_twice_in_a_row_is_no_loop(pictures, face) -> None:
    doubled = [*pictures[:3], pictures[2], *pictures[3:-1]]
    assert judged(doubled, face).passed


def test_a_still_picture_that_only_shifts_has_no_movement_of_its_own(pictures, face, rng) -> None:
    shifted = [
        noisy(np.roll(pictures[0], (number, -2 * number), axis=(0, 1)), rng)
        for number in range(FRAMES)
    ]
    moved = [
        Face((x - 2 * n, y + n, w, h), face.landmarks, 1.0)
        for n in range(FRAMES)
        for x, y, w, h in [face.box]
    ]
    still = cues.stillness(
        [cues.face_patch(one, where) for one, where in zip(shifted, moved, strict=True)]
    )
    lively = cues.stillness([cues.face_patch(one, face) for one in pictures])
    assert still > 0.85
    assert still > lively + 0.05


def screens(pictures, rng, along: float) -> list[np.ndarray]:
    """Return pictures under one weak raster, lying still; *along* 0 is upright."""
    x, y = np.meshgrid(np.arange(640), np.arange(480))
    raster = 1 + 0.03 * np.sin(2 * np.pi * (x + along * y) / 5)
    return [noisy(picture * raster[..., None], rng) for picture in pictures]


def test_a_raster_stands_out_of_the_spectra(pictures, face, rng) -> None:
    faces = [face] * FRAMES
    limit = WEIGHTS["moire"].limit
    assert cues.moire(frames(pictures), faces) < limit
    raster = screens(pictures, rng, along=0.4)
    assert cues.moire(frames(raster), faces) > limit + 0.3
    assert "moire" in judged(raster, face).reasons


def test_a_pattern_along_the_rows_counts_less_as_cameras_have_it_too(pictures, face, rng) -> None:
    faces = [face] * FRAMES
    slanting = cues.moire(frames(screens(pictures, rng, along=0.4)), faces)
    upright = cues.moire(frames(screens(pictures, rng, along=0.0)), faces)
    assert upright < slanting - 0.4


def test_a_face_nearer_the_edge_than_the_spectrum_is_wide_shows_no_raster(face) -> None:
    small = frames([np.zeros((100, 100, 3), np.uint8)])
    assert cues.moire(small, [face]) == 0.0


def test_several_judgements_count_by_their_mean() -> None:
    good, bad = LivenessResult(True, 2.0, ("a",)), LivenessResult(False, -3.0, ("b", "a"))
    assert mean_result([good]) == good
    assert mean_result([good, bad]) == LivenessResult(False, -0.5, ("a", "b"))
    assert mean_result([good, good, bad]) == LivenessResult(True, pytest.approx(1 / 3), ("a", "b"))


def test_bands_that_wander_over_the_face_are_seen(pictures, face, rng) -> None:
    y = np.arange(480)[:, None, None]
    screen = [
        noisy(pictures[0] * (1 + 0.12 * np.sin(2 * np.pi * (y / 120 + 0.3 * n))), rng)
        for n in range(FRAMES)
    ]
    assert cues.bands(frames(screen), [face] * FRAMES) > 4
    assert cues.bands(frames(pictures), [face] * FRAMES) < 4


def test_frames_with_a_gap_between_them_show_no_bands(pictures, face) -> None:
    """The room's light may have changed in the meantime."""
    y = np.arange(480)[:, None, None]
    other = np.clip(pictures[0] * (1 + 0.2 * np.sin(2 * np.pi * y / 120)), 0, 255)
    for apart, banded in ((PICTURE_S, True), (PICTURE_S + 0.05, False)):
        two = [Frame(pictures[0], 0.0, 1), Frame(other.astype(np.uint8), apart, 2)]
        assert (cues.bands(two, [face] * 2) > 4) is banded


def test_a_frame_around_the_face_counts_and_one_edge_does_not(pictures, face) -> None:
    x, y, width, height = (round(value) for value in face.box)
    phone = cv2.GaussianBlur(pictures[0], (0, 0), 9)
    inner = np.s_[max(y - 60, 0) : y + height + 60, x - 70 : x + width + 70]
    phone[inner] = pictures[0][inner]
    top_left, bottom_right = (x - 70, max(y - 60, 0)), (x + width + 70, y + height + 60)
    cv2.rectangle(phone, top_left, bottom_right, (12, 12, 12), 14)
    assert cues.border(phone, face) >= 0.5
    door = pictures[0].copy()
    cv2.line(door, (80, 0), (80, 479), (20, 20, 20), 8)
    assert cues.border(door, face) <= 0.1
    assert cues.border(pictures[0], face) <= 0.1
    refused = judged([noisy(phone, np.random.default_rng(n)) for n in range(FRAMES)], face)
    assert not refused.passed
    assert "frame around the face" in refused.reasons


def test_the_letterbox_is_no_frame(face, pictures) -> None:
    tall = np.ascontiguousarray(pictures[0][:, 140:500])
    x, y, width, height = face.box
    there = Face((x - 140, y, width, height), face.landmarks - (140, 0), 1.0)
    assert cues.border(tall, there) <= 0.1


def test_too_few_frames_are_no_answer(pictures, face) -> None:
    with pytest.raises(ValueError):
        judged(pictures[: FRAMES - 1], face)


def test_a_file_that_is_not_the_published_network_is_refused(tmp_path) -> None:
    (tmp_path / FILE).write_bytes(b"another")
    for path in (tmp_path / FILE, tmp_path / "none.onnx"):
        with pytest.raises(ModelError, match="fetch minifas"):
            PassiveCheck(path)


@pytest.mark.faces
def test_the_network_reads_rgb_and_its_sign_is_right(shared: Path) -> None:
    """Photographs of people score high, and differently with red and blue swapped."""
    network = MiniFas(shared / "weights" / "minifas" / FILE)
    detector = Detector()
    scores, swapped = [], []
    for path in sorted((shared / "data" / "lfw").glob("*/*_0001.jpg"))[::160]:
        image = np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])
        found = detector.detect(image)
        if len(found) == 1:
            scores.append(network.score(image, found[0]))
            swapped.append(network.score(np.ascontiguousarray(image[:, :, ::-1]), found[0]))
    assert len(scores) >= 20
    assert np.median(scores) > 4
    assert np.mean(np.array(scores) > -1.7) >= 0.9
    assert np.median(scores) > np.median(swapped)
    assert len(SHA256) == 64
