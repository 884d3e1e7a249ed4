"""Tests of challenge and passive cues together, with the drawn person and the kiosk's detector."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from face_auth.camera.demo.face import DemoFace
from face_auth.camera.demo.obedience import Obedience
from face_auth.enrolment import WANTED, enrol_face
from face_auth.errors import NoFaceError, PresentationAttackError, TooFewPicturesError
from face_auth.liveness.challenge import Challenge, ChallengeState
from face_auth.liveness.check import LivenessCheck, make_check
from face_auth.liveness.movements import POSES
from face_auth.liveness.passive import CLEAR, FEW, FRAMES, SPAN_S, PassiveCheck
from face_auth.recogniser import Recogniser
from face_auth.recognition.pose import head_pose
from face_auth.recognition.quality import Quality, Steadiness, assess
from face_auth.types import (
    EnrolProgress,
    Frame,
    LivenessProgress,
    LivenessResult,
    LoginProgress,
    Movement,
    Verdict,
)
from face_auth.verification import verify

STEP_S = 0.1


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load()


@pytest.fixture(scope="module")
def person() -> DemoFace:
    return DemoFace(0)


def visit(person: DemoFace, asked: Callable[[], Movement | None], start=0.0, until=20.0):
    """Yield frames of the drawn person, who does what is asked."""
    obedience = Obedience()
    for number in range(round(until / STEP_S)):
        t = number * STEP_S
        yield Frame(person.draw(start + t, **obedience.pose(asked(), t)), t, number + 1)


def asked_by(check: LivenessCheck) -> Callable[[], Movement | None]:
    return lambda: check.progress.movement


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


def test_another_drawn_person_does_the_movements_and_is_still_refused(recogniser, enrolled) -> None:
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    result = verify(recogniser, visit(DemoFace(3), asked_by(check)), enrolled[0], liveness=check)
    assert result.liveness is not None and result.liveness.passed
    assert not result.accepted


def test_movements_are_not_shown_before_the_press(person) -> None:
    check = make_check("challenge", PassiveCheck())
    assert check.progress.movement is None
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
    check = LivenessCheck(judge, Challenge([Movement.LEFT, Movement.UP, Movement.RIGHT]))
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


@pytest.mark.parametrize("rate", [5, 8, 25])
def test_the_passive_cues_look_at_no_more_frames_where_there_are_more(
    recogniser, person, rate
) -> None:
    batches: list[list[Frame]] = []

    def judge(frames, faces) -> LivenessResult:
        batches.append(list(frames))
        return LivenessResult(False, -1.0, (), abstained=2.0)

    passive: Any = SimpleNamespace(judge=judge)
    check, seen = LivenessCheck(passive), recogniser.assess(person.draw(0.0))
    for number in range(4 * rate):
        image = np.full((2, 2, 3), number % 256, np.uint8)
        check.observe(Frame(image, number / rate, number + 1), seen, lambda: np.ones(1))
    assert len(batches) >= 2
    for one in batches:
        assert FRAMES <= len(one) <= FRAMES + 2
        assert SPAN_S <= one[-1].captured_at - one[0].captured_at < 1.6


def fed(check: LivenessCheck, seen: Quality, *times: float) -> LivenessCheck:
    """Show frames that all differ at these times, all of them with *seen* in them."""
    for at in times:
        number = round(at * 10_000) + 1
        image = np.full((2, 2, 3), (number % 256, number // 256, 0), np.uint8)
        check.observe(Frame(image, at, number), seen, lambda: np.ones(1, np.float32))
    return check


EIGHT_S = tuple(number / 10 for number in range(8))


@pytest.mark.parametrize(
    ("times", "looked_at"),
    [
        (EIGHT_S, EIGHT_S),
        ((*EIGHT_S[:-1], 0.699), ()),  # too short a time
        ((*EIGHT_S[:-2], 0.75), ()),  # too few
        ((0.0, 0.0749, *EIGHT_S[1:]), EIGHT_S),  # one of them too soon after another
        ((0.0, 0.075, *EIGHT_S[2:], 0.79), (0.0, 0.075, *EIGHT_S[2:])),
        ((*EIGHT_S, *(1 + at for at in EIGHT_S)), (*EIGHT_S, *(1 + at for at in EIGHT_S))),
        ((*EIGHT_S, *(1 + at for at in EIGHT_S[:-1])), EIGHT_S),  # the second has too few
    ],
)  # fmt: skip
def test_eight_frames_0_075_seconds_apart_and_over_0_7_seconds_are_looked_at(
    recogniser, person, times, looked_at
) -> None:
    seen: list[float] = []

    def judge(frames, faces) -> LivenessResult:
        """Neither pass nor suspect anybody, so that it goes on."""
        seen.extend(frame.captured_at for frame in frames)
        return LivenessResult(False, -1.0, (), abstained=2.0)

    passive: Any = SimpleNamespace(judge=judge)
    fed(LivenessCheck(passive), recogniser.assess(person.draw(0.0)), *times)
    assert tuple(seen) == looked_at


def few(score: float, *reasons: str, light: Verdict = Verdict.OK, passed=True) -> LivenessResult:
    return LivenessResult(passed, score, reasons, guidance=light)


@pytest.mark.parametrize(
    ("early", "passes_early"),
    [
        (few(CLEAR), True), (few(CLEAR - 0.1), False),
        (few(CLEAR, "frame around the face"), False), (few(CLEAR, light=Verdict.TOO_DARK), True),
        (few(CLEAR, passed=False), False), (few(-9.0, passed=False), False),
    ],
)  # fmt: skip
def test_the_first_three_frames_pass_who_is_clearly_a_person_and_refuse_nobody(
    recogniser, person, early, passes_early
) -> None:
    batches: list[int] = []

    def judge(frames, faces) -> LivenessResult:
        batches.append(len(frames))
        return early if len(frames) == FEW else few(1.0)

    passive: Any = SimpleNamespace(judge=judge)
    seen = recogniser.assess(person.draw(0.0))
    check = fed(make_check("passive", passive), seen, *EIGHT_S[:FEW])
    assert check.done is check.result.passed is passes_early
    fed(check, seen, *EIGHT_S[FEW:])
    assert check.result.passed
    assert batches == ([FEW] if passes_early else [FEW, FRAMES])


@pytest.mark.parametrize(("mode", "enrols"), [("challenge", False), ("passive", True)])
def test_a_challenge_and_an_enrolment_wait_for_a_whole_batch(
    recogniser, person, mode, enrols
) -> None:
    batches: list[int] = []

    def judge(frames, faces) -> LivenessResult:
        batches.append(len(frames))
        return few(CLEAR)

    passive: Any = SimpleNamespace(judge=judge)
    check = make_check(mode, passive, enrols=enrols)
    fed(check, recogniser.assess(person.draw(0.0)), *EIGHT_S)
    assert batches == [FRAMES]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_passive_cues_look_at_usable_frames_alone(recogniser, person, verdict) -> None:
    seen = replace(recogniser.assess(person.draw(0.0)), verdict=verdict)
    check = fed(LivenessCheck(Judge(1.0)), seen, *EIGHT_S)
    assert check.done is check.result.passed is (verdict in {Verdict.OK, Verdict.HOLD_STILL})


@pytest.mark.parametrize("verdict", [Verdict.TURNED, Verdict.TOO_DARK, Verdict.SEVERAL])
def test_a_straight_look_needs_a_usable_face_and_what_follows_only_one_in_view(
    recogniser, person, verdict
) -> None:
    usable = recogniser.assess(person.draw(0.0))
    other = replace(usable, verdict=verdict)
    check = LivenessCheck(Judge(*[1.0] * 9), Challenge([Movement.LEFT, Movement.UP]))
    assert fed(check, other, *EIGHT_S).progress.movement is None
    fed(check, usable, *(0.8 + at for at in EIGHT_S[:5]))
    assert check.progress.movement is Movement.LEFT
    fed(check, other, *(1.3 + at for at in EIGHT_S), *(2.1 + at for at in EIGHT_S[:4]))
    assert check.unseen == ("the face was lost" if verdict is Verdict.SEVERAL else "")


def test_a_check_tells_its_progress_and_result_before_there_is_one() -> None:
    off = make_check("off", PassiveCheck())
    assert (off.done, off.unseen) == (True, "")
    assert off.result == LivenessResult(True, 0.0, ("liveness is off",))
    assert off.progress == LivenessProgress(None, 0, 0, 0.0, Verdict.OK)
    passive = make_check("passive", PassiveCheck())
    assert passive.result == LivenessResult(False, 0.0, ("too few frames",))
    challenge = make_check("challenge", PassiveCheck())
    assert challenge.progress == LivenessProgress(None, 0, 3, 0.0, Verdict.OK)
    assert challenge.result == LivenessResult(
        False, 0.0, ("challenge: the challenge was not finished", "too few frames")
    )
    for check in (passive, challenge):
        assert (check.done, check.unseen, check.starved) == (False, "", False)


def test_a_picture_is_looked_at_once_and_embedded_once(recogniser, person, enrolled) -> None:
    calls: Counter[str] = Counter()

    class Counting:
        network, threshold = recogniser.network, recogniser.threshold

        def assess(self, image):
            calls["assess"] += 1
            calls["embed in a frame"] = 0
            return recogniser.assess(image)

        def embed(self, image, seen):
            calls["embed in a frame"] += 1
            assert calls["embed in a frame"] == 1
            return recogniser.embed(image, seen)

    counting: Any = Counting()
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    shown: list[Frame] = []
    frames = (shown.append(one) or one for one in visit(person, asked_by(check), start=60))
    assert verify(counting, frames, enrolled[0], liveness=check).accepted
    assert calls["assess"] == len(shown)


def test_what_passes_at_a_glance_is_refused_by_what_it_shows_later(recogniser, person) -> None:
    check = attempt(recogniser, person, Judge(2.0, -3.0, 99.0))
    assert check.challenge is not None and check.challenge.state is ChallengeState.RUNNING
    assert (check.result.passed, check.result.score) == (False, -0.5)
    assert check.result.reasons == ("saw 2.0", "saw -3.0")


def test_one_bad_moment_of_an_honest_visit_is_outweighed(recogniser, person) -> None:
    check = attempt(recogniser, person, Judge(4.0, -3.0, *[4.0] * 20))
    assert check.result.passed


@pytest.mark.parametrize("mode", ["challenge", "passive"])
def test_who_was_in_doubt_passes_by_frames_that_can_be_judged_alone(
    recogniser, person, mode
) -> None:
    poor = LivenessResult(False, -2.0, (), abstained=5.0, guidance=Verdict.TOO_DARK)
    better = LivenessResult(True, 6.0, (), guidance=Verdict.TOO_DARK)
    good = LivenessResult(True, 6.0)
    for batches, passes in (
        ((better,), True), ((poor, better), False), ((better, poor, better), True),
        ((poor, better, good), True),
    ):  # fmt: skip
        left = chain(batches, repeat(batches[-1]))
        judge: Any = SimpleNamespace(judge=lambda frames, faces, left=left: next(left))
        challenge = Challenge([Movement.LEFT, Movement.UP]) if mode == "challenge" else None
        check = LivenessCheck(judge, challenge)
        for frame in visit(person, asked_by(check), until=8.0):
            seen = assess(frame.image, recogniser.detector.detect(frame.image))
            check.observe(frame, seen, lambda: np.ones(1, np.float32))
            if check.done:
                break
        assert check.done is check.result.passed is passes
        assert check.progress.guidance is (Verdict.OK if passes else Verdict.TOO_DARK)


def test_a_marked_customer_gets_only_what_they_can_do() -> None:
    allowed = {Movement.LEFT, Movement.RIGHT}
    for _ in range(20):
        check = make_check("challenge", PassiveCheck(), allowed=allowed)
        assert check.challenge is not None
        assert set(check.challenge.movements) <= allowed


def test_a_challenge_never_comes_without_the_passive_cues() -> None:
    made = make_check("challenge", PassiveCheck())
    with pytest.raises(ValueError):
        LivenessCheck(None, made.challenge)


@pytest.mark.faces
def test_a_replay_is_refused_and_the_clip_itself_admitted(recogniser, shared: Path) -> None:
    from face_auth.evaluation.protocols.pad.clips import frames_of

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
    from face_auth.evaluation.protocols.pad.clips import frames_of

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
        seen = recogniser.assess(frame.image)
        check.observe(frame, seen, partial(embed, frame, seen))
        if check.done:
            break
    assert check.result.passed
    assert len(asked) == 1 + 3
    assert np.all(np.diff(asked) > 0)


# What a starved program sees: the same visits with pictures missing.


def starved(frames: Iterator[Frame], gap: tuple[float, float]) -> Iterator[Frame]:
    """Yield *frames* but for those captured within the gap."""
    return (frame for frame in frames if not gap[0] < frame.captured_at < gap[1])


@pytest.mark.parametrize("begins", [1.0, 1.6, 2.2])
def test_a_gap_during_the_challenge_is_no_attack(recogniser, person, enrolled, begins) -> None:
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    frames = starved(visit(person, asked_by(check)), (begins, begins + 1.2))
    with pytest.raises(TooFewPicturesError, match="the face was lost"):
        verify(recogniser, frames, enrolled[0], liveness=check)
    assert not check.result.passed


@pytest.mark.parametrize("mode", ["challenge", "passive"])
def test_a_face_that_goes_is_not_seen_though_there_were_pictures(
    recogniser, person, enrolled, mode
) -> None:
    """Whoever walks away costs an attempt, as before; who has no pictures costs nothing."""
    for wall, missing in ((True, False), (False, True)):
        check = make_check(mode, PassiveCheck(), random=random.Random(5))
        before = visit(person, asked_by(check), start=60, until=0.7)
        after = empty(np.arange(0.7, 12, STEP_S)) if wall else empty([9.0, 11.0])
        with pytest.raises(NoFaceError) as raised:
            verify(recogniser, chain(before, after), enrolled[0], liveness=check)
        assert isinstance(raised.value, TooFewPicturesError) is missing


@pytest.mark.parametrize("mode", ["challenge", "passive"])
def test_a_gap_at_the_beginning_only_takes_time(recogniser, person, enrolled, mode) -> None:
    check = make_check(mode, PassiveCheck(), random=random.Random(5))
    frames = starved(visit(person, asked_by(check), start=60), (0.15, 1.2))
    assert verify(recogniser, frames, enrolled[0], liveness=check).accepted


@pytest.mark.parametrize("rate", [2.5, 5.0])
def test_few_pictures_a_second_admit_the_customer_too(recogniser, person, enrolled, rate) -> None:
    check = make_check("challenge", PassiveCheck(), random=random.Random(5))
    apart = round(1 / rate / STEP_S)
    frames = islice(visit(person, asked_by(check), start=60, until=32.0), 0, None, apart)
    result = verify(recogniser, frames, enrolled[0], liveness=check)
    assert result.accepted, result.liveness


@pytest.mark.parametrize("gap", [(1.5, 2.7), (2.0, 30.0)])
def test_an_enrolment_that_starves_is_no_attack(recogniser, person, gap) -> None:
    check = make_check("challenge", PassiveCheck(), enrols=True, random=random.Random(1))
    told: list[EnrolProgress] = []
    frames = starved(visit(person, lambda: told[-1].pose if told else None), gap)
    with pytest.raises(NoFaceError):
        enrol_face(recogniser, frames, "ada", liveness=check, progress=told.append)


def empty(times: Iterable[float]) -> Iterator[Frame]:
    """Yield pictures of a wall."""
    rng = np.random.default_rng(1)
    for at in times:
        yield Frame(rng.integers(90, 110, (480, 640, 3), np.uint8), at, round(at / STEP_S) + 1)


def later(frames: Iterator[Frame], seconds: float) -> Iterator[Frame]:
    """Yield *frames* so much later."""
    for frame in frames:
        at = frame.captured_at + seconds
        yield Frame(frame.image, at, round(at / STEP_S) + 1)


@pytest.mark.parametrize(
    ("mode", "hidden_s", "wall"),
    [("challenge", 0.5, True), ("challenge", 1.0, True), ("challenge", 1.0, False),
     ("passive", 1.0, True), ("passive", 1.0, False)],
)  # fmt: skip
def test_who_steps_in_while_no_face_is_seen_is_judged_alone(
    recogniser, person, enrolled, mode, hidden_s, wall
) -> None:
    """The customer's picture is shown first, somebody else makes the movements."""
    check = make_check(mode, PassiveCheck(), random=random.Random(5))
    shown = [
        Frame(person.draw(60 + number * STEP_S, yaw=22), number * STEP_S, number + 1)
        for number in range(4)
    ]
    gap = empty(np.arange(0.4, 0.4 + hidden_s, STEP_S)) if wall else ()
    other = later(visit(DemoFace(3), asked_by(check), start=60), 0.4 + hidden_s)
    result = verify(recogniser, chain(shown, gap, other), enrolled[0], liveness=check)
    assert result.score < result.threshold
    assert not result.accepted


