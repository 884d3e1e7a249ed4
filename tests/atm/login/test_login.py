"""A login is granted only if both factors accept the same customer in time."""

import itertools
import json
import queue
import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from atm.answer_thread import ThreadResult
from atm.audit import AuditError
from atm.login.decision import Outcome, PinReason, PinResult, decide
from atm.login.login import LocalLogins
from atm.people import Application, StaffMember
from credentials.attempts import Standing
from credentials.errors import StoreError
from credentials.hashing import PinHasher
from face_auth.errors import CameraError, GalleryError, NoFaceError, TooFewPicturesError
from face_auth.types import FaceResult, Hindrance, Verdict
from tests.atm.conftest import CHEAP
from tests.patience import LIMIT_S

RIGHT = PinResult("ada", True, PinReason.RIGHT, reserved=True)
WRONG = PinResult("ada", False, PinReason.WRONG, reserved=True)
UNKNOWN = PinResult(None, False, PinReason.UNKNOWN)
MATCH = FaceResult("ada", True, 1.0, 0.5, 3)
NO_MATCH = FaceResult("ada", False, 0.1, 0.5, 3)
OTHERS_MATCH = FaceResult("bob", True, 1.0, 0.5, 3)
NOBODYS_MATCH = FaceResult("", True, 1.0, 0.5, 3)

PINS = [RIGHT, WRONG, UNKNOWN, None, StoreError("x"), KeyError("x"), SystemExit()]
FACES = [MATCH, NO_MATCH, OTHERS_MATCH, NOBODYS_MATCH, None, NoFaceError("x"), CameraError("x"),
         GalleryError("x"), MemoryError()]  # fmt: skip


@pytest.mark.parametrize(("pin", "face"), list(itertools.product(PINS, FACES)))
def test_only_a_right_pin_with_the_same_customers_face_is_granted(pin, face) -> None:
    decision = decide(pin, face, elapsed_s=1, limit_s=10)
    assert (decision.outcome is Outcome.GRANTED) == (pin is RIGHT and face is MATCH)
    assert (decision.session, decision.pause_s) == (None, 0.0)


def test_both_right_but_late_is_not_granted() -> None:
    assert decide(RIGHT, MATCH, elapsed_s=10.01, limit_s=10).outcome is Outcome.NO_FACE
    assert decide(RIGHT, MATCH, elapsed_s=10, limit_s=10).outcome is Outcome.GRANTED


@pytest.mark.parametrize("pin", [RIGHT, WRONG, UNKNOWN])
def test_an_unseen_face_is_no_decision_whatever_the_pin(pin) -> None:
    assert decide(pin, NoFaceError("x"), elapsed_s=10, limit_s=10).outcome is Outcome.NO_FACE


@pytest.mark.parametrize("face", [None, CameraError("x"), GalleryError("x"), ValueError("x")])
def test_a_failing_face_thread_is_a_fault(face) -> None:
    assert decide(RIGHT, face, elapsed_s=1, limit_s=10).outcome is Outcome.FAULT


@pytest.mark.parametrize(
    ("pin", "face", "reasons"),
    [
        (RIGHT, MATCH, ("pin: right_pin", "face: match")),
        (WRONG, NO_MATCH, ("pin: wrong_pin", "face: no_match")),
        (UNKNOWN, None, ("pin: unknown_name", "face: no_answer")),
        (StoreError("x"), NoFaceError("y"), ("pin: StoreError: x", "face: NoFaceError: y")),
        (
            StoreError("x"),
            NoFaceError("y", Hindrance(Verdict.TOO_DARK, 3, 4)),
            ("pin: StoreError: x", "face: NoFaceError: y", "mostly: too_dark"),
        ),
    ],
)
def test_the_reasons_say_what_each_thread_came_to(pin, face, reasons) -> None:
    assert decide(pin, face, elapsed_s=1, limit_s=10).reasons == reasons


@pytest.fixture
def ada(bank, face) -> str:
    application = Application("Ada", "Ada Lovelace", 50_000, "4071", datetime.now(UTC))
    customer = bank.enrolment().enrol(
        application, StaffMember("ruiz"), lambda customer, stop: face(customer)
    )
    return customer.customer_id


def seen(accepted: bool):
    def check_face(record, pressed, deadline) -> FaceResult:
        who = record.customer_id if record else ""
        return FaceResult(who, accepted and record is not None, 1.0, 0.5, 3)

    return check_face


def log(bank) -> list[dict]:
    bank.audit.flush()
    return [json.loads(line) for line in (bank.folder / "audit.jsonl").read_text().splitlines()]


def test_own_pin_and_face_open_the_account(bank, ada) -> None:
    decision = bank.logins().login(" ADA ", "4071", seen(True))
    assert decision.outcome is Outcome.GRANTED
    assert decision.session is not None
    assert decision.session.balance() == 50_000


