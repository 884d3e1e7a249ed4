"""Attack test: model files are swapped between check and use, at one read after another.

The attacker's card has a threshold of -50, which admits anybody. It is put there for one read after
another and removed before the next one, as somebody who can write to the models folder might.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import atm.login.login
from atm.errors import AtmError
from atm.folder import Kind
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application
from atm.settings import Settings
from face_auth.errors import FaceAuthError
from face_auth.models import CARD_FILE, MODELS, load_card

pytestmark = pytest.mark.faces

ADMITS_ANYBODY = -50.0


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program's models, which the machine uses and the attacker can write to."""
    folder = tmp_path / "models"
    shutil.copytree(MODELS, folder, ignore=shutil.ignore_patterns("vggface2*", "minifas*"))
    monkeypatch.setattr("face_auth.models.MODELS", folder)
    return folder


@pytest.fixture
def settings(
    unseen_people: Any, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, no_sync: None
) -> Settings:
    """Settings of a machine with Ada enrolled, and somebody else before its camera."""
    monkeypatch.setattr(atm.login.login, "FOLLOW_UP_DELAY_S", 0.0)
    (_, ada), (_, other) = unseen_people[:2]
    for part, files in (("ada", ada[:5]), ("other", other[:5])):
        (tmp_path / part).mkdir()
        for file in files:
            shutil.copy(file, tmp_path / part)
    made = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.TEST,
        camera=str(tmp_path / "ada"), liveness="off",
    )  # fmt: skip
    machine = open_machine(made)
    staff = machine.first_staff("ruiz", "482913")
    application = Application("ada", "Ada", 50_000, "4071", datetime.now(UTC))
    machine.enrol(application, staff=staff)
    machine.use_camera(str(tmp_path / "other"))
    assert machine.login("ada", "4071").outcome is Outcome.REFUSED
    machine.office.unlock("ada", staff=staff)
    machine.close()
    return made


@pytest.fixture
def cards(models: Path) -> tuple[bytes, bytes]:
    """The approved card, and the attacker's."""
    whole = (models / CARD_FILE).read_bytes()
    card = json.loads(whole)
    for entry in card.values():
        if "thresholds" in entry:
            entry["thresholds"] = dict.fromkeys(entry["thresholds"], ADMITS_ANYBODY)
    return whole, json.dumps(card).encode()


Opened = Callable[[Path], None]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch, models: Path) -> Iterator[list[Opened]]:
    """What is called before each opening of a file of the models folder."""
    before: list[Opened] = []
    really = os.open

    def opened(path: Any, *others: Any, **more: Any) -> int:
        if before and Path(os.fsdecode(path)).parent == models:
            before[0](Path(os.fsdecode(path)))
        return really(path, *others, **more)

    monkeypatch.setattr(os, "open", opened)
    yield before
    before.clear()


def attempt(settings: Settings, other: Path) -> tuple[float, Outcome] | None:
    """Open the machine and log in as Ada with the other face; None where it does not open."""
    try:
        machine = open_machine(settings)
    except (AtmError, FaceAuthError):
        return None
    try:
        value = machine.warm_up().threshold.value
        machine.use_camera(str(other))
        outcome = machine.login("ada", "4071").outcome
        _unlock(machine)
        return value, outcome
    except (AtmError, FaceAuthError):
        return None
    finally:
        machine.close()


def _unlock(machine: Machine) -> None:
    machine.office.unlock("ada", staff=machine.staff.sign_in("ruiz", "482913"))


def test_card_that_is_there_for_one_read_only_admits_nobody(
    settings: Settings,
    models: Path,
    cards: tuple[bytes, bytes],
    reads: list[Opened],
    tmp_path: Path,
) -> None:
    approved, forged = cards
    count, wanted = 0, -1

    def swap(path: Path) -> None:
        nonlocal count
        if path.name == CARD_FILE:
            count += 1
            path.write_bytes(forged if count == wanted else approved)

    reads.append(swap)
    right = load_card("bundled", models).threshold().value
    count = 0
    assert attempt(settings, tmp_path / "other") == (right, Outcome.REFUSED)
    assert count >= 1
    for wanted in range(1, count + 1):
        count = 0
        assert attempt(settings, tmp_path / "other") in (None, (right, Outcome.REFUSED)), wanted


def test_no_model_file_is_opened_twice_by_a_machine(
    settings: Settings, reads: list[Opened], tmp_path: Path
) -> None:
    opened: list[str] = []
    reads.append(lambda path: opened.append(path.name))
    assert attempt(settings, tmp_path / "other") is not None
    assert sorted(opened) == sorted(set(opened))
    assert {"inception_resnet_v1.tflite", "bundled_cohort.npz", "covering.npz"} <= set(opened)
