"""Fixtures: kiosks to crash, in memory where possible; a kill leaves the same there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.tellers import Tellers

_MEMORY = Path("/dev/shm")


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """An empty folder of a file system that is quick to sync."""
    if not os.access(_MEMORY, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir=_MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def tellers(work: Path) -> Iterator[Tellers]:
    """A kiosk with customers, and tellers for copies of it."""
    with Tellers(work) as made:
        yield made
