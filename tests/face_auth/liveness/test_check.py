"""Challenge and passive cues together, on the drawn person and the kiosk's own detector."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from face_auth.camera import Frame
from face_auth.demo_face import DemoFace
from face_auth.demo_obedience import Obedience
from face_auth.enrolment import WANTED, enrol_face
from face_auth.errors import NoFaceError, PresentationAttackError
from face_auth.liveness.challenge import Challenge, State
from face_auth.liveness.check import LivenessCheck, make_check
from face_auth.liveness.passive import LivenessResult, PassiveCheck
from face_auth.liveness.requests import POSES, Request
from face_auth.pose import head_pose
from face_auth.quality import assess
from face_auth.recogniser import Recogniser
from face_auth.verification import verify

STEP_S = 0.1


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load()


@pytest.fixture(scope="module")
def person() -> DemoFace:
    return DemoFace(0)


def visit(person: DemoFace, asked: Callable[[], Request | None], start=0.0, until=20.0):
    """Yield frames of the drawn person, who does what is asked."""
    obedience = Obedience()
    for number in range(round(until / STEP_S)):
        t = number * STEP_S
        yield Frame(person.draw(start + t, **obedience.pose(asked(), t)), t, number + 1)


def asked_by(check: LivenessCheck) -> Callable[[], Request | None]:
    return lambda: check.progress.request


@pytest.fixture(scope="module")
def enrolled(recogniser, person):
    check = make_check("challenge", PassiveCheck(), enrols=True, random=random.Random(1))
    told = []
    frames = visit(person, lambda: told[-1].pose if told else None)
    template, captures = enrol_face(recogniser, frames, "ada", liveness=check, progress=told.append)
    return template, captures, check, told


def test_an_enrolment_takes_five_poses(enrolled) -> None:
    _, captures, check, told = enrolled
    assert check.result.passed
    assert [one.taken for one in told][-1] == WANTED
    assert [one.over for one in told] == [False] * (len(told) - 1) + [True]
    assert {one.pose for one in told} >= {None, *POSES}
    poses = [head_pose(one.landmarks) for one in captures]
    yaws = sorted(one.yaw for one in poses)
    pitches = sorted(one.pitch for one in poses)
    assert yaws[0] < -6 and yaws[-1] > 6 and yaws[-1] - yaws[0] > 15
    assert pitches[-1] - pitches[0] > 8


@pytest.mark.parametrize("mode", ["challenge", "passive", "off"])
def test_the_customer_is_admitted_with_each_setting(recogniser, person, enrolled, mode) -> None:
    check = make_check(mode, PassiveCheck(), random=random.Random(5))
    frames = visit(person, asked_by(check), start=60)
    result = verify(recogniser, frames, enrolled[0], liveness=check)
    assert result.accepted
    assert result.liveness is not None and result.liveness.passed
    assert check.progress.done == (3 if mode == "challenge" else 0)


def test_who_does_nothing_is_refused_though_it_is_their_face(recogniser, person, enrolled) -> None:
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    result = verify(recogniser, visit(person, lambda: None), enrolled[0], liveness=check)
    assert result.score >= result.threshold
    assert (result.accepted, result.attack_suspected) == (False, True)
    assert result.liveness is not None
    assert result.liveness.reasons[0].startswith("challenge: not done in time")


def test_a_still_picture_ends_the_attempt_at_once(recogniser, person, enrolled) -> None:
    picture = person.draw(0.0)
    frames = [Frame(picture, number * STEP_S, number + 1) for number in range(80)]
    for mode in ("challenge", "passive"):
        check = make_check(mode, PassiveCheck())
        taken = iter(frames)
        result = verify(recogniser, taken, enrolled[0], liveness=check)
        assert (result.accepted, result.attack_suspected) == (False, True)
        assert len(list(taken)) > 60
    check = make_check("challenge", PassiveCheck(), enrols=True)
    with pytest.raises(PresentationAttackError):
        enrol_face(recogniser, iter(frames), "ada", liveness=check)


def test_frames_that_end_too_soon_are_no_decision(recogniser, person, enrolled) -> None:
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    with pytest.raises(NoFaceError):
        verify(recogniser, visit(person, asked_by(check), until=1.5), enrolled[0], liveness=check)
    assert not check.result.passed


def test_another_drawn_person_does_the_requests_and_is_still_refused(recogniser, enrolled) -> None:
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    result = verify(recogniser, visit(DemoFace(3), asked_by(check)), enrolled[0], liveness=check)
    assert result.liveness is not None and result.liveness.passed
    assert not result.accepted


def test_requests_are_not_shown_before_the_press(person) -> None:
    check = make_check("challenge", PassiveCheck())
    assert check.progress.request is None
    assert not check.done and not check.result.passed


class Judge:
    """Gives prepared scores, one for each batch of frames."""

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)
        self.seen: list[float] = []

    def judge(self, frames, faces) -> LivenessResult:
        self.seen += [frame.captured_at for frame in frames]
        score = self.scores.pop(0)
        return LivenessResult(score >= 0, score, (f"saw {score}",))


def attempt(recogniser, person, judge) -> LivenessCheck:
    check = LivenessCheck(judge, Challenge([Request.LEFT, Request.UP, Request.RIGHT]))
    for frame in visit(person, asked_by(check)):
        seen = assess(frame.image, recogniser.detector.detect(frame.image))
        check.observe(frame, seen, lambda: np.ones(1, np.float32))
        if check.done:
            break
    return check


def test_the_passive_cues_judge_for_as_long_as_the_challenge_runs(recogniser, person) -> None:
    judge = Judge(*[1.0] * 20)
    assert attempt(recogniser, person, judge).result.passed
    assert len(judge.scores) <= 18
    assert judge.seen == sorted(set(judge.seen))


def test_what_passes_at_a_glance_is_refused_by_what_it_shows_later(recogniser, person) -> None:
    check = attempt(recogniser, person, Judge(2.0, -3.0, 99.0))
    assert check.challenge is not None and check.challenge.state is State.RUNNING
    assert (check.result.passed, check.result.score) == (False, -0.5)
    assert check.result.reasons == ("saw 2.0", "saw -3.0")


def test_one_bad_moment_of_an_honest_visit_is_outweighed(recogniser, person) -> None:
    check = attempt(recogniser, person, Judge(4.0, -3.0, *[4.0] * 20))
    assert check.result.passed


def test_a_marked_customer_gets_only_what_they_can_do() -> None:
    allowed = {Request.LEFT, Request.RIGHT}
    for _ in range(20):
        check = make_check("challenge", PassiveCheck(), allowed=allowed)
        assert check.challenge is not None
        assert set(check.challenge.requests) <= allowed


def test_a_challenge_never_comes_without_the_passive_cues() -> None:
    made = make_check("challenge", PassiveCheck())
    with pytest.raises(ValueError):
        LivenessCheck(None, made.challenge)


@pytest.mark.faces
def test_a_replay_is_refused_and_the_clip_itself_admitted(recogniser, shared: Path) -> None:
    from face_auth.evaluation.pad.clips import frames_of

    clips = shared / "video"
    passive = PassiveCheck(shared / "weights" / "minifas" / "minifas_v2se_128.onnx")

    def login(clip: str, template) -> bool:
        check = make_check("passive", passive)
        frames = frames_of(clips / clip)
        try:
            return verify(recogniser, frames, template, liveness=check).accepted
        except NoFaceError:
            return False

    template, _ = enrol_face(
        recogniser,
        frames_of(clips / "selfie_real.mp4"),
        "ada",
        liveness=make_check("passive", passive),
    )
    assert login("selfie_real.mp4", template)
    assert not login("selfie_replayed_on_monitor.mp4", template)
    assert not login("street_clip.mp4", template)
    for clip in ("phone_photo_attack.mp4", "street_clip.mp4"):
        with pytest.raises((PresentationAttackError, NoFaceError)):
            enrol_face(
                recogniser, frames_of(clips / clip), "x", liveness=make_check("passive", passive)
            )


CLOSE_UP_S = (82 / 30, 211 / 30)
"""Between which cuts the stage clip shows the man close up; before and after are others."""


@pytest.mark.faces
def test_a_clip_of_a_stage_enrols_only_from_the_man_close_up(recogniser, shared: Path) -> None:
    from face_auth.evaluation.pad.clips import frames_of

    clip = shared / "video" / "stage_clip.mp4"
    first, end = CLOSE_UP_S
    shown, taken_at = [], []

    def frames():
        for frame in frames_of(clip):
            shown.append(frame.captured_at)
            yield frame

    def progress(now) -> None:
        if now.taken > len(taken_at):
            taken_at.append(shown[-1])

    check = make_check("passive", PassiveCheck())
    _, captures = enrol_face(recogniser, frames(), "x", liveness=check, progress=progress)
    assert len(captures) == len(taken_at) == WANTED
    assert all(first <= at < end for at in taken_at)
    others = [frame for frame in frames_of(clip) if not first <= frame.captured_at < end]
    assert len(others) > 40
    with pytest.raises((PresentationAttackError, NoFaceError)):
        enrol_face(recogniser, others, "x", liveness=make_check("passive", PassiveCheck()))


def test_embeddings_are_asked_for_only_now_and_then(recogniser, person) -> None:
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    asked = []

    def embed(frame, seen):
        asked.append(frame.index)
        return recogniser.embed(frame.image, seen)

    for frame in visit(person, asked_by(check)):
        seen = recogniser.look(frame.image)
        check.observe(frame, seen, partial(embed, frame, seen))
        if check.done:
            break
    assert check.result.passed
    assert len(asked) == 1 + 3
    assert np.all(np.diff(asked) > 0)
