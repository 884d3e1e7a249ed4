"""Tests of each verdict on pictures made for it, and of the limits on real photographs."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth.camera.demo.face import DemoFace
from face_auth.evaluation.faces import Portrait, typology_angle
from face_auth.evaluation.frames import exposed
from face_auth.evaluation.overlays import ALLOWED, HIDING
from face_auth.recognition.detection import Detector, Face, letterbox
from face_auth.recognition.oval import oval_in
from face_auth.recognition.pose import head_pose
from face_auth.recognition.quality import Quality, Steadiness, assess, light
from face_auth.types import Verdict

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.fixture(scope="module")
def portrait() -> Picture:
    return DemoFace(0).draw(1.0)


@pytest.fixture(scope="module")
def face(detector: Detector, portrait: Picture) -> Face:
    return detector.detect(portrait)[0]


def moved(face: Face, *, factor: float = 1.0, x: float = 0.0, y: float = 0.0) -> Face:
    """Return the face larger about its middle, and elsewhere."""
    left, top, width, height = face.box
    left += x - width * (factor - 1) / 2
    top += y - height * (factor - 1) / 2
    landmarks = face.landmarks + np.array([x, y], np.float32)
    return Face((left, top, width * factor, height * factor), landmarks, 1.0)


def times(picture: Picture, factor: float) -> Picture:
    return np.clip(picture * np.float32(factor), 0, 255).astype(np.uint8)


def smeared(picture: Picture, length: int, degrees: float) -> Picture:
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    middle = (length - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), degrees, 1)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def test_a_drawn_face_is_ok_and_named(portrait: Picture, face: Face) -> None:
    quality = assess(portrait, [face])
    assert quality.verdict is Verdict.OK
    assert quality.face is face


def test_without_a_face_there_is_none(portrait: Picture) -> None:
    quality = assess(portrait, [])
    assert quality.verdict is Verdict.NO_FACE
    assert quality.face is None


def test_a_second_face_counts_from_60_percent_of_the_height(portrait: Picture, face: Face) -> None:
    child = moved(face, factor=0.59, x=-180)
    assert assess(portrait, [face, child]).verdict is Verdict.OK
    adult = moved(face, factor=0.61, x=-180)
    for order in ([face, adult], [adult, face]):
        quality = assess(portrait, order)
        assert quality.verdict is Verdict.SEVERAL
        assert quality.face is face


def test_size_is_judged_in_the_letterboxed_frame(portrait: Picture, face: Face) -> None:
    for height, verdict in (
        (99, Verdict.TOO_FAR),
        (101, Verdict.OK),
        (399, Verdict.OK),
        (401, Verdict.TOO_NEAR),
    ):
        width = face.box[2]
        there = Face((320 - width / 2, 240 - height / 2, width, height), face.landmarks, 1.0)
        assert assess(portrait, [there]).verdict is verdict, height
    # The same picture and face, twice as fine, is as near as before.
    large = np.asarray(cv2.resize(portrait, (1280, 960)), np.uint8)
    for height, verdict in ((198, Verdict.TOO_FAR), (202, Verdict.OK)):
        there = Face((540, 480 - height / 2, 200, height), face.landmarks * 2, 1.0)
        assert assess(large, [there]).verdict is verdict


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 640), (270, 480)])
def test_larger_than_the_oval_is_too_near(
    portrait: Picture, face: Face, size: tuple[int, int]
) -> None:
    width, height = size
    picture = np.asarray(cv2.resize(portrait, size), np.uint8)
    oval = oval_in(*size)
    middle = np.array([width / 2, height / 2], np.float32)
    landmarks = middle + (face.landmarks - face.landmarks.mean(axis=0)) / 4
    for across, down, verdict in (
        (0.99, 0.99, Verdict.OK), (1.01, 0.9, Verdict.TOO_NEAR), (0.9, 1.01, Verdict.TOO_NEAR),
    ):  # fmt: skip
        wide, high = 2 * oval.across * across, 2 * oval.down * down
        box = (width / 2 - wide / 2, height / 2 - high / 2, wide, high)
        seen = assess(picture, [Face(box, landmarks, 1.0)]).verdict
        assert (seen is Verdict.TOO_NEAR) == (verdict is Verdict.TOO_NEAR), (across, down)


def test_eyes_nose_and_mouth_must_lie_in_the_oval(portrait: Picture, face: Face) -> None:
    oval = oval_in(640, 480)
    small = face.landmarks - face.landmarks.mean(axis=0)
    for degrees in range(0, 360, 15):
        way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        edge = way * (oval.across, oval.down)
        for share, inside in ((0.3, True), (1.0, False), (1.2, False)):
            points = (np.array([320, 240]) + edge * share + small / 2).astype(np.float32)
            left, top = points.min(axis=0) - 10
            right, bottom = points.max(axis=0) + 10
            there = Face((left, top, right - left, max(bottom - top, 101)), points, 1.0)
            verdict = assess(portrait, [there]).verdict
            assert (verdict is Verdict.OFF_CENTRE) != inside, (degrees, share)


def test_a_cut_off_box_is_off_centre(portrait: Picture, face: Face) -> None:
    cut_off = Face((220, 0, 200, 240), face.landmarks, 1.0)
    assert assess(portrait, [cut_off]).verdict is Verdict.OFF_CENTRE


@pytest.mark.parametrize(
    ("verdict", "alter"),
    [
        (Verdict.TOO_DARK, lambda picture: times(picture, 0.1)),
        (Verdict.TOO_BRIGHT, lambda picture: times(picture, 2.5)),
        (
            Verdict.TOO_BRIGHT,
            lambda picture: times(cv2.subtract(picture, np.full_like(picture, 90)), 4),
        ),
        (Verdict.TOO_BRIGHT, lambda picture: times(picture, 0.3) + np.uint8(175)),
        (Verdict.BLURRED, lambda picture: cv2.GaussianBlur(picture, (0, 0), 7)),
        (Verdict.BLURRED, lambda picture: smeared(picture, 35, 0)),
        (Verdict.BLURRED, lambda picture: smeared(picture, 35, 90)),
        (Verdict.BLURRED, lambda picture: smeared(picture, 35, 45)),
    ],
    ids=["dark", "bright", "burnt out", "veiled", "blurred", "across", "down", "slantwise"],
)
def test_an_altered_picture_gets_its_verdict(
    portrait: Picture, face: Face, verdict: Verdict, alter: Callable[[Picture], Picture]
) -> None:
    quality = assess(alter(portrait), [face])
    assert quality.verdict is verdict
    assert quality.face is face


def test_less_light_is_no_blur(portrait: Picture, face: Face) -> None:
    different = 0
    for sigma in np.arange(1, 7, 0.1):
        blurred = np.asarray(cv2.GaussianBlur(portrait, (0, 0), sigma), np.uint8)
        verdicts = [assess(times(blurred, factor), [face]).verdict for factor in (1, 0.65)]
        different += verdicts[0] is not verdicts[1]
    assert different <= 2


def test_light_is_judged_and_not_skin(detector: Detector) -> None:
    """The drawn people's skin lies from -50 to 58 degrees of typology angle."""
    angles = []
    for number in range(4):
        portrait = DemoFace(number).draw(1.0)
        face = detector.detect(portrait)[0]
        angles.append(typology_angle(Portrait("", Path(), portrait, face)))
        for exposure, verdict in (
            (1.0, Verdict.OK),
            (0.45, Verdict.OK),
            (0.25, Verdict.OK),
            (0.12, Verdict.OK),
            (0.01, Verdict.TOO_DARK),
        ):
            picture = exposed(portrait, exposure, np.random.default_rng(number))
            assert assess(picture, [face]).verdict is verdict, (number, exposure)
    assert min(angles) < -30
    assert max(angles) > 41


