"""Too many refusals at one kiosk pause it, whatever the names."""

from pathlib import Path

import pytest

from atm.pause import FIRST_PAUSE_S, REFUSALS, WITHIN_S, Pause
from credentials.boot_clock import Moment
from credentials.sealing import Seal


class Clock:
    boot, seconds = "first", 1000.0

    def __call__(self) -> Moment:
        return Moment(self.boot, self.seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pause.sqlite"


@pytest.fixture
def pause(path: Path, clock: Clock) -> Pause:
    return Pause(path, Seal(b"s" * 32), clock)


def refuse(pause: Pause, times: int) -> list[float]:
    return [pause.refused() for _ in range(times)]


def test_tenth_refusal_in_ten_minutes_begins_a_pause(pause: Pause, clock: Clock) -> None:
    assert refuse(pause, REFUSALS - 1) == [0.0] * (REFUSALS - 1)
    assert pause.remaining() == 0.0
    clock.seconds += WITHIN_S - 1
    assert pause.refused() == FIRST_PAUSE_S
    clock.seconds += FIRST_PAUSE_S - 1
    assert pause.remaining() == pytest.approx(1.0)
    clock.seconds += 1
    assert pause.remaining() == 0.0


def test_ten_refusals_over_a_longer_time_begin_none(pause: Pause, clock: Clock) -> None:
    for _ in range(30):
        clock.seconds += WITHIN_S / (REFUSALS - 1) + 0.1
        assert pause.refused() == 0.0


def test_each_further_pause_is_twice_as_long_until_ten_quiet_minutes(
    pause: Pause, clock: Clock
) -> None:
    begun = []
    for _ in range(9):
        begun.append(refuse(pause, REFUSALS)[-1])
        clock.seconds += begun[-1]
    assert begun == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    clock.seconds += WITHIN_S + 1
    assert refuse(pause, REFUSALS)[-1] == FIRST_PAUSE_S


def test_restart_begins_the_pause_again_and_forgets_no_refusal(
    pause: Pause, clock: Clock, path: Path
) -> None:
    refuse(pause, REFUSALS - 1)
    clock.boot, clock.seconds = "second", 3.0
    again = Pause(path, Seal(b"s" * 32), clock)
    assert again.refused() == FIRST_PAUSE_S
    clock.seconds += FIRST_PAUSE_S - 1
    clock.boot, clock.seconds = "third", 3.0
    assert Pause(path, Seal(b"s" * 32), clock).remaining() == FIRST_PAUSE_S


def test_refusal_that_ends_during_a_pause_does_not_end_it(pause: Pause, clock: Clock) -> None:
    refuse(pause, REFUSALS)
    clock.seconds += 10
    pause.refused()
    assert pause.remaining() == pytest.approx(FIRST_PAUSE_S - 10)


def test_restart_does_not_begin_again_what_was_seen_to_be_over(pause: Pause, clock: Clock) -> None:
    refuse(pause, REFUSALS)
    clock.seconds += FIRST_PAUSE_S
    assert pause.remaining() == 0.0
    clock.boot, clock.seconds = "second", 5.0
    assert pause.remaining() == 0.0
    assert refuse(pause, REFUSALS)[-1] == 2 * FIRST_PAUSE_S
