"""Tests of each passive cue on frames made for it, and of the published network."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from face_auth.camera.demo.face import DemoFace
from face_auth.errors import ModelError
from face_auth.liveness import cues
from face_auth.liveness.head import INPUTS, LivenessHead
from face_auth.liveness.minifas import FILE, SHA256, MiniFas
from face_auth.liveness.passive import (
    FEW,
    FRAMES,
    HEAD,
    NETWORK,
    WEIGHTS,
    PassiveCheck,
    judge_repetition,
    mean_result,
)
from face_auth.liveness.track import PICTURE_S
from face_auth.models import ModelFiles
from face_auth.recognition.detection import Detector, Face
from face_auth.types import Frame, LivenessResult, Verdict

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
        judged(pictures[: FEW - 1], face)


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
            scores.append(network.scores(image, found[0])[0])
            swapped.append(network.scores(np.ascontiguousarray(image[:, :, ::-1]), found[0])[0])
    assert len(scores) >= 20
    assert np.median(scores) > 4
    assert np.mean(np.array(scores) > -1.7) >= 0.9
    assert np.median(scores) > np.median(swapped)
    assert len(SHA256) == 64


# How the cues are weighed, with cues that say what they are told.

QUIET = {"border": 0.1, "moire": 0.85, "bands": 4.0}
"""What each cue may say at most without a deduction."""


@pytest.fixture
def weighed(monkeypatch, face):
    """Return what is judged of eight frames by the cues' numbers, the light and the network."""

    def judge(network: float | None = None, lit=(Verdict.OK,) * 4, head=None, **said: float):
        numbers = QUIET | said
        for name, number in numbers.items():
            monkeypatch.setattr(cues, name, lambda *given, number=number: number)
        verdicts = iter(lit)
        monkeypatch.setattr("face_auth.liveness.passive.light", lambda *pair: next(verdicts))
        check = PassiveCheck()
        if network is not None:
            both = np.array([network - 1.0, network + 1.0])
            check._network = SimpleNamespace(scores=lambda image, face: both)
            check = check.with_head(head)
        shown = [np.full((480, 640, 3), number, np.uint8) for number in range(8)]
        return check.judge(frames(shown), [face] * 8)

    return judge


@pytest.mark.parametrize(
    ("said", "taken", "reason"),
    [
        ({}, 0.0, None),
        ({"border": 0.2}, 0.9, None), ({"border": 0.3}, 1.8, "frame around the face"),
        ({"border": 1.0}, 8.1, "frame around the face"),
        ({"border": 9.0}, 9.0, "frame around the face"),
        ({"moire": 0.89}, 0.8, None), ({"moire": 1.05}, 4.0, "moire"), ({"moire": 2}, 9.0, "moire"),
        ({"bands": 5.8}, 0.9, None), ({"bands": 6.0}, 1.0, "refresh bands"),
        ({"bands": 20.0}, 2.0, "refresh bands"),
        ({"border": 0.0, "moire": 0.0, "bands": 0.0}, 0.0, None),
    ],
)  # fmt: skip
def test_each_cue_takes_from_three_what_it_is_above_its_limit(weighed, said, taken, reason) -> None:
    result = weighed(**said)
    assert result.score == pytest.approx(3.0 - taken)
    assert result.passed is (taken < 3)
    assert result.reasons == (() if reason is None else (reason,))
    assert (result.guidance, result.abstained) == (Verdict.OK, 0.0)


@pytest.mark.parametrize(
    ("network", "score", "reasons"),
    [
        (-4.5, 0.0, ()), (-4.51, -0.01, ("the network sees a picture of a face",)), (2.0, 6.5, ()),
        (3.5, 8.0, ()), (40.0, 8.0, ()),
        (-16.0, -11.5, ("the network sees a picture of a face",)),
        (-16.5, -12.0, ("the network sees a picture of a face",)),
        (-40.0, -12.0, ("the network sees a picture of a face",)),
    ],
)  # fmt: skip
def test_the_network_counts_with_4_5_more_than_it_says_between_minus_12_and_8(
    weighed, network, score, reasons
) -> None:
    result = weighed(network)
    assert result.score == pytest.approx(score)
    assert (result.passed, result.reasons) == (score >= 0, reasons)
    assert weighed(network, bands=6.0).score == pytest.approx(score - 1)
    assert weighed(network, bands=6.0).reasons == (*reasons, "refresh bands")


