"""Tests of the presence check: who leaves is noticed, and who is replaced is so for good."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from face_auth.camera.demo.face import DemoFace
from face_auth.enrolment import enrol_face
from face_auth.errors import GalleryError
from face_auth.gallery import Template
from face_auth.presence import Presence
from face_auth.recogniser import Recogniser
from face_auth.recognition.classifier import CustomerSvm
from face_auth.recognition.detection import Face
from face_auth.recognition.quality import Quality
from face_auth.types import Frame, Verdict

OWN, BETWEEN, STRANGER = 0.5, -0.7, -1.3


class Stage:
    """A recogniser whose frames say which faces they hold: (score, verdict) each."""

    threshold, floor = SimpleNamespace(value=0.1), SimpleNamespace(value=-0.5)
    network = SimpleNamespace(name="staged", sha256="00" * 32)
    occlusion = None

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.detector = self
        self.faces: list[tuple[float, Verdict]] = []
        self.fault: Exception | None = None
        monkeypatch.setattr("face_auth.presence.assess", self._assess)

    def detect(self, image: np.ndarray) -> list[Face]:
        if self.fault:
            raise self.fault
        return [Face((i, 0, 1, 1), np.zeros((5, 2)), 1.0) for i, _ in enumerate(self.faces)]

    def _assess(self, image: np.ndarray, faces: list[Face], occlusion: None) -> Quality:
        return Quality(self.faces[int(faces[0].box[0])][1], faces[0])

    def embed(self, image: np.ndarray, seen: Quality) -> np.ndarray:
        return np.array([self.faces[int(seen.face.box[0])][0]], np.float32)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


class Watch:
    """A presence looked at every half second."""

    def __init__(self, stage: Stage) -> None:
        self.now = 100.0
        self._stage = stage
        svm = CustomerSvm(np.ones(1, np.float32), 0.0)
        template = Template("ada", "staged", "00" * 32, np.zeros((1, 1), np.float32), svm)
        self.presence = Presence(stage, template, lambda: self.now)

    def see(self, *scores: float, verdict: Verdict = Verdict.OK, age_s: float = 0.0) -> str:
        """Half a second later these faces are in view."""
        self.now += 0.5
        self._stage.faces = [(score, verdict) for score in scores]
        return self.presence.judge(Frame(np.zeros((2, 2, 3), np.uint8), self.now - age_s, 1))

    def see_nothing(self) -> str:
        """Half a second later the camera has no picture."""
        self.now += 0.5
        return self.presence.judge(None)


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage)


def test_the_customer_may_stay_for_ever(watch: Watch) -> None:
    assert {watch.see(OWN) for _ in range(200)} == {"here"}


@pytest.mark.parametrize("faces", [(), (BETWEEN,)], ids=["nobody", "a face like theirs"])
def test_five_seconds_without_the_customer_are_gone(watch: Watch, faces: tuple[float]) -> None:
    watch.see(OWN)
    assert [watch.see(*faces) for _ in range(10)] == ["here"] * 9 + ["gone"]


def test_no_picture_counts_as_not_seen(watch: Watch) -> None:
    assert [watch.see_nothing() for _ in range(10)] == ["here"] * 9 + ["gone"]


def test_an_old_picture_of_the_customer_shows_when_it_was_taken(watch: Watch) -> None:
    assert watch.see(OWN, age_s=4.0) == "here"
    assert [watch.see() for _ in range(2)] == ["here", "gone"]


def test_a_look_away_is_forgiven(watch: Watch) -> None:
    for _ in range(5):
        assert {watch.see() for _ in range(9)} == {"here"}
        assert watch.see(OWN) == "here"


def test_another_face_alone_is_noticed_after_a_second(watch: Watch) -> None:
    watch.see(OWN)
    assert [watch.see(STRANGER) for _ in range(3)] == ["here", "here", "other"]


def test_bystanders_behind_the_customer_do_not_matter(watch: Watch) -> None:
    assert {watch.see(STRANGER, OWN, STRANGER) for _ in range(50)} == {"here"}


def test_one_strange_picture_now_and_then_is_nothing(watch: Watch) -> None:
    for _ in range(20):
        assert watch.see(STRANGER) == "here"
        assert watch.see() == "here"
        assert watch.see(STRANGER) == "here"
        assert watch.see(OWN) == "here"


@pytest.mark.parametrize("verdict", [Verdict.BLURRED, Verdict.TOO_DARK, Verdict.TOO_BRIGHT])
def test_an_unreadable_face_is_nobodys(watch: Watch, verdict: Verdict) -> None:
    seen = [watch.see(STRANGER, verdict=verdict) for _ in range(10)]
    assert seen == ["here"] * 9 + ["gone"]


def test_a_recognised_face_counts_even_if_blurred(watch: Watch) -> None:
    assert {watch.see(OWN, verdict=Verdict.BLURRED) for _ in range(20)} == {"here"}


def test_who_was_gone_is_here_again_by_their_own_face_alone(watch: Watch) -> None:
    for _ in range(10):
        watch.see()
    assert {watch.see(BETWEEN) for _ in range(5)} == {"gone"}
    assert watch.see(OWN) == "here"


def test_who_comes_after_the_customer_has_gone_is_another_for_good(watch: Watch) -> None:
    for _ in range(10):
        watch.see()
    assert [watch.see(STRANGER) for _ in range(3)] == ["gone", "gone", "other"]
    assert {watch.see(OWN) for _ in range(5)} == {"other"}


def test_faults_count_as_not_seen(watch: Watch, stage: Stage) -> None:
    stage.fault = RuntimeError("the network broke")
    assert [watch.see(OWN) for _ in range(10)] == ["here"] * 9 + ["gone"]


def test_a_score_that_is_no_number_admits_nobody(watch: Watch) -> None:
    assert [watch.see(float("nan")) for _ in range(10)] == ["here"] * 9 + ["gone"]


def test_another_networks_template_is_refused(stage: Stage) -> None:
    svm = CustomerSvm(np.ones(1, np.float32), 0.0)
    with pytest.raises(GalleryError, match="another network"):
        Presence(stage, Template("ada", "other", "11" * 32, np.zeros((1, 1)), svm))


# Real faces


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load()


def clip(path: Path, rate: float, every_s: float, start_s: float = 0.0) -> Iterator[Frame]:
    """Frames of a clip as if it were looked at every so often."""
    video = cv2.VideoCapture(str(path))
    due, index = start_s, 0
    while True:
        done, image = video.read()
        if not done:
            return
        if index / rate >= due - 1e-9:
            due += every_s
            yield Frame(np.ascontiguousarray(image[..., ::-1]), index / rate, index + 1)
        index += 1


def states(recogniser: Recogniser, template: Template, frames: Iterator[Frame]) -> list[str]:
    now = 0.0
    first = next(frames)
    now = first.captured_at
    presence = Presence(recogniser, template, lambda: now)
    seen = [presence.judge(first)]
    for frame in frames:
        now = frame.captured_at
        seen.append(presence.judge(frame))
    return seen


@pytest.mark.faces
def test_real_people_stay_and_are_told_from_each_other(
    shared: Path, recogniser: Recogniser
) -> None:
    clips = {"selfie_real.mp4": 30, "webcam_real.mp4": 16}
    for name, rate in clips.items():
        path = shared / "video" / name
        template, _ = enrol_face(recogniser, clip(path, rate, 0.1), name)
        assert set(states(recogniser, template, clip(path, rate, 0.5, 0.2))) == {"here"}
        (other,) = clips.keys() - {name}
        frames = clip(shared / "video" / other, clips[other], 0.5)
        assert states(recogniser, template, frames)[:3] == ["here", "here", "other"]


def test_drawn_people_stay_and_do_not_stand_in_for_each_other(recogniser: Recogniser) -> None:
    def drawn(person: DemoFace, start_s: float, every_s: float, count: int) -> Iterator[Frame]:
        for n in range(count):
            yield Frame(person.draw(start_s + n * every_s), n * every_s, n + 1)

    ada, bob = DemoFace(1), DemoFace(2)
    template, _ = enrol_face(recogniser, drawn(ada, 0, 0.4, 40), "ada")
    assert set(states(recogniser, template, drawn(ada, 30, 0.5, 24))) == {"here"}
    assert states(recogniser, template, drawn(bob, 30, 0.5, 12))[-1] != "here"
