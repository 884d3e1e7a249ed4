"""A crash never breaks the chain, and a manipulation never looks like a crash."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from atm.audit import AuditError, AuditLog
from atm.audit.verifier import hand_over, read_verifier
from atm.audit.verify import Report, verify

ROOT = Path(__file__).parents[3]
KILLS = 300 if os.environ.get("LONG_TESTS") else 8

APPEND_AND_TELL = """
import sys
from pathlib import Path
from atm.audit import AuditLog
log = AuditLog(*map(Path, sys.argv[1:4]), stores=lambda: {"ledger": 7}, largest_bytes=4000)
number = 0
while True:
    log.append("decision", who=sys.argv[4], number=number, anchor=number % 3 == 0)
    print(number, flush=True)
    number += 1
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


def verified(log: AuditLog, verifier: Path) -> Report:
    """Verify the log as the auditor does."""
    parts = [(each.name, each.read_bytes()) for each in log.chain.log_files.all()]
    return verify(parts, read_verifier(verifier), log.anchor.read(), log.chain.states.read())


def test_killed_writers_never_break_the_chain(path: Path, tmp_path: Path) -> None:
    verifier = tmp_path / "verifier"
    hand_over(open_log(path), verifier)
    rng = random.Random(6)
    told: dict[str, int] = {}
    for run in range(KILLS):
        names = [f"{side}{run}" for side in ("left", "right")]
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", APPEND_AND_TELL, *map(str, paths(path)), name],
                cwd=ROOT,
                stdout=subprocess.PIPE,
            )
            for name in names
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        for name, writer in zip(names, writers, strict=True):
            writer.send_signal(signal.SIGKILL)
            assert writer.stdout is not None
            # Not communicate(), which loses what readline() has read ahead on a busy machine.
            lines = writer.stdout.read().splitlines()
            writer.wait()
            told[name] = int(lines[-1]) if lines else 0
        log = open_log(path)
        log.check()
        log.append("start")
    report = verified(log, verifier)
    assert report.problems == []
    found: dict[object, list[object]] = {}
    for entry in log.entries():
        found.setdefault(entry.get("who"), []).append(entry.get("number"))
    for name, last in told.items():
        assert found[name][: last + 1] == list(range(last + 1))
        assert len(found[name]) <= last + 3  # two more may be on disk and not told of yet


def die_at(step: int, act: Callable[[], object]) -> bool:
    """Do *act* in a process that dies before its change number *step* to the disk.

    Returns whether it died.
    """
    child = os.fork()
    if child == 0:
        left = step

        def dying(change: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **named: object) -> object:
                nonlocal left
                left -= 1
                if left < 0:
                    os._exit(9)
                return change(*arguments, **named)

            return call

        for name in ("write", "pwrite", "fsync", "fdatasync", "rename", "replace", "ftruncate",
                     "truncate", "mkdir", "unlink", "posix_fallocate"):  # fmt: skip
            setattr(os, name, dying(getattr(os, name)))
        try:
            act()
        except BaseException:
            os._exit(7)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


@pytest.mark.parametrize("act", ["append", "rotate", "hand over", "begin"])
def test_death_before_any_change_to_the_disk_loses_nothing(tmp_path: Path, act: str) -> None:
    step, died = 0, True
    while died:
        path = tmp_path / str(step) / "data" / "audit.jsonl"
        path.parent.mkdir(parents=True)
        first, second = path.parent.parent / "first", path.parent.parent / "second"
        log = open_log(path, largest_bytes=1 if act == "rotate" else 10**6)
        if act != "begin":
            hand_over(log, first)
            log.append("start", anchor=True)
        if act == "hand over":
            died = die_at(step, partial(hand_over, log, second))
        else:
            died = die_at(step, partial(log.append, "decision", number=1, anchor=True))
        again = open_log(path)
        again.check()
        again.append("stop", anchor=True)
        entries = list(again.entries())
        assert [each["n"] for each in entries] == list(range(1, len(entries) + 1))
        if act != "begin":
            assert verified(again, first).problems == []
        if act == "hand over" and second.exists() and second.stat().st_size:
            report = verified(again, second)
            assert (report.problems, report.last) == ([], len(entries))
        assert died or "decision" in {each["kind"] for each in entries} or second.exists()
        step += 1
    assert step > 8


@pytest.mark.parametrize("act", ["append", "rotate", "hand over"])
def test_second_death_while_the_first_is_made_good_loses_nothing(tmp_path: Path, act: str) -> None:
    first_step, first_died = 0, True
    while first_died:
        second_step, second_died = 0, True
        while second_died:
            path = tmp_path / f"{first_step} {second_step}" / "data" / "audit.jsonl"
            path.parent.mkdir(parents=True)
            verifier = path.parent.parent / "verifier"
            log = open_log(path, largest_bytes=1 if act == "rotate" else 10**6)
            hand_over(log, verifier)
            log.append("start", anchor=True)
            dying: Callable[[], object] = partial(log.append, "decision", number=1, anchor=True)
            if act == "hand over":
                dying = partial(hand_over, log, path.parent.parent / "second")
            first_died = die_at(first_step, dying)
            second_died = die_at(second_step, partial(log.append, "decision", number=2))
            again = open_log(path)
            again.append("stop", anchor=True)
            entries = list(again.entries())
            assert [each["n"] for each in entries] == list(range(1, len(entries) + 1))
            assert verified(again, verifier).problems == []
            second_step += 1
        first_step += 1
    assert first_step > 8


