"""Tests of changed model files, at random and with intent: each ends in a clean refusal."""

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from face_auth.errors import ModelError
from face_auth.models import CARD_FILE, load_card, load_cohort
from face_auth.recogniser import Recogniser
from face_auth.recognition.embedding import Network

COUNT = 10_000 if os.environ.get("LONG_TESTS") else 300
FORGED = 1000 if os.environ.get("LONG_TESTS") else 10


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "model_fuzz", Path(__file__).with_name("model_fuzz.py")
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fuzz = _module()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied: Path = fuzz.copy_of(tmp_path / "models")
    return copied


def test_mutated_files_are_all_refused(folder: Path) -> None:
    found = fuzz.first_attacker(COUNT, folder)
    assert sum(found.values()) == COUNT
    assert {outcome for _, outcome in found} == {"refused", "not approved"}
    assert {name for name, outcome in found if outcome == "not approved"} <= set(fuzz.CARDS)


@pytest.mark.parametrize("name", [fuzz.COHORT, fuzz.NETWORK, *fuzz.DETECTOR])
def test_with_the_digest_put_right_a_mutated_file_is_refused_or_runs(
    folder: Path, name: str
) -> None:
    outcomes = {outcome for _, outcome in fuzz.second_attacker(FORGED, name, folder)}
    assert outcomes <= {"refused", "ran"}
    assert "refused" in outcomes


def in_card(**changes: object) -> Callable[[Path], None]:
    """Change entries of the bundled network's card."""

    def change(folder: Path) -> None:
        card = json.loads((folder / CARD_FILE).read_text())
        card["bundled"] |= changes
        (folder / CARD_FILE).write_text(json.dumps(card))

    return change


def card_is(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / CARD_FILE).write_bytes(content) and None


def cohort_is(**arrays: object) -> Callable[[Path], None]:
    """Put another cohort in place, with its digest."""

    def change(folder: Path) -> None:
        path = folder / "made.npz"
        np.savez(path, **arrays)  # type: ignore[arg-type]
        fuzz.forge(fuzz.COHORT, path.read_bytes(), folder)

    return change


def replaced_by(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Put something that is no file in the cohort's place."""

    def change(folder: Path) -> None:
        (folder / fuzz.COHORT).unlink()
        make(folder / fuzz.COHORT)

    return change


NETWORK_SHA256 = load_card().sha256


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(card_is(b"[" * 100_000), id="nested without end"),
        pytest.param(card_is(b'{"bundled": ' + b"9" * 5000 + b"}"), id="endless number"),
        pytest.param(card_is(b" " * (1 << 20) + b"{}"), id="too large"),
        pytest.param(card_is(b"\xff\xfe"), id="no UTF-8"),
        pytest.param(in_card(input={"size": 1e999, "framing": "five_points"}), id="infinite size"),
        pytest.param(
            in_card(input={"size": 112, "framing": "five_points", "margin": 1e999}), id="margin"
        ),
        pytest.param(in_card(thresholds={"1e-4": 10**400}), id="huge threshold"),
        pytest.param(in_card(thresholds={"1e-4": float("nan")}), id="no number"),
        pytest.param(in_card(thresholds={"1e-4": 1}, calibration=[]), id="calibration"),
        pytest.param(in_card(cohort={"file": "a\0b", "sha256": ""}), id="NUL"),
        pytest.param(in_card(cohort={"file": "\ud800", "sha256": ""}), id="half a character"),
        pytest.param(in_card(cohort={"file": "x" * 5000, "sha256": ""}), id="long name"),
        pytest.param(in_card(cohort={"file": "..", "sha256": ""}), id="folder above"),
        pytest.param(replaced_by(os.mkfifo), id="pipe"),
        pytest.param(replaced_by(lambda path: path.symlink_to("/dev/zero")), id="device"),
        pytest.param(replaced_by(lambda path: path.mkdir()), id="folder"),
        pytest.param(
            cohort_is(vectors=np.eye(512)[0], network=np.array(NETWORK_SHA256)), id="one row"
        ),
        pytest.param(
            cohort_is(vectors=np.zeros((0, 512)), network=np.array(NETWORK_SHA256)), id="no rows"
        ),
        pytest.param(
            cohort_is(vectors=np.full((5, 512), np.nan), network=np.array(NETWORK_SHA256)), id="NaN"
        ),
        pytest.param(
            cohort_is(vectors=np.array(["a"]), network=np.array(NETWORK_SHA256)), id="text"
        ),
        pytest.param(
            cohort_is(vectors=np.array([{}], object), network=np.array(NETWORK_SHA256)), id="pickle"
        ),
    ],
)
def test_a_file_made_to_harm_is_refused(folder: Path, change: Callable[[Path], None]) -> None:
    change(folder)
    with pytest.raises(ModelError):
        load_cohort(load_card("bundled", folder))


def test_a_network_that_does_not_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Network, faces: object) -> None:
        raise RuntimeError("node 7 failed to prepare")

    monkeypatch.setattr(Network, "embed", fails)
    with pytest.raises(ModelError, match="do not run: node 7"):
        Recogniser.load()


def test_what_ships_still_loads(folder: Path) -> None:
    Recogniser.load(folder=folder)
