"""Choice among the modes that a webcam offers; `tests/webcam` asks a real driver for them."""

import pytest

from face_auth.camera.v4l2 import Mode, best_of

VGA = Mode("MJPG", 640, 480, 30)
FULL_HD = Mode("MJPG", 1920, 1080, 30)


@pytest.mark.parametrize(
    ("best", "others"),
    [
        (
            VGA,
            [FULL_HD, Mode("MJPG", 320, 240, 30), Mode("YUYV", 640, 480, 5)],
        ),
        (Mode("YUYV", 640, 480, 30), [Mode("MJPG", 1920, 1080, 5), Mode("MJPG", 160, 120, 60)]),
        (Mode("MJPG", 1280, 720, 30), [Mode("MJPG", 640, 480, 5), Mode("YUYV", 1280, 720, 10)]),
        (Mode("YUYV", 640, 360, 30), [Mode("YUYV", 1920, 1080, 5), Mode("YUYV", 320, 240, 60)]),
        (VGA, [Mode("MJPG", 640, 480, 60), Mode("MJPG", 640, 480, 15), Mode("YUYV", 640, 480, 30)]),
        (Mode("YUYV", 640, 480, 15), [Mode("GREY", 640, 480, 30)]),
        (Mode("GREY", 640, 480, 30), [Mode("GREY", 320, 240, 30)]),
    ],
    ids=["usual", "MJPEG is worse", "slow VGA", "16 to 9", "rates", "infrared", "grey only"],
)
def test_best_mode_for_a_face(best: Mode, others: list[Mode]) -> None:
    assert best_of([*others, best]) == best_of([best, *others]) == best


def test_a_camera_that_lists_nothing_has_no_best_mode() -> None:
    assert best_of([]) is None
