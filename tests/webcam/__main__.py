"""The tests on webcam drivers: in a machine in software, then with its frames on the host."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import SHARED_VARIABLE
from tests.webcam.machine import RESULTS, MachineError, run

ROOT = Path(__file__).parents[2]
CACHE = Path(sys.prefix) / "webcam"
LIMIT_S = 540.0
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"]


def main() -> int:
    """Run the tests; *arguments* of the command line go to pytest in the machine."""
    began = time.monotonic()
    shared = os.environ.get(SHARED_VARIABLE, "")
    variables = {
        "HOME": "/run/home", "TMPDIR": "/run/tmp", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "WEBCAM_FRAMES": str(RESULTS),
        **({SHARED_VARIABLE: str(Path(shared).resolve())} if shared else {}),
    }  # fmt: skip
    command = [
        "/usr/bin/env", "-C", str(ROOT), *(f"{name}={value}" for name, value in variables.items()),
        *PYTEST, "-p", "no:xvfb", "-W", "ignore::pytest.PytestConfigWarning",
        *(sys.argv[1:] or ["tests/webcam/in_machine"]),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as made:
        try:
            failed = run(command, Path(made), cache=CACHE, limit_s=LIMIT_S)
        except MachineError as error:
            print(error, file=sys.stderr)
            return 2
        print(f"The machine ran for {time.monotonic() - began:.0f} s.", flush=True)
        if failed or sys.argv[1:]:
            return failed
        host = [*PYTEST, "-q", "tests/webcam/test_recorded.py"]
        return subprocess.run(host, cwd=ROOT, env={**os.environ, "WEBCAM_FRAMES": made}).returncode


if __name__ == "__main__":
    sys.exit(main())
