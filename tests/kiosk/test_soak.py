"""The real window, over and over: it never stands still, and no Tk object ends on another thread.

The long form goes on where it was stopped: pytest's cache keeps the rounds that are done.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.gui

REPO = Path(__file__).parents[2]
SHORT = {"bars": 400, "escape": 10, "refused": 10, "pages": 14}
LONG = {"bars": 20_000, "escape": 5_000, "refused": 5_000, "pages": 5_000}
LATEST_BEAT_S = 2.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soak")


def play(route: str, rounds: int, folder: Path, first: int = 0) -> Iterator[dict[str, object]]:
    """Play the rounds *first* to *rounds* of *route*; yields what the soak tells on its way."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kiosk.soak", route, str(rounds), str(folder), str(first)],
        cwd=REPO, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("route", sorted(SHORT))
def test_the_window_goes_on(route: str, folder: Path) -> None:
    *_, last = play(route, SHORT[route], folder)
    assert last["rounds"] == SHORT[route]
    assert not last["strayed"]


@pytest.fixture
def busy() -> Iterator[None]:
    """Both cores have something else to do."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            other = stack.enter_context(
                subprocess.Popen([sys.executable, "-c", "while True: pass"])
            )
            stack.callback(other.kill)
        yield


@pytest.mark.long
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("route", sorted(LONG))
def test_the_window_goes_on_for_hours(
    route: str, folder: Path, pytestconfig: pytest.Config
) -> None:
    done, latest = pytestconfig.cache.get(f"soak/{route}", [0, 0.0])
    if done >= LONG[route]:
        done, latest = 0, 0.0
    for told in play(route, LONG[route], folder, done):
        latest = max(latest, told["longest_beat_s"])
        pytestconfig.cache.set(f"soak/{route}", [told["rounds"], latest])
        assert not told["strayed"]
        assert latest <= LATEST_BEAT_S