@pytest.mark.parametrize(
    ("verdict", "goes_on"),
    [(Verdict.TURNED, True), (Verdict.TOO_DARK, True), (Verdict.NO_FACE, False),
     (Verdict.SEVERAL, False)],
)  # fmt: skip
def test_a_face_in_view_goes_on_though_it_cannot_be_used_for_a_while(
    recogniser, person, verdict, goes_on
) -> None:
    check = make_check("passive", PassiveCheck())
    told = []
    for frame in visit(person, lambda: None, until=2.0):
        seen = recogniser.assess(frame.image)
        if 0.4 < frame.captured_at < 1.5:
            seen = replace(seen, verdict=verdict)
        told.append(check.observe(frame, seen, lambda: np.ones(1, np.float32)))
    assert all(told) is goes_on


class Unsteady:
    """Finds every face unsteady until the check is done, so that no frame is scored before."""

    def __init__(self, recogniser: Recogniser, check: LivenessCheck) -> None:
        self._recogniser, self._check = recogniser, check
        self.network, self.threshold = recogniser.network, recogniser.threshold
        self.embed = recogniser.embed

    def assess(self, image) -> Quality:
        seen = self._recogniser.assess(image)
        steady = self._check.done or seen.verdict is not Verdict.OK
        return seen if steady else replace(seen, verdict=Verdict.HOLD_STILL)


