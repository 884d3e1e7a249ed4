"""The log is append-only, holds no secrets, and reports when it cannot be written."""

import itertools
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atm.audit import AuditError, AuditLog
from credentials.errors import StoreError
from credentials.sealed import files
from tests.patience import LIMIT_S

ROOT = Path(__file__).parents[3]

APPEND_MANY = """
import sys
from pathlib import Path
from atm.audit import AuditLog
log = AuditLog(*map(Path, sys.argv[1:4]))
for number in range(100):
    log.append("decision", who=sys.argv[4], number=number, text="x" * 500)
"""

APPEND_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from atm.audit import AuditError, AuditLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
try:
    AuditLog(*map(Path, sys.argv[1:4])).append("decision", text="x" * 200)
except AuditError as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the log is to be, in a data folder."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "audit.jsonl"


def paths(path: Path) -> tuple[Path, Path, Path]:
    """Return log, key and anchor."""
    other = path.parent.parent
    return path, other / "keys" / "id.audit", other / "disk" / "id.anchor"


def open_log(path: Path, **options: Any) -> AuditLog:
    """Open the log at *path*, with its key and its anchor outside the data folder."""
    return AuditLog(*paths(path), **options)


def run(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start Python on *code*."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 1 MiB."""
    disk = tmp_path / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_each_entry_is_one_json_line_with_number_time_and_kind(path: Path) -> None:
    now = datetime(2026, 11, 23, 10, 0, 0, 5000, tzinfo=timezone(timedelta(hours=2)))
    log = open_log(path, clock=lambda: now)
    log.append("decision", customer="c1", outcome="refused", reasons=("wrong_pin",), score=0.5)
    log.append("staff", text="two\nlines\u2028and “more”", nothing=None, yes=True)
    first, second = map(json.loads, path.read_text("ascii").splitlines())
    assert first["previous"] == "0" * 64
    assert second["previous"] == first["mac"]
    assert {name: first[name] for name in first if name not in ("mac", "previous")} == {
        "n": 1,
        "at": "2026-11-23T08:00:00.005+00:00",
        "kind": "decision",
        "customer": "c1",
        "outcome": "refused",
        "reasons": ["wrong_pin"],
        "score": 0.5,
        "stores": {},
    }
    assert (second["n"], second["text"]) == (2, "two\nlines\u2028and “more”")


def test_time_is_now_by_default(path: Path) -> None:
    before = datetime.now(UTC)
    open_log(path).append("start")
    at = datetime.fromisoformat(str(open_log(path).tail(1)[0]["at"]))
    assert before - timedelta(milliseconds=1) <= at <= datetime.now(UTC)


def test_entries_are_added_after_what_is_there(path: Path) -> None:
    open_log(path).append("start")
    before = path.read_bytes()
    open_log(path).append("stop")
    assert path.read_bytes().startswith(before)
    assert len(path.read_bytes()) > len(before)


def test_files_are_the_owners_only(path: Path) -> None:
    old = os.umask(0)
    try:
        open_log(path).append("start", anchor=True)
    finally:
        os.umask(old)
    for each in (*paths(path), path.with_name("audit.room")):
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


def test_line_is_synced_before_the_next_key_replaces_the_one_it_was_made_with(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(path)
    log.append("start")
    steps: list[Any] = []
    write, pwrite, fsync, fdatasync = os.write, os.pwrite, os.fsync, os.fdatasync
    monkeypatch.setattr(os, "write", lambda f, b: (steps.append(bytes(b)), write(f, b))[1])
    monkeypatch.setattr(os, "pwrite", lambda *a: (steps.append("key"), pwrite(*a))[1])
    monkeypatch.setattr(os, "fsync", lambda f: (steps.append("fsync"), fsync(f))[1])
    monkeypatch.setattr(os, "fdatasync", lambda f: (steps.append("fsync"), fdatasync(f))[1])
    log.append("decision", customer="c1")
    line, *rest = (s for s in steps if isinstance(s, str) or b"decision" in s)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    assert rest == ["fsync", "key", "fsync", "key"]  # the last one blanks the old key


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pin", "1234"),
        ("staff_pin", "246813"),
        ("at", "now"),
        ("n", 1),
        ("mac", "00"),
        ("previous", "00"),
        ("stores", 1),
        ("repeated", 1),
        ("template", b"\0\1"),
        ("embedding", [0.1] * 512),
        ("record", {"a": 1}),
        ("path", Path("/tmp")),
        ("nested", [[1]]),
        ("long", "x" * 1001),
        ("nan", float("nan")),
        ("list", ["\u20ac" * 1000] * 20),
    ],
)
def test_what_must_not_be_in_the_log_is_refused(path: Path, name: str, value: object) -> None:
    with pytest.raises(ValueError) as caught:
        open_log(path).append("decision", **{name: value})
    assert "1234" not in str(caught.value)
    assert not path.exists()


