"""Light values: the window and each of its pages load nothing that sees a face."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from pkgutil import walk_packages

import pytest

import kiosk.screens

ROOT = Path(__file__).parents[2]
HEAVY = ("cv2", "ai_edge_litert", "sklearn")
PAGES = [each.name for each in walk_packages(kiosk.screens.__path__, "kiosk.screens.")]


@cache
def loaded() -> frozenset[str]:
    """Return every module that a process has once it has imported the window and all pages."""
    names = ", ".join(["kiosk.app", "kiosk.main", *PAGES])
    code = f"import sys, {names}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("heavy", HEAVY)
def test_the_window_and_its_pages_load_nothing_that_sees_a_face(heavy: str) -> None:
    assert len(PAGES) > 30 and set(PAGES) < loaded()
    assert heavy not in loaded()
