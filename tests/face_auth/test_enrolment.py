"""Tests of enrolment: five distinct captures of one person make a template."""

import contextlib
import dataclasses
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import cv2
import numpy as np
import pytest

from face_auth.enrolment import KEPT_HEIGHT, WANTED, cut_capture, enrol_face, split_scores
from face_auth.errors import NoFaceError, NotOnePersonError, SamePictureError
from face_auth.liveness.challenge import ChallengeState
from face_auth.liveness.check import LivenessCheck
from face_auth.recogniser import Recogniser
from face_auth.recognition.detection import Face
from face_auth.types import FRAMES_PER_LOGIN, Frame, Hindrance, Movement, Verdict
from face_auth.verification import verify
from tests.face_auth.staged import BOX, LANDMARKS, embeddings_of, frames, staged_recogniser


@pytest.fixture
def recogniser(rng, monkeypatch) -> Recogniser:
    return staged_recogniser(rng, monkeypatch)


ONE_PERSON = [(0, i, 0) for i in range(20)]


def test_five_pictures_make_a_template_that_accepts_its_owner_alone(recogniser) -> None:
    told = []
    template, captures = enrol_face(
        recogniser, frames(*ONE_PERSON), "ada", progress=lambda p: told.append(p.taken)
    )
    assert len(captures) == WANTED
    assert told == [1, 2, 3, 4, 5]
    for person, accepted in ((0, True), (1, False), (2, False), (3, False)):
        probe = frames(*[(person, 50 + i, 0) for i in range(3)])
        result = verify(recogniser, probe, template)
        assert (result.accepted, result.customer_id) == (accepted, "ada")
        assert result.frames == FRAMES_PER_LOGIN


def test_moments_too_close_together_are_not_distinct(recogniser) -> None:
    with pytest.raises(NoFaceError):
        enrol_face(recogniser, frames(*ONE_PERSON[:10], every=0.15), "ada")


def test_moments_are_distinct_from_two_fifths_of_a_second_on(recogniser) -> None:
    assert enrol_face(recogniser, frames(*ONE_PERSON[:5], every=0.41), "ada")
    with pytest.raises(NoFaceError, match=r"^3 of 5 usable faces in time$"):
        enrol_face(recogniser, frames(*ONE_PERSON[:5], every=0.39), "ada")


def test_one_picture_counts_once_however_often_it_is_shown(recogniser) -> None:
    frozen = [(0, 0, 0)] * 100
    with pytest.raises(SamePictureError, match=r"^1 of 5 different pictures in time"):
        enrol_face(recogniser, frames(*frozen), "ada")


def test_a_folder_of_four_pictures_enrols_nobody_and_says_why(recogniser) -> None:
    four = [(0, number % 4, 0) for number in range(100)]
    with pytest.raises(SamePictureError, match=r"^4 of 5 different"):
        enrol_face(recogniser, frames(*four), "ada")
    five = [(0, number % 5, 0) for number in range(100)]
    assert len(enrol_face(recogniser, frames(*five), "ada")[1]) == 5


def test_few_pictures_are_not_called_the_same(recogniser) -> None:
    with pytest.raises(NoFaceError) as caught:
        enrol_face(recogniser, frames((0, 0, 0), (0, 0, 0), (0, 1, 0), (0, 2, 1), (0, 2, 1)), "ada")
    assert not isinstance(caught.value, SamePictureError)


def test_a_picture_that_was_dropped_is_never_taken_again(recogniser) -> None:
    stranger = [(1, 9, 0)] * 30
    pictures = [(0, 0, 0), (0, 1, 0), stranger[0], (0, 2, 0), (0, 3, 0), *stranger]
    with pytest.raises(NotOnePersonError):
        enrol_face(recogniser, frames(*pictures), "ada")
    template, _ = enrol_face(recogniser, frames(*pictures, (0, 4, 0)), "ada")
    for row in embeddings_of(recogniser, (0, 0, 0), (0, 4, 0)):
        assert np.abs(template.embeddings - row).max(axis=1).min() < 1e-6


class Asked:
    """A challenge that asks for two poses; how much of each is shown, a test says."""

    movements = (Movement.LEFT, Movement.UP)
    current, done, requests, share, has_begun = None, 0, 0, 0.0, False
    shown: ClassVar[dict[Movement, float]] = {}

    @property
    def state(self):
        asks = self.current is not None or not self.has_begun
        return ChallengeState.RUNNING if asks else ChallengeState.PASSED

    def share_of(self, movement, face):
        return self.shown.get(movement, -0.9)


