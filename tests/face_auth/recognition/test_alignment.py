"""Tests of alignment: positions of landmarks, pixels beyond the edge, reduction of large faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth.recognition.alignment import FIVE_POINTS, align, crop_with_margin, similarity


def moved(points: NDArray[np.float64], turn: float, scale: float) -> NDArray[np.float64]:
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    return np.asarray(points @ np.array([[c, s], [-s, c]]) + (30, -12))


def test_similarity_recovers_turn_scale_and_shift() -> None:
    matrix = similarity(moved(FIVE_POINTS, 0.4, 2.5), FIVE_POINTS)
    landed = moved(FIVE_POINTS, 0.4, 2.5) @ matrix[:, :2].T + matrix[:, 2]
    assert np.allclose(landed, FIVE_POINTS, atol=1e-9)


def test_similarity_never_mirrors() -> None:
    mirrored = FIVE_POINTS * (-1, 1)
    matrix = similarity(mirrored, FIVE_POINTS)
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize(
    "points",
    [np.zeros((5, 2)), np.full((5, 2), np.nan), np.zeros((4, 2)), np.zeros((5, 3))],
)
def test_similarity_refuses_points_that_say_nothing(points: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match=r"points|finite|coincide"):
        similarity(points, FIVE_POINTS)


def test_a_face_already_in_place_stays_as_it_is(rng: np.random.Generator) -> None:
    image = rng.integers(0, 256, (112, 112, 3), np.uint8)
    assert np.array_equal(align(image, FIVE_POINTS), image)


def test_landmarks_of_a_turned_larger_face_land_on_the_five_points() -> None:
    for scale in (0.7, 1.6, 2.4, 5.0):
        points = moved(FIVE_POINTS, 0.3, scale) + 60
        image = np.zeros((700, 700, 3), np.uint8)
        for x, y in points:
            cv2.circle(image, (round(x), round(y)), max(round(2 * scale), 1), (255, 255, 255), -1)
        aligned = align(image, points)[:, :, 0]
        for x, y in FIVE_POINTS:
            near = aligned[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5].astype(float)
            ys, xs = np.mgrid[-4:5, -4:5]
            assert abs((near * xs).sum() / near.sum() + round(x) - x) < 0.8
            assert abs((near * ys).sum() / near.sum() + round(y) - y) < 0.8


def test_noise_of_a_large_face_is_averaged_and_not_sampled(rng: np.random.Generator) -> None:
    image = np.clip(rng.normal(128, 30, (600, 600, 3)), 0, 255).astype(np.uint8)
    small = align(image[:112, :112].copy(), FIVE_POINTS).std()
    large = align(image, FIVE_POINTS * 4 + 50).std()
    assert small == pytest.approx(30, abs=2)
    assert large < 10


def test_beyond_the_edge_the_border_goes_on() -> None:
    image = np.full((60, 60, 3), 200, np.uint8)
    assert (align(image, FIVE_POINTS - 40) == 200).all()


@pytest.mark.parametrize("shape", [(112, 112), (112, 112, 4), (0, 5, 3)])
def test_align_refuses_what_is_no_rgb_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="not an RGB image"):
        align(np.zeros(shape, np.uint8), FIVE_POINTS)


def test_a_crop_holds_the_box_and_an_eighth_around_it() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[100:260, 100:228] = 255  # 128 wide, 160 high
    crop = crop_with_margin(image, (100, 100, 128, 160))
    assert crop.shape == (160, 160, 3)
    inside = np.flatnonzero(crop[80, :, 0] > 127)
    assert (inside[0], inside[-1]) == (16, 143)
    inside = np.flatnonzero(crop[:, 80, 0] > 127)
    assert (inside[0], inside[-1]) == (16, 143)


def test_a_crop_ends_at_the_edge_and_is_stretched() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[:, :50] = 255
    crop = crop_with_margin(image, (-40, 20, 140, 140), margin=0)
    assert (crop[:, :78] == 255).all()  # 50 of the 100 columns that are left
    assert (crop[:, 82:] == 0).all()


def test_a_box_outside_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing of the box"):
        crop_with_margin(np.zeros((50, 50, 3), np.uint8), (80, 80, 20, 20))


@pytest.mark.faces
def test_alignment_is_that_of_the_training_run(shared: Path) -> None:
    with np.load(shared / "weights" / "check.npz", allow_pickle=False) as check:
        files, landmarks, faces = check["files"], check["landmarks"], check["faces"]
    for name, points, face in zip(files, landmarks, faces, strict=True):
        picture = cv2.imread(str(shared / "data" / "lfw" / str(name)))
        assert picture is not None
        image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        assert np.abs(align(image, points).astype(int) - face).max() <= 1