def test_failing_sync_is_an_audit_error_and_leaves_no_entry(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(path)
    log.append("start")

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(AuditError, match="Input/output error"):
            log.append("decision")
    assert [each["kind"] for each in log.tail(9)] == ["start"]
    log.append("stop")
    assert [each["n"] for each in log.tail(9)] == [1, 2]


def test_key_that_may_not_be_on_disk_is_an_audit_error_and_not_used(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(path)
    log.append("start")
    key = paths(path)[1].read_bytes()

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        with pytest.raises(AuditError, match=r"id\.audit cannot be written: Input/output error"):
            log.append("decision")
    assert paths(path)[1].read_bytes() == key
    log.append("stop")
    assert [each["kind"] for each in log.tail(9)] == ["start", "decision", "stop"]


@pytest.mark.parametrize("room", [0, 1, 50, 150])
def test_disk_full_in_the_middle_of_a_line_leaves_no_part_of_it(path: Path, room: int) -> None:
    log = open_log(path)
    for _ in range(20):  # the key's file is smaller than the log
        log.append("start", text="x" * 900)
    before = path.read_bytes()
    said = run(APPEND_ON_A_FULL_DISK, *paths(path), len(before) + room).communicate()[0]
    assert said.startswith(f"The log {path} cannot be written: ")
    assert path.read_bytes() == before


def test_log_that_is_a_folder_or_has_none_is_an_audit_error(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    for path in (tmp_path / "audit.jsonl", tmp_path / "none" / "audit.jsonl"):
        with pytest.raises(AuditError):
            open_log(path).append("start")
    with pytest.raises(AuditError):
        open_log(tmp_path / "audit.jsonl").tail(1)


def test_tail_gives_the_last_entries_oldest_first(path: Path) -> None:
    log = open_log(path, largest_bytes=400)
    for number in range(10):
        log.append("even" if number % 2 == 0 else "odd", number=number)
    assert len(list(path.parent.glob("audit-*.jsonl"))) >= 2
    assert [each["number"] for each in log.tail(3)] == [7, 8, 9]
    assert [each["number"] for each in log.tail(3, "even")] == [4, 6, 8]
    assert [each["number"] for each in log.tail(3, "even", "odd")] == [7, 8, 9]
    assert len(log.tail(100)) == 10
    assert log.tail(0) == []
    assert log.tail(3, "none") == []


def test_tail_of_a_log_longer_than_one_block_is_whole(path: Path) -> None:
    lines = [json.dumps({"kind": "old", "number": n, "text": "x" * (n % 700)}) for n in range(900)]
    path.write_text("\n".join(lines) + "\n")
    log = open_log(path)
    assert [each["number"] for each in log.tail(1000)] == list(range(900))
    assert [each["number"] for each in log.tail(300)] == list(range(600, 900))


def test_tail_without_a_log_is_empty(path: Path) -> None:
    assert open_log(path).tail(5) == []
    assert not path.exists()


def test_processes_and_threads_make_one_chain(path: Path) -> None:
    processes = [run(APPEND_MANY, *paths(path), name) for name in ("left", "right")]
    log = open_log(path, largest_bytes=20_000)

    def add() -> None:
        for number in range(30):
            log.append("decision", who="thread", number=number)

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    entries = list(log.entries())
    assert [each["n"] for each in entries] == list(range(1, 261))
    for before, after in itertools.pairwise(entries):
        assert after["previous"] == before["mac"]
    for name in ("left", "right"):
        assert [each["number"] for each in entries if each["who"] == name] == list(range(100))


def test_writer_waits_while_another_one_is_at_work(path: Path) -> None:
    with files.locked(path):
        thread = threading.Thread(target=open_log(path).append, args=("decision",))
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        assert not path.exists()
    thread.join()
    assert len(open_log(path).tail(9)) == 1


def test_stores_only_grow_in_the_log_and_outlive_a_restart(path: Path) -> None:
    now = {"credentials": 3, "ledger": 7}
    log = open_log(path, stores=lambda: now)
    log.append("start")
    now = {"credentials": 2, "ledger": 9, "staff": 1}  # yesterday's credentials put back
    log.append("decision")
    assert [each["stores"] for each in log.tail(2)] == [
        {"credentials": 3, "ledger": 7},
        {"credentials": 3, "ledger": 9, "staff": 1},
    ]
    assert open_log(path).head_stores() == {"credentials": 3, "ledger": 9, "staff": 1}


def test_nothing_is_logged_while_a_store_cannot_tell_its_generation(path: Path) -> None:
    def broken() -> dict[str, int]:
        raise StoreError("The file ledger.sqlite is damaged.")

    with pytest.raises(AuditError, match=r"ledger\.sqlite is damaged"):
        open_log(path, stores=broken).append("decision", outcome="granted")
    assert not path.exists()


def test_store_that_another_thread_holds_while_it_logs_is_no_deadlock(path: Path) -> None:
    store = threading.Lock()

    def generation() -> dict[str, int]:
        with store:
            return {"ledger": 1}

    log = open_log(path, stores=generation)
    with store:
        other = threading.Thread(target=log.append, args=("decision",))
        other.start()
        other.join(0.2)
        assert log._lock.acquire(timeout=LIMIT_S)  # what the holder of the store needs to log
        log._lock.release()
    other.join()
    assert [each["kind"] for each in log.tail(9)] == ["decision"]


def test_repeated_refusals_of_a_minute_are_two_entries(path: Path) -> None:
    now = 0.0
    log = open_log(path, steady=lambda: now)
    refusal: dict[str, Any] = {"outcome": "refused", "customer": "c1", "reasons": ["wrong_pin"]}
    for now in range(5):
        log.append("decision", **refusal, score=now)
    assert len(path.read_text().splitlines()) == 1  # written at once
    log.append("decision", outcome="granted", customer="c1", reasons=["right_pin"])
    entries = list(log.entries())
    assert [each.get("repeated") for each in entries] == [None, 4, None]
    assert entries[1]["customer"] == "c1"
    assert [each["outcome"] for each in entries] == ["refused", "refused", "granted"]


def test_other_refusals_and_admissions_are_written_each(path: Path) -> None:
    log = open_log(path, steady=lambda: 0.0)
    for customer, reason in (("c1", "a"), ("c2", "a"), ("c2", "b"), ("c1", "a")):
        log.append("decision", outcome="refused", customer=customer, reasons=[reason])
    for _ in range(2):
        log.append("decision", outcome="granted", customer="c1", reasons=["a"])
        log.append("staff", staff="Ana")
        log.append("staff", staff="Ana")
    entries = list(log.entries())
    assert len(entries) == 10
    assert not any("repeated" in each for each in entries)


def test_refusal_after_the_minute_is_written_at_once(path: Path) -> None:
    now = 0.0
    log = open_log(path, steady=lambda: now)
    refusal: dict[str, Any] = {"outcome": "refused", "customer": "c1", "reasons": ["wrong_pin"]}
    for now in (0, 59, 60, 61):  # noqa: B007
        log.append("decision", **refusal)
    log.close()
    assert [each.get("repeated") for each in log.entries()] == [None, 1, None, 1]


def test_counted_refusals_are_written_when_their_minute_is_over(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atm.audit.repeated_refusals.WINDOW_S", 0.2)
    log = open_log(path, steady=lambda: 0.0)
    with log._lock:  # so that the minute is over after the third one, however slow they are
        for _ in range(3):
            log.append("decision", outcome="refused", customer="c1", reasons=["wrong_pin"])
        timer = log._timer
    assert timer is not None
    timer.join(LIMIT_S)
    assert [json.loads(each).get("repeated") for each in path.read_text().splitlines()] == [None, 2]


def test_counted_refusals_that_cannot_be_written_come_with_the_next_entry(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(path)
    for _ in range(3):
        log.append("decision", outcome="refused", customer="c1", reasons=["wrong_pin"])

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(AuditError):
            log.append("decision", outcome="granted")
    log.append("stop")
    assert [(e["kind"], e.get("repeated")) for e in log.entries()] == [
        ("decision", None),
        ("decision", 2),
        ("stop", None),
    ]


def test_kept_room_is_used_when_the_disk_is_full(small_disk: Path) -> None:
    path = small_disk / "data" / "audit.jsonl"
    path.parent.mkdir()
    log = open_log(path, room_entries=300)
    log.append("start", anchor=True)
    assert path.with_name("audit.room").stat().st_size == 300 * 1024
    other = os.open(small_disk / "other", os.O_WRONLY | os.O_CREAT)
    with pytest.raises(OSError, match="No space"):
        for _ in range(300):
            os.write(other, b"x" * 4096)
    os.close(other)
    for number in range(300):
        log.append("decision", outcome="granted", customer="c" * 32, number=number, anchor=True)
    assert [each["number"] for each in log.tail(300)] == list(range(300))
    assert any("is free; free some space" in note for note in log.notes())
    assert any("has space for only" in note for note in log.notes())
    with pytest.raises(AuditError, match="cannot be written: No space left"):
        for _ in range(2000):
            log.append("decision", outcome="granted")
    kept = list(log.entries())
    (small_disk / "other").unlink()
    log.append("stop")
    assert [each["n"] for each in log.entries()] == list(range(1, len(kept) + 2))


def test_room_that_could_not_be_kept_whole_is_given_back_and_told_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def part(handle: int, _: int, size: int) -> None:
        os.ftruncate(handle, size // 2)
        raise OSError(28, "No space left on device")

    log = open_log(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", part)
        log.append("start")
    assert path.with_name("audit.room").stat().st_size == 0
    assert any("has space for only" in note for note in log.notes())
    again = open_log(path)
    again.append("start")
    assert not any("has space for only" in note for note in again.notes())


def test_staff_are_told_when_a_fifth_of_the_disk_and_5_gib_are_free_and_below(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(path)
    log.append("start")
    total, free = 10 * 2**18, 2 * 2**18 + 1  # blocks of 4 KiB
    monkeypatch.setattr(
        "os.statvfs",
        lambda _: SimpleNamespace(f_bavail=free, f_blocks=total, f_frsize=4096),
    )
    assert not any("disk is free" in note for note in log.notes())  # more than a fifth
    total, free = 2000 * 2**18, 5 * 2**18 + 1
    assert not any("disk is free" in note for note in log.notes())  # more than 5 GiB
    free -= 1
    assert "Only 0% of the log's disk is free; free some space." in log.notes()
    total, free = 10 * 2**18, 2 * 2**18
    assert "Only 20% of the log's disk is free; free some space." in log.notes()
    assert log.free_share() == 0.2
    assert log.room() > 10_000