def test_each_pose_is_taken_once_where_it_is_shown_and_straight_for_the_rest(recogniser) -> None:
    check, told = LivenessCheck(None), []
    check.challenge = asked = Asked()
    visit = [
        (False, {}, 0, None),  # it has not begun
        (True, {Movement.LEFT: 0.35}, 0, Movement.LEFT),  # neither straight nor turned
        (True, {Movement.RIGHT: 0.35}, 0, Movement.LEFT),
        (True, {Movement.LEFT: 0.34}, 1, Movement.LEFT),  # straight
        (True, {}, 1, Movement.LEFT),  # once is enough while poses are missing
        (True, {Movement.RIGHT: 0.9}, 1, Movement.LEFT),  # was not asked for
        (True, {Movement.LEFT: 0.44}, 1, Movement.LEFT),
        (True, {Movement.LEFT: 0.45}, 2, Movement.UP),
        (True, {Movement.LEFT: 0.9}, 2, Movement.UP),
        (True, {}, 2, Movement.UP),
        (True, {Movement.UP: 0.9}, 3, None),
        (True, {Movement.DOWN: 0.35}, 3, None),
        (True, {Movement.DOWN: 0.34}, 4, None),  # straight again, in place of other poses
        (True, {}, 5, None),
    ]

    def moving():
        for (begun, shown, _, _), frame in zip(visit, frames(*ONE_PERSON), strict=False):
            asked.has_begun, asked.shown = begun, shown
            yield frame

    _, captures = enrol_face(
        recogniser, moving(), "ada", liveness=check,
        progress=lambda p: told.append((p.taken, p.pose)),
    )  # fmt: skip
    assert told == [(taken, pose) for _, _, taken, pose in visit]
    assert len(captures) == 5


def test_the_pose_that_the_challenge_asks_for_comes_first(recogniser) -> None:
    check, told = LivenessCheck(None), []
    check.challenge = asked = Asked()
    asked.has_begun, asked.current = True, Movement.DOWN
    with pytest.raises(NoFaceError):
        enrol_face(
            recogniser, frames(*ONE_PERSON[:2]), "ada", liveness=check,
            progress=lambda p: told.append(p.pose),
        )  # fmt: skip
    assert told == [Movement.DOWN] * 2


def test_the_mean_and_the_least_score_may_just_reach_their_limits(recogniser) -> None:
    singles, pairs = split_scores(pictures_of(recogniser, (0,) * 5), recogniser.cohort)
    scores = np.concatenate([singles, pairs])
    assert scores.min() < scores.mean()
    for threshold, floor, enrolled in (
        (scores.mean(), scores.min(), True),
        (scores.mean() + 1e-4, scores.min(), False),
        (scores.mean(), scores.min() + 1e-4, False),
    ):
        limits = {"threshold": threshold, "floor": floor}
        stricter = dataclasses.replace(
            recogniser, **{name: SimpleNamespace(value=each) for name, each in limits.items()}
        )
        try:
            enrol_face(stricter, frames(*[(0, number, 0) for number in range(5)]), "ada")
        except NotOnePersonError:
            assert not enrolled
        else:
            assert enrolled


def test_too_few_faces_are_reported_as_such(recogniser) -> None:
    seen = []
    with pytest.raises(NoFaceError):
        enrol_face(
            recogniser,
            frames((0, 0, 0), (0, 1, 1), (0, 2, 1)),
            "ada",
            progress=lambda p: seen.append((p.taken, p.verdict)),
        )
    assert seen == [(1, Verdict.OK), (1, Verdict.NO_FACE), (1, Verdict.NO_FACE)]


def test_what_was_wrong_with_at_least_half_of_the_pictures_is_told(recogniser) -> None:
    for pictures, hindrance in (
        (((0, 0, 0), (0, 1, 1), (0, 2, 1)), Hindrance(Verdict.NO_FACE, 2, 3)),
        (((0, 0, 0), (0, 1, 1)), Hindrance(Verdict.NO_FACE, 1, 2)),
        (((0, 0, 0), (0, 1, 0), (0, 2, 1)), None),
        ((), None),
    ):
        with pytest.raises(NoFaceError) as raised:
            enrol_face(recogniser, frames(*pictures), "ada")
        assert raised.value.hindrance == hindrance


def test_a_passer_by_costs_a_picture_and_not_the_enrolment(recogniser) -> None:
    pictures = [(0, 0, 0), (0, 1, 0), (1, 2, 0), (0, 3, 0), (0, 4, 0), (0, 5, 0), (0, 6, 0)]
    template, _ = enrol_face(recogniser, frames(*pictures), "ada")
    stranger = verify(recogniser, frames(*[(1, 60 + i, 0) for i in range(3)]), template)
    assert not stranger.accepted


def test_a_crowd_taking_turns_is_refused(recogniser) -> None:
    with pytest.raises(NotOnePersonError):
        enrol_face(recogniser, frames(*[(i % 4, i, 0) for i in range(8)]), "ada")


def pictures_of(recogniser, people: tuple[int, ...]) -> np.ndarray:
    return embeddings_of(recogniser, *[(who, number, 0) for number, who in enumerate(people)])