@pytest.mark.parametrize(("odds", "score"), [(0.0, 0.0), (-0.01, -0.06), (1.0, 6.0), (9.0, 8.0)])
def test_the_head_judges_in_the_place_of_the_network(weighed, odds, score) -> None:
    """Its log odds count six times, whatever the network says."""
    head = LivenessHead(np.zeros(INPUTS), np.ones(INPUTS), np.zeros(INPUTS), odds)
    for network in (-9.0, 9.0):
        result = weighed(network, head=head)
        assert result.score == pytest.approx(score)
        assert result.passed is (score >= 0)
        assert ("the network sees a picture of a face" in result.reasons) is (score < 0)
        assert (result.measured[NETWORK], result.measured[HEAD]) == (network, odds)
    assert not PassiveCheck(None, head).has_head, "there is no network whose scores it could judge"


def test_poor_light_takes_every_suspicion_away_and_says_what_would_help(weighed) -> None:
    dark, bright = (Verdict.TOO_DARK,) * 3 + (Verdict.OK,), (Verdict.TOO_BRIGHT,) * 4
    for lit, guidance in ((dark, Verdict.TOO_DARK), (bright, Verdict.TOO_BRIGHT)):
        result = weighed(-9.0, lit=lit)
        assert (result.score, result.abstained) == (pytest.approx(-4.5), pytest.approx(7.5))
        assert (result.guidance, result.suspected) == (guidance, False)
    assert weighed(-9.0, lit=(Verdict.OK,) * 3 + (Verdict.TOO_DARK,)).suspected


def test_four_of_eight_frames_are_looked_at_for_a_frame_and_all_by_the_others(
    weighed, monkeypatch, face
) -> None:
    weighed()
    looked_at: list[int] = []
    monkeypatch.setattr(
        cues, "border", lambda image, face: looked_at.append(int(image[0, 0, 0])) or 0.0
    )
    lit = iter([Verdict.OK] * 4)
    monkeypatch.setattr("face_auth.liveness.passive.light", lambda *pair: next(lit))
    shown = frames([np.full((60, 60, 3), number, np.uint8) for number in range(8)])
    PassiveCheck().judge(shown, [face] * 8)
    assert looked_at == [0, 2, 4, 6]
    with pytest.raises(ValueError):
        PassiveCheck().judge(shown, [face] * 9)


@pytest.mark.parametrize(("seconds", "refused"), [(0.5, False), (0.51, True)])
def test_the_same_picture_may_stand_for_half_a_second(seconds, refused) -> None:
    repetition = cues.Repetition()
    assert (repetition.frozen_s, repetition.returned) == (0.0, False)
    one, other = (np.full((4, 4, 3), number, np.uint8) for number in (0, 1))
    for at, image in ((1.0, other), (2.0, one), (2.2, one), (2.0 + seconds, one)):
        repetition.add(Frame(image, at, 1))
    assert repetition.frozen_s == pytest.approx(seconds)
    assert (judge_repetition(repetition) is not None) is refused
    for number in range(3):  # what stood still once is remembered
        repetition.add(Frame(one + np.uint8(2 + number), 3.0 + number, 1))
    assert repetition.frozen_s == pytest.approx(seconds)
    assert not repetition.returned
    repetition.add(Frame(other, 9.0, 1))
    assert repetition.returned
    refusal = judge_repetition(repetition)
    assert refusal is not None and refusal.score == -99.0 and refusal.suspected


def test_pictures_that_differ_in_one_pixel_are_two() -> None:
    one = np.zeros((8, 8, 3), np.uint8)
    other = one.copy()
    other[2, 4] = 1
    repetition = cues.Repetition()
    for at, image in ((0.0, one), (0.6, other)):
        repetition.add(Frame(image, at, 1))
    assert repetition.frozen_s == 0.0


