"""A data folder that an earlier program filled is upgraded, adds up and admits its customers."""

import argparse
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from atm.audit import AuditLog
from atm.audit.__main__ import main as audit
from atm.camera.registered_camera import RegisteredCamera
from atm.commands.closed import approve, keys
from atm.commands.upgrade import upgrade_folder
from atm.folder import Kind, open_existing
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import StaffMember
from atm.settings import Settings
from face_auth.camera.drawn_camera import DrawnCamera

ANA = StaffMember("ana")
TWO = "ana\n864209\nben\n751306\n"
FIXTURE = Path(__file__).parents[1] / "fixtures" / "data_folder"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of the folder and its keys, closed to others again: git keeps no such modes."""
    copy = tmp_path / "copy"
    shutil.copytree(FIXTURE, copy)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return copy


@pytest.fixture
def earlier(place: Path) -> Settings:
    """Settings of the copy, which nobody has upgraded yet."""
    return Settings(
        data_dir=place / "data", key_dir=place / "keys", camera="demo", login_limit_s=60.0
    )


@pytest.fixture
def settings(earlier: Settings) -> Settings:
    """Settings of the copy, which staff have upgraded, and approved the present models."""
    assert upgraded(earlier) == 0
    with mock.patch("sys.stdin", io.StringIO("ana\n864209\n")):
        assert approve(earlier, argparse.Namespace()) == 0
    return earlier


def upgraded(settings: Settings, typed: str = TWO) -> int:
    with mock.patch("sys.stdin", io.StringIO(typed)):
        return upgrade_folder(settings, argparse.Namespace())


@pytest.fixture
def machine(settings: Settings) -> Iterator[Machine]:
    """The machine over the copy; to open it checks seals, generations, log and accounts."""
    opened = open_machine(settings)
    yield opened
    opened.close()


def verified(settings: Settings, place: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("ATM_KEY_DIR", str(settings.key_dir))
    verifier = str(place / "auditor.verifier")
    return audit(["verify", "--data", str(settings.data_dir), "--verifier", verifier])


def test_it_holds_what_was_put_into_it(machine: Machine) -> None:
    assert machine.settings.network == "bundled"  # whatever else is there
    assert machine.kind is Kind.TEST and machine.has_customers and not machine.camera_problem
    found = {
        customer.username: (customer, state)
        for customer, state in machine.office.customers(staff=ANA)
    }
    assert {name: state for name, (_, state) in found.items()} == {
        "carla": "pending", "jose": "active", "maria": "active",
    }  # fmt: skip
    maria, jose = found["maria"][0].customer_id, found["jose"][0].customer_id
    assert found["jose"][0].full_name == "José Núñez"
    stores = machine.bank.stores
    assert stores.ledger.balance(maria) == 123_000
    booked, opened = stores.ledger.transactions(maria)
    assert (booked.kind, booked.amount_minor) == ("withdrawal", -12_000)
    assert (opened.kind, opened.amount_minor) == ("opening", 135_000)
    ((hold, owner),) = machine.office.holds(staff=ANA)
    assert (owner, hold.amount_minor, hold.reference) == ("jose", 5_000, "7AHNY56W")
    assert (stores.ledger.balance(jose), stores.ledger.available(jose)) == (20_000, 15_000)
    assert machine.excused_movements("jose", staff=ANA) == ("look_up",)
    for record in stores.credentials.all():
        if record.template_id is not None:
            captures = stores.gallery.load_captures(record.template_id, record.customer_id)
            assert len(captures) == 5


def test_its_staff_sign_in_and_see_the_refusal(machine: Machine) -> None:
    assert machine.office.members(staff=ANA) == [("ana", False), ("ben", False)]
    ana, ben = machine.staff.sign_in("ana", "864209"), machine.staff.sign_in("ben", "751306")
    (refusal,) = machine.office.refusals(staff=ana)
    assert (refusal.username, refusal.outcome) == ("jose", "refused")
    assert refusal.reasons == ("pin: wrong_pin", "face: match")
    ((hold, _),) = machine.office.holds(staff=ANA)
    machine.office.settle(hold, True, staff=ben)
    assert machine.bank.stores.ledger.balance(hold.customer_id) == 15_000


def test_the_auditor_verifies_its_log_before_and_after(
    settings: Settings, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert verified(settings, place, monkeypatch) == 0, capsys.readouterr()
    open_machine(settings).close()
    assert verified(settings, place, monkeypatch) == 0, capsys.readouterr()
    log = AuditLog.of(open_existing(settings.data_dir), settings.key_dir)
    kinds = {str(entry["kind"]) for entry in log.entries()}
    assert kinds >= {"enrolment", "decision", "withdrawal", "rotate", "key backup", "import"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_its_key_comes_back_from_the_backup(earlier: Settings, place: Path, when: str) -> None:
    if when == "after":
        assert upgraded(earlier) == 0
    (key,) = earlier.key_dir.glob("*.key")
    key.unlink()
    with mock.patch("sys.stdin", io.StringIO("fifteen characters\n")):
        assert keys(earlier, argparse.Namespace(act="restore", file=place / "key.backup")) == 0
    if when == "before":
        assert upgraded(earlier) == 0
    with mock.patch("sys.stdin", io.StringIO("ana\n864209\n")):
        assert approve(earlier, argparse.Namespace()) == 0
    settings = earlier
    machine = open_machine(settings)
    machine.staff.sign_in("ana", "864209")
    machine.close()


def test_a_customer_logs_in_with_pin_and_face(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RegisteredCamera, "allowed", lambda self: DrawnCamera("demo"))
    decision = machine.login("maria", "4938")
    assert decision.outcome is Outcome.GRANTED, decision.reasons
    assert decision.session is not None and decision.session.balance() == 123_000
    decision.session.close()
