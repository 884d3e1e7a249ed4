"""Faults at every call of a login and an enrolment: exception, hang or dead thread never admit.

The calls are not listed here: every part is wrapped, a clean run counts its calls, and
each is struck at once. `pytest -m long` strikes at all with all kinds of faults, and at pairs.
"""

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import atm.enrolment.hash_and_capture
import atm.login.login
from atm.answer_thread import ThreadResult
from atm.enrolment.enrolment import Enrolments
from atm.errors import AtmError
from atm.login.decision import Decision, Outcome
from atm.people import Application, StaffMember
from credentials.errors import StoreError
from face_auth.errors import CameraError, GalleryError, NoFaceError
from face_auth.recognition.quality import Quality
from face_auth.types import Frame, Verdict
from face_auth.verification import verify
from tests.atm.conftest import Bank
from tests.atm.faults import Faults, Hang, Place, raising
from tests.patience import LIMIT_S

RUIZ = StaffMember("ruiz")
PIN = "4071"
pytestmark = pytest.mark.usefixtures("no_sync")


class Dead(BaseException):
    """Nobody expects this."""


CLEAN: list[type[BaseException]] = [StoreError, AtmError, CameraError, GalleryError, NoFaceError]
ROUGH: list[type[BaseException]] = [
    OSError, KeyError, ValueError, AssertionError, RecursionError, StopIteration, MemoryError,
    SystemExit, KeyboardInterrupt, GeneratorExit, Dead,
]  # fmt: skip


@dataclass
class Stage:
    """Logins whose every part is wrapped, with Ada enrolled, and who stands before the camera."""

    bank: Bank
    faults: Faults
    logins: atm.login.login.LocalLogins
    before_camera: np.ndarray
    parts: SimpleNamespace

    def login(self, username: str, pin: str, look: float = 1.0) -> Decision:
        """Log in; *look* is 1 for Ada's face, -1 for another, 0 for none."""
        parts = self.parts

        def check_face(record: Any, pressed: float, deadline: float) -> Any:
            recogniser = parts.warm_up()
            template = (
                recogniser.decoy()
                if record is None
                else parts.gallery.load(record.template_id, record.customer_id)
            )
            frames = parts.camera.frames(look)
            return verify(recogniser, frames, template, progress=parts.progress)

        return self.logins.login(username, pin, check_face)

    def later(self) -> None:
        """Let every wait and pause pass."""
        self.bank.clock.seconds += 8000


class Recogniser:
    """A staged one: the picture's first pixel says whose face it is."""

    def __init__(self, embedding: np.ndarray) -> None:
        self._embedding = embedding
        self.network = SimpleNamespace(sha256="ab" * 32)
        self.threshold = SimpleNamespace(value=0.5)

    def decoy(self) -> Any:
        svm = SimpleNamespace(score=lambda rows: np.array([-9.0]))
        return SimpleNamespace(network_sha256="ab" * 32, svm=svm, customer_id="", network="")

    def assess(self, image: np.ndarray) -> Any:
        return Quality(Verdict.OK if image.any() else Verdict.NO_FACE, None)

    def embed(self, image: np.ndarray, seen: Any) -> np.ndarray:
        return self._embedding * (1 if image.flat[0] == 1 else -1)


class Camera:
    """Shows one person, or nobody."""

    def frames(self, look: float) -> Iterator[Frame]:
        for _ in range(3):
            yield Frame(np.full((2, 2, 3), int(look) % 256, np.uint8), 0.0, 0)


def application(username: str = "ada") -> Application:
    return Application(username, "Ada Lovelace", 50_000, PIN, datetime.now(UTC))


