"""Imports stay light: a value type or a store loads no numerics, a command no vision library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VISION = {"cv2", "ai_edge_litert", "sklearn", "httpx", "sqlalchemy", "fastapi", "websockets"}
VALUES = [
    "atm.people",
    "atm.accounts.session",
    "atm.login.decision",
    "atm.login.login",
    "atm.bank",
    "atm.ports",
    "atm.stores",
    "atm.approval",
    "atm.liveness_policy",
    "atm.demo_customer",
    "atm.camera.registered_camera",
    "atm.maintenance.health",
    "atm.maintenance.restore",
    "atm.keys.key_backup",
    "atm.staff.registry",
]
"""Modules whose names the window may use before its first paint."""


def loaded_by(module: str) -> set[str]:
    """Return the names of all modules that importing *module* loads in a new process."""
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_values_and_stores_load_nothing_that_computes_on_a_face() -> None:
    loaded = loaded_by(", ".join(VALUES))
    assert set(VALUES) <= loaded
    assert not loaded & {*VISION, "numpy"}


@pytest.mark.parametrize("module", ["atm.__main__", "atm.opening", "atm.audit.__main__"])
def test_a_command_begins_without_vision_service_or_database(module: str) -> None:
    loaded = loaded_by(module)
    assert module in loaded
    assert not loaded & VISION


@pytest.mark.parametrize("module", ["atm.__main__", "kiosk.main"])
def test_numerics_start_no_threads_that_the_end_of_the_process_would_wait_for(module: str) -> None:
    code = (
        f"import os, {module}, numpy as np; np.ones((600, 600)) @ np.ones((600, 600));"
        " print(len(os.listdir('/proc/self/task')))"
    )
    free = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=free, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