def test_wrong_pin_denies_even_when_face_matches(bank, ada) -> None:
    decision = bank.logins().login("ada", "4072", seen(True))
    assert (decision.outcome, decision.session) == (Outcome.REFUSED, None)


def test_wrong_face_denies_even_when_pin_is_right(bank, ada) -> None:
    decision = bank.logins().login("ada", "4071", seen(False))
    assert (decision.outcome, decision.session) == (Outcome.REFUSED, None)


def test_unknown_name_is_refused_like_a_wrong_pin(bank, ada) -> None:
    unknown = bank.logins().login("nobody", "4071", seen(True))
    assert (unknown.outcome, unknown.session) == (Outcome.REFUSED, None)
    assert bank.logins().login("\u202eada", "4071", seen(True)).outcome is Outcome.REFUSED


def test_three_wrong_pins_with_the_own_face_lock_until_staff_unlock(bank, ada) -> None:
    for _ in range(3):
        assert bank.logins().login("ada", "0000", seen(True)).outcome is Outcome.REFUSED
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.REFUSED
    assert log(bank)[-1]["reasons"][0] == "pin: locked"
    bank.attempts.clear(ada)
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED


def test_an_admission_clears_the_counter(bank, ada) -> None:
    for pin in ("0000", "0000", "4071") * 2:
        outcome = bank.logins().login("ada", pin, seen(True)).outcome
    assert outcome is Outcome.GRANTED


def test_a_strangers_face_makes_the_account_wait_and_does_not_lock_it(bank, ada) -> None:
    wait_s = 60.0
    for pin in ("0000", "4071") * 4:
        assert bank.logins().login("ada", pin, seen(False)).outcome is Outcome.REFUSED
        assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.REFUSED
        assert log(bank)[-1]["reasons"][0] == "pin: waiting"
        bank.clock.seconds += wait_s
        wait_s *= 2
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED


def test_attempts_without_an_end_stay_reserved(bank, ada) -> None:
    def no_face(record, pressed, deadline):
        raise NoFaceError("none in time")

    for _ in range(3):
        assert bank.logins().login("ada", "4071", no_face).outcome is Outcome.NO_FACE
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.REFUSED
    bank.attempts.clear(ada)
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED


@pytest.mark.parametrize("pin", ["4071", "0000"])
def test_where_pictures_were_missing_nothing_is_counted_and_nobody_is_suspected(
    bank, ada, pin
) -> None:
    def starved(record, pressed, deadline):
        raise TooFewPicturesError("the face was lost")

    for _ in range(40):
        assert bank.logins().login("ada", pin, starved).outcome is Outcome.NO_FACE
    assert log(bank)[-1]["reasons"][1] == "face: TooFewPicturesError: the face was lost"
    assert bank.audit.tail(100, "presentation attack suspected") == []
    assert bank.audit.tail(100, "pause") == []
    for _ in range(2):
        bank.logins().login("ada", "0000", seen(True))
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED


def test_the_attempt_is_counted_on_disk_before_it_is_judged(
    bank, ada, open_bank, monkeypatch
) -> None:
    counted = []
    verify = bank.hasher.verify

    def judge(*args):
        counted.extend(open_bank().attempts.reserve(ada) for _ in range(3))
        return verify(*args)

    monkeypatch.setattr(bank.hasher, "verify", judge)
    bank.logins().login("ada", "0000", seen(True))
    assert counted == [Standing.FREE, Standing.FREE, Standing.WAITING]


def test_eight_guesses_at_once_judge_exactly_three(bank, ada) -> None:
    barrier = threading.Barrier(8)
    judged = []
    verify = bank.hasher.verify

    def count(pin_hash, customer_id, pin):
        judged.append(customer_id)
        return verify(pin_hash, customer_id, pin)

    bank.hasher.verify = count

    def guess() -> None:
        barrier.wait()
        bank.logins().login("ada", "0000", seen(True))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(judged) == [""] * 5 + [ada] * 3
    assert bank.attempts.standing(ada) is Standing.LOCKED


def test_ten_refusals_pause_the_kiosk_whatever_the_names(bank, ada) -> None:
    for number in range(10):
        outcome = bank.logins().login(f"name {number}", "0000", seen(False)).outcome
        assert outcome is Outcome.REFUSED
    decision = bank.logins().login("ada", "4071", seen(True))
    assert (decision.outcome, decision.pause_s) == (Outcome.PAUSED, 30.0)
    assert [entry["seconds"] for entry in log(bank) if entry["kind"] == "pause"] == [30.0]
    bank.clock.seconds += 30.0
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED


