"""Drawing of the camera pane."""

import math

import cv2
import numpy as np
import pytest

from face_auth.recognition.oval import oval_in
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.camera_pane.picture import compose, empty, oval
from kiosk.widgets import theme

WIDTH, HEIGHT = 612, 412
GREEN, RED, WHITE = (0x3D, 0xDC, 0x84), (0xFF, 0x8A, 0x80), (255, 255, 255)


def share(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Return how many pixels have exactly that colour."""
    return int(np.all(picture == colour, axis=2).sum())


def grey(value: int = 200) -> np.ndarray:
    """Return a plain frame."""
    return np.full((480, 640, 3), value, np.uint8)


def test_the_picture_is_mirrored() -> None:
    frame = grey(0)
    frame[:, :320] = 255  # bright at the camera's left
    picture = compose(frame, WIDTH, HEIGHT, Marks(), 1.0)
    row = HEIGHT // 2
    assert picture[row, WIDTH // 2 + 60].sum() > picture[row, WIDTH // 2 - 60].sum() + 600


def test_the_picture_is_cropped_not_squeezed() -> None:
    frame = grey(0)
    frame[180:300, 260:380] = 255  # a square
    inside = compose(frame, WIDTH, HEIGHT, Marks(), 1.0)[:, :, 0] > 240
    window = inside[HEIGHT // 2 - 80 : HEIGHT // 2 + 80, WIDTH // 2 - 80 : WIDTH // 2 + 80]
    high, wide = window.any(axis=1).sum(), window.any(axis=0).sum()
    assert high == pytest.approx(wide, abs=3)
    assert wide == pytest.approx(120 * oval(WIDTH, HEIGHT).down / oval_in(640, 480).down, abs=3)


@pytest.mark.parametrize("pane", [(612, 412), (760, 560), (900, 1100), (300, 260)])
@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 640), (320, 240)])
def test_what_the_pane_leaves_bright_is_where_a_face_is_checked(
    pane: tuple[int, int], size: tuple[int, int]
) -> None:
    """A mark in the picture is undimmed in the pane exactly where `quality` has its points."""
    width, height = size
    checked = oval_in(*size)
    reach = max(2, width // 80)
    for degrees in range(0, 360, 20):
        for share, inside in ((0.85, True), (1.15, False)):
            x = round(width / 2 + share * checked.across * math.cos(math.radians(degrees)))
            y = round(height / 2 + share * checked.down * math.sin(math.radians(degrees)))
            if not (reach < x < width - reach and reach < y < height - reach):
                continue  # beyond the picture there is no face
            assert checked.has([(x, y)]) == inside
            frame = np.full((height, width, 3), 60, np.uint8)
            cv2.circle(frame, (x, y), reach, (255, 255, 255), -1)
            plain = np.full((height, width, 3), 60, np.uint8)
            marks = Marks(Ring.FILLING, 0, 3)
            with_mark = compose(frame, *pane, marks, 0.1).astype(int)
            changed = (with_mark - compose(plain, *pane, marks, 0.1)).max()
            assert (changed > 150) == inside, (degrees, share)


def test_outside_the_oval_it_is_dimmed_and_inside_it_is_not() -> None:
    picture = compose(grey(), WIDTH, HEIGHT, Marks(), 1.0)
    assert tuple(picture[HEIGHT // 2, WIDTH // 2]) == (200, 200, 200)
    assert picture[HEIGHT // 2, 40].max() < 120


def test_the_corners_are_the_pages_colour() -> None:
    paper = tuple(int(theme.PAPER[i : i + 2], 16) for i in (1, 3, 5))
    for picture in (compose(grey(), WIDTH, HEIGHT, Marks(), 1.0), empty(WIDTH, HEIGHT, 1.0)):
        assert tuple(picture[0, 0]) == paper == tuple(picture[-1, -1])
        assert tuple(picture[0, WIDTH // 2]) != paper


def test_a_login_fills_the_ring_as_frames_come() -> None:
    greens = [
        share(compose(grey(), WIDTH, HEIGHT, Marks(Ring.FILLING, done, 3), 1.0), GREEN)
        for done in range(4)
    ]
    assert greens[0] == 0
    assert greens[1] > 1000
    assert greens[2] == pytest.approx(2 * greens[1], rel=0.15)
    assert greens[3] == pytest.approx(3 * greens[1], rel=0.15)


def test_an_enrolment_has_five_arcs_and_finished_ones_are_thicker() -> None:
    none = compose(grey(), WIDTH, HEIGHT, Marks(Ring.ARCS, 0, 5), 1.0)
    every = compose(grey(), WIDTH, HEIGHT, Marks(Ring.ARCS, 5, 5), 1.0)
    assert share(none, GREEN) == 0 and share(every, WHITE) == 0
    assert share(every, GREEN) > 1.5 * share(none, WHITE)


def test_a_refusal_is_red_and_has_a_cross() -> None:
    picture = compose(grey(), WIDTH, HEIGHT, Marks(Ring.REFUSED), 1.0)
    assert share(picture, RED) > 4000
    x, y, _across, down = oval(WIDTH, HEIGHT)
    ink = tuple(int(theme.SHADE[i : i + 2], 16) for i in (1, 3, 5))
    assert tuple(picture[round(y + down), round(x)]) == ink  # where its two strokes meet


def test_rings_stand_out_from_any_face() -> None:
    for value in (0, 128, 255):
        picture = compose(grey(value), WIDTH, HEIGHT, Marks(), 1.0)
        x, y, across, _down = oval(WIDTH, HEIGHT)
        row = picture[round(y), round(x - across) - 12 : round(x - across) + 13].astype(int)
        steps = np.abs(np.diff(row.sum(axis=1)))
        assert steps.max() > 300  # the step between the ring and its edge of ink


def test_a_larger_window_has_thicker_rings() -> None:
    small = share(compose(grey(), WIDTH, HEIGHT, Marks(), 1.0), WHITE)
    large = share(compose(grey(), WIDTH * 2, HEIGHT * 2, Marks(), 2.0), WHITE)
    assert large == pytest.approx(4 * small, rel=0.1)


def test_frames_of_any_shape_fill_the_pane() -> None:
    for shape in ((1080, 1920, 3), (240, 320, 3), (640, 480, 3)):
        picture = compose(np.full(shape, 200, np.uint8), WIDTH, HEIGHT, Marks(), 1.0)
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert picture[5, WIDTH // 2].max() > 60
