"""In CI a skipped test is a failure, unless the published network could not be fetched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NOT_FETCHED
from tests.patience import LIMIT_S

ROOT = Path(__file__).parents[1]
SUITE = """
import pytest

def test_passes():
    pass

@pytest.mark.parametrize("reason", {reasons!r})
def test_is_skipped(reason):
    pytest.skip(reason)
"""


@pytest.mark.parametrize(
    ("reasons", "ci", "code"),
    [
        ([NOT_FETCHED], "true", 0),
        ([NOT_FETCHED, "no photographs"], "true", 1),
        (["no photographs"], "", 0),
    ],
)
def test_ci_fails_for_every_skip_but_one(
    tmp_path: Path, reasons: list[str], ci: str, code: int
) -> None:
    suite = tmp_path / "test_suite.py"
    suite.write_text(SUITE.format(reasons=reasons))
    command = [sys.executable, "-m", "pytest", "-n", "1", "-p", "tests.conftest"]
    command += ["-c", os.devnull, "--rootdir", str(tmp_path), str(suite)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "CI": ci}, capture_output=True, text=True,
        check=False, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert f"{len(reasons)} skipped" in done.stdout
    assert (f"1 skipped: {NOT_FETCHED}" in done.stdout) == (ci != "" and NOT_FETCHED in reasons)
