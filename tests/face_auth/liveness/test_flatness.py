"""Tests of the cue of flat things: a held picture, a person before a wall, a trembling camera."""

import cv2
import numpy as np
import pytest

from face_auth.liveness.flatness import FEWEST, MOVED, flatness
from face_auth.recognition.detection import Face
from face_auth.types import Frame

FACE = Face((250.0, 150.0, 140.0, 180.0), np.zeros((5, 2), np.float32), 1.0)
"""Of 180 px: one px in `flatness` is 1.4 px here."""


@pytest.fixture
def scene(rng) -> np.ndarray:
    """A picture full of corners, as a room is."""
    coarse = rng.integers(30, 220, (60, 80, 3), dtype=np.uint8)
    return cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def head(rng) -> np.ndarray:
    coarse = rng.integers(30, 220, (30, 24, 3), dtype=np.uint8)
    return cv2.resize(coarse, (170, 230), interpolation=cv2.INTER_CUBIC)


def moved(picture: np.ndarray, step: float, degrees: float = 0.0, tilt: float = 0.0) -> np.ndarray:
    """Return a flat picture that was carried *step* px to the right, turned and tilted."""
    matrix = np.vstack([cv2.getRotationMatrix2D((320, 240), degrees, 1.0), [0, 0, 1]])
    matrix[0, 2] += step
    matrix[2, 0] += tilt
    return cv2.warpPerspective(picture, matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)


def with_head(scene: np.ndarray, head: np.ndarray, right: int, down: int = 0) -> np.ndarray:
    seen = scene.copy()
    seen[120 + down : 350 + down, 235 + right : 405 + right] = head
    return seen


def frames(pictures) -> list[Frame]:
    return [Frame(one, 0.12 * number, number + 1) for number, one in enumerate(pictures)]


def judged(pictures) -> float:
    return flatness(frames(pictures), [FACE] * len(pictures))


def test_a_picture_that_is_carried_turned_and_tilted_is_flat(scene, head) -> None:
    held = with_head(scene, head, 0)
    pictures = [moved(held, 5.0 * n, 0.6 * n, 1e-5 * n) for n in range(8)]
    assert judged(pictures) > 0.9


def test_a_person_who_moves_before_a_wall_is_not(scene, head) -> None:
    assert judged([with_head(scene, head, 4 * n, n) for n in range(8)]) == 0.0


def test_a_person_who_moves_otherwise_than_a_moving_camera_is_not(scene, head) -> None:
    pictures = [moved(with_head(scene, head, -5 * n, 2 * n), 5.0 * n) for n in range(8)]
    assert judged(pictures) < 0.3


@pytest.mark.parametrize("share", [0.0, 0.8])
def test_a_picture_that_hardly_moves_tells_nothing(scene, head, share) -> None:
    held, step = with_head(scene, head, 0), share * MOVED * FACE.height / 128
    assert judged([moved(held, step * (n > 0)) for n in range(8)]) == 0.0


def test_surroundings_without_corners_tell_nothing(head) -> None:
    wall = np.full((480, 640, 3), 128, np.uint8)
    pictures = [with_head(wall, head, 5 * n) for n in range(8)]
    assert judged(pictures) == 0.0
    assert FEWEST > 4  # a homography has eight unknowns: four points always fit


def test_pictures_of_another_size_are_passed_over(scene, head) -> None:
    held = with_head(scene, head, 0)
    pictures = [held, *[cv2.resize(moved(held, 5.0 * n), (320, 240)) for n in range(1, 8)]]
    assert judged(pictures) == 0.0


def test_a_person_who_sways_before_a_plain_wall_tells_nothing(head) -> None:
    """Hair and shoulders are the person's own: they move with the face."""
    wall = np.full((480, 640, 3), 128, np.uint8)
    pictures = []
    for n in range(8):
        seen = with_head(wall, head, 5 * n)
        seen[350:480, 120 + 5 * n : 520 + 5 * n] = cv2.resize(head, (400, 130))
        pictures.append(seen)
    assert judged(pictures) == 0.0


@pytest.mark.parametrize("side", [slice(0, 320), slice(320, 640)])
def test_movement_on_one_side_alone_tells_nothing(scene, head, side) -> None:
    bare = scene.copy()
    bare[:, side] = 128
    held = with_head(bare, head, 0)
    assert judged([moved(held, 5.0 * n) for n in range(8)]) == 0.0


@pytest.mark.parametrize(("left", "told"), [(250.0, True), (20.0, False)])
def test_a_face_with_nothing_on_one_side_of_it_tells_nothing(scene, left, told) -> None:
    face = Face((left, 150.0, 140.0, 180.0), FACE.landmarks, 1.0)
    pictures = [moved(scene, 5.0 * n) for n in range(8)]
    assert (flatness(frames(pictures), [face] * 8) > 0.9) == told