def make_stage(bank: Bank, face: Any, limit_s: float = LIMIT_S) -> Stage:
    customer = bank.enrolment().enrol(application(), RUIZ, lambda customer, stop: face(customer))
    template, _ = face(customer.customer_id)
    faults = Faults()
    recogniser = Recogniser(template.embeddings[0])
    parts = SimpleNamespace(
        warm_up=faults("warm_up", lambda: faults("recogniser", recogniser)),
        gallery=faults("gallery", bank.gallery),
        camera=faults("camera", Camera()),
        progress=faults("progress", lambda told: None),
    )
    logins = bank.logins(
        limit_s=limit_s,
        store=faults("store", bank.store),
        hasher=faults("hasher", bank.hasher),
        attempts=faults("attempts", bank.attempts),
        pause=faults("pause", bank.pause),
        audit=faults("audit", bank.audit),
        open_session=faults("open_session", bank.session),
        suspect=faults("suspect", lambda customer_id, face: None),
    )
    return Stage(bank, faults, logins, template.embeddings[0], parts)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what follows an answer follow at once."""
    monkeypatch.setattr(atm.login.login, "FOLLOW_UP_DELAY_S", 0.0)


@pytest.fixture
def stage(bank: Bank, face: Any) -> Stage:
    return make_stage(bank, face)


WRONG = {
    "wrong pin": ("ada", "9753", 1),
    "wrong face": ("ada", PIN, 2),
    "no face": ("ada", PIN, 0),
    "unknown name": ("nobody", PIN, 1),
}


def places(stage: Stage, username: str, pin: str, look: int) -> list[Place]:
    """Return every call of one login that nothing disturbs."""
    settle()
    stage.later()
    stage.faults.arm({})
    stage.login(username, pin, look)
    settle()
    return [call.place for call in stage.faults.calls]


def settle() -> None:
    """Wait for what works behind an answer."""
    for thread in threading.enumerate():
        if thread.name.startswith(("login", "enrol")):
            thread.join(LIMIT_S)


def assert_next_is_admitted(stage: Stage) -> None:
    stage.later()
    stage.faults.arm({})
    decision = stage.login("ADA", PIN)
    assert decision.outcome is Outcome.GRANTED, decision
    assert decision.session is not None
    assert decision.session.customer.username == "ada"
    assert decision.session.balance() == 50_000


def strike_all(stage: Stage, errors: list[type[BaseException]], wrong: bool) -> int:
    """Strike at each call of each kind of login; returns how many faults there were."""
    struck = 0
    cases = {"right": ("ada", PIN, 1)} | (WRONG if wrong else {})
    for name, case in cases.items():
        for place, error in itertools.product(places(stage, *case), errors):
            settle()
            stage.later()
            stage.faults.arm({place: raising(error, "injected")})
            decision = stage.login(*case)
            settle()
            struck += stage.faults.struck
            what = (name, place, error, decision)
            assert stage.faults.struck == 1, what
            may = name == "right" and place[0] == "login-follow-up"
            assert (decision.outcome is Outcome.GRANTED) == may, what
            assert (decision.session is not None) == may, what
            assert_next_is_admitted(stage)
    return struck


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exception_at_any_call_of_a_login_is_never_a_yes(stage: Stage) -> None:
    found = {call.what for call in _clean(stage)}
    assert {"pause.reserve", "pause.give_back", "audit.remember", "store.get", "attempts.reserve",
            "hasher.verify", "camera.frames", "gallery.load", "recogniser.embed",
            "attempts.settle", "audit.append", "store.by_id", "open_session",
            "hasher.is_outdated"} <= found  # fmt: skip
    assert strike_all(stage, [StoreError, MemoryError, SystemExit], wrong=False) >= 60


def _clean(stage: Stage) -> list[Any]:
    places(stage, "ada", PIN, 1)
    return stage.faults.calls


@pytest.mark.long
def test_every_exception_at_every_call_of_every_login(stage: Stage) -> None:
    assert strike_all(stage, CLEAN + ROUGH, wrong=True) >= 1000


@pytest.mark.long
def test_two_faults_in_one_login(stage: Stage) -> None:
    rng = random.Random(20261123)
    for _ in range(1000):
        case = rng.choice([("ada", PIN, 1), *WRONG.values()])
        first, second = rng.sample(places(stage, *case), 2)
        settle()
        stage.later()
        stage.faults.arm(
            {first: raising(rng.choice(CLEAN + ROUGH)), second: raising(rng.choice(ROUGH))}
        )
        decision = stage.login(*case)
        settle()
        behind = {first[0], second[0]} == {"login-follow-up"}
        assert (decision.outcome is Outcome.GRANTED) <= (behind and case[2] == 1 and case[1] == PIN)
        assert_next_is_admitted(stage)


def junk_at_all(stage: Stage, answers: list[Any]) -> int:
    struck = 0
    for case, answer in itertools.product(WRONG.values(), answers):
        for place in places(stage, *case):
            settle()
            stage.later()
            stage.faults.arm({place: lambda answer=answer: answer})
            decision = stage.login(*case)
            settle()
            struck += stage.faults.struck
            assert decision.outcome is not Outcome.GRANTED, (case, place, answer)
            assert_next_is_admitted(stage)
    return struck


def test_a_part_that_answers_nonsense_is_never_a_yes(stage: Stage) -> None:
    assert junk_at_all(stage, ["yes"]) >= 50


@pytest.mark.long
def test_parts_that_answer_all_sorts_of_nonsense_are_never_a_yes(stage: Stage) -> None:
    assert junk_at_all(stage, ["yes", 1, object(), {"accepted": True}, np.ones(3)]) >= 250


@pytest.mark.parametrize("dying", ["login", "login-pin", "login-face"])
def test_a_thread_that_dies_without_a_word_is_never_a_yes(stage, monkeypatch, dying) -> None:
    run = ThreadResult.run
    monkeypatch.setattr(ThreadResult, "run", lambda self: self.name != dying and run(self))
    monkeypatch.setattr(stage.logins, "_limit_s", 0.5)
    assert stage.login("ada", PIN).outcome is Outcome.FAULT
    monkeypatch.undo()
    assert_next_is_admitted(stage)


@pytest.mark.parametrize("dying", ["login", "login-pin", "login-face", "login-follow-up"])
def test_no_thread_to_be_had_is_never_a_yes(stage, monkeypatch, dying) -> None:
    start = ThreadResult.start

    def refuse(self: ThreadResult[Any]) -> None:
        if self.name == dying:
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(ThreadResult, "start", refuse)
    expected = Outcome.GRANTED if dying == "login-follow-up" else Outcome.FAULT
    assert stage.login("ada", PIN).outcome is expected
    monkeypatch.undo()
    assert_next_is_admitted(stage)


def hang_at(stage: Stage, place: Place) -> None:
    """Hang at one call; the next customer comes while it hangs, and another once it goes on."""
    stage.later()
    hang = Hang()
    stage.faults.arm({place: hang})
    decision = stage.login("ada", PIN)
    assert not hang.over, place  # nobody waited for it
    behind = place[0] == "login-follow-up"
    assert behind or decision.outcome is not Outcome.GRANTED, (place, decision)
    stage.logins._limit_s = LIMIT_S
    assert_next_is_admitted(stage)
    hang.go.set()


def test_a_hang_at_any_call_of_a_login_is_a_no_in_time(
    tmp_path_factory, face, monkeypatch, make_bank
) -> None:
    monkeypatch.setattr(atm.login.login, "GRACE_S", 0.5)
    first = make_stage(make_bank(tmp_path_factory.mktemp("bank")), face, limit_s=4.0)
    found = places(first, "ada", PIN, 1)
    stages = [make_stage(make_bank(tmp_path_factory.mktemp("bank")), face, 4.0) for _ in found]
    with ThreadPoolExecutor(len(found), "case") as pool:
        for case in [pool.submit(hang_at, *pair) for pair in zip(stages, found, strict=True)]:
            case.result()
    settle()
    assert sum(each.faults.struck for each in stages) == 0  # armed anew by the login after
    assert len(found) >= 20
    for each in stages:
        assert_next_is_admitted(each)


@pytest.mark.parametrize("late_s", [0.0, 100.0])
def test_nobody_is_admitted_by_an_answer_that_comes_too_late(bank, face, late_s) -> None:
    """The counters hang until nobody waits any more: the log must not say granted."""
    stage = make_stage(bank, face)
    now = [1000.0]
    stage.logins = bank.logins(
        limit_s=30.0, clock=lambda: now[0], sleep=lambda seconds: None,
        attempts=stage.faults("attempts", bank.attempts),
    )  # fmt: skip
    stage.faults.arm({})
    stage.login("ada", PIN)
    (settling,) = [c.place for c in stage.faults.calls if c.what == "attempts.settle"]
    before = len(list(bank.audit.entries()))

    def later() -> None:
        now[0] += late_s

    stage.faults.arm({settling: later})
    decision = stage.login("ada", PIN)
    new = [entry["outcome"] for entry in list(bank.audit.entries())[before:]]
    assert decision.outcome is (Outcome.FAULT if late_s else Outcome.GRANTED)
    assert new == ([] if late_s else ["granted"])


@dataclass
class Counter:
    """Enrolments whose every part is wrapped."""

    bank: Bank
    faults: Faults
    enrolments: Enrolments
    capture: Callable[..., Any]

    def enrol(self) -> Any:
        return self.enrolments.enrol(application(), RUIZ, self.capture)

    def assert_whole_or_nothing(self, reopen: Callable[[], Bank]) -> bool:
        """Look at what a fresh start finds, without its tidying up; returns if Ada is enrolled."""
        fresh = reopen()
        records = fresh.store.all()
        ids = {record.customer_id for record in records}
        assert fresh.ledger.customer_ids() == ids
        assert fresh.gallery.ids() == {record.template_id for record in records}
        for record in records:
            assert fresh.gallery.load(record.template_id, record.customer_id)
            assert len(fresh.gallery.load_captures(record.template_id, record.customer_id)) == 5
        return bool(records)

    def start_again(self) -> None:
        if self.bank.store.all():
            self.bank.office().delete("ada", staff=RUIZ, override=TWO)


TWO = atm.people.Signatures(RUIZ, StaffMember("okafor"))


def make_counter(bank: Bank, face: Any, limit_s: float = LIMIT_S) -> Counter:
    faults = Faults()
    enrolments = Enrolments(
        store=faults("store", bank.store),
        hasher=faults("hasher", bank.hasher),
        gallery=faults("gallery", bank.gallery),
        ledger=faults("ledger", bank.ledger),
        audit=faults("audit", bank.audit),
        duplicate_check=faults("duplicate_check", bank),
        commit=bank.commit(),
        limit_s=limit_s,
    )
    capture = faults("capture", lambda customer_id, stop: face(customer_id))
    return Counter(bank, faults, enrolments, capture)


def strike_enrolments(
    counter: Counter, reopen: Callable[[], Bank], errors: list[type[BaseException]]
) -> int:
    struck = 0
    counter.faults.arm({})
    counter.enrol()
    calls = list(counter.faults.calls)
    found = {call.what for call in calls}
    assert {"store.get", "hasher.hash", "capture", "duplicate_check.question", "gallery.save",
            "ledger.open_account", "audit.append", "store.add"} <= found  # fmt: skip
    for call, error in itertools.product(calls, errors):
        counter.start_again()
        counter.faults.arm({call.place: raising(error, "injected")})
        with pytest.raises(BaseException) as caught:
            counter.enrol()
        settle()
        struck += counter.faults.struck
        if call.place[0] != "caller":
            assert isinstance(caught.value, Exception), (call, error)
        assert not counter.assert_whole_or_nothing(reopen), (call, error)
        counter.faults.arm({})
        counter.enrol()
        assert counter.assert_whole_or_nothing(reopen), (call, error)
    return struck


def test_an_exception_at_any_call_of_an_enrolment_saves_nothing(bank, face, open_bank) -> None:
    assert strike_enrolments(make_counter(bank, face), open_bank, [StoreError, SystemExit]) >= 20


@pytest.mark.long
def test_every_exception_at_every_call_of_an_enrolment(bank, face, open_bank) -> None:
    assert strike_enrolments(make_counter(bank, face), open_bank, CLEAN + ROUGH) >= 150


@pytest.mark.parametrize("part", ["hasher.hash", "capture"])
def test_a_hang_in_a_thread_of_an_enrolment_ends_it_with_nothing_saved(
    bank, face, open_bank, monkeypatch, part
) -> None:
    monkeypatch.setattr(atm.enrolment.hash_and_capture, "STOP_S", 0.2)
    counter = make_counter(bank, face)
    counter.faults.arm({})
    counter.enrol()
    (place,) = [call.place for call in counter.faults.calls if call.what == part]
    counter.start_again()
    hang = Hang()
    monkeypatch.setattr(counter.enrolments, "_limit_s", 0.5)
    counter.faults.arm({place: hang})
    with pytest.raises(AtmError, match="took too long"):
        counter.enrol()
    assert not hang.over
    monkeypatch.setattr(counter.enrolments, "_limit_s", LIMIT_S)
    counter.faults.arm({})
    counter.enrol()
    hang.go.set()
    settle()
    assert counter.assert_whole_or_nothing(open_bank)


def test_a_hanging_capture_can_be_cancelled(bank, face, open_bank, monkeypatch) -> None:
    monkeypatch.setattr(atm.enrolment.hash_and_capture, "STOP_S", 0.2)
    counter, hang, cancel = make_counter(bank, face), Hang(), threading.Event()
    counter.faults.arm({("enrol-face", 0): hang})
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(AtmError) as caught:
        counter.enrolments.enrol(application(), RUIZ, counter.capture, cancel=cancel)
    assert caught.value.code == "cancelled"
    hang.go.set()
    settle()
    assert not counter.assert_whole_or_nothing(open_bank)


def test_a_commit_waits_for_another_only_so_long(bank, face, monkeypatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr(atm.enrolment.hash_and_capture, "LOCK_S", 0.2)
    counter = make_counter(bank, face)
    with (
        FileLock(bank.folder / "enrolment.lock", is_singleton=False),
        pytest.raises(AtmError, match="saving a customer"),
    ):
        counter.enrol()
    counter.enrol()
