"""The log is only added to, holds no secrets, and says when it cannot be written."""

import json
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from atm.audit import AuditError, AuditLog
from credentials import files

ROOT = Path(__file__).parents[2]

APPEND_MANY = """
import sys
from pathlib import Path
from atm.audit import AuditLog
log = AuditLog(Path(sys.argv[1]))
for number in range(100):
    log.append("decision", who=sys.argv[2], number=number, text="x" * 500)
"""

APPEND_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from atm.audit import AuditError, AuditLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    AuditLog(Path(sys.argv[1])).append("decision", text="x" * 200)
except AuditError as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def run(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start Python on *code*."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_each_entry_is_one_json_line_with_time_and_kind(path: Path) -> None:
    now = datetime(2026, 11, 23, 10, 0, 0, 5000, tzinfo=timezone(timedelta(hours=2)))
    log = AuditLog(path, clock=lambda: now)
    log.append("decision", customer="c1", outcome="refused", reasons=("wrong_pin",), score=0.5)
    log.append("staff", text="two\nlines\u2028and “more”", nothing=None, yes=True)
    first, second = path.read_text("ascii").splitlines()
    assert json.loads(first) == {
        "at": "2026-11-23T08:00:00.005+00:00",
        "kind": "decision",
        "customer": "c1",
        "outcome": "refused",
        "reasons": ["wrong_pin"],
        "score": 0.5,
    }
    assert json.loads(second)["text"] == "two\nlines\u2028and “more”"


def test_time_is_now_by_default(path: Path) -> None:
    before = datetime.now(UTC)
    AuditLog(path).append("start")
    at = datetime.fromisoformat(str(AuditLog(path).tail(1)[0]["at"]))
    assert before - timedelta(milliseconds=1) <= at <= datetime.now(UTC)


def test_entries_are_added_after_what_is_there(path: Path) -> None:
    AuditLog(path).append("start")
    before = path.read_bytes()
    AuditLog(path).append("stop")
    assert path.read_bytes().startswith(before)
    assert len(path.read_bytes()) > len(before)


def test_file_is_the_owners_only(path: Path) -> None:
    old = os.umask(0)
    try:
        AuditLog(path).append("start")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_line_is_written_at_once_and_synced_before_the_call_returns(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    AuditLog(path).append("start")  # the folder's entry is synced with the first one
    steps: list[Any] = []
    write, fsync = os.write, os.fsync
    monkeypatch.setattr(os, "write", lambda f, b: (steps.append(bytes(b)), write(f, b))[1])
    monkeypatch.setattr(os, "fsync", lambda f: (steps.append("fsync"), fsync(f))[1])
    AuditLog(path).append("decision", customer="c1")
    line, synced = (step for step in steps if step == "fsync" or b"decision" in step)
    assert (line.count(b"\n"), line[-1:], synced) == (1, b"\n", "fsync")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pin", "1234"),
        ("staff_pin", "246813"),
        ("at", "now"),
        ("template", b"\0\1"),
        ("embedding", [0.1] * 512),
        ("record", {"a": 1}),
        ("path", Path("/tmp")),
        ("nested", [[1]]),
        ("long", "x" * 1001),
        ("nan", float("nan")),
    ],
)
def test_what_must_not_be_in_the_log_is_refused(path: Path, name: str, value: object) -> None:
    with pytest.raises(ValueError) as caught:
        AuditLog(path).append("decision", **{name: value})
    assert "1234" not in str(caught.value)
    assert not path.exists()


def test_full_device_is_an_audit_error(path: Path) -> None:
    path.symlink_to("/dev/full")
    with pytest.raises(AuditError, match=r"audit\.jsonl cannot be written: No space left"):
        AuditLog(path).append("decision")


def test_failing_sync_is_an_audit_error_and_leaves_no_entry(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AuditLog(path)
    log.append("start")

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(AuditError, match="Input/output error"):
        log.append("decision")
    assert [each["kind"] for each in log.tail(9)] == ["start"]


@pytest.mark.parametrize("room", [0, 1, 50, 150])
def test_disk_full_in_the_middle_of_a_line_leaves_no_part_of_it(path: Path, room: int) -> None:
    log = AuditLog(path)
    log.append("start")
    before = path.read_bytes()
    said = run(APPEND_ON_A_FULL_DISK, path, len(before) + room).communicate()[0]
    assert said.startswith(f"The log {path} cannot be written: ")
    assert path.read_bytes() == before


def test_log_that_is_a_folder_or_has_none_is_an_audit_error(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    for path in (tmp_path / "audit.jsonl", tmp_path / "none" / "audit.jsonl"):
        with pytest.raises(AuditError):
            AuditLog(path).append("start")
    with pytest.raises(AuditError):
        AuditLog(tmp_path / "audit.jsonl").tail(1)


def test_line_torn_by_a_power_cut_harms_no_other(path: Path) -> None:
    log = AuditLog(path)
    log.append("start")
    with path.open("ab") as file:
        file.write(b'{"at": "2026-11-2')
    log.append("decision", number=1)
    log.append("decision", number=2)
    assert [each.get("number") for each in log.tail(9)] == [None, 1, 2]
    assert path.read_bytes().count(b"\n") == 4


def test_tail_gives_the_last_entries_oldest_first(path: Path) -> None:
    log = AuditLog(path)
    for number in range(10):
        log.append("even" if number % 2 == 0 else "odd", number=number)
    assert [each["number"] for each in log.tail(3)] == [7, 8, 9]
    assert [each["number"] for each in log.tail(3, kind="even")] == [4, 6, 8]
    assert len(log.tail(100)) == 10
    assert log.tail(0) == []
    assert log.tail(3, kind="none") == []


def test_tail_of_a_log_longer_than_one_block_is_whole(path: Path) -> None:
    log = AuditLog(path)
    lines = [json.dumps({"kind": "old", "number": n, "text": "x" * (n % 700)}) for n in range(900)]
    path.write_text("\n".join(lines) + "\n")
    assert [each["number"] for each in log.tail(1000)] == list(range(900))
    assert [each["number"] for each in log.tail(300)] == list(range(600, 900))


def test_tail_without_a_log_is_empty(path: Path) -> None:
    assert AuditLog(path).tail(5) == []
    assert not path.exists()


def test_processes_and_threads_never_mix_their_lines(path: Path) -> None:
    processes = [run(APPEND_MANY, path, name) for name in ("left", "right")]
    log = AuditLog(path)

    def add() -> None:
        for number in range(30):
            log.append("decision", who="thread", number=number)

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(entries) == 260
    for name in ("left", "right"):
        assert [each["number"] for each in entries if each["who"] == name] == list(range(100))


def test_writer_waits_while_another_one_is_at_work(path: Path) -> None:
    with files.locked(path):
        thread = threading.Thread(target=AuditLog(path).append, args=("decision",))
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        assert not path.exists()
    thread.join()
    assert len(AuditLog(path).tail(9)) == 1