@pytest.mark.parametrize("mode", ["challenge", "passive"])
def test_who_steps_in_once_the_check_is_done_is_not_scored(
    recogniser, person, enrolled, mode
) -> None:
    """Somebody makes the movements in frames that are not scored; the picture comes after that."""
    check = make_check(mode, PassiveCheck(), random=random.Random(5))

    def frames() -> Iterator[Frame]:
        last = 0.0
        for frame in visit(DemoFace(3), asked_by(check), start=60):
            if check.done:
                break
            last = frame.captured_at
            yield frame
        for number in range(6):
            at = last + 1.0 + number * STEP_S
            yield Frame(person.draw(60 + at), at, round(at / STEP_S) + 1)

    unsteady: Any = Unsteady(recogniser, check)
    with pytest.raises(NoFaceError):
        verify(unsteady, frames(), enrolled[0], liveness=check)


# Low light and a still posture.


class Network:
    """Gives every face the same score."""

    def __init__(self, says: float) -> None:
        self.says = says

    def scores(self, image, face) -> np.ndarray:
        return np.array([self.says, self.says])


def held(person: DemoFace, seconds: float, light: Callable = lambda image: image, rate=10.0):
    """Yield the drawn person as a camera shows somebody who does not move at all."""
    picture, rng = person.draw(0.0), np.random.default_rng(2)
    for number in range(round(seconds * rate)):
        noisy = light(picture) + rng.normal(0, 0.6, picture.shape)
        image = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
        yield Frame(image, number / rate, number + 1)


