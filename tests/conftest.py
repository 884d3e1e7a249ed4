"""What every test may use: the folder of real photographs, and seeded randomness."""

import atexit
import os
import random
import shutil
import subprocess
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import face_auth  # noqa: F401 - before any test imports cv2, which reads a limit once

SHARED_VARIABLE = "ATM_SHARED"
NOT_FETCHED = "the published network is not there; `make network` fetches it"
"""The only reason for which CI too may skip a test: an outage elsewhere must not break it."""

# CustomTkinter writes its fonts into the home folder at each import, over those that a window of
# another process may be drawing with: a bus error ends that one. So each process has its own home.
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
os.environ["HOME"] = tempfile.mkdtemp(prefix="home-")
atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)


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


@pytest.fixture(scope="session")
def unseen_people(shared: Path) -> list[tuple[str, list[Path]]]:
    """LFW people whom the network never saw, with six photographs or more, in a seeded shuffle."""
    names = (Path(__file__).parent.parent / "models" / "unseen_people.txt").read_text().split()
    people = [(name, sorted((shared / "data" / "lfw" / name).glob("*.jpg"))) for name in names]
    people = [(name, photographs) for name, photographs in people if len(photographs) >= 6]
    random.Random(20261123).shuffle(people)
    return people


@pytest.fixture(scope="session")
def enrolling_people(unseen_people: list[tuple[str, list[Path]]]) -> list[tuple[str, list[Path]]]:
    """Twelve of them, each with eight photographs that the kiosk takes: five to enrol with.

    Those five are taken one after the other too, as a folder shows them in a loop.
    """
    from face_auth.datasets.photographs import read_photograph
    from face_auth.recogniser import Recogniser
    from face_auth.recognition.quality import Steadiness
    from face_auth.types import Verdict

    recogniser = Recogniser.load()

    def is_usable(path: Path) -> bool:
        return recogniser.assess(read_photograph(path)).verdict is Verdict.OK

    def are_steady(paths: list[Path]) -> bool:
        steadiness, looped = Steadiness(), enumerate([*paths, *paths])
        seen = [(at / 5, recogniser.assess(read_photograph(path))) for at, path in looped]
        return all(steadiness.judge(found, at).verdict is Verdict.OK for at, found in seen)

    usable = ((name, [*islice(filter(is_usable, paths), 8)]) for name, paths in unseen_people)
    enough = ((name, paths) for name, paths in usable if len(paths) == 8 and are_steady(paths[:5]))
    return [*islice(enough, 12)]


@pytest.fixture(scope="session")
def published_network() -> str:
    """The name of the published network, or a skip where set-up could not fetch it."""
    from face_auth.model_making.fetching import NAME, is_fetched
    from face_auth.models import MODELS

    if not is_fetched(MODELS):
        pytest.skip(NOT_FETCHED)
    return NAME


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20261123)


class LongRun:
    """What has passed at this commit, in pytest's cache: the next long run leaves it out."""

    def __init__(self, config: pytest.Config) -> None:
        command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        self._cache = config.cache
        self._one_of_many = hasattr(config, "workerinput")  # the controller notes for all
        self._key = f"long/{commit}"
        self._called: set[str] = set()

    def passed(self) -> list[str]:
        """Return the tests that need not run again."""
        return list(self._cache.get(self._key, []))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test whose call and teardown have both passed."""
        if self._one_of_many or not report.passed:
            return
        if report.when == "call":
            self._called.add(report.nodeid)
        if report.when == "teardown" and report.nodeid in self._called:
            self._cache.set(self._key, [*self.passed(), report.nodeid])


def pytest_configure(config: pytest.Config) -> None:
    """Let a long run go on where the last one stopped."""
    if os.environ.get("LONG_TESTS"):
        config.pluginmanager.register(LongRun(config), "long-run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
    if long_run := config.pluginmanager.get_plugin("long-run"):
        passed = set(long_run.passed())
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
        items[:] = [item for item in items if item.nodeid not in passed]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: there nothing but the published network may be missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not (os.environ.get("CI") and reporter):
        return
    reasons = [str(report.longrepr) for report in reporter.stats.get("skipped", [])]
    excused = [reason for reason in reasons if NOT_FETCHED in reason]
    if excused:
        reporter.write_line(f"{len(excused)} skipped: {NOT_FETCHED}", yellow=True)
    if len(reasons) > len(excused):
        reporter.write_line("a test was skipped in CI", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
