"""Light values: naming a decision, a customer or a session loads nothing that sees a face."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"cv2", "ai_edge_litert", "sklearn", "numpy", "httpx"}


@pytest.mark.parametrize(
    "module", ["atm.people", "atm.accounts.session", "atm.login.decision", "atm.login.login"]
)
def test_a_value_is_named_without_what_computes_it(module: str) -> None:
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not loaded & HEAVY
