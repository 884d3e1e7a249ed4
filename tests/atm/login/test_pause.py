"""Too many refusals at one kiosk pause it, whatever the usernames."""

from pathlib import Path

import pytest

from atm.login.pause import Pause
from credentials.boot_clock import Moment
from credentials.sealed.seal import Seal


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
    assert refuse(pause, 9) == [0.0] * 9
    assert pause.remaining() == 0.0
    clock.seconds += 599.9
    assert pause.refused() == 30.0
    clock.seconds += 29
    assert pause.remaining() == pytest.approx(1.0)
    clock.seconds += 1
    assert pause.remaining() == 0.0


def test_a_refusal_of_ten_minutes_ago_counts_no_more(pause: Pause, clock: Clock) -> None:
    refuse(pause, 9)
    clock.seconds += 600
    assert refuse(pause, 10) == [0.0] * 9 + [30.0]


def test_ten_refusals_over_a_longer_time_begin_none(pause: Pause, clock: Clock) -> None:
    for _ in range(30):
        clock.seconds += 600 / 9 + 0.1
        assert pause.refused() == 0.0


def test_each_further_pause_is_twice_as_long_until_ten_quiet_minutes(
    pause: Pause, clock: Clock
) -> None:
    begun = []
    for _ in range(9):
        begun.append(refuse(pause, 10)[-1])
        clock.seconds += begun[-1]
    assert begun == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    clock.seconds += 601
    assert refuse(pause, 10)[-1] == 30


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(("quiet_s", "next_s"), [(0, 60), (5, 60), (600, 60), (600.1, 30)])
def test_the_next_pause_is_twice_as_long_whoever_asked_in_between(
    pause: Pause, clock: Clock, asked: bool, quiet_s: float, next_s: float
) -> None:
    refuse(pause, 10)
    clock.seconds += 20
    assert not asked or pause.remaining() == pytest.approx(10)
    clock.seconds += 10
    assert not asked or pause.remaining() == 0.0
    clock.seconds += quiet_s / 2
    assert not asked or pause.remaining() == 0.0
    clock.seconds += quiet_s / 2
    assert refuse(pause, 10) == [0.0] * 9 + [next_s]


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(("later_s", "begun"), [(599, [60.0]), (601, [0.0])])
def test_a_refusal_during_a_pause_is_remembered_for_ten_minutes_too(
    pause: Pause, clock: Clock, asked: bool, later_s: float, begun: list[float]
) -> None:
    refuse(pause, 10)
    clock.seconds += 10
    pause.refused()  # of a login that began before
    clock.seconds += 25
    assert not asked or pause.remaining() == 0.0
    clock.seconds += later_s - 25
    assert refuse(pause, 9) == [0.0] * 8 + begun


def test_restart_begins_the_pause_again_and_forgets_no_refusal(
    pause: Pause, clock: Clock, path: Path
) -> None:
    refuse(pause, 9)
    clock.boot, clock.seconds = "second", 3.0
    again = Pause(path, Seal(b"s" * 32), clock)
    assert again.refused() == 30
    clock.seconds += 29
    clock.boot, clock.seconds = "third", 3.0
    assert Pause(path, Seal(b"s" * 32), clock).remaining() == 30


def test_refusal_that_ends_during_a_pause_does_not_end_it(pause: Pause, clock: Clock) -> None:
    refuse(pause, 10)
    clock.seconds += 10
    pause.refused()
    assert pause.remaining() == pytest.approx(20)


def test_restart_does_not_begin_again_what_was_seen_to_be_over(pause: Pause, clock: Clock) -> None:
    refuse(pause, 10)
    clock.seconds += 30
    assert pause.remaining() == 0.0
    clock.boot, clock.seconds = "second", 5.0
    assert pause.remaining() == 0.0
    assert refuse(pause, 10)[-1] == 60