def dim(image):
    return image * 0.55


def against_a_window(image):
    """Return the picture with bright light behind the person."""
    bright = image * 0.6
    bright[:, :130] = bright[:, 510:] = 235
    return bright


def hazy(image):
    return image * 0.25 + 100


@pytest.mark.parametrize("rate", [5, 8, 12, 25])
def test_who_stands_still_is_admitted(recogniser, person, enrolled, rate) -> None:
    """Nobody has to move who is asked for no movement."""
    check = make_check("passive", PassiveCheck())
    told: list[LoginProgress] = []
    result = verify(
        recogniser, held(person, 4.0, rate=rate), enrolled[0], liveness=check, progress=told.append
    )
    assert {one.asked.guidance for one in told} == {Verdict.OK}
    assert result.accepted, result.liveness


@pytest.mark.parametrize(
    ("light", "guidance"),
    [(dim, Verdict.TOO_DARK), (against_a_window, Verdict.TOO_BRIGHT), (hazy, Verdict.TOO_DARK)],
)
def test_poor_light_is_never_a_suspicion(recogniser, person, enrolled, light, guidance) -> None:
    """Even where a cue is sure, and the person stands still besides."""
    passive = PassiveCheck()
    passive._network = Network(-9.0)
    for frames, suspected in ((held(person, 8.0, light), False), (held(person, 8.0), True)):
        check = LivenessCheck(passive)
        for frame in frames:
            check.observe(frame, recogniser.assess(frame.image), lambda: np.ones(1, np.float32))
        assert check.done is suspected
        assert not check.result.passed
        assert check.progress.guidance is guidance or suspected