def test_blur_is_judged_nearly_alike_on_light_and_dark_skin(portrait: Picture, face: Face) -> None:
    """Lighter skin under the same features is brighter, but no less sharp."""
    dark = times(portrait, 0.6)
    sigmas = np.arange(1, 6, 0.1)
    limits = []
    for skin in (dark, dark + np.uint8(60)):
        blurred = (cv2.GaussianBlur(skin, (0, 0), sigma) for sigma in sigmas)
        verdicts = [assess(np.asarray(one, np.uint8), [face]).verdict for one in blurred]
        limits.append(sigmas[verdicts.index(Verdict.BLURRED)])
    assert max(limits) <= 1.35 * min(limits), limits


def test_light_from_one_side_is_no_darkness(portrait: Picture, face: Face) -> None:
    x, _, width, _ = face.box
    side_lit = portrait.copy()
    shadow = round(x + 0.6 * width)
    side_lit[:, :shadow] = times(portrait[:, :shadow], 0.4)
    assert assess(side_lit, [face]).verdict is Verdict.OK


@pytest.mark.parametrize("box", [(-20.0, -30.0, 130.0, 160.0), (600.0, 440.0, 120.0, 150.0)])
def test_a_box_over_the_edge_is_off_centre_whatever_lies_there(
    portrait: Picture, face: Face, box: tuple[float, float, float, float]
) -> None:
    assert assess(portrait, [Face(box, face.landmarks, 1.0)]).verdict is Verdict.OFF_CENTRE


def test_a_turned_head_is_turned_away(detector: Detector) -> None:
    person = DemoFace(0)
    for pose, verdict in (
        ({"yaw": 12.0}, Verdict.OK),
        ({"yaw": 38.0}, Verdict.TURNED),
        ({"yaw": -40.0}, Verdict.TURNED),
        ({"roll": 36.0}, Verdict.TURNED),
    ):
        picture = person.draw(1.0, **pose)
        faces = detector.detect(picture)
        assert faces
        assert assess(picture, faces).verdict is verdict, pose


