"""Disk calls that fail: everything a teller reported must still be true.

An error at a sync means that nobody knows what is on the disk, now or later. So what follows is
judged by `power_cut`'s disk, where a failed sync loses what was written before it for good.
"""

import itertools
import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.crash.boundaries import ACTS
from tests.crash.power_cut import Recording, check_cut, record
from tests.crash.syscalls import inject
from tests.crash.teller import Act
from tests.crash.tellers import Tellers

NEXT: list[Act] = [
    ["withdraw", "person-4", "4074", 3000],
    ["enrol", "next-one", "729164", 100],
    ["delete", "person-4"],
]
"""What the same process is asked after an act in which a call failed."""

SYNCS = {"fsync": "EIO", "fdatasync": "EIO"}
OTHERS = {
    "openat": "EMFILE", "write": "ENOSPC", "pwrite64": "EIO", "rename": "EIO", "link": "ENOSPC",
    "unlink": "EIO", "ftruncate": "EIO", "fallocate": "ENOSPC",
}  # fmt: skip


class Fault(NamedTuple):
    """The *when*-th *call* of one kind in *act* gives *error*."""

    act: str
    call: str
    when: int
    error: str


def fail_each(
    tellers: Tellers, work: Path, errors: dict[str, str], cuts: int, seed: int
) -> Counter[str]:
    """Let each call of *errors*, in each act and what follows, fail alone; see `fail_at`."""
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for act, call in itertools.product(ACTS, errors):
        for when in itertools.count(1):
            said = fail_at(tellers, work, Fault(act, call, when, errors[call]), cuts, rng)
            if not said:
                break
            seen += said
    return seen


def fail_some(tellers: Tellers, work: Path, count: int, seed: int) -> Counter[str]:
    """Let each of *count* early syncs fail alone, in the acts in turn; see `fail_at`."""
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for act in itertools.islice(itertools.cycle(ACTS), count):
        call = rng.choice(["fsync", "fsync", "fdatasync"])
        fault = Fault(act, call, rng.randint(1, 12 if call == "fsync" else 4), SYNCS[call])
        seen += fail_at(tellers, work, fault, 1, rng)
    return seen


def fail_at(
    tellers: Tellers, work: Path, fault: Fault, cuts: int, rng: random.Random
) -> Counter[str]:
    """Let *fault* happen, and start after it.

    What a start finds is checked with everything kept that was written, with everything lost that
    was not synced, and after *cuts* random power cuts.

    Returns:
        One ``faults``, and how many acts of that process were acknowledged (``done``) and refused
        with a sentence (``failed``). Nothing if there were not so many calls.

    Raises:
        AssertionError: If something acknowledged is lost, or half of something is there.
    """
    recording = with_fault(tellers, fault, work)
    if not recording.injected:
        return Counter()
    end = len(recording.events)
    for forgets in (0.0, 1.0):
        check_cut(tellers, recording, end, rng, f"{fault}", forgets)
    for _ in range(cuts):
        check_cut(tellers, recording, rng.randint(0, end), rng, f"{fault}")
    verbs = Counter(line.split(" ")[0] for line in recording.lines())
    return Counter(faults=1, done=verbs["done"], failed=verbs["failed"])


def with_fault(tellers: Tellers, fault: Fault, work: Path) -> Recording:
    """Record the act with *fault*, and what the same process does next."""
    failing = inject(fault.call, fault.when, f"error={fault.error}")
    return record(tellers, [*ACTS[fault.act], *NEXT], work, *failing)