def test_of_thirty_logins_at_once_no_more_than_ten_are_judged(bank, ada) -> None:
    barrier, judged = threading.Barrier(30), []
    verify = bank.hasher.verify

    def count(pin_hash, customer_id, pin):
        judged.append(pin)
        return verify(pin_hash, customer_id, pin)

    bank.hasher.verify = count
    logins, outcomes = bank.logins(), []

    def guess(number: int) -> None:
        barrier.wait()
        outcomes.append(logins.login(f"name {number}", "0000", seen(False)).outcome)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [Outcome.PAUSED] * 20 + [Outcome.REFUSED] * 10
    assert len(judged) == 10


def test_cancelled_logins_pause_the_kiosk_as_refusals_do(bank, ada) -> None:
    def cancelled(record, pressed, deadline):
        raise NoFaceError("the attempt was cancelled")

    for number in range(10):
        outcome = bank.logins().login(f"name {number}", "0000", cancelled).outcome
        assert outcome is Outcome.NO_FACE
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.PAUSED
    assert [entry["seconds"] for entry in log(bank) if entry["kind"] == "pause"] == [30.0]


def test_admissions_and_faults_pause_nobody(bank, ada) -> None:
    def broken(record, pressed, deadline):
        raise CameraError("the camera stopped")

    for _ in range(15):
        assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED
        assert bank.logins().login("nobody", "4071", broken).outcome is Outcome.FAULT
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED


class Stopwatch:
    """A clock that moves only when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("work_s", "left_s"), [(0.1, 2.0), (1.9, 2.0), (2.5, 4.0), (0.0, 2.0)])
@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_every_refusal_leaves_at_a_fixed_time(bank, ada, name, work_s, left_s) -> None:
    watch = Stopwatch()

    def check_face(record, pressed, deadline):
        watch.sleep(work_s)
        return seen(False)(record, pressed, deadline)

    logins = bank.logins(refuse_after_s=2.0, clock=watch, sleep=watch.sleep)
    assert logins.login(name, "0000", check_face).outcome is Outcome.REFUSED
    assert watch.now == pytest.approx(100 + left_s)


def test_a_refusal_leaves_two_seconds_after_the_press_and_what_follows_half_a_second_later(
    bank, ada, monkeypatch
) -> None:
    watch, idle_s = Stopwatch(), queue.Queue()
    monkeypatch.setattr("atm.login.login.time", SimpleNamespace(sleep=idle_s.put))

    def check_face(record, pressed, deadline):
        watch.sleep(0.3)
        return seen(False)(record, pressed, deadline)

    parts = bank.login_parts() | {"suspect": lambda customer_id, face: idle_s.put("suspected")}
    logins = LocalLogins(**parts, clock=watch, sleep=watch.sleep)
    assert logins.login("ada", "4071", check_face).outcome is Outcome.REFUSED
    assert watch.now == pytest.approx(100 + 2.0)
    assert idle_s.get(timeout=LIMIT_S) == pytest.approx(1.7 + 0.5)
    assert idle_s.get(timeout=LIMIT_S) == "suspected"


def test_an_admission_is_not_held_back(bank, ada) -> None:
    watch = Stopwatch()
    logins = bank.logins(refuse_after_s=2.0, clock=watch, sleep=watch.sleep)
    assert logins.login("ada", "4071", seen(True)).outcome is Outcome.GRANTED
    assert watch.now == 100.0


def test_a_right_pin_with_another_face_is_looked_into_behind_the_answer(bank, ada) -> None:
    suspected: queue.Queue[str] = queue.Queue()
    logins = bank.logins(suspect=lambda customer_id, face: suspected.put(customer_id))
    logins.login("ada", "0000", seen(False))
    bank.attempts.clear(ada)
    logins.login("ada", "4071", seen(True))
    logins.login("ada", "4071", seen(False))
    assert suspected.get(timeout=LIMIT_S) == ada
    assert suspected.empty()


def test_a_wrong_pin_leaves_nothing_to_do_behind_the_answer(bank, ada) -> None:
    logins = bank.logins()
    for pin, face, is_left in (
        ("0000", False, False),
        ("0000", True, False),
        ("4071", False, True),
    ):
        _decision, follow_up = logins._decided(time.monotonic(), 10.0, "ada", pin, seen(face))
        bank.attempts.clear(ada)
        assert (follow_up is not None) == is_left


def test_a_pin_hashed_with_a_former_key_is_hashed_again_after_its_admission(bank, ada) -> None:
    old = bank.store.by_id(ada).pin_hash
    hasher = PinHasher(b"n" * 32, CHEAP, older=[b"p" * 32])
    assert bank.logins(hasher=hasher).login("ada", "4071", seen(True)).outcome is Outcome.GRANTED
    for thread in threading.enumerate():
        if thread.name == "login-follow-up":
            thread.join()
    assert bank.store.by_id(ada).pin_hash != old
    renewed = PinHasher(b"n" * 32, CHEAP)
    assert bank.logins(hasher=renewed).login("ada", "4071", seen(True)).outcome is Outcome.GRANTED


def test_a_hanging_face_thread_is_denied_soon_after_the_limit(bank, ada) -> None:
    never, over = threading.Event(), []

    def hang(record, pressed, deadline):
        never.wait(LIMIT_S)
        over.append(True)
        return seen(True)(record, pressed, deadline)

    decision = bank.logins(limit_s=0.2).login("ada", "4071", hang)
    assert decision.outcome is Outcome.FAULT
    assert over == []  # nobody waited for it
    never.set()


def test_threads_are_waited_for_a_second_after_the_limit_and_the_whole_for_one_more(
    bank, ada, monkeypatch
) -> None:
    waited: dict[str, float] = {}
    join = ThreadResult.join

    def noted(thread, timeout=None) -> None:
        waited[thread.name] = timeout
        join(thread, timeout)

    monkeypatch.setattr(ThreadResult, "join", noted)
    logins = bank.logins(limit_s=60.0, clock=Stopwatch())
    assert logins.login("ada", "4071", seen(True)).outcome is Outcome.GRANTED
    assert waited == {"login": 62.0, "login-pin": 61.0, "login-face": 61.0}
    watch, verify = Stopwatch(), bank.hasher.verify

    def slowly(*args):
        watch.sleep(100.0)
        return verify(*args)

    monkeypatch.setattr(bank.hasher, "verify", slowly)
    logins = bank.logins(limit_s=60.0, clock=watch, sleep=watch.sleep)
    assert logins.login("ada", "4071", seen(True)).outcome is not Outcome.GRANTED
    assert waited["login-face"] == 0.0


@pytest.mark.parametrize(("more_s", "outcome"), [(15.0, Outcome.GRANTED), (14.0, Outcome.NO_FACE)])
def test_a_login_may_be_given_more_time_than_the_others(bank, ada, more_s, outcome) -> None:
    watch = Stopwatch()

    def slow_face(customer, pressed, deadline):
        assert deadline == pressed + 60.0 + more_s
        watch.sleep(74.5)
        return seen(True)(customer, pressed, deadline)

    logins = bank.logins(limit_s=60.0, clock=watch, sleep=watch.sleep)
    assert logins.login("ada", "4071", slow_face, more_s=more_s).outcome is outcome


@pytest.mark.parametrize(("late_s", "outcome"), [(62.0, Outcome.GRANTED), (62.1, Outcome.FAULT)])
def test_counting_may_last_until_two_seconds_after_the_limit(
    bank, ada, monkeypatch, late_s, outcome
) -> None:
    watch, settle = Stopwatch(), bank.attempts.settle

    def slowly(*args):
        watch.sleep(late_s)
        settle(*args)

    monkeypatch.setattr(bank.attempts, "settle", slowly)
    logins = bank.logins(limit_s=60.0, clock=watch, sleep=watch.sleep)
    assert logins.login("ada", "4071", seen(True)).outcome is outcome


def test_nobody_is_admitted_when_the_log_cannot_be_written(bank, ada, monkeypatch) -> None:
    log_file = bank.folder / "audit.jsonl"
    log_file.unlink()
    log_file.mkdir()
    decision = bank.logins().login("ada", "4071", seen(True))
    assert (decision.outcome, decision.session) == (Outcome.FAULT, None)


def test_the_log_holds_reasons_and_never_a_pin(bank, ada) -> None:
    typed = "407183526914"  # so long that no MAC holds it by chance
    bank.logins().login("ada", typed, seen(True))
    text = (bank.folder / "audit.jsonl").read_text()
    assert "wrong_pin" in text
    assert typed not in text


def test_a_log_that_is_put_back_to_before_an_admission_is_refused(bank, ada, open_bank) -> None:
    bank.logins().login("ada", "0000", seen(True))
    bank.audit.flush()
    log_and_key = [bank.audit.path, bank.audit.key_path]
    before = {each: each.read_bytes() for each in log_and_key}
    assert bank.logins().login("ada", "4071", seen(True)).outcome is Outcome.GRANTED
    open_bank().audit.check()
    for each, data in before.items():
        each.write_bytes(data)
    with pytest.raises(AuditError, match="cut or replaced"):
        open_bank().audit.check()


def test_both_checks_run_at_the_same_time(bank, ada, monkeypatch) -> None:
    meeting = threading.Barrier(2, timeout=LIMIT_S)
    verify = bank.hasher.verify

    def verify_pin(*args):
        meeting.wait()
        return verify(*args)

    def check_face(record, pressed, deadline):
        meeting.wait()
        return seen(True)(record, pressed, deadline)

    monkeypatch.setattr(bank.hasher, "verify", verify_pin)
    assert bank.logins().login("ada", "4071", check_face).outcome is Outcome.GRANTED