def test_the_odd_picture_scores_lowest(recogniser) -> None:
    singles, _ = split_scores(pictures_of(recogniser, (0, 0, 3, 0, 0)), recogniser.cohort)
    assert singles.argmin() == 2
    assert singles[2] < 0 < np.delete(singles, 2).min()


def test_two_strangers_who_vouch_for_each_other_are_found_as_a_pair(recogniser) -> None:
    _, pairs = split_scores(pictures_of(recogniser, (0, 0, 0, 3, 3)), recogniser.cohort)
    assert pairs.argmin() == len(pairs) - 1  # pictures 3 and 4 set aside
    assert pairs[-1] < 0
    _, pairs = split_scores(pictures_of(recogniser, (0,) * 5), recogniser.cohort)
    assert pairs.min() > 0


def test_two_pictures_of_another_person_are_not_enrolled(recogniser) -> None:
    mixed = [(who, number, 0) for number, who in enumerate((0, 0, 0, 3, 3))]
    singles, _ = split_scores(embeddings_of(recogniser, *mixed), recogniser.cohort)
    assert singles.min() > 0  # left out one by one, none of them looks odd
    with pytest.raises(NotOnePersonError):
        enrol_face(recogniser, frames(*mixed), "ada")


@pytest.mark.faces
def test_three_photographs_of_one_and_two_of_another_person_are_not_enrolled(unseen_people) -> None:
    recogniser = Recogniser.load()

    def usable(photographs: list[Path]) -> Iterator[np.ndarray]:
        for path in photographs:
            image = np.zeros((480, 640, 3), np.uint8)
            image[115:365, 195:445] = cv2.imread(str(path))[..., ::-1]
            if recogniser.assess(image).verdict is Verdict.OK:
                yield image

    enrolled = []
    for (name, one), (_, other) in zip(unseen_people[:12], unseen_people[12:24], strict=True):
        pictures = [*islice(usable(one), 3), *islice(usable(other), 2)]
        assert len(pictures) == WANTED
        visit = (Frame(image, 0.5 * n, n + 1) for n, image in enumerate(pictures))
        with contextlib.suppress(NotOnePersonError):
            enrol_face(recogniser, visit, "x")
            enrolled.append(name)
    assert len(enrolled) <= 1, enrolled


def test_a_capture_keeps_a_third_of_the_face_around_it() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    landmarks = LANDMARKS + np.float32([200, 80])
    capture = cut_capture(image, Face((200.0, 100.0, 100.0, 150.0), landmarks, 1.0))
    assert capture.image.shape == (303 - 47, 336 - 165, 3)
    assert capture.box == (35.0, 53.0, 100.0, 150.0)
    np.testing.assert_allclose(capture.landmarks, landmarks - [165, 47])


@pytest.mark.parametrize(
    ("box", "shape", "where"),
    [
        ((-10.0, -5.0, 100.0, 150.0), (198, 126), (-10.0, -5.0)),
        ((580.0, 400.0, 100.0, 150.0), (133, 95), (35.0, 53.0)),
        ((0.0, 0.0, 640.0, 480.0), (200, 267), (0.0, 0.0)),
    ],
)
def test_a_capture_ends_with_the_picture(box, shape, where) -> None:
    capture = cut_capture(np.zeros((480, 640, 3), np.uint8), Face(box, LANDMARKS, 1.0))
    assert capture.image.shape[:2] == shape
    assert capture.box[:2] == where


def test_a_large_face_is_kept_200_pixels_high() -> None:
    image = np.zeros((1080, 1920, 3), np.uint8)
    capture = cut_capture(image, Face((700.0, 300.0, 300.0, 400.0), LANDMARKS * 8, 1.0))
    assert capture.box[2:] == (150.0, 200.0)
    assert capture.image.shape[:2] == (340, 256)
    same = cut_capture(image, Face((700.0, 300.0, 150.0, 200.0), LANDMARKS * 8, 1.0))
    assert same.box[2:] == (150.0, 200.0)


@pytest.mark.parametrize("scale", [1, 8])
def test_a_capture_keeps_the_points_on_the_face(rng, scale) -> None:
    image = rng.integers(0, 256, (150 * scale, 120 * scale, 3), dtype=np.uint8)
    box = tuple(v * scale for v in BOX)
    image[35 * scale, 30 * scale] = (255, 0, 0)
    capture = cut_capture(image, Face(box, LANDMARKS * scale, 1.0))
    assert capture.box[3] <= KEPT_HEIGHT
    shrunk = capture.box[3] / box[3]
    offset = (LANDMARKS * scale - [box[0], box[1]]) * shrunk
    np.testing.assert_allclose(capture.landmarks - capture.box[:2], offset, atol=1e-3)
    if scale == 1:
        eye = capture.landmarks[0].astype(int)
        assert tuple(capture.image[eye[1], eye[0]]) == (255, 0, 0)
