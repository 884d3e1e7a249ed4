"""Kills the start after a crash at each of its disk calls, and starts again."""

import shutil
from collections import Counter
from pathlib import Path

from tests.crash.boundaries import ACTS, Boundary
from tests.crash.place import copy, said_by
from tests.crash.syscalls import counted, inject, names, only, traced
from tests.crash.teller import START
from tests.crash.tellers import Tellers, heard
from tests.crash.truth import Truth, check

CRASHES = (
    Boundary("enrolment", "rename", 2),  # gallery files whose record never came
    Boundary("enrolment", "rename", 4),  # and an account
    Boundary("withdrawal", "fdatasync", 3),  # a journal that is to be rolled back
    Boundary("deletion", "unlink", 3),  # the record is gone, what it named is not
)


def kill_starts(tellers: Tellers, work: Path, *, every: int = 1) -> Counter[str]:
    """After each of `CRASHES` kill the start at every *every*-th call; check the start after that.

    Returns:
        How many starts died, by the act that had crashed.

    Raises:
        AssertionError: If something acknowledged is lost, or half of something is there.
    """
    died: Counter[str] = Counter()
    for crash in CRASHES:
        crashed, truth_lines = _crash(tellers, crash, work)
        for call, count in sorted(_calls(tellers, crashed, work).items()):
            for when in range(1, count + 1, every):
                root = copy(crashed, work / "started")
                pid, _ = tellers.start(root, [START], wait=True)
                with traced(pid, *only(call), *inject(call, when, "signal=KILL")):
                    tellers.go(root)
                    died[crash.act] += tellers.ended() == -9
                truth = _truth(tellers, truth_lines)
                try:
                    check(root, truth)
                except Exception as error:
                    error.add_note(f"start after {crash} killed at {call} {when}")
                    raise
                shutil.rmtree(root)
        shutil.rmtree(crashed)
    return died


def _crash(tellers: Tellers, crash: Boundary, work: Path) -> tuple[Path, list[str]]:
    root = tellers.copy(work / "crashed")
    pid, _ = tellers.start(root, ACTS[crash.act], wait=True)
    with traced(pid, *only(crash.call), *inject(crash.call, crash.when, "signal=KILL")):
        tellers.go(root)
        assert tellers.ended() == -9
    lines = heard(root)
    said_by(root).unlink()
    return root, lines


def _calls(tellers: Tellers, crashed: Path, work: Path) -> Counter[str]:
    root, trace = copy(crashed, work / "started"), work / "trace"
    pid, _ = tellers.start(root, [START], wait=True)
    with traced(pid, "-e", f"trace={names()}", "-o", str(trace)):
        tellers.go(root)
        assert tellers.ended() == 0
    shutil.rmtree(root)
    return counted(trace)


def _truth(tellers: Tellers, lines: list[str]) -> Truth:
    truth = tellers.truth()
    truth.hear(lines)
    return truth
