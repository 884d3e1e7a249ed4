"""Tests of a start with missing or wrong model files: one sentence, no traceback, exit code 2.

The evaluation ends with 1 if a model cannot be loaded, because the request was valid.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STAFF = "ruiz\n482913\n"
NETWORK, COHORT, DETECTOR = "inception_resnet_v1.tflite", "bundled_cohort.npz", "mtcnn_pnet.tflite"


class Copy:
    """The program somewhere else, with models that may be spoiled."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "program"
        self.root.mkdir()
        for name in ("atm", "credentials", "face_auth"):
            shutil.copytree(
                ROOT / name, self.root / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(ROOT / "evaluation.py", self.root)
        self.models = self.root / "models"
        shutil.copytree(ROOT / "models", self.models)
        (self.models / "vggface2.tflite").unlink(missing_ok=True)  # the bundled one is spoiled
        self.data = folder / "data"
        self.env = {**os.environ, "ATM_KEY_DIR": str(folder / "keys")}

    def __call__(self, *arguments: object, lines: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *map(str, arguments)], input=lines, capture_output=True, text=True,
            cwd=self.root, env=self.env, check=False, timeout=600,
        )  # fmt: skip


@pytest.fixture
def program(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def without(name: str) -> Callable[[Copy], None]:
    return lambda program: (program.models / name).unlink()


def other_digest(name: str) -> Callable[[Copy], None]:
    def spoil(program: Copy) -> None:
        with (program.models / name).open("ab") as file:
            file.write(b"\0")

    return spoil


def other_card(program: Copy) -> None:
    card = json.loads((program.models / "model_card.json").read_text())
    card["bundled"]["sha256"] = "0" * 64
    (program.models / "model_card.json").write_text(json.dumps(card))


SPOILED = {
    "no network": (without(NETWORK), NETWORK),
    "no cohort": (without(COHORT), COHORT),
    "no detector": (without(DETECTOR), DETECTOR),
    "no card": (without("model_card.json"), "card"),
    "another network": (other_digest(NETWORK), NETWORK),
    "another cohort": (other_digest(COHORT), COHORT),
    "another digest": (other_card, "model"),
}


def assert_clean(done: subprocess.CompletedProcess[str], names: str, code: int = 2) -> None:
    assert done.returncode == code, (done.stdout, done.stderr)
    (line,) = done.stderr.strip().splitlines()[-1:]
    assert names in line
    assert "Traceback" not in done.stderr


def test_a_machine_whose_models_changed_does_not_start(program: Copy, tmp_path: Path) -> None:
    assert program("-m", "atm", "init", "--kind", "test", "--data", program.data,
                   lines=STAFF).returncode == 0  # fmt: skip
    good = tmp_path / "good"
    shutil.copytree(program.models, good)
    for spoil, names in SPOILED.values():
        spoil(program)
        done = program("-m", "atm", "login", "ada", "--camera", "demo", "--data", program.data,
                       lines="4071\n")  # fmt: skip
        assert_clean(done, names)
        assert len(done.stderr.splitlines()) == 1
        shutil.rmtree(program.models)
        shutil.copytree(good, program.models)


def test_a_new_machine_without_a_network_is_not_made(program: Copy) -> None:
    without(NETWORK)(program)
    done = program("-m", "atm", "init", "--kind", "test", "--data", program.data, lines=STAFF)
    assert_clean(done, NETWORK)
    assert not (program.data / "staff.json").exists()


@pytest.mark.parametrize(("case", "code"), [("no network", 1), ("no card", 2)])
def test_an_evaluation_without_its_network_says_so(program: Copy, case: str, code: int) -> None:
    import cv2
    import numpy as np

    people = program.root / "people"
    rng = np.random.default_rng(1)
    for name in ("a", "b"):
        (people / name).mkdir(parents=True)
        for number in range(2):
            image = rng.integers(0, 255, (160, 160, 3), dtype=np.uint8)
            cv2.imwrite(str(people / name / f"{number}.png"), image)
    spoil, names = SPOILED[case]
    spoil(program)
    done = program("evaluation.py", "--protocol", "closed-set", "--train", people, "--test", people,
                   "--cache", program.root / "cache")  # fmt: skip
    assert_clean(done, names, code)