def test_landmarks_that_place_no_head_are_turned_away(portrait: Picture, face: Face) -> None:
    coincide = face.landmarks.copy()
    coincide[1] = coincide[0]
    assert assess(portrait, [Face(face.box, coincide, 1.0)]).verdict is Verdict.TURNED
    nowhere = np.full_like(face.landmarks, np.nan)
    assert assess(portrait, [Face(face.box, nowhere, 1.0)]).verdict is Verdict.OFF_CENTRE


def test_hidden_eyes_and_mouths_are_covered_and_glasses_are_not(
    portrait: Picture, face: Face, rng: np.random.Generator
) -> None:
    for name, alter in HIDING.items():
        hidden = alter(portrait, face.landmarks, rng)
        assert assess(hidden, [face]).verdict is Verdict.COVERED, name
    for name in ("glasses", "tinted glasses", "eye patch", "hat"):
        worn = ALLOWED[name](portrait, face.landmarks, rng)
        assert assess(worn, [face]).verdict is Verdict.OK, name


def test_a_dark_face_before_a_bright_window_is_backlit(portrait: Picture, face: Face) -> None:
    x, y, width, _ = (round(value) for value in face.box)
    backlit = np.full_like(portrait, 250)
    head = np.s_[max(y - 60, 0) :, x - 50 : x + width + 50]
    backlit[head] = times(portrait[head], 0.3)
    assert assess(backlit, [face]).verdict is Verdict.TOO_BRIGHT
    assert assess(times(portrait, 0.3), [face]).verdict is Verdict.OK
    assert assess(times(portrait, 0.1), [face]).verdict is Verdict.TOO_DARK


def test_a_face_that_moves_fast_is_asked_to_hold_still(portrait: Picture, face: Face) -> None:
    for speed, verdict in ((0.4, Verdict.OK), (1.4, Verdict.HOLD_STILL)):
        steadiness = Steadiness()
        verdicts = [
            steadiness.judge(Quality(Verdict.OK, moved(face, x=speed * face.height * t)), t).verdict
            for t in (0.0, 0.1, 0.2, 0.3)
        ]
        assert verdicts[0] is Verdict.OK
        assert verdicts[-1] is verdict
    steadiness = Steadiness()
    for t in (0.0, 0.1):
        worse = Quality(Verdict.TOO_DARK, moved(face, x=300 * t))
        assert steadiness.judge(worse, t).verdict is Verdict.TOO_DARK


@pytest.mark.faces
def test_false_alarms_are_rare_and_strong_alterations_show(
    shared: Path, detector: Detector
) -> None:
    alterations: dict[Verdict, Callable[[Picture], Picture]] = {
        Verdict.OK: lambda picture: picture,
        Verdict.TOO_DARK: lambda picture: exposed(picture, 0.008, np.random.default_rng(1)),
        Verdict.TOO_BRIGHT: lambda picture: times(picture, 0.4) + np.uint8(150),
        Verdict.BLURRED: lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 6), np.uint8),
    }
    covered: Counter[Verdict] = Counter()
    seen: dict[Verdict, Counter[Verdict]] = {verdict: Counter() for verdict in alterations}
    for path in sorted((shared / "data" / "lfw").glob("*/*.jpg"))[5::66]:
        frame, _ = letterbox(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
        faces = detector.detect(frame)
        if len(faces) == 1 and abs(head_pose(faces[0].landmarks).yaw) <= 20:
            rng = np.random.default_rng(len(covered))
            masked = HIDING["mask"](frame, faces[0].landmarks, rng)
            covered[assess(masked, detector.detect(masked)).verdict] += 1
            usable = assess(frame, faces).verdict is Verdict.OK
            for wanted, alter in alterations.items():
                if usable or wanted is Verdict.OK:
                    seen[wanted][assess(alter(frame), faces).verdict] += 1
    total = seen[Verdict.OK].total()
    assert total >= 120
    assert seen[Verdict.OK][Verdict.COVERED] <= 0.02 * total
    assert covered[Verdict.OK] <= 0.03 * total
    for verdict in (Verdict.TOO_DARK, Verdict.TOO_BRIGHT, Verdict.BLURRED):
        assert seen[Verdict.OK][verdict] <= 0.02 * total, verdict
        assert seen[verdict][verdict] >= 0.95 * seen[verdict].total(), verdict


def test_light_that_tells_little_is_told_from_good_light(portrait: Picture, face: Face) -> None:
    """Each is usable: whose face it is can be told, but not what it is made of."""
    window = np.array(portrait * 0.7, np.uint8)
    window[:, :130] = window[:, 510:] = 235
    pictures = {
        Verdict.OK: portrait,
        Verdict.TOO_DARK: np.array(portrait * 0.6, np.uint8),
        Verdict.TOO_BRIGHT: window,
    }
    for expected, picture in pictures.items():
        assert light(picture, face) is expected
        assert assess(picture, [face]).verdict is Verdict.OK
    hazy = np.array(portrait * 0.2 + 105, np.uint8)
    assert light(hazy, face) is Verdict.TOO_DARK
