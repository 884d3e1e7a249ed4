"""Whatever a command cannot start with is one sentence, exit code 2 and no stack trace."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = (
    ("gui.py",), ("evaluation.py",), ("-m", "atm"), ("-m", "atm.audit"),
    ("-m", "face_auth.models"), ("-m", "face_auth.datasets"),
)  # fmt: skip


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | environment, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_every_program_tells_the_version_of_the_project(program: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    done = run(*program, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{project['name']} {project['version']}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gui.py", "--camera", "{missing}"), "{missing}"),
        (("gui.py", "--camera", "demo:99"), "demo:0 to demo:7"),
        (("gui.py", "--config", "{missing}"), "{missing}"),
        (("gui.py", "--langage", "en"), "Did you mean “--language”?"),
        (("-m", "atm", "list", "--data", "{missing}"), "{missing}"),
        (("-m", "atm", "list", "--config", "{missing}"), "{missing}"),
        (("-m", "atm.audit", "show", "--data", "{missing}"), "{missing}"),
        (("evaluation.py", "--train", "{missing}"), "{missing}"),
        (("evaluation.py", "--report", "{file}"), "{file} cannot be made: File exists."),
        (("evaluation.py", "--protocol", "pars"), "Did you mean “pairs”?"),
        (("-m", "face_auth.models", "--folder", "{missing}", "check"), "{missing}"),
        (("-m", "face_auth.models", "chek"), "Did you mean “check”?"),
        (("-m", "face_auth.models", "cohort", "bundled", "--people", "{missing}"), "{missing}: No"),
        (("-m", "face_auth.datasets", "folder", "{missing}"), "{missing}"),
        (("-m", "face_auth.datasets", "lwf"), "Did you mean “lfw”?"),
        (("-m", "face_auth.datasets", "folder", "{folder}", "--train", "{file}"), "{file} cannot"),
    ],
)
def test_what_cannot_start_says_why_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "ada").mkdir(parents=True)
    (tmp_path / "folder" / "ada" / "1.png").write_bytes(b"")
    places = {name: str(tmp_path / name) for name in ("missing", "file", "folder")}
    done = run(
        *(each.format_map(places) for each in arguments),
        ATM_DATA_DIR=str(tmp_path / "data"), ATM_KEY_DIR=str(tmp_path / "keys"),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr and "Errno" not in done.stderr
    assert says.format_map(places) in done.stderr.splitlines()[-1]
