"""Tests of verification: the score of three frames' mean, and the end by a refused check."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from face_auth.enrolment import enrol_face
from face_auth.errors import GalleryError, NoFaceError
from face_auth.gallery import Template
from face_auth.liveness.check import LivenessCheck
from face_auth.recogniser import Recogniser
from face_auth.recognition.classifier import CustomerSvm
from face_auth.types import (
    FRAMES_PER_LOGIN,
    FaceResult,
    Frame,
    Hindrance,
    LivenessProgress,
    LivenessResult,
    LoginProgress,
    Verdict,
)
from face_auth.verification import verify
from tests.face_auth.staged import NOBODY, TURNED, embeddings_of, frames, staged_recogniser

ADA = [(0, i, 0) for i in range(20)]
PROBES = ((0, 60, 0), (0, 61, 0), (2, 62, 0))
"""Three frames of one login that differ, the last of them of somebody else."""


@pytest.fixture
def recogniser(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Recogniser:
    return staged_recogniser(rng, monkeypatch)


@pytest.fixture
def template(recogniser: Recogniser) -> Template:
    return enrol_face(recogniser, frames(*ADA), "ada")[0]


class Judge:
    """Passive cues that give prepared scores."""

    def __init__(self, *scores: float) -> None:
        self._scores = list(scores)

    def judge(self, taken, faces) -> LivenessResult:
        score = self._scores.pop(0)
        return LivenessResult(score >= 0, score, (f"saw {score}",))


def counted(taken: Iterator[Frame], seen: list[Frame]) -> Iterator[Frame]:
    for frame in taken:
        seen.append(frame)
        yield frame


def test_the_score_is_the_svm_of_the_unit_mean_of_three_frames(recogniser, template) -> None:
    rows = embeddings_of(recogniser, *PROBES)
    mean = rows.mean(axis=0)
    mean /= np.linalg.norm(mean)
    expected = float(mean @ template.svm.weights + template.svm.bias)
    each = template.svm.score(rows)
    plain = float(rows.mean(axis=0) @ template.svm.weights + template.svm.bias)
    others = [*each, np.median(each), each.mean(), plain, *template.svm.score(rows[:2])]
    assert np.abs(np.array(others) - expected).min() > 0.01  # else it proves nothing
    result = verify(recogniser, frames(*PROBES), template)
    assert result.score == pytest.approx(expected, abs=1e-5)
    assert result.frames == 3
    np.testing.assert_allclose(result.embedding, mean, atol=1e-6)


def test_it_is_accepted_from_the_threshold_on(recogniser, template) -> None:
    score = verify(recogniser, frames(*PROBES), template).score
    for threshold, accepted in ((score - 0.01, True), (score, True), (score + 0.01, False)):
        stricter = replace(recogniser, threshold=SimpleNamespace(value=threshold))
        result = verify(stricter, frames(*PROBES), template)
        assert (result.accepted, result.threshold) == (accepted, threshold)
        assert (result.customer_id, result.liveness, result.attack_suspected) == (
            "ada",
            None,
            False,
        )


@pytest.mark.parametrize(("person", "accepted"), [(0, True), (1, False), (2, False), (3, False)])
def test_a_template_accepts_its_owner_alone(recogniser, template, person, accepted) -> None:
    probe = frames(*[(person, 50 + i, 0) for i in range(3)])
    assert verify(recogniser, probe, template).accepted is accepted


def test_frames_without_a_usable_face_are_passed_over_and_no_fourth_is_taken(
    recogniser, template
) -> None:
    one, two, three = PROBES
    visit = [(1, 70, NOBODY), one, (1, 71, TURNED), two, (1, 72, NOBODY), three, (1, 73, 0)]
    seen: list[Frame] = []
    told: list[LoginProgress] = []
    result = verify(recogniser, counted(frames(*visit), seen), template, progress=told.append)
    assert result.score == verify(recogniser, frames(*PROBES), template).score
    assert len(seen) == 6
    assert [(each.scored, each.wanted) for each in told] == [
        (0, 3), (1, 3), (1, 3), (2, 3), (2, 3), (3, 3),
    ]  # fmt: skip
    assert FRAMES_PER_LOGIN == 3


def test_too_few_usable_frames_are_no_decision(recogniser, template) -> None:
    with pytest.raises(NoFaceError, match=r"^2 of 3 usable frames in time$"):
        verify(recogniser, frames(*ADA[:2], (0, 2, NOBODY), (0, 3, TURNED)), template)
    with pytest.raises(NoFaceError) as raised:
        verify(recogniser, frames(*ADA[:1], (0, 2, TURNED), (0, 3, TURNED)), template)
    assert raised.value.hindrance == Hindrance(Verdict.TURNED, 2, 3)


def test_a_template_never_meets_another_network(recogniser, template) -> None:
    other = Template("ada", "other", "11" * 32, template.embeddings, template.svm)
    seen: list[Frame] = []
    with pytest.raises(GalleryError, match="other"):
        verify(recogniser, counted(frames(*ADA), seen), other)
    assert seen == []


def test_nobody_matches_the_decoy(recogniser) -> None:
    for person in range(4):
        probe = frames(*[(person, i, 0) for i in range(3)])
        result = verify(recogniser, probe, recogniser.decoy())
        assert (result.accepted, result.customer_id) == (False, "")
        assert result.score < -1000


def test_a_check_that_takes_longer_is_waited_for_and_no_more_is_scored(
    recogniser, template
) -> None:
    others = [(1, 100 + i, 0) for i in range(20)]
    seen: list[Frame] = []
    visit = counted(frames(*PROBES, *others, every=0.1), seen)
    result = verify(recogniser, visit, template, liveness=LivenessCheck(Judge(2.0)))
    assert result.score == verify(recogniser, frames(*PROBES), template).score
    assert result.frames == 3
    assert 3 < len(seen) < 20
    assert result.accepted
    assert result.liveness == LivenessResult(True, 2.0, ("saw 2.0",))


def test_a_check_that_refuses_ends_the_attempt_whatever_the_score(recogniser, template) -> None:
    seen: list[Frame] = []
    visit = counted(frames(*ADA, every=0.1), seen)
    result = verify(recogniser, visit, template, liveness=LivenessCheck(Judge(-2.0)))
    assert result.score >= result.threshold
    assert (result.accepted, result.attack_suspected) == (False, True)
    assert len(seen) < 20


def test_a_check_that_refuses_before_a_frame_was_scored_gives_no_score(
    recogniser, template
) -> None:
    check = LivenessCheck(Judge())
    check._judged = LivenessResult(False, -9.0, ("a picture",))
    result = verify(recogniser, frames(*ADA), template, liveness=check)
    assert (result.score, result.frames, result.embedding) == (-1e6, 0, None)
    assert (result.accepted, result.attack_suspected) == (False, True)


class Movements:
    """A check whose movements the person of an embedding makes, until so many frames were seen."""

    unseen, starved = "", False
    result = LivenessResult(True, 1.0)
    progress = LivenessProgress(None, 0, 0, 0.0, Verdict.OK)

    def __init__(self, embedding, frames: int) -> None:
        self.seen, self.frames = 0, frames
        self.challenge = SimpleNamespace(is_same_person=lambda each: each @ embedding > 0.4)

    @property
    def done(self) -> bool:
        return self.seen >= self.frames

    def observe(self, frame, seen, embed) -> bool:
        self.seen += 1
        return True


def test_only_frames_of_who_made_the_movements_are_scored(recogniser, template) -> None:
    """Somebody else may be seen before and after; whose movements they are is known at the end."""
    ada, other = ADA[:4], [(1, 70 + i, 0) for i in range(3)]
    visit = [other[0], ada[0], ada[1], other[1], ada[2], other[2], ada[3]]
    check = Movements(embeddings_of(recogniser, ada[0])[0], 3)
    told: list[LoginProgress] = []
    result = verify(recogniser, frames(*visit), template, liveness=check, progress=told.append)
    assert [each.scored for each in told] == [1, 2, 2, 2, 3]
    assert result.score == verify(recogniser, frames(*ada[:3]), template).score


def test_a_check_that_is_not_finished_in_time_is_no_decision(recogniser, template) -> None:
    visit = frames(*ADA[:4], every=0.05)
    with pytest.raises(NoFaceError, match="3 of 3 usable frames in time; the liveness check"):
        verify(recogniser, visit, template, liveness=LivenessCheck(Judge()))


def test_a_result_tells_its_embedding_to_no_log(template) -> None:
    row = template.embeddings[0]
    with_row = FaceResult("ada", True, 1.0, 0.5, 3, embedding=row)
    assert "embedding" not in repr(with_row)
    assert with_row == FaceResult("ada", True, 1.0, 0.5, 3)


def test_an_svm_far_from_the_probe_accepts_nothing(recogniser, template) -> None:
    refuses = replace(template, svm=CustomerSvm(-template.svm.weights, 0.0))
    assert not verify(recogniser, frames(*ADA[:3]), refuses).accepted