@pytest.mark.parametrize("lost", ["key", "key and line end"])
def test_entry_whose_next_key_was_not_kept_is_taken_over(
    path: Path, tmp_path: Path, lost: str
) -> None:
    log = open_log(path, stores=lambda: {"ledger": 1})
    hand_over(log, tmp_path / "verifier")
    log.append("start")
    before = paths(path)[1].read_bytes()
    open_log(path, stores=lambda: {"ledger": 5}).append("withdrawal", amount=50)
    paths(path)[1].write_bytes(before)
    if lost == "key and line end":
        os.truncate(path, path.stat().st_size - 1)
    log.append("stop")
    kinds = [each["kind"] for each in log.tail(2)]
    assert kinds == (["torn", "stop"] if lost == "key and line end" else ["withdrawal", "stop"])
    assert log.head_stores() == {"ledger": 1 if lost == "key and line end" else 5}
    assert verified(log, tmp_path / "verifier").problems == []


@pytest.mark.parametrize(
    "rest", [b'{"n": 3, "at": "2026-11-2', b"\0" * 5000, b"garbage\n", b"\n", b"x" * 100_000]
)
def test_torn_line_is_cut_off_and_told_of(path: Path, tmp_path: Path, rest: bytes) -> None:
    log = open_log(path)
    hand_over(log, tmp_path / "verifier")
    log.append("start")
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(rest)
    assert [each["kind"] for each in log.tail(9)] == ["audit begin", "start"]
    open_log(path).check()
    log.append("decision", number=1)
    assert path.read_bytes().startswith(whole)
    torn, decision = log.tail(2)
    assert (torn["kind"], torn["bytes"]) == ("torn", len(rest))
    assert decision["number"] == 1
    report = verified(log, tmp_path / "verifier")
    assert (report.problems, report.notes, report.verified) == ([], [], 4)


def test_torn_line_that_is_not_yet_cut_off_is_a_note_for_the_auditor(
    path: Path, tmp_path: Path
) -> None:
    log = open_log(path)
    hand_over(log, tmp_path / "verifier")
    with path.open("ab") as file:
        file.write(b'{"n": 2, "at": "2026-11-2')
    report = verified(log, tmp_path / "verifier")
    assert report.problems == []
    assert "25 bytes are no entry" in report.notes[0]


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_cut_that_looks_like_a_torn_line_is_refused_and_found(
    path: Path, tmp_path: Path, cut: int
) -> None:
    log = open_log(path)
    hand_over(log, tmp_path / "verifier")
    log.append("decision", outcome="granted", anchor=True)
    os.truncate(path, path.stat().st_size - cut)
    for act in (log.check, log.head_stores, lambda: log.append("stop")):
        with pytest.raises(AuditError, match="was cut, replaced or altered; ask the auditor"):
            act()
    parts = [(path.name, path.read_bytes())]
    verifier = read_verifier(tmp_path / "verifier")
    assert verify(parts, verifier, log.anchor.read()).problems  # by the anchor alone


@pytest.mark.parametrize("newest", [True, False])
def test_kiosk_itself_sees_that_its_newest_entry_was_altered(path: Path, newest: bool) -> None:
    log = open_log(path, stores=lambda: {"ledger": 12345}, largest_bytes=1 if newest else 10**6)
    log.append("start")
    path.write_bytes(path.read_bytes().replace(b"12345", b"12344"))
    with pytest.raises(AuditError, match="was cut, replaced or altered"):
        log.append("stop")


def test_yesterdays_log_is_refused_even_with_yesterdays_key(path: Path) -> None:
    log = open_log(path)
    log.append("start", anchor=True)
    old = [(each, each.read_bytes()) for each in paths(path)[:2]]
    log.append("decision", outcome="granted", anchor=True)
    for each, data in old:
        each.write_bytes(data)
    with pytest.raises(AuditError, match="stands at entry 1, but entry 2 was anchored"):
        open_log(path).check()
    with pytest.raises(AuditError, match="entry 2 was anchored"):
        open_log(path).append("decision")


def test_other_log_of_the_same_length_is_refused(path: Path) -> None:
    log = open_log(path)
    log.append("start")
    old = [(each, each.read_bytes()) for each in paths(path)[:2]]
    log.append("decision", outcome="granted", anchor=True)
    for each, data in old:
        each.write_bytes(data)
    anchor = paths(path)[2].rename(path.parent / "held")
    open_log(path).append("decision", outcome="refused")
    anchor.rename(paths(path)[2])
    with pytest.raises(AuditError, match="stands at entry 2, but entry 2 was anchored"):
        open_log(path).check()


