"""Kills an act at each of its disk calls, and starts again after each kill."""

import random
import shutil
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.crash.place import said_by
from tests.crash.syscalls import counted, inject, names, only, traced
from tests.crash.teller import Act
from tests.crash.tellers import Tellers, heard
from tests.crash.truth import check

ACTS: dict[str, list[Act]] = {
    "enrolment": [["enrol", "newcomer", "583920", 5000]],
    "PIN change": [["pin", "person-0", "4070", "583920"]],
    "lock-out": [["wrong", "person-1", "0000"]] * 3,
    "withdrawal": [["withdraw", "person-2", "4072", 7000]],
    "deletion": [["delete", "person-3"]],
    "change of the network": [["rebuild", "everybody"]],
}


_STEPS = {"fsync", "fdatasync", "rename", "link", "unlink"}
"""Between these the disk differs; between the others mostly not."""


class Boundary(NamedTuple):
    """The *when*-th *call* of one kind in *act*, before it is made."""

    act: str
    call: str
    when: int


def all_boundaries(tellers: Tellers, work: Path) -> list[Boundary]:
    """Run each act once undisturbed; return every call it makes to the disk."""
    found = []
    for act, steps in ACTS.items():
        root, trace = tellers.copy(), work / "trace"
        pid, _ = tellers.start(root, steps, wait=True)
        with traced(pid, "-e", f"trace={names()}", "-o", str(trace)):
            tellers.go(root)
            assert tellers.ended() == 0
        _after(tellers, root)
        for call, count in sorted(counted(trace).items()):
            found += [Boundary(act, call, when + 1) for when in range(count)]
    return found


def kill_at(tellers: Tellers, boundary: Boundary) -> bool:
    """Kill the act there and check what a fresh start finds; return whether it died.

    Raises:
        AssertionError: If something acknowledged is lost, or half of something is there.
    """
    root = tellers.copy()
    pid, _ = tellers.start(root, ACTS[boundary.act], wait=True)
    kill = inject(boundary.call, boundary.when, "signal=KILL")
    with traced(pid, *only(boundary.call), *kill):
        tellers.go(root)
        status = tellers.ended()
    assert status in (0, -9)
    try:
        _after(tellers, root)
    except Exception as error:
        error.add_note(f"{boundary}; kept in {root}")
        raise
    return status == -9


def kill_at_each(tellers: Tellers, boundaries: list[Boundary]) -> Counter[str]:
    """Kill at each of *boundaries*; return by act how many died there.

    That may be fewer: how often a store is read again depends on the clock.
    """
    died: Counter[str] = Counter()
    for boundary in boundaries:
        died[boundary.act] += kill_at(tellers, boundary)
    return died


def kill_at_every(tellers: Tellers, work: Path) -> Counter[str]:
    """Kill each act before its first call of each kind, its second ... until it is done.

    Returns:
        How many died, by act.
    """
    died: Counter[str] = Counter()
    for act, call in dict.fromkeys((each.act, each.call) for each in all_boundaries(tellers, work)):
        when = 1
        while kill_at(tellers, Boundary(act, call, when)):
            died[act] += 1
            when += 1
    return died


def sample(boundaries: list[Boundary], count: int, seed: int) -> list[Boundary]:
    """Return *count* boundaries at syncs and changes of names, as many of each act, seeded."""
    rng = random.Random(seed)
    chosen = []
    for act in ACTS:
        of_act = [each for each in boundaries if each.act == act and each.call in _STEPS]
        chosen += rng.sample(of_act, min(len(of_act), count // len(ACTS)))
    return chosen


def _after(tellers: Tellers, root: Path) -> None:
    truth = tellers.truth()
    truth.hear(heard(root))
    check(root, truth)
    check(root, truth)  # what the first start swept or settled is so for good
    shutil.rmtree(root)
    said_by(root).unlink()
