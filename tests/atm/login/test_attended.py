"""A customer without the face is served by PIN beside staff, each time anew; never by PIN alone."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from atm.audit import AuditError
from atm.errors import AtmError
from atm.login.attended import ATTENDANCE_S, Attendance, AttendedLogins
from atm.login.decision import Decision, Outcome
from atm.login.pause import REFUSALS
from atm.people import Application, SecondSignatureError, Signatures, StaffMember, StaffSignInError
from credentials.attempt_rules import Place
from credentials.attempts import Standing
from credentials.credential_record import ATTENDED
from credentials.errors import DamagedStoreError, PolicyError, UnknownUserError
from face_auth.types import FaceResult
from tests.atm.conftest import Bank

RUIZ, OKAFOR = ("ruiz", "482913"), ("okafor", "739164")
TWO = Signatures(StaffMember("ruiz"), StaffMember("okafor"))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ada(bank: Bank, face: Callable[[str], Any]) -> str:
    """Ada, who has a face and a PIN, and two members of staff."""
    bank.staff.add_first(*RUIZ)
    bank.staff.add(*OKAFOR, signed=StaffMember("ruiz"))
    return enrolled(bank, face, "ada")


@pytest.fixture
def logins(bank: Bank, clock: Clock, ada: str) -> AttendedLogins:
    return AttendedLogins(
        store=bank.store, hasher=bank.hasher, attempts=bank.attempts, pause=bank.pause,
        audit=bank.audit, staff=bank.staff, open_session=bank.session, clock=clock,
        sleep=lambda seconds: None,
    )  # fmt: skip


@pytest.fixture
def marked(bank: Bank, ada: str) -> str:
    bank.office().serve_without_face("ada", True, signed=TWO)
    return ada


def enrolled(bank: Bank, face: Callable[[str], Any], name: str, pin: str = "4071") -> str:
    application = Application(name, f"{name} Doe", 50_000, pin, datetime.now(UTC))
    signed = StaffMember("ruiz")
    return bank.enrolment().enrol(application, signed, lambda who, stop: face(who)).customer_id


def outcome(decision: Decision) -> Outcome:
    assert (decision.session is not None) == (decision.outcome is Outcome.GRANTED)
    return decision.outcome


def last(bank: Bank, kind: str) -> dict[str, Any]:
    return bank.audit.tail(1, kind)[0]


def log_lines(bank: Bank) -> list[dict[str, Any]]:
    bank.audit.flush()
    return [json.loads(line) for line in (bank.folder / "audit.jsonl").read_text().splitlines()]


def test_pin_beside_staff_opens_the_account_and_the_log_tells_it_apart(
    bank: Bank, logins: AttendedLogins, marked: str
) -> None:
    decision = logins.login(" ADA ", "4071", logins.attend("ada", *RUIZ))
    assert outcome(decision) is Outcome.GRANTED
    assert decision.session is not None and decision.session.balance() == 50_000
    entry = last(bank, "decision")
    assert (entry["way"], entry["outcome"], entry["customer"]) == (ATTENDED, "granted", marked)
    assert entry["reasons"] == ["pin: right_pin", "staff: present"] and entry["score"] is None
    assert entry["staff"] == ["ruiz"]
    (raw,) = [each for each in log_lines(bank) if each["kind"] == "decision"]
    assert "sealed" in raw and not {"staff", "pin"} & raw.keys(), "names are encrypted"


def test_a_pin_alone_is_denied_and_not_even_judged(
    bank: Bank, logins: AttendedLogins, marked: str
) -> None:
    for made_up in (None, Attendance("ruiz", "ada", 1e9)):
        for pin in ("4071", "4072", "4072", "4072", "4072"):
            assert outcome(logins.login("ada", pin, made_up)) is Outcome.REFUSED
    assert bank.attempts.standing(marked) is Standing.FREE, "no PIN was counted, so none was judged"
    assert last(bank, "decision")["reasons"] == ["staff: nobody is present"]


def test_one_attendance_serves_one_login_whatever_comes_of_it(logins, marked) -> None:
    attendance = logins.attend("ada", *RUIZ)
    assert outcome(logins.login("ada", "4072", attendance)) is Outcome.REFUSED
    assert outcome(logins.login("ada", "4071", attendance)) is Outcome.REFUSED
    attendance = logins.attend("ada", *RUIZ)
    assert outcome(logins.login("ada", "4071", attendance)) is Outcome.GRANTED
    assert outcome(logins.login("ada", "4071", attendance)) is Outcome.REFUSED


def test_an_attendance_for_one_customer_serves_no_other(bank, logins, marked, face) -> None:
    enrolled(bank, face, "bob", "8315")
    bank.office().serve_without_face("bob", True, signed=TWO)
    for_ada = logins.attend("ada", *RUIZ)
    assert outcome(logins.login("bob", "8315", for_ada)) is Outcome.REFUSED
    assert outcome(logins.login("ada", "4071", for_ada)) is Outcome.REFUSED, "it is used up"
    for_ada = logins.attend("ada", *RUIZ)
    turned = replace(for_ada, customer="bob")
    assert outcome(logins.login("bob", "8315", turned)) is Outcome.REFUSED
    assert bank.attempts.standing(bank.store.get("bob").customer_id) is Standing.FREE


def test_an_attendance_ends_and_a_later_one_replaces_it(logins, marked, clock) -> None:
    attendance = logins.attend("ada", *RUIZ)
    clock.now += ATTENDANCE_S + 0.1
    assert outcome(logins.login("ada", "4071", attendance)) is Outcome.REFUSED
    prolonged = replace(logins.attend("ada", *RUIZ), until=1e9)
    assert outcome(logins.login("ada", "4071", prolonged)) is Outcome.REFUSED
    first = logins.attend("ada", *RUIZ)
    logins.attend("ada", *OKAFOR)
    assert outcome(logins.login("ada", "4071", first)) is Outcome.REFUSED
    attendance = logins.attend("ada", *RUIZ)
    clock.now += ATTENDANCE_S
    assert outcome(logins.login("ada", "4071", attendance)) is Outcome.GRANTED


def test_staff_sign_in_with_their_own_pin_and_not_for_themselves(logins, marked, bank) -> None:
    with pytest.raises(StaffSignInError):
        logins.attend("ada", "ruiz", "000000")
    with pytest.raises(StaffSignInError):
        logins.attend("ada", "ada", "4071")
    with pytest.raises(SecondSignatureError, match="Another member of staff"):
        logins.attend("Ruiz", *RUIZ)
    with pytest.raises(PolicyError):
        logins.attend("\n", *RUIZ)
    assert outcome(logins.login("ada", "4071", None)) is Outcome.REFUSED


def test_who_is_not_marked_needs_the_face(bank, logins, ada) -> None:
    for name in ("ada", "nobody", "\n"):
        attendance = logins.attend(name if name != "\n" else "x", *RUIZ)
        assert outcome(logins.login(name, "4071", attendance)) is Outcome.REFUSED
    assert bank.attempts.standing(ada) is Standing.FREE


def test_the_mark_needs_two_and_can_be_taken_back(bank, logins, ada) -> None:
    with pytest.raises(SecondSignatureError):
        Signatures(StaffMember("ruiz"), StaffMember("RUIZ"))
    bank.office().serve_without_face("ada", True, signed=TWO)
    entry = last(bank, "without face")
    assert (entry["wanted"], entry["step"], entry["customer"]) == (True, "done", ada)
    assert bank.store.get("ada").without_face == ATTENDED
    bank.office().serve_without_face("ada", False, signed=TWO)
    assert bank.store.get("ada").without_face is None
    assert outcome(logins.login("ada", "4071", logins.attend("ada", *RUIZ))) is Outcome.REFUSED
    with pytest.raises(UnknownUserError):
        bank.office().serve_without_face("nobody", True, signed=TWO)


def test_the_mark_is_sealed(bank, ada, open_bank) -> None:
    path = bank.folder / "credentials.json"
    before = path.read_text("utf-8")
    assert "without_face" not in before, "who needs the face has no such field"
    document = json.loads(before)
    document["records"][0]["without_face"] = ATTENDED
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(DamagedStoreError):
        open_bank().store.get("ada")


def test_a_file_with_the_mark_does_not_come_back_once_it_was_taken(bank, marked, open_bank) -> None:
    path = bank.folder / "credentials.json"
    with_mark = path.read_bytes()
    bank.office().serve_without_face("ada", False, signed=TWO)
    path.write_bytes(with_mark)
    with pytest.raises(DamagedStoreError):
        bank.store.get("ada")


def test_three_wrong_pins_beside_staff_lock_until_staff_unlock(bank, logins, marked) -> None:
    for _ in range(3):
        decision = logins.login("ada", "4072", logins.attend("ada", *RUIZ))
        assert outcome(decision) is Outcome.REFUSED
    assert bank.attempts.standing(marked) is Standing.LOCKED
    assert outcome(logins.login("ada", "4071", logins.attend("ada", *RUIZ))) is Outcome.REFUSED
    bank.office().unlock("ada", staff=StaffMember("ruiz"))
    assert outcome(logins.login("ada", "4071", logins.attend("ada", *RUIZ))) is Outcome.GRANTED


def test_ten_refusals_pause_these_logins_too(bank, logins, marked) -> None:
    for _ in range(REFUSALS):
        attendance = logins.attend("nobody", *RUIZ, place=Place.COMMAND_LINE)
        logins.login("nobody", "4071", attendance)
    attendance = logins.attend("ada", *RUIZ, place=Place.COMMAND_LINE)
    decision = logins.login("ada", "4071", attendance)
    assert decision.outcome is Outcome.PAUSED and decision.pause_s > 0


def test_nobody_is_admitted_when_the_log_cannot_be_written(
    bank, logins, marked, monkeypatch
) -> None:
    attendance = logins.attend("ada", *RUIZ)

    def full(*_: object, **__: object) -> None:
        raise AuditError("the disk is full")

    monkeypatch.setattr(bank.audit, "append", full)
    assert outcome(logins.login("ada", "4071", attendance)) is Outcome.FAULT


def test_every_refusal_leaves_at_a_fixed_time(bank, clock, marked) -> None:
    waits: list[float] = []
    logins = AttendedLogins(
        store=bank.store, hasher=bank.hasher, attempts=bank.attempts, pause=bank.pause,
        audit=bank.audit, staff=bank.staff, open_session=bank.session, clock=clock,
        sleep=waits.append,
    )  # fmt: skip
    logins.login("ada", "4071", None)
    logins.login("ada", "4072", logins.attend("ada", *RUIZ))
    logins.login("nobody", "4072", logins.attend("nobody", *RUIZ))
    logins.login("ada", "4071", logins.attend("ada", *RUIZ))
    assert waits == [2.0, 2.0, 2.0, 0.0], "an admission is not held back"


def test_a_customer_without_a_face_is_enrolled_by_two_and_survives_the_next_start(
    bank, logins, open_bank
) -> None:
    application = Application("eve", "Eve Doe", 7_000, "8315", datetime.now(UTC))
    customer = bank.enrolment().enrol_attended(application, TWO)
    record = bank.store.get("eve")
    assert (record.template_id, record.without_face) == (None, ATTENDED)
    assert last(bank, "enrolment")["way"] == ATTENDED
    again = open_bank()
    assert again.remove_unfinished_enrolments() == 0
    assert again.ledger.balance(customer.customer_id) == 7_000
    states = dict(again.office().customers(staff=StaffMember("ruiz")))
    assert states[customer] == "active"
    decision = logins.login("eve", "8315", logins.attend("eve", *RUIZ))
    assert outcome(decision) is Outcome.GRANTED


def test_without_a_face_no_face_opens_the_account(bank, ada) -> None:
    application = Application("eve", "Eve Doe", 0, "8315", datetime.now(UTC))
    customer = bank.enrolment().enrol_attended(application, TWO)

    def sure(record: object, pressed: float, deadline: float) -> FaceResult:
        return FaceResult(customer.customer_id, True, 1.0, 0.5, 3)

    assert bank.logins().login("eve", "8315", sure).outcome is Outcome.REFUSED


def test_an_enrolment_without_a_face_saves_everything_or_nothing(bank, ada, monkeypatch) -> None:
    application = Application("eve", "Eve Doe", 7_000, "8315", datetime.now(UTC))
    with pytest.raises(PolicyError):
        bank.enrolment().enrol_attended(replace(application, pin="1111"), TWO)
    accounts = bank.ledger.customer_ids()

    def broken(record: object) -> None:
        raise AtmError("the disk is full")

    monkeypatch.setattr(bank.store, "add", broken)
    with pytest.raises(AtmError):
        bank.enrolment().enrol_attended(application, TWO)
    assert bank.store.get("eve") is None and bank.ledger.customer_ids() == accounts
