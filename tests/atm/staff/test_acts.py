"""Acts of staff on customers: required signatures, effects, and names in the log."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from atm.accounts.accounts import LedgerError
from atm.enrolment.enrolment import EnrolmentError
from atm.people import Application, Signatures, StaffMember
from atm.staff.acts import BalanceError
from credentials.attempts import Ending, Standing
from credentials.errors import PolicyError, StaleRecordError, UnknownUserError
from face_auth.errors import NoFaceError

RUIZ, OKAFOR = StaffMember("ruiz"), StaffMember("okafor")
TWO = Signatures(RUIZ, OKAFOR)


@pytest.fixture
def enrol(bank, face):
    def make(username: str, balance: int = 0) -> str:
        application = Application(username, f"{username} Doe", balance, "4071", datetime.now(UTC))
        enrolments = bank.enrolment()
        return enrolments.enrol(
            application, RUIZ, lambda customer, stop: face(customer)
        ).customer_id

    return make


def last(bank, kind: str) -> dict:
    return bank.audit.tail(1, kind)[0]


def test_customers_are_listed_with_what_would_happen_to_them_now(bank, enrol) -> None:
    for name in ("dan", "Ada", "bob", "cleo"):
        enrol(name)
    bank.attempts.lock(bank.store.get("bob").customer_id)
    bank.attempts.reserve(bank.store.get("cleo").customer_id)
    bank.attempts.settle(bank.store.get("cleo").customer_id, Ending.FOREIGN_FACE)
    bank.store.replace(replace(bank.store.get("dan"), template_id=None))
    states = {customer.username: state for customer, state in bank.office().customers(staff=RUIZ)}
    assert states == {"Ada": "active", "bob": "locked", "cleo": "waiting", "dan": "pending"}


def test_search_finds_parts_of_names_whatever_the_case(bank, enrol) -> None:
    for name in ("ada", "adam", "bob"):
        enrol(name)
    assert [c.username for c, _ in bank.office().search("ADA", staff=RUIZ)] == ["ada", "adam"]
    assert [c.username for c, _ in bank.office().search("b doe", staff=RUIZ)] == ["bob"]
    assert len(bank.office().search("", staff=RUIZ)) == 3
    assert bank.office().search("zoe", staff=RUIZ) == []


def test_unlocking_is_logged_before_it_is_done(bank, enrol, monkeypatch) -> None:
    ada = enrol("ada")
    bank.attempts.lock(ada)
    bank.office().unlock("ADA", staff=RUIZ)
    assert bank.attempts.standing(ada) is Standing.FREE
    assert last(bank, "unlock")["staff"] == ["ruiz"]
    bank.attempts.lock(ada)
    monkeypatch.setattr(bank.audit, "append", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bank.office().unlock("ada", staff=RUIZ)
    assert bank.attempts.standing(ada) is Standing.LOCKED


def test_a_new_pin_replaces_the_old_one_and_unlocks(bank, enrol) -> None:
    ada = enrol("ada")
    bank.attempts.lock(ada)
    bank.office().new_pin("ada", "8315", signed=TWO)
    pin_hash = bank.store.by_id(ada).pin_hash
    assert bank.hasher.verify(pin_hash, ada, "8315")
    assert not bank.hasher.verify(pin_hash, ada, "4071")
    assert bank.attempts.standing(ada) is Standing.FREE
    entry = last(bank, "pin")
    assert entry["staff"] == ["ruiz", "okafor"]
    assert entry["record"] == bank.store.record_mac(ada)


def test_a_weak_new_pin_is_refused_and_the_old_one_holds(bank, enrol) -> None:
    ada = enrol("ada")
    with pytest.raises(PolicyError):
        bank.office().new_pin("ada", "1234", signed=TWO)
    assert bank.hasher.verify(bank.store.by_id(ada).pin_hash, ada, "4071")


def test_a_new_pin_that_fails_unlocks_nobody(bank, enrol, monkeypatch) -> None:
    ada = enrol("ada")
    bank.attempts.lock(ada)
    with pytest.raises(PolicyError):
        bank.office().new_pin("ada", "1234", signed=TWO)
    assert bank.attempts.standing(ada) is Standing.LOCKED
    hashed = bank.hasher.hash

    def slow(customer_id, pin):
        bank.store.replace(replace(bank.store.by_id(ada), full_name="Ada King"))
        return hashed(customer_id, pin)

    monkeypatch.setattr(bank.hasher, "hash", slow)
    with pytest.raises(StaleRecordError):
        bank.office().new_pin("ada", "8315", signed=TWO)
    assert bank.attempts.standing(ada) is Standing.LOCKED
    monkeypatch.undo()
    monkeypatch.setattr(bank.audit, "append", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bank.office().new_pin("ada", "8315", signed=TWO)
    assert bank.attempts.standing(ada) is Standing.LOCKED


def test_a_record_that_changed_meanwhile_is_not_written_over(bank, enrol, monkeypatch) -> None:
    ada = enrol("ada")
    hashed = bank.hasher.hash

    def slow(customer_id, pin):
        bank.store.replace(replace(bank.store.by_id(ada), full_name="Ada King"))
        return hashed(customer_id, pin)

    monkeypatch.setattr(bank.hasher, "hash", slow)
    with pytest.raises(StaleRecordError):
        bank.office().new_pin("ada", "8315", signed=TWO)
    assert bank.store.by_id(ada).full_name == "Ada King"


def test_a_new_face_keeps_pin_and_account_and_forgets_the_old_face(bank, enrol, face) -> None:
    ada = enrol("ada", 700)
    old = bank.store.by_id(ada)
    bank.office().new_face("ada", lambda customer, stop: face(customer), signed=TWO)
    new = bank.store.by_id(ada)
    assert new.template_id != old.template_id
    assert replace(new, template_id=old.template_id) == old
    assert bank.gallery.ids() == {new.template_id}
    assert bank.ledger.balance(ada) == 700
    assert last(bank, "face")["staff"] == ["ruiz", "okafor"]


def test_a_new_face_that_cannot_be_taken_leaves_the_old_one(bank, enrol) -> None:
    ada = enrol("ada")
    old = bank.store.by_id(ada)

    def fail(customer, stop):
        raise NoFaceError("x")

    with pytest.raises(EnrolmentError):
        bank.office().new_face("ada", fail, signed=TWO)
    assert bank.store.by_id(ada) == old
    assert bank.gallery.ids() == {old.template_id}


def test_a_customer_with_money_is_deleted_by_two_only(bank, enrol) -> None:
    enrol("ada", 1250)
    with pytest.raises(BalanceError) as caught:
        bank.office().delete("ada", staff=RUIZ)
    assert caught.value.balance_minor == 1250
    assert bank.store.get("ada") is not None
    assert bank.office().delete("ada", staff=RUIZ, override=TWO) == 1250
    assert bank.store.get("ada") is None
    assert last(bank, "delete")["staff"] == ["ruiz", "okafor"]
    assert last(bank, "delete")["amount_minor"] == 1250


def test_what_staff_settle_stands_in_the_log_as_the_ledger_has_it(bank, enrol) -> None:
    ada = enrol("ada", 5000)
    hold = bank.ledger.hold(ada, 2000, smallest_note_minor=1000, day_limit_minor=100_000)
    bank.office().settle(replace(hold, amount_minor=1), True, staff=RUIZ)
    assert last(bank, "settle")["amount_minor"] == 2000


def test_a_customer_with_money_on_hold_is_not_deleted(bank, enrol) -> None:
    ada = enrol("ada", 5000)
    bank.ledger.hold(ada, 1000, smallest_note_minor=1000, day_limit_minor=100_000)
    with pytest.raises(LedgerError):
        bank.office().delete("ada", staff=RUIZ, override=TWO)
    assert bank.store.get("ada") is not None


def test_a_deleted_customer_leaves_a_random_id_and_nothing_else(bank, enrol) -> None:
    enrol("zerubbabel")
    record = bank.store.get("zerubbabel")
    enrol("ada")
    bank.office().unlock("zerubbabel", staff=RUIZ)
    bank.office().delete("zerubbabel", staff=RUIZ)
    secrets = ("zerubbabel", record.pin_hash, record.template_id)
    for path in bank.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            for each in secrets:
                assert each.lower().encode() not in data, path
            assert str(record.template_id) not in path.name
    with pytest.raises(UnknownUserError):
        bank.office().known("zerubbabel", staff=RUIZ)


def test_refusals_name_who_is_still_there_and_the_look_is_logged(bank, enrol) -> None:
    ada = enrol("ada")
    bank.audit.append("decision", outcome="refused", customer=ada, reasons=["pin: wrong_pin"])
    bank.audit.append("decision", outcome="granted", customer=ada, reasons=[])
    bank.audit.append("decision", outcome="no_face", customer="f" * 32, reasons=["late"])
    found = bank.office().refusals(5, staff=RUIZ)
    assert [(r.username, r.outcome, r.reasons) for r in found] == [
        (None, "no_face", ("late",)),
        ("ada", "refused", ("pin: wrong_pin",)),
    ]
    assert last(bank, "audit read")["staff"] == ["ruiz"]


def test_changes_of_staff_are_logged_with_both_names(bank) -> None:
    bank.staff.add_first("ruiz", "482913")
    office = bank.office()
    office.add_staff("okafor", "739164", signed=RUIZ)
    office.add_staff("chen", "615082", signed=TWO)
    assert (last(bank, "staff")["name"], last(bank, "staff")["staff"]) == ("chen", TWO.names)
    office.remove_staff("chen", signed=TWO)
    assert [name for name, _ in bank.staff.names()] == ["okafor", "ruiz"]
