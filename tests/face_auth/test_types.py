"""Tests that importing the value types loads no heavy library."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "cv2", "ai_edge_litert"}


def test_importing_the_values_loads_no_library_that_computes_them() -> None:
    code = "import sys, face_auth.types; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "face_auth.types" in loaded
    assert not loaded & HEAVY
