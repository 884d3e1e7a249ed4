"""A simulated disk that loses unsynced data, for power cuts at any point of a teller's work.

The model. What was written to a file lasts once the file was synced. Of what was written since,
each block of 512 bytes may be there or not, in any order, and a size that was set may not be; where
a block is missing in the middle there are zeros. Where a size that was set is lost, so is what was
written behind it since: those are other blocks of the disk, and the file has its old ones. A sync
that failed makes nothing last, and neither does a later one for what was written before it: Linux
forgets those pages. A name (made, moved, linked, taken away) lasts once its folder was synced. Of
the names since, any may have been lost ("any"), or all from some moment on, as a file system with a
journal of its names does ("in order"). A move is there or not, never half.
"""

import itertools
import os
import random
import shutil
from pathlib import Path
from typing import NamedTuple

from tests.crash import trace
from tests.crash.place import said_by
from tests.crash.syscalls import traced
from tests.crash.teller import Act
from tests.crash.tellers import Tellers, plan
from tests.crash.trace import Event, File, Name, Said, Sync, Write
from tests.crash.truth import check

_BLOCK = 512
_FORGETS = (0.1, 0.5, 0.9, 1.0)
"""How likely it is that what was not synced is lost: one of these for each cut."""


class Recording(NamedTuple):
    """What a teller did to a copy of the base: every change, sync and word, in order.

    `injected` tells whether a call was made to fail.
    """

    root: Path
    events: list[Event]
    before: dict[str, File]
    injected: bool

    def lines(self, at: int | None = None) -> list[str]:
        """Return what the teller had said before event *at*, or at the end."""
        text = "".join(each.text for each in self.events[:at] if isinstance(each, Said))
        return text.splitlines()


def record(tellers: Tellers, acts: list[Act], work: Path, *injected: str) -> Recording:
    """Let a teller do *acts* and return what it did; *injected* are options to make calls fail."""
    root = tellers.copy(work / "recorded")
    before = {str(p): File(p.read_bytes()) for p in root.rglob("*") if p.is_file()}
    pid, speaks_to = tellers.start(root, acts, wait=True)
    with traced(pid, *trace.options(work / "trace"), *injected):
        tellers.go(root)
        assert tellers.ended() == 0
    found = trace.events(work / "trace", root, speaks_to, before)
    failed = "(INJECTED)" in (work / "trace").read_text("ascii")
    for each in (root, work / "trace", said_by(root)):
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    return Recording(root, found, before, failed)


def cut(recording: Recording, at: int, rng: random.Random, forgets: float) -> Path:
    """Put the kiosk where it was recorded, as it is when the power goes before event *at*.

    What is not synced is lost with the probability *forgets*. Returns its root.
    """
    happened = recording.events[:at]
    names = _names(recording, happened, rng, forgets)
    contents = _contents(happened, rng, forgets)
    for path, file in names.items():
        target = Path(path)
        target.parent.mkdir(0o700, parents=True, exist_ok=True)
        data = contents.get(file, file.base)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as written:
            if target.suffix == ".room":
                written.truncate(len(data))
            else:
                written.write(data)
    return recording.root


def cut_anywhere(tellers: Tellers, work: Path, count: int, seed: int, each: int = 10) -> int:
    """Cut the power *count* times, each recording *each* times, and check every start after it.

    Returns:
        How many changes and names were lost in all of them.

    Raises:
        AssertionError: If something acknowledged is lost, or half of something is there.
    """
    rng = random.Random(seed)
    lost = 0
    for number in range(count):
        if number % each == 0:
            acts = plan(tellers.truth(), rng, 8, f"new{number}")
            recording = record(tellers, acts, work)
        at = rng.randint(0, len(recording.events))
        lost += unsynced(recording, at)
        check_cut(tellers, recording, at, rng, f"cut {number} of seed {seed}")
    return lost


def check_cut(
    tellers: Tellers,
    recording: Recording,
    at: int,
    rng: random.Random,
    what: str,
    forgets: float | None = None,
) -> None:
    """Cut the power before event *at*, and check what a fresh start finds; *what* names the case.

    Raises:
        AssertionError: If something acknowledged is lost, or half of something is there.
    """
    root = cut(recording, at, rng, rng.choice(_FORGETS) if forgets is None else forgets)
    lines = recording.lines(at)
    truth = tellers.truth()
    try:
        truth.hear(lines)
        check(root, truth)
    except Exception as error:
        error.add_note(f"{what}, at event {at} of {len(recording.events)}, after {lines[-3:]}")
        raise
    finally:
        shutil.rmtree(root)


def unsynced(recording: Recording, at: int) -> int:
    """Return how many changes and names may be lost when the power goes before event *at*."""
    happened = recording.events[:at]
    changes = [(i, e) for i, e in enumerate(happened) if isinstance(e, Write | Name)]
    return sum(not _lasts(happened, number, event) for number, event in changes)


def _names(
    recording: Recording, happened: list[Event], rng: random.Random, forgets: float
) -> dict[str, File]:
    names: dict[str, File | None] = dict(recording.before)
    in_order = rng.random() < 0.5
    forgotten = False
    for number, event in enumerate(happened):
        if not isinstance(event, Name):
            continue
        if not _lasts(happened, number, event):
            forgotten = rng.random() < forgets or (in_order and forgotten)
            if forgotten:
                continue
        names.update(event.changes)
    return {path: file for path, file in names.items() if file is not None}


def _contents(happened: list[Event], rng: random.Random, forgets: float) -> dict[File, bytes]:
    contents: dict[File, bytearray] = {}
    longer: dict[File, int] = {}  # from where on a file has its old blocks
    for number, event in enumerate(happened):
        if not isinstance(event, Write):
            continue
        data = contents.setdefault(event.file, bytearray(event.file.base))
        lasts = _lasts(happened, number, event)
        for offset, block in _blocks(event):
            old = offset >= longer.get(event.file, offset + 1)
            if lasts or (not old and rng.random() >= forgets):
                _put(data, offset, block)
            elif block is None:
                longer[event.file] = min(offset, longer.get(event.file, offset))
    return {file: bytes(data) for file, data in contents.items()}


def _blocks(event: Write) -> list[tuple[int, bytes | None]]:
    if event.data is None:
        return [(event.offset, None)]
    begin, end = event.offset, event.offset + len(event.data)
    edges = [begin, *range((begin // _BLOCK + 1) * _BLOCK, end, _BLOCK), end]
    return [(a, event.data[a - begin : b - begin]) for a, b in itertools.pairwise(edges)]


def _put(data: bytearray, offset: int, block: bytes | None) -> None:
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    if block is None:
        del data[offset:]
    else:
        data[offset : offset + len(block)] = block


def _lasts(happened: list[Event], number: int, event: Write | Name) -> bool:
    """Return whether a change is on the disk for good."""
    if isinstance(event, Name):
        return all(
            any(isinstance(e, Sync) and e.of == folder and e.succeeded for e in happened[number:])
            for folder in event.folders
        )
    for later in happened[number:]:
        if isinstance(later, Sync) and later.of is event.file:
            return later.succeeded
    return False
