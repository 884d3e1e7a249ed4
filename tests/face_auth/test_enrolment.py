"""Five distinct moments of one person make a template; anything else does not."""

import contextlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.detection import Face
from face_auth.enrolment import KEPT_HEIGHT, WANTED, cut_capture, enrol_face, split_scores
from face_auth.errors import NoFaceError, NotOnePersonError
from face_auth.recogniser import Recogniser
from face_auth.types import FRAMES_PER_LOGIN, Frame, Verdict
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


def test_a_frozen_picture_counts_only_after_patience(recogniser) -> None:
    with pytest.raises(NoFaceError):
        enrol_face(recogniser, frames(*[(0, 0, 0)] * 20), "ada")


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
            if recogniser.look(image).verdict is Verdict.OK:
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
