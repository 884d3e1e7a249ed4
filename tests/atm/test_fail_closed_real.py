"""Faults at the calls of a login with the real recogniser and a folder of photographs as camera."""

import itertools
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import atm.login.login
from atm.camera.registered_camera import RegisteredCamera
from atm.camera.registration import CameraChangedError
from atm.folder import Kind
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application
from atm.settings import Settings
from credentials.errors import StoreError
from tests.atm.faults import Faults, raising
from tests.patience import LIMIT_S

PARTS = ("_store", "_hasher", "_attempts", "_pause", "_audit", "_open_session", "_suspect")


@pytest.fixture
def machine(unseen_people: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_sync: None):
    """A machine with Ada enrolled, and her other photographs before its camera."""
    monkeypatch.setattr(atm.login.login, "FOLLOW_UP_DELAY_S", 0.0)
    _, photographs = unseen_people[0]
    for part, files in (("enrol", photographs[:5]), ("login", photographs[5:])):
        (tmp_path / part).mkdir()
        for file in files:
            shutil.copy(file, tmp_path / part)
    settings = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.TEST,
        camera=str(tmp_path / "enrol"), liveness="off",
    )  # fmt: skip
    machine = open_machine(settings)
    staff = machine.first_staff("ruiz", "482913")
    application = Application("ada", "Ada", 50_000, "4071", datetime.now(UTC))
    machine.enrol(application, staff=staff)
    machine.use_camera(str(tmp_path / "login"))
    yield machine
    machine.close()


def wrapped(machine: Machine) -> Faults:
    """Put every part that a login calls behind a count."""
    faults = Faults()
    for name in PARTS:
        setattr(machine.bank.logins, name, faults(name, getattr(machine.bank.logins, name)))
    stores = machine.bank.stores
    machine.bank.stores = replace(stores, gallery=faults("gallery", stores.gallery))
    machine._recogniser = faults("recogniser", machine._recogniser)
    machine._registered_camera._camera = faults("camera", machine._registered_camera.camera)
    return faults


def strike(machine: Machine, errors: list[type[BaseException]], step: int) -> int:
    faults = wrapped(machine)
    assert machine.login("ada", "4071").outcome is Outcome.GRANTED
    wait_for_what_follows()
    calls = [call for call in faults.calls if call.place[0] != "login-follow-up"]
    assert {"camera.frames", "gallery.load", "recogniser.assess", "recogniser.embed"} <= {
        call.what for call in calls
    }
    struck = 0
    for number, call in enumerate(calls[::step]):
        faults.arm({call.place: raising(errors[number % len(errors)], "injected")})
        decision = machine.login("ada", "4071")
        assert decision.outcome is not Outcome.GRANTED, call
        assert decision.session is None
        struck += faults.struck
        faults.arm({})
        again = machine.login("ada", "4071")
        assert again.outcome is Outcome.GRANTED, (call, again)
        wait_for_what_follows()
    return struck


def wait_for_what_follows() -> None:
    import threading

    for thread in threading.enumerate():
        if thread.name.startswith("login"):
            thread.join(LIMIT_S)


@pytest.mark.faces
def test_a_fault_in_a_real_login_is_never_a_yes(machine: Machine) -> None:
    assert strike(machine, [MemoryError, SystemExit, StoreError], step=4) >= 5


@pytest.mark.faces
@pytest.mark.long
def test_a_fault_at_every_call_of_a_real_login_is_never_a_yes(machine: Machine) -> None:
    assert strike(machine, [MemoryError, SystemExit, StoreError, KeyError, OSError], step=1) >= 20


@pytest.mark.faces
def test_a_camera_that_is_exchanged_meanwhile_admits_and_enrols_nobody(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = itertools.count()
    exchanged = property(lambda _: "Camera changed. Ask staff." if next(looks) % 3 == 2 else "")
    monkeypatch.setattr(RegisteredCamera, "problem", exchanged)  # at the second frame
    decision = machine.login("ada", "4071")
    assert decision.outcome is Outcome.FAULT
    assert "Camera changed" in str(decision.reasons)
    staff = machine.staff.sign_in("ruiz", "482913")
    application = Application("bob", "Bob", 50_000, "4072", datetime.now(UTC))
    with pytest.raises(CameraChangedError):
        machine.enrol(application, staff=staff)
