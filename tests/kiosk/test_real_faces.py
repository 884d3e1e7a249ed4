"""Real window on the real machine, with ten people whom the network never saw."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atm.folder import Kind
from atm.login.login import LocalLogins
from atm.people import StaffMember
from tests.kiosk.login_steps import log_in, refused

pytestmark = [pytest.mark.gui, pytest.mark.faces]

STAFF, STAFF_PIN = "ruiz", "482913"
PIN, WRONG_PIN = "407182", "407183"
PEOPLE, TRIES = 10, 3


@pytest.fixture
def real_kiosk(settings: Any) -> Any:
    """The window on a test folder of its own, with the models and cameras that people use."""
    from kiosk.main import open_machine
    from tests.kiosk.conftest import Kiosk

    made = Kiosk(replace(settings, kind=Kind.TEST, camera="demo", liveness="off"), open_machine)
    made.until(lambda: made.app.host.machine is not None and made.machine.ready)
    yield made
    made.close()


@pytest.fixture
def cameras(
    enrolling_people: list[tuple[str, list[Path]]], tmp_path: Path
) -> list[tuple[str, str]]:
    """For each of ten people a folder of five photographs to enrol with, and one of the others."""
    folders = []
    for name, photographs in enrolling_people[:PEOPLE]:
        pair = []
        for part, files in (("enrol", photographs[:5]), ("login", photographs[5:])):
            folder = tmp_path / "cameras" / name / part
            folder.mkdir(parents=True)
            for file in files:
                shutil.copy(file, folder)
            pair.append(str(folder))
        folders.append((pair[0], pair[1]))
    return folders


def sign_in(kiosk: Any) -> None:
    """Make the first member of staff, or sign them in, and agree for the customer."""
    kiosk.touch(kiosk.screen.create)
    kiosk.until(lambda: type(kiosk.screen).__name__ in ("FirstStart", "StaffSignIn"))
    first = type(kiosk.screen).__name__ == "FirstStart"
    for text in (STAFF, STAFF_PIN, STAFF_PIN) if first else (STAFF, STAFF_PIN):
        kiosk.type(text)
        kiosk.key("Return")
    kiosk.on("Consent")
    kiosk.touch(kiosk.screen.yes)


def enrol(kiosk: Any, username: str, camera: str) -> None:
    """Enrol by keyboard and touch, from home to home."""
    kiosk.machine.use_camera(camera)
    sign_in(kiosk)
    kiosk.on("Details")
    for text in (username, username, "1000"):
        kiosk.type(text)
        kiosk.key("Return")
    kiosk.on("CustomerPin")
    for _ in range(2):
        kiosk.type(PIN)
        kiosk.key("Return")
    kiosk.on("FaceStep")
    kiosk.until(lambda: kiosk.screen.save.enabled)
    kiosk.touch(kiosk.screen.save)
    kiosk.on("Saved")
    kiosk.key("Return")
    kiosk.on("Home")


def visit(kiosk: Any, username: str, camera: str) -> bool:
    """Come before the camera and try up to three times; returns whether the account opened.

    Nobody waits a minute here after a refusal: staff unlock.
    """
    kiosk.machine.use_camera(camera)
    return any(try_once(kiosk, username, PIN) for _ in range(TRIES))


def try_once(kiosk: Any, username: str, pin: str) -> bool:
    """Try once, unlocked by staff before; returns whether the account opened."""
    kiosk.machine.office.unlock(username, staff=StaffMember(STAFF))
    return try_to_log_in(kiosk, username, pin)


def try_to_log_in(kiosk: Any, username: str, pin: str) -> bool:
    """Try once, from home to home; returns whether the account opened."""
    log_in(kiosk, username, pin)
    kiosk.until(lambda: type(kiosk.screen).__name__ == "Account" or refused(kiosk))
    admitted = type(kiosk.screen).__name__ == "Account"
    kiosk.app.go_home()
    kiosk.on("Home")
    return admitted


@pytest.mark.early
def test_nine_of_ten_are_admitted_and_no_impostor(
    real_kiosk: Any,
    cameras: list[tuple[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("atm.login.pause.REFUSALS", 100)  # twenty come in a row here
    monkeypatch.setitem(LocalLogins.__init__.__kwdefaults__, "refuse_after_s", 0.2)
    names = [f"person{number}" for number in range(PEOPLE)]
    for name, (enrol_camera, _) in zip(names, cameras, strict=True):
        enrol(real_kiosk, name, enrol_camera)
    admitted = sum(
        visit(real_kiosk, name, login) for name, (_, login) in zip(names, cameras, strict=True)
    )
    wrongly = 0
    for number, name in enumerate(names):
        real_kiosk.machine.use_camera(cameras[(number + 1) % PEOPLE][1])
        wrongly += try_once(real_kiosk, name, PIN)
        real_kiosk.machine.use_camera(cameras[number][1])
        wrongly += try_once(real_kiosk, name, WRONG_PIN)
    assert wrongly == 0
    assert admitted >= 9
    log = [json.loads(line) for line in (tmp_path / "data/audit.jsonl").read_text().splitlines()]
    entries = [entry for entry in log if entry["kind"] == "decision"]
    assert not any("waiting" in reason for entry in entries for reason in entry["reasons"])
    decisions = [entry["outcome"] for entry in entries]
    assert decisions.count("granted") == admitted
    assert len(decisions) >= PEOPLE + 2 * PEOPLE
