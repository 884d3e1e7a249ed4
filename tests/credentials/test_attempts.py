"""Attempts are counted on disk before they are judged."""

import os
import signal
import sqlite3
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from credentials.attempts import Attempts
from credentials.database import Database
from credentials.errors import StoreError

RESERVE_AT = """
import sys, time
from pathlib import Path
from credentials.attempts import Attempts
attempts = Attempts(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(*[int(attempts.reserve(f"customer {number}")) for number in range(20)])
"""

RESERVE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from credentials.attempts import Attempts
Attempts(Path(sys.argv[1])).reserve("alice")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "attempts.sqlite"


def test_three_attempts_may_be_judged_and_no_fourth(path: Path) -> None:
    attempts = Attempts(path)
    assert [attempts.reserve("alice") for _ in range(5)] == [True, True, True, False, False]
    assert attempts.locked("alice")
    assert not attempts.locked("bob")
    assert attempts.reserve("bob")


def test_third_attempt_locks_while_it_is_still_being_judged(path: Path) -> None:
    attempts = Attempts(path)
    locked = [(attempts.reserve("alice"), attempts.locked("alice"))[1] for _ in range(3)]
    assert locked == [False, False, True]


def test_refund_gives_back_one_and_never_more_than_was_counted(path: Path) -> None:
    attempts = Attempts(path)
    attempts.refund("alice")
    attempts.reserve("alice")
    attempts.refund("alice")
    attempts.refund("alice")
    assert [attempts.reserve("alice") for _ in range(4)] == [True, True, True, False]
    attempts.refund("alice")
    assert [attempts.reserve("alice") for _ in range(2)] == [True, False]


def test_clear_unlocks_one_and_leaves_the_others(path: Path) -> None:
    attempts = Attempts(path)
    for _ in range(3):
        attempts.reserve("alice")
        attempts.reserve("bob")
    attempts.clear("alice")
    assert not attempts.locked("alice")
    assert attempts.locked("bob")


def test_limit_is_a_parameter(path: Path) -> None:
    attempts = Attempts(path, limit=5)
    assert sum(attempts.reserve("staff") for _ in range(9)) == 5


def test_counters_outlive_the_object(path: Path) -> None:
    for _ in range(3):
        assert Attempts(path).reserve("alice")
    assert not Attempts(path).reserve("alice")


def test_attempt_of_a_killed_process_stays_counted(path: Path, start_python: Any) -> None:
    for _ in range(2):
        assert start_python(RESERVE_AND_DIE, path).wait() == -signal.SIGKILL
    assert [Attempts(path).reserve("alice") for _ in range(2)] == [True, False]


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
    # It was a race: no single process got every first place.
    assert len({tuple(each) for each in granted}) > 1


def test_eight_threads_at_once_get_exactly_three(path: Path) -> None:
    attempts = Attempts(path)
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
    assert sorted(granted) == [False] * 5 + [True] * 3


def test_every_commit_is_synced_with_its_folder(path: Path) -> None:
    database = Database(path, (), StoreError)
    with database.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_file_is_the_owners_only(path: Path) -> None:
    old = os.umask(0)
    try:
        Attempts(path).reserve("alice")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_that_is_no_database_is_named_and_kept(path: Path) -> None:
    path.write_bytes(b"something else, longer than the header of SQLite" * 50)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"attempts\.sqlite"):
        Attempts(path)
    assert path.read_bytes() == before


def test_file_of_a_newer_program_is_refused(path: Path) -> None:
    Attempts(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        Attempts(path)


def test_vanished_file_is_a_fault_and_no_fresh_start(path: Path) -> None:
    attempts = Attempts(path)
    attempts.reserve("alice")
    path.unlink()
    with pytest.raises(StoreError):
        attempts.reserve("alice")
    assert not path.exists()


def test_half_made_file_is_finished_at_the_next_start(path: Path) -> None:
    path.touch()  # killed between making the file and making its tables
    assert Attempts(path).reserve("alice")


def test_exception_undoes_the_transaction(path: Path) -> None:
    database = Database(path, ("CREATE TABLE t (x)",), StoreError)
    with pytest.raises(KeyError), database.transaction() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        raise KeyError
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_busy_file_is_waited_for(path: Path) -> None:
    attempts = Attempts(path)
    done = []
    with attempts._database.transaction():
        thread = threading.Thread(target=lambda: done.append(attempts.reserve("alice")))
        thread.start()
        time.sleep(0.1)
        assert done == []
    thread.join()
    assert done == [True]