def test_a_judgement_passes_at_a_mean_of_zero() -> None:
    results = [
        LivenessResult(True, 2.0, (), 0.0, Verdict.MOVE),
        LivenessResult(False, -2.0, (), 3.0, Verdict.TOO_DARK),
    ]
    assert mean_result(results) == LivenessResult(True, 0.0, (), 1.5, Verdict.TOO_DARK)
    assert not mean_result([*results, LivenessResult(False, -0.01)]).passed


# The cues' own numbers, on drawn pictures.

WHERE = (260.0, 160.0, 120.0, 150.0)
LEFT, RIGHT = ((200, 100), (200, 400)), ((440, 100), (440, 400))
TOP, BOTTOM = ((180, 100), (460, 100)), ((180, 380), (460, 380))
Line = tuple[tuple[int, int], tuple[int, int]]


def at(box) -> Face:
    return Face(box, np.zeros((5, 2), np.float32), 1.0)


def drawn(*lines: Line):
    image = np.full((480, 640, 3), 128, np.uint8)
    for start, end in lines:
        cv2.line(image, start, end, (20, 20, 20), 3)
    return image


def uprights(x: int, top: int, bottom: int) -> list[Line]:
    return [((x, top), (x, bottom)), ((640 - x, top), (640 - x, bottom))]


@pytest.mark.parametrize(
    ("lines", "score"),
    [
        ([], 0.0), ([LEFT], 0.0), ([BOTTOM], 0.0), ([LEFT, RIGHT], 0.7), ([TOP, BOTTOM], 0.7),
        ([LEFT, TOP], 0.2), ([LEFT, RIGHT, TOP], 0.9), ([LEFT, RIGHT, TOP, BOTTOM], 1.0),
        ([LEFT, ((440, 100), (477, 400))], 0.7),  # leans by 7 degrees
        ([LEFT, ((440, 100), (488, 400))], 0.45),  # by 9
        ([TOP, ((180, 380), (460, 414))], 0.7),
        ([TOP, ((180, 380), (460, 424))], 0.45),
        (uprights(200, 175, 295), 0.0),  # shorter than 0.9 of the face
        (uprights(200, 165, 305), 0.7),
        (uprights(200, 260, 420), 0.7),  # beside the face down to 0.7 of its height
        (uprights(200, 272, 432), 0.0),
        (uprights(200, 28, 178), 0.0),  # and from 0.2 of it
        (uprights(200, 40, 202), 0.7),
        (uprights(280, 100, 400), 0.0),  # across the face
        (uprights(1, 100, 400), 0.0),  # the picture's own edge
        (uprights(8, 100, 400), 0.7),
        ([((2, 100), (2, 400)), RIGHT], 0.0),
        ([((4, 100), (4, 400)), RIGHT], 0.7),
        ([LEFT, ((639, 100), (639, 400))], 0.0),
        ([LEFT, ((637, 100), (637, 400))], 0.7),
        ([((180, 2), (460, 2)), BOTTOM], 0.0),
        ([((180, 3), (460, 3)), BOTTOM], 0.7),
        ([TOP, ((180, 479), (460, 479))], 0.0),
        ([TOP, ((180, 477), (460, 477))], 0.7),
        ([((0, 2), (639, 2)), TOP, BOTTOM], 0.7),
        ([LEFT, ((320, 100), (320, 400))], 0.0),  # one of them across the face
        ([((320, 100), (320, 400)), RIGHT], 0.0),
        ([TOP, ((180, 240), (460, 240))], 0.0),
        ([((180, 240), (460, 240)), BOTTOM], 0.0),
        ([((200, 100), (232, 400)), ((440, 100), (472, 400))], 0.7),  # both lean alike
        ([((200, 100), (232, 400)), ((472, 100), (440, 400))], 0.45),
        ([((180, 60), (460, 89)), ((180, 380), (460, 409))], 0.7),
        ([((180, 60), (460, 89)), ((180, 409), (460, 380))], 0.45),
        ([((90, 100), (290, 100)), ((90, 380), (290, 380))], 0.0),  # over it: from 0.3
        ([((80, 100), (310, 100)), ((80, 380), (310, 380))], 0.7),
        ([((338, 100), (500, 100)), ((338, 380), (500, 380))], 0.7),  # over it: up to 0.7
        ([((348, 100), (510, 100)), ((348, 380), (510, 380))], 0.0),
    ],
)  # fmt: skip
def test_a_pair_of_parallel_edges_counts_half_and_each_further_side_a_fifth(lines, score) -> None:
    assert cues.border(drawn(*lines), at(WHERE)) == pytest.approx(score)


