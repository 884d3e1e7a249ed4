"""Commands of a user without a home folder, such as a service's or a container's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Root always has a home in the list of users, so the list is made to answer as for an unknown one.
WITHOUT_HOME = """
import pwd, runpy, sys
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
kind, name, *sys.argv[1:] = sys.argv[1:]
if kind == "module":
    runpy.run_module(name, run_name="__main__", alter_sys=True)
else:
    runpy.run_path(name, run_name="__main__")
"""


def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items()
        if name != "HOME" and not name.startswith(("XDG_", "ATM_"))
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_HOME, *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, env=kept | variables, timeout=300,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("module", "atm", "list"), "ATM_DATA_DIR"),
        (("module", "atm", "list", "--data", "/nonexistent"), "ATM_KEY_DIR"),
        (("module", "atm.audit", "show", "--data", "/nonexistent"), "ATM_KEY_DIR"),
        (("path", "gui.py"), "ATM_DATA_DIR"),
        (("path", "evaluation.py"), "--cache"),
    ],
)
def test_a_missing_home_is_an_error_with_a_sentence(command, says) -> None:
    done = run(*command)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_that_is_not_there_in_a_service_setting_is_named() -> None:
    done = run("module", "atm.fleet.service", "run", ATM_SERVICE_KEYS="~/keys")
    assert done.returncode == 2
    assert "ATM_SERVICE_KEYS" in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_whose_folders_are_given_need_no_home(tmp_path) -> None:
    done = run(
        "module", "atm", "list", "--data", tmp_path / "data", ATM_KEY_DIR=str(tmp_path / "k")
    )
    assert done.returncode == 2
    assert str(tmp_path / "data") in done.stderr  # it looked for the folder that was given
    assert run("module", "face_auth.datasets", "--help").returncode == 0


def test_help_of_the_evaluation_needs_no_home() -> None:
    assert run("path", "evaluation.py", "--help").returncode == 0
