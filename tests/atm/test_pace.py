"""The measured frame rate and its warnings, with a clock that the test moves."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from atm.camera.registered_camera import RegisteredCamera
from atm.folder import Kind
from atm.login.decision import Outcome
from atm.opening import open_machine
from atm.pace import FEWEST, LEAST, Pace
from atm.settings import Settings
from face_auth.camera.drawn_camera import DrawnCamera


class Checks:
    """Checks of faces on a machine that takes so long over a picture."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[tuple[float, bool]] = []
        self.pace = Pace(lambda *found: self.told.append(found), lambda: self.now)

    def check(self, count: int, takes_s: float, silent_s: float = 0.0, stops_at: int = 0) -> None:
        """Judge *count* pictures, or break off; the camera is silent for so long at the end."""

        def frames() -> Iterator[Any]:
            self.now += 3.0  # before the first one the camera starts
            yield from range(1, count + 1)
            self.now += silent_s

        with closing(self.pace.watched(frames())) as judged:
            for number in judged:
                self.now += takes_s
                if number == stops_at:
                    break


@pytest.fixture
def checks() -> Checks:
    return Checks()


def test_nothing_is_known_before_some_checks(checks: Checks) -> None:
    for _ in range(FEWEST - 1):
        checks.check(10, 0.1)
        assert checks.pace.rate is None
    checks.check(10, 0.1)
    assert checks.pace.rate == pytest.approx(10)


@pytest.mark.parametrize("how", [{}, {"stops_at": 12}, {"silent_s": 8.0}])
def test_what_counts_is_the_time_from_the_first_picture_to_the_last(
    checks: Checks, how: dict[str, Any]
) -> None:
    for _ in range(FEWEST):
        checks.check(12, 0.25, **how)
    assert checks.pace.rate == pytest.approx(4)


def test_checks_that_were_over_at_once_or_saw_nothing_tell_nothing(checks: Checks) -> None:
    for _ in range(10):
        checks.check(3, 0.1)
        checks.check(0, 1.0)
    assert checks.pace.rate is None


def test_one_slow_check_is_no_slow_machine(checks: Checks) -> None:
    for takes_s in (0.05, 0.05, 2.0, 0.05, 0.05):
        checks.check(20, takes_s)
    assert checks.pace.rate == pytest.approx(20)
    assert checks.told == []


def test_it_is_told_once_when_it_becomes_too_slow_and_when_it_is_enough_again(
    checks: Checks,
) -> None:
    for takes_s in [1 / LEAST] * 3 + [0.5] * 6 + [0.1] * 6:
        checks.check(10, takes_s)
    assert [enough for _rate, enough in checks.told] == [False, True]
    assert checks.told[0][0] < LEAST <= checks.told[1][0]


def test_a_machine_measures_its_own_checks_and_says_so(
    tmp_path: Path, no_sync: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RegisteredCamera, "allowed", lambda self: DrawnCamera("demo"))
    settings = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.DEMO, camera="demo",
        liveness="off",
    )  # fmt: skip
    machine = open_machine(settings)
    try:
        ticks = itertools.count()
        machine._pace._clock = lambda: 0.3 * next(ticks)
        vars(machine.bank.logins)["_refuse_after_s"] = 0.01
        assert machine.health().pace is None
        for _ in range(FEWEST):
            assert machine.login("nobody", "4071").outcome is Outcome.REFUSED
        assert machine.health().pace == pytest.approx(3 / 0.9)
        (entry,) = [one for one in machine.audit.tail(20) if one["kind"] == "pace"]
        assert (entry["pictures_per_s"], entry["enough"]) == (3.3, False)
    finally:
        machine.close()
