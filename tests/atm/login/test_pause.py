"""Too many refusals at one kiosk pause it, whatever the usernames."""

from pathlib import Path

import pytest

from atm.login.pause import REFUSALS, LoggedPause, Pause
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


def refuse_one(pause: Pause) -> float:
    assert pause.reserve().pause_s == 0.0
    return pause.refused()


def refuse(pause: Pause, times: int) -> list[float]:
    return [refuse_one(pause) for _ in range(times)]


def test_tenth_refusal_in_ten_minutes_begins_a_pause(pause: Pause, clock: Clock) -> None:
    assert refuse(pause, 9) == [0.0] * 9
    assert pause.remaining() == 0.0
    clock.seconds += 599.9
    assert refuse_one(pause) == 30.0
    clock.seconds += 29
    assert pause.remaining() == pytest.approx(1.0)
    clock.seconds += 1
    assert pause.remaining() == 0.0


class Log:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, object]]] = []

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        self.entries.append((kind, fields))

    def remember(self) -> None:
        """Nothing is to be kept."""

    def tail(self, n: int, kind: str = "") -> list[dict[str, object]]:
        return []


def test_the_log_has_each_beginning_of_a_pause_once(pause: Pause, clock: Clock) -> None:
    log = Log()
    logged = LoggedPause(pause, log)
    for _ in range(REFUSALS):
        assert not logged.reserve().pause_s
        logged.refused()
    assert log.entries == [("pause", {"seconds": 30.0})]
    assert logged.reserve().pause_s == 30.0
    assert len(log.entries) == 1, "nobody was judged, and no other pause began"
    clock.seconds += 601
    made = [logged.reserve() for _ in range(REFUSALS + 1)]  # all at once
    assert made[-1].begun
    assert log.entries[1:] == [("pause", {"seconds": made[-1].pause_s})]
    clock.seconds += made[-1].pause_s
    one = logged.reserve()
    logged.give_back(one)
    assert len(log.entries) == 2


def test_a_refusal_of_ten_minutes_ago_counts_no_more(pause: Pause, clock: Clock) -> None:
    refuse(pause, 9)
    clock.seconds += 600
    assert refuse(pause, 10) == [0.0] * 9 + [30.0]


def test_ten_refusals_over_a_longer_time_begin_none(pause: Pause, clock: Clock) -> None:
    for _ in range(30):
        clock.seconds += 600 / 9 + 0.1
        assert refuse_one(pause) == 0.0


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


def test_of_tries_at_once_no_more_than_ten_are_judged(pause: Pause) -> None:
    made = [pause.reserve() for _ in range(30)]
    assert [each.pause_s for each in made] == [0.0] * 10 + [30.0] * 20
    assert [each.begun for each in made] == [False] * 10 + [True] + [False] * 19


def test_a_try_without_an_end_is_a_refusal(pause: Pause, clock: Clock, path: Path) -> None:
    for _ in range(10):
        clock.boot = f"after {clock.boot}"  # the plug was pulled
        assert Pause(path, Seal(b"s" * 32), clock).reserve().pause_s == 0.0
    assert pause.reserve().pause_s == 30.0


def test_a_try_that_is_given_back_never_was_and_only_that_one(pause: Pause, clock: Clock) -> None:
    refuse(pause, 5)
    for _ in range(50):
        clock.seconds += 1
        made = pause.reserve()
        clock.seconds += 1
        pause.give_back(made)
        pause.give_back(made)  # a second time changes nothing
    assert refuse(pause, 5) == [0.0] * 4 + [30.0]


def test_admissions_during_the_quiet_ten_minutes_do_not_end_them(
    pause: Pause, clock: Clock
) -> None:
    refuse(pause, 10)
    clock.seconds += 30
    for _ in range(60):
        clock.seconds += 10.1
        pause.give_back(pause.reserve())
    assert refuse(pause, 10)[-1] == 30


def test_what_ends_after_the_pause_began_neither_lengthens_nor_ends_it(
    pause: Pause, clock: Clock
) -> None:
    made = [pause.reserve() for _ in range(10)]
    assert pause.refused() == 30.0
    clock.seconds += 10
    pause.give_back(made[1])
    assert pause.refused() == 0.0
    assert pause.remaining() == pytest.approx(20)
    clock.seconds += 20
    assert refuse(pause, 10) == [0.0] * 9 + [60.0]


def test_restart_begins_the_pause_again_and_forgets_no_refusal(
    pause: Pause, clock: Clock, path: Path
) -> None:
    refuse(pause, 9)
    clock.boot, clock.seconds = "second", 3.0
    again = Pause(path, Seal(b"s" * 32), clock)
    assert refuse_one(again) == 30
    clock.seconds += 29
    clock.boot, clock.seconds = "third", 3.0
    assert Pause(path, Seal(b"s" * 32), clock).remaining() == 30


def test_restart_does_not_begin_again_what_was_seen_to_be_over(pause: Pause, clock: Clock) -> None:
    refuse(pause, 10)
    clock.seconds += 30
    assert pause.remaining() == 0.0
    clock.boot, clock.seconds = "second", 5.0
    assert pause.remaining() == 0.0
    assert refuse(pause, 10)[-1] == 60
