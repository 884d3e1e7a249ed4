"""Five distinct moments of one person make a template; anything else does not."""

from types import SimpleNamespace

import numpy as np
import pytest

from face_auth.camera import Frame
from face_auth.detection import Face
from face_auth.enrolment import (
    KEPT_HEIGHT,
    WANTED,
    NotOnePersonError,
    cut_capture,
    enrol_face,
    split_scores,
)
from face_auth.errors import GalleryError, NoFaceError
from face_auth.gallery import Template
from face_auth.quality import Quality, Verdict
from face_auth.recogniser import Recogniser
from face_auth.verification import FRAMES_PER_LOGIN, verify

BOX = (20.0, 20.0, 40.0, 50.0)
LANDMARKS = np.array([[30, 35], [50, 35], [40, 45], [32, 58], [48, 58]], np.float32)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


class StagedNetwork:
    """Embeds a frame by its first pixel: (person, picture, ...)."""

    name, sha256, size = "staged", "00" * 32, 8

    def __init__(self, rng: np.random.Generator) -> None:
        self._people = unit(rng.normal(size=(4, 512)))
        self._noise = unit(rng.normal(size=(256, 512)))

    def frame_face(self, image, face, aligned=None):
        return np.broadcast_to(image[0, 0], (8, 8, 3)).copy()

    def embed(self, faces):
        person, picture = faces[:, 0, 0, 0], faces[:, 0, 0, 1]
        return unit(self._people[person] + 0.5 * self._noise[picture])


class StagedDetector:
    """Finds the one face unless the frame's third value says otherwise."""

    def detect(self, image):
        return [] if image[0, 0, 2] else [Face(BOX, LANDMARKS, 1.0)]


@pytest.fixture
def recogniser(rng, monkeypatch) -> Recogniser:
    def assess(image, faces):
        return Quality(Verdict.OK, faces[0]) if faces else Quality(Verdict.NO_FACE, None)

    monkeypatch.setattr("face_auth.recogniser.assess", assess)
    cohort = unit(rng.normal(size=(500, 512)))
    limit = SimpleNamespace(value=0.0)
    return Recogniser(StagedDetector(), StagedNetwork(rng), cohort, limit, limit)


def frames(*pictures: tuple[int, int, int], every: float = 0.5):
    for number, pixel in enumerate(pictures):
        image = np.zeros((100, 100, 3), np.uint8)
        image[:, :] = pixel
        yield Frame(image, number * every, number + 1)


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


def embeddings_of(recogniser, people) -> np.ndarray:
    pixels = np.array([[(who, number, 0)] for number, who in enumerate(people)], np.uint8)
    return recogniser.network.embed(pixels[:, :, None])


def test_the_odd_picture_scores_lowest(recogniser) -> None:
    singles, _ = split_scores(embeddings_of(recogniser, (0, 0, 3, 0, 0)), recogniser.cohort)
    assert singles.argmin() == 2
    assert singles[2] < 0 < np.delete(singles, 2).min()


def test_two_strangers_who_vouch_for_each_other_are_found_as_a_pair(recogniser) -> None:
    _, pairs = split_scores(embeddings_of(recogniser, (0, 0, 0, 3, 3)), recogniser.cohort)
    assert pairs.argmin() == len(pairs) - 1  # pictures 3 and 4 set aside
    assert pairs[-1] < 0
    _, pairs = split_scores(embeddings_of(recogniser, (0,) * 5), recogniser.cohort)
    assert pairs.min() > 0


def test_a_login_without_enough_frames_is_no_decision(recogniser) -> None:
    template, _ = enrol_face(recogniser, frames(*ONE_PERSON), "ada")
    with pytest.raises(NoFaceError):
        verify(recogniser, frames(*ONE_PERSON[:2]), template)


def test_a_template_never_meets_another_network(recogniser) -> None:
    template, _ = enrol_face(recogniser, frames(*ONE_PERSON), "ada")
    other = Template("ada", "other", "11" * 32, template.embeddings, template.svm)
    with pytest.raises(GalleryError):
        verify(recogniser, frames(*ONE_PERSON), other)


def test_nobody_matches_the_decoy(recogniser) -> None:
    for person in range(4):
        probe = frames(*[(person, i, 0) for i in range(3)])
        result = verify(recogniser, probe, recogniser.decoy())
        assert (result.accepted, result.customer_id) == (False, "")


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