def test_poor_light_admits_whom_the_cues_pass(recogniser, person) -> None:
    check = make_check("passive", PassiveCheck())
    for frame in visit(person, lambda: None, until=3.0):
        image = dim(frame.image).astype(np.uint8)
        darker = Frame(image, frame.captured_at, frame.index)
        check.observe(darker, recogniser.assess(image), lambda: np.ones(1, np.float32))
    assert check.result.passed


def dim_room(share: float, gamma: float, noise: float) -> Callable:
    """Return what a webcam makes of a room: so dark, so low in contrast, with so much noise."""

    def seen(image, rng):
        step = max(image.shape[1] // 640, 1)
        part = 255 * (np.float32(image[::step, ::step]) / 255) ** gamma * share
        return np.clip(part + rng.normal(0, noise, part.shape), 0, 255).astype(np.uint8)

    return seen


def grey_room(image, rng):
    step = max(image.shape[1] // 640, 1)
    darker = np.float32(image[::step, ::step]) * 0.55
    middle = darker.mean()
    noisy = (darker - middle) * 0.6 + middle + rng.normal(0, 3, darker.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


DIM_ROOMS = {
    "a lamp": dim_room(0.6, 1.0, 3), "evening": dim_room(0.45, 1.0, 4),
    "night": dim_room(0.3, 1.0, 5), "dark screen": dim_room(0.9, 1.8, 3), "grey": grey_room,
}  # fmt: skip


@pytest.mark.faces
@pytest.mark.parametrize("still", [False, True])
@pytest.mark.parametrize(
    ("room", "rate"), [*((room, 8) for room in DIM_ROOMS), ("evening", 12), ("evening", 25)]
)
@pytest.mark.parametrize("clip", ["selfie_real.mp4", "webcam_real.mp4"])
def test_a_real_person_in_a_dim_room_is_no_suspect(
    recogniser, shared: Path, clip, room, rate, still
) -> None:
    """Who is not admitted is told what would help."""
    from face_auth.evaluation.protocols.pad.clips import RATE, frames_of

    passive = PassiveCheck(shared / "weights" / "minifas" / "minifas_v2se_128.onnx")
    check, steadiness = make_check("passive", passive), Steadiness()
    rng = np.random.default_rng(5)
    shown = list(islice(frames_of(shared / "video" / clip), 30))
    verdicts: Counter[Verdict] = Counter()
    for number in range(2 * rate):
        at = number / rate
        source = shown[0] if still else shown[round(at * RATE)]
        image = DIM_ROOMS[room](source.image, rng)
        seen = steadiness.judge(recogniser.assess(image), at)
        verdicts[seen.verdict] += 1
        check.observe(Frame(image, at, number + 1), seen, partial(recogniser.embed, image, seen))
        if check.done:
            break
    assert check.result.passed or not check.done
    if not check.done:
        helps = {check.progress.guidance, verdicts.most_common(1)[0][0]}
        assert helps & {Verdict.TOO_DARK, Verdict.TOO_BRIGHT}
