"""Tests of the attempt counters: written before an attempt is judged, changed by how it ends."""

import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from credentials.attempts import Attempts, Ending, Standing
from credentials.boot_clock import Moment, now
from credentials.sealed.seal import Seal

FREE, WAITING, LOCKED = Standing.FREE, Standing.WAITING, Standing.LOCKED
SEAL = Seal(b"s" * 32)

RESERVE_AT = """
import sys
from pathlib import Path
from credentials.attempts import Attempts
from credentials.sealed.seal import Seal
attempts = Attempts(Path(sys.argv[1]), Seal(b"s" * 32))
print("ready", flush=True)
sys.stdin.readline()
print(*[int(attempts.reserve(f"customer {number}") == "free") for number in range(20)])
"""

RESERVE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from credentials.attempts import Attempts
from credentials.sealed.seal import Seal
Attempts(Path(sys.argv[1]), Seal(b"s" * 32)).reserve("alice")
os.kill(os.getpid(), signal.SIGKILL)
"""


class Clock:
    """A machine that can be restarted."""

    def __init__(self) -> None:
        self.boot, self.seconds = "first", 1000.0

    def __call__(self) -> Moment:
        return Moment(self.boot, self.seconds)

    def restart(self) -> None:
        self.boot, self.seconds = f"after {self.boot}", 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "attempts.sqlite"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(path: Path, clock: Clock) -> Attempts:
    return Attempts(path, SEAL, clock)


def end(attempts: Attempts, ending: Ending) -> None:
    assert attempts.reserve("alice") is FREE
    attempts.settle("alice", ending)


def test_third_wrong_pin_locks_until_staff_unlock(attempts: Attempts, clock: Clock) -> None:
    for _ in range(3):
        assert attempts.standing("alice") is FREE
        end(attempts, Ending.WRONG_PIN)
    clock.seconds += 10**9
    assert attempts.reserve("alice") is LOCKED
    clock.restart()
    assert attempts.reserve("alice") is LOCKED
    assert attempts.reserve("bob") is FREE
    attempts.clear("alice")
    assert attempts.reserve("alice") is FREE


def test_admission_forgets_wrong_pins_and_waits(attempts: Attempts, clock: Clock) -> None:
    end(attempts, Ending.WRONG_PIN)
    end(attempts, Ending.WRONG_PIN)
    end(attempts, Ending.FOREIGN_FACE)
    clock.seconds += 60
    end(attempts, Ending.ADMITTED)
    end(attempts, Ending.WRONG_PIN)
    end(attempts, Ending.WRONG_PIN)
    end(attempts, Ending.FOREIGN_FACE)
    clock.seconds += 60
    assert attempts.reserve("alice") is FREE


def test_other_face_waits_twice_as_long_each_time_up_to_an_hour(
    attempts: Attempts, clock: Clock
) -> None:
    for wait_s in (60, 120, 240, 480, 960, 1920, 3600, 3600):
        end(attempts, Ending.FOREIGN_FACE)
        assert attempts.reserve("alice") is WAITING
        clock.seconds += wait_s - 0.5
        assert attempts.reserve("alice") is WAITING
        clock.seconds += 0.5
        assert attempts.standing("alice") is FREE


def test_thirtieth_other_face_locks(attempts: Attempts, clock: Clock) -> None:
    for _ in range(30):
        end(attempts, Ending.FOREIGN_FACE)
        clock.seconds += 3600
    assert attempts.reserve("alice") is LOCKED


def test_an_admission_after_twenty_nine_other_faces_begins_anew(
    attempts: Attempts, clock: Clock
) -> None:
    for last in (Ending.ADMITTED, Ending.FOREIGN_FACE):
        for _ in range(29):
            end(attempts, Ending.FOREIGN_FACE)
            clock.seconds += 3600
        end(attempts, last)
        clock.seconds += 3600
    assert attempts.reserve("alice") is LOCKED


def test_attempt_that_is_not_judged_counts_nothing(attempts: Attempts, clock: Clock) -> None:
    end(attempts, Ending.FOREIGN_FACE)
    for _ in range(50):
        assert attempts.reserve("alice") is WAITING
    clock.seconds += 60
    assert attempts.reserve("alice") is FREE


def test_wait_begins_again_when_the_machine_restarts(attempts: Attempts, clock: Clock) -> None:
    end(attempts, Ending.FOREIGN_FACE)
    clock.seconds += 59
    clock.restart()
    assert attempts.reserve("alice") is WAITING
    clock.seconds += 59
    assert attempts.reserve("alice") is WAITING
    clock.seconds += 1
    assert attempts.reserve("alice") is FREE


def test_setting_the_clock_shortens_no_wait(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(path, SEAL)
    end(attempts, Ending.FOREIGN_FACE)
    monkeypatch.setattr("time.time", lambda: 4e9)
    monkeypatch.setattr("time.time_ns", lambda: 4 * 10**18)
    assert attempts.reserve("alice") is WAITING


def test_a_reservation_that_staff_forgave_still_ends_as_it_ends(attempts: Attempts) -> None:
    assert attempts.reserve("alice") is FREE
    attempts.clear("alice")
    attempts.settle("alice", Ending.WRONG_PIN)
    for _ in range(2):
        end(attempts, Ending.WRONG_PIN)
    assert attempts.standing("alice") is LOCKED


def test_a_new_file_begins_at_generation_one_and_one_after_a_restore_above_it(
    tmp_path: Path,
) -> None:
    assert Attempts(tmp_path / "new.sqlite", SEAL).generation == 1
    assert Attempts(tmp_path / "restored.sqlite", SEAL, after=7).generation == 8


def test_without_a_name_of_this_boot_a_restart_is_a_clock_that_went_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credentials.boot_clock._BOOT_ID", tmp_path / "none")
    moment = now()
    assert moment.boot == ""
    assert moment.since("", moment.seconds - 5) == 5
    assert moment.since("", moment.seconds) == 0
    assert moment.since("", moment.seconds + 1) is None


def test_boot_clock_runs_and_names_this_boot() -> None:
    first, second = now(), now()
    assert second.boot == first.boot
    assert second.seconds >= first.seconds
    assert now().since(first.boot, first.seconds + 3600) is None


def test_attempts_without_an_end_stay_reserved_and_then_cost_a_wait_each(
    attempts: Attempts, clock: Clock
) -> None:
    assert [attempts.reserve("alice") for _ in range(4)] == [FREE, FREE, FREE, WAITING]
    for wait_s in (60, 120, 240):
        clock.seconds += 120
        assert attempts.reserve("alice") is WAITING  # nobody holds them: a wait begins here
        clock.seconds += wait_s - 0.1
        assert attempts.reserve("alice") is WAITING
        clock.seconds += 0.1
        assert [attempts.reserve("alice") for _ in range(2)] == [FREE, WAITING]


def test_what_could_not_be_judged_costs_nothing(attempts: Attempts, clock: Clock) -> None:
    end(attempts, Ending.WRONG_PIN)
    for _ in range(40):
        end(attempts, Ending.NOT_JUDGED)
    assert attempts.reserve("alice") is FREE
    attempts.settle("alice", Ending.NOT_JUDGED)
    assert [attempts.reserve("alice") for _ in range(3)] == [FREE, FREE, WAITING]


def test_attempts_are_held_for_two_minutes_before_they_count_as_abandoned(
    attempts: Attempts, clock: Clock
) -> None:
    for _ in range(3):
        attempts.reserve("alice")
    clock.seconds += 119.9
    assert attempts.reserve("alice") is WAITING  # no wait begins
    clock.seconds += 60
    assert attempts.reserve("alice") is WAITING  # but here
    clock.seconds += 59.9
    assert attempts.reserve("alice") is WAITING
    clock.seconds += 0.1
    assert attempts.reserve("alice") is FREE


def seconds_to_lock(attempts: Attempts, clock: Clock, ending: Ending | None) -> float:
    """Return how long somebody needs who tries whenever a try is judged, to lock the account."""
    begun = clock.seconds
    while (standing := attempts.reserve("alice")) is not LOCKED:
        if standing is FREE and ending is not None:
            attempts.settle("alice", ending)
        clock.seconds += 10 if standing is WAITING else 1
    return clock.seconds - begun


def test_whoever_cancels_each_login_locks_no_sooner_than_with_another_face(
    tmp_path: Path, clock: Clock
) -> None:
    hours = [
        seconds_to_lock(Attempts(tmp_path / f"{ending}.sqlite", SEAL, clock), clock, ending) / 3600
        for ending in (Ending.FOREIGN_FACE, None)
    ]
    assert hours[0] == pytest.approx(24.05, abs=0.1)
    assert 24.05 < hours[1] < 26


def test_wrong_pins_leave_less_room_for_reservations(attempts: Attempts) -> None:
    end(attempts, Ending.WRONG_PIN)
    end(attempts, Ending.WRONG_PIN)
    assert [attempts.reserve("alice") for _ in range(2)] == [FREE, WAITING]


def test_an_attempt_that_ends_is_one_reservation_less(attempts: Attempts) -> None:
    assert [attempts.reserve("alice") for _ in range(2)] == [FREE, FREE]
    attempts.settle("alice", Ending.WRONG_PIN)
    assert [attempts.reserve("alice") for _ in range(2)] == [FREE, WAITING]


def test_counters_outlive_the_object(path: Path) -> None:
    for _ in range(3):
        end(Attempts(path, SEAL), Ending.WRONG_PIN)
    assert Attempts(path, SEAL).reserve("alice") is LOCKED


def test_lock_is_for_staff_to_undo(attempts: Attempts) -> None:
    attempts.lock("alice")
    assert attempts.reserve("alice") is LOCKED
    attempts.clear("alice")
    assert attempts.reserve("alice") is FREE


def test_attempt_of_a_killed_process_stays_counted(path: Path, start_python: Any) -> None:
    for _ in range(2):
        assert start_python(RESERVE_AND_DIE, path).wait() == -signal.SIGKILL
    attempts = Attempts(path, SEAL)
    assert [attempts.reserve("alice") for _ in range(2)] == [FREE, WAITING]


def test_eight_processes_at_once_get_exactly_three(path: Path, start_python: Any) -> None:
    processes = [start_python(RESERVE_AT, path) for _ in range(8)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    granted = [process.communicate()[0].split() for process in processes]
    totals = [sum(map(int, each)) for each in zip(*granted, strict=True)]
    assert totals == [3] * 20


def test_eight_threads_at_once_get_exactly_three(path: Path) -> None:
    attempts = Attempts(path, SEAL)
    barrier = threading.Barrier(8)
    granted = []

    def reserve() -> None:
        barrier.wait()
        granted.append(attempts.reserve("alice"))

    threads = [threading.Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == [FREE] * 3 + [WAITING] * 5


def test_an_owner_whose_attempts_are_all_reserved_is_shown_as_waiting(attempts: Attempts) -> None:
    for left in (FREE, FREE, WAITING):
        assert attempts.reserve("alice") is FREE
        assert attempts.standing("alice") is left
    assert attempts.reserve("alice") is WAITING


def test_reservations_from_before_a_restart_run_out_too(attempts: Attempts, clock: Clock) -> None:
    for _ in range(3):
        assert attempts.reserve("alice") is FREE
    clock.restart()
    assert attempts.reserve("alice") is WAITING
    clock.seconds += 120
    assert attempts.reserve("alice") is WAITING
    clock.seconds += 60
    assert attempts.reserve("alice") is FREE
