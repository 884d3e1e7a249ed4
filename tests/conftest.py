"""What every test may use: the folder of real photographs, and seeded randomness."""

import os
from pathlib import Path

import numpy as np
import pytest

SHARED_VARIABLE = "ATM_SHARED"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real photographs, weights and clips, or a skip where there is none."""
    folder = os.environ.get(SHARED_VARIABLE)
    if not folder:
        pytest.skip(f"{SHARED_VARIABLE} names no folder of real photographs")
    path = Path(folder)
    if not (path / "data" / "lfw").is_dir():
        pytest.fail(f"{SHARED_VARIABLE}={folder} holds no data/lfw")
    return path


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20261123)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close with the number of skipped tests, so that a skip is never taken for a pass."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_line(f"skipped: {skipped}")