@pytest.mark.parametrize("how", ["gone", "yesterday's"])
def test_anchor_that_is_gone_or_put_back_is_refused(path: Path, how: str) -> None:
    log = open_log(path)
    anchor = paths(path)[2]
    log.append("start", anchor=True)
    old = anchor.read_bytes()
    log.append("decision", anchor=True)
    log.append("decision", anchor=True)
    anchor.write_bytes(old)
    if how == "gone":
        anchor.unlink()
    for act in (open_log(path).check, lambda: log.append("decision", anchor=True)):
        with pytest.raises(AuditError, match=r"anchor .* is missing or an old copy"):
            act()


def test_missing_key_is_never_replaced(path: Path) -> None:
    open_log(path).append("start")
    paths(path)[1].unlink()
    for act in (open_log(path).check, lambda: open_log(path).append("stop")):
        with pytest.raises(AuditError, match=r"id\.audit of the log .* is missing"):
            act()
    assert not paths(path)[1].exists()


def test_missing_log_is_refused(path: Path) -> None:
    open_log(path).append("start")
    path.unlink()
    with pytest.raises(AuditError, match="was cut, replaced or altered"):
        open_log(path).append("stop")
    assert not path.exists()


def test_log_of_an_early_version_is_refused(path: Path) -> None:
    path.write_text('{"at": "2026-11-01T10:00:00+00:00", "kind": "start"}\n')
    with pytest.raises(AuditError, match="early version, without MACs; move it out"):
        open_log(path).check()


def test_key_that_others_may_read_is_refused(path: Path) -> None:
    open_log(path).append("start")
    paths(path)[1].chmod(0o644)
    with pytest.raises(AuditError, match="Others may use"):
        open_log(path).append("stop")


def test_damaged_key_is_refused(path: Path) -> None:
    open_log(path).append("start")
    paths(path)[1].write_bytes(b"\0" * 8192)
    with pytest.raises(AuditError, match=r"audit key .* is damaged"):
        open_log(path).append("stop")


def test_old_keys_leave_no_trace_in_the_key_file(path: Path) -> None:
    log = open_log(path)
    seen = []
    for _ in range(4):
        log.append("start")
        state = log.chain.states.read()
        assert state is not None
        seen.append(state.key.hex().encode())
    data = paths(path)[1].read_bytes()
    assert [key in data for key in seen] == [False, False, False, True]


@pytest.mark.parametrize("place", range(2))
@pytest.mark.parametrize("torn_at", [0, 1, 100, 4000])
def test_key_file_torn_while_it_was_written_gives_the_old_key(
    path: Path, place: int, torn_at: int
) -> None:
    log = open_log(path)
    for _ in range(2 + place):
        log.append("start")
    key = paths(path)[1]
    before = key.read_bytes()
    log.append("decision")
    after = key.read_bytes()
    halves = [(before[:4096], after[:4096]), (before[4096:], after[4096:])]
    key.write_bytes(
        b"".join(
            new[:torn_at] + old[torn_at:] if old.isspace() else old for old, new in halves
        )
    )  # fmt: skip
    log.append("stop")
    assert [each["kind"] for each in log.tail(2)] == ["decision", "stop"]


def test_rotated_files_are_one_chain(path: Path, tmp_path: Path) -> None:
    log = open_log(path, largest_bytes=1500, stores=lambda: {"ledger": 3})
    hand_over(log, tmp_path / "verifier")
    for number in range(40):
        log.append("decision", number=number, anchor=True)
    files = log.chain.log_files.all()
    assert [each.name for each in files[:2]] == ["audit-000001.jsonl", "audit-000002.jsonl"]
    assert len(files) > 5
    for before, after in itertools.pairwise(files):
        last, first = before.read_bytes().splitlines()[-1], after.read_bytes().splitlines()[0]
        assert json.loads(first)["previous"] == json.loads(last)["mac"]
        assert before.stat().st_size < 1500 + 400
    report = verified(log, tmp_path / "verifier")
    assert (report.problems, report.verified) == ([], 41)
    assert open_log(path).head_stores() == {"ledger": 3}


def test_crash_between_two_files_loses_nothing(path: Path, tmp_path: Path) -> None:
    log = open_log(path, largest_bytes=500, stores=lambda: {"ledger": 3})
    hand_over(log, tmp_path / "verifier")
    while path.stat().st_size < 500:
        log.append("decision")
    path.rename(path.with_name("audit-000001.jsonl"))
    assert open_log(path).head_stores() == {"ledger": 3}
    assert verified(log, tmp_path / "verifier").problems == []
    log.append("stop")
    report = verified(log, tmp_path / "verifier")
    assert report.problems == []
    assert len(path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize("act", ["remove", "cut", "swap"])
def test_full_file_that_was_touched_is_found(path: Path, tmp_path: Path, act: str) -> None:
    log = open_log(path, largest_bytes=500)
    hand_over(log, tmp_path / "verifier")
    for _ in range(12):
        log.append("decision", anchor=True)
    first, second = log.chain.log_files.all()[:2]
    if act == "remove":
        first.unlink()
    elif act == "cut":
        os.truncate(first, first.stat().st_size - 1)
    else:
        first.rename(tmp_path / "held")
        second.rename(first)
        (tmp_path / "held").rename(second)
    assert verified(log, tmp_path / "verifier").problems