@pytest.mark.parametrize(("darker", "score"), [(30, 0.0), (40, 1.0)])
def test_a_faint_edge_is_none(darker, score) -> None:
    image = np.full((480, 640, 3), 128, np.uint8)
    image[100:400, 200:440] -= np.uint8(darker)
    assert cues.border(image, at(WHERE)) == score


def test_a_border_is_found_in_pictures_of_any_size() -> None:
    image = drawn(LEFT, RIGHT)
    larger = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    box = WHERE[0] * 2, WHERE[1] * 2, WHERE[2] * 2, WHERE[3] * 2
    assert cues.border(np.asarray(larger, np.uint8), at(box)) == pytest.approx(0.7)
    tall = np.ascontiguousarray(image[:, 140:500])
    assert cues.border(tall, at((WHERE[0] - 140, *WHERE[1:]))) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("frequency", "degrees", "level"),
    [
        (12, 0, 0.67), (14, 0, 1.63), (16, 0, 2.2), (16, 90, 2.23), (16, 30, 3.0), (30, 30, 3.0),
        (30, 45, 3.0), (30, 0, 2.23), (61, 30, 3.0), (61, 90, 2.2), (62, 0, 1.52), (66, 45, 0.7),
    ],
)  # fmt: skip
def test_a_raster_of_15_to_61_waves_in_128_pixels_stands_out_by_decades(
    frequency, degrees, level
) -> None:
    """The spectrum of what is coarser belongs to the face; along an axis 0.7 is taken away."""
    y, x = np.mgrid[:480, :640]
    along = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    raster = 128 + 6 * np.sin(2 * np.pi * frequency / 128 * along)
    grey = raster + np.random.default_rng(1).normal(0, 2, raster.shape)
    image = np.repeat(np.clip(grey + 0.5, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    assert cues.moire(frames([image]), [at(WHERE)]) == pytest.approx(level, abs=0.2)


def test_a_raster_is_looked_for_in_the_middle_of_the_face_alone() -> None:
    y, x = np.mgrid[:480, :640]
    raster = 30 * np.sin(2 * np.pi * 30 / 128 * (x * np.cos(0.5) + y * np.sin(0.5)))
    middle = (abs(x - 320) < 64) & (abs(y - 235) < 64)
    for where, seen in ((middle, True), (~middle, False)):
        grey = 128.5 + raster * where + np.random.default_rng(1).normal(0, 2, raster.shape)
        image = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
        assert (cues.moire(frames([image]), [at(WHERE)]) > 1) is seen


def test_bands_count_by_their_strength_and_what_moves_does_not() -> None:
    plain = np.full((480, 640, 3), 128, np.uint8)
    wave = 128.5 + 10 * np.sin(2 * np.pi * np.arange(480) / 60)
    banded = np.repeat(np.repeat(wave[:, None, None], 640, 1), 3, 2).astype(np.uint8)
    faces = [at((200.0, 100.0, 160.0, 240.0))] * 3
    weak = cues.bands(frames([plain, banded]), faces[:2])
    assert weak == pytest.approx(10 / np.sqrt(2), abs=0.2)
    assert cues.bands(frames([plain, plain + np.uint8(40)]), faces[:2]) == 0.0, "a lamp"
    assert cues.bands(frames([plain, banded, banded]), faces) == 0.0, "it rested once"
    moved = plain.copy()
    moved[100:340:2, 200:270] = 255  # less than half of the face
    assert cues.bands(frames([plain, moved]), faces[:2]) == 0.0
    outside = banded.copy()
    outside[100:340, 200:360] = 128
    assert cues.bands(frames([plain, outside]), faces[:2]) == 0.0
    smaller = np.ascontiguousarray(banded[:-2])
    assert cues.bands(frames([plain, smaller]), faces[:2]) == 0.0
    late = [Frame(one, seconds, 1) for one, seconds in ((plain, 0), (plain, 0.5), (banded, 0.6))]
    assert cues.bands(late, faces) == weak, "the pair after the gap counts"


@pytest.fixture
def network(monkeypatch):
    """Return a MiniFas whose network remembers what it was given: 5 and 2, then 4 and 2."""
    given: list[np.ndarray] = []
    fake = SimpleNamespace(
        setInput=given.append, forward=lambda: np.array([[5.0, 2.0], [4.0, 2.0]])
    )
    monkeypatch.setattr(ModelFiles, "checked", lambda files, name, sha256: b"x")
    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", lambda data: fake)
    return MiniFas(Path("any")), given


def test_the_network_is_given_one_and_a_half_faces_and_says_real_less_spoof(network) -> None:
    minifas, given = network
    across, down = np.meshgrid(np.arange(640) // 3, np.arange(480) // 2)
    image = np.stack([across, down, np.full_like(down, 255)], axis=2).astype(np.uint8)
    for box, corner in (
        ((200.0, 100.0, 160.0, 200.0), (130, 50)),
        ((200.0, 100.0, 200.0, 160.0), (150, 30)),
    ):
        assert minifas.scores(image, at(box)).tolist() == [3.0, 2.0]
        (red, green, blue) = given[-1][0]
        assert given[-1].shape == (2, 3, 128, 128)
        assert np.all(blue == 1.0)
        for place in (16, 64, 112):
            side = (place + 0.5) * 300 / 128 - 0.5
            assert red[64, place] * 255 == pytest.approx((corner[0] + side) / 3, abs=0.8)
            assert green[place, 64] * 255 == pytest.approx((corner[1] + side) / 2, abs=0.8)


def test_what_lies_beyond_the_picture_is_its_mirror_image_to_the_network(network) -> None:
    minifas, given = network
    image = np.random.default_rng(1).integers(0, 255, (128, 128, 3)).astype(np.uint8)
    side = 128 / 1.5
    inner = (64 - side / 2, 64 - side / 2, side, side)
    minifas.scores(image, at(inner))
    assert np.array_equal(np.round(given[-1][0] * 255).astype(np.uint8), image.transpose(2, 0, 1))
    for x, y in ((-20, 0), (20, 0), (0, -20), (0, 20)):
        minifas.scores(image, at((inner[0] + x, inner[1] + y, side, side)))
        wide = np.pad(image, ((20, 20), (20, 20), (0, 0)), "reflect")
        wanted = wide[20 + y : 148 + y, 20 + x : 148 + x].transpose(2, 0, 1)
        assert np.array_equal(np.round(given[-1][0] * 255).astype(np.uint8), wanted)


def test_a_face_beside_the_picture_is_refused_at_once(network) -> None:
    minifas, given = network
    with pytest.raises(ValueError, match="beside the picture"):
        minifas.scores(np.zeros((60, 60, 3), np.uint8), at((200.0, 100.0, 160.0, 200.0)))
    assert given == []


def test_a_large_face_is_averaged_for_the_network(network) -> None:
    minifas, given = network
    noise = np.random.default_rng(1).normal(128, 20, (480, 640, 3)).astype(np.uint8)
    minifas.scores(noise, at((200.0, 100.0, 256 / 1.5, 200 / 1.5)))  # of 2 x 2 pixels each
    assert given[-1][0].std() * 255 == pytest.approx(20 / 2, abs=0.5)


def test_a_check_knows_whether_it_has_the_network(network) -> None:
    assert PassiveCheck(Path("any")).has_network
    assert not PassiveCheck().has_network
