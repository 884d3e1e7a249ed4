"""Full or read-only disks, mounted for a test as root."""

import contextlib
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.boundaries import ACTS
from tests.crash.disk_faults import NEXT
from tests.crash.place import copy, said_by
from tests.crash.teller import Act
from tests.crash.tellers import Tellers, heard
from tests.crash.truth import check

PAGE = 4096
_SIZE = 8 * 2**20
_ROOM = 512 * 1024


def fill(tellers: Tellers, work: Path, act: str, pages: int, *, room: bool = False) -> Counter[str]:
    """Do *act*, and what is asked next, on a disk with *pages* of 4096 bytes free.

    Then there is room again: the kiosk must start, be sound and do what is asked of it.

    Args:
        tellers: Do it.
        work: Where the disk is mounted.
        act: One of `ACTS`.
        pages: How many are free.
        room: Whether the log has room of its own kept.

    Returns:
        How many acts were acknowledged (``done``) and refused with a sentence (``failed``) on the
        full disk.

    Raises:
        AssertionError: If something acknowledged is lost, or half of something is there.
    """
    with _small_disk(work / "disk") as root:
        copy(tellers.base, root)
        kept = root / "data" / "audit.room"
        kept.write_bytes(bytes(_ROOM) if room else b"")
        tellers.start(root, [*ACTS[act], *NEXT], wait=True)
        filler = _fill_up(root, pages)
        tellers.go(root)
        assert tellers.ended() == 0
        filler.unlink()
        truth = tellers.truth()
        lines = heard(root)
        try:
            truth.hear(lines)
            check(root, truth)
            said_by(root).unlink()
            after: list[Act] = [["enrol", "after-that", "314159", 700]]
            tellers.start(root, after)
            assert tellers.ended() == 0
            truth.hear(heard(root))
            assert truth.people["after-that"].here == {True}, heard(root)
            check(root, truth)
        except Exception as error:
            error.add_note(f"{act} with {pages} pages free, after {lines}")
            raise
        finally:
            said_by(root).unlink()
    verbs = Counter(line.split(" ")[0] for line in lines)
    return Counter(done=verbs["done"], failed=verbs["failed"])


def fill_each(tellers: Tellers, work: Path, act: str, *, room: bool) -> tuple[int, Counter[str]]:
    """Do *act* with no page free, one, two ... until nothing fails any more.

    Returns:
        How many disks that took, and what was said on all of them; see `fill`.
    """
    seen: Counter[str] = Counter()
    for pages in range(500):
        said = fill(tellers, work, act, pages, room=room)
        seen += said
        if not said["failed"]:
            return pages, seen
    raise AssertionError(f"{act} fails even with 500 pages free")


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be written under *folder* meanwhile, not even by root."""
    _as_root("mount", "--bind", str(folder), str(folder))
    try:
        _as_root("mount", "-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _as_root("umount", "--lazy", str(folder))


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    options = f"size={_SIZE},mode=0700,uid={os.geteuid()}"
    _as_root("mount", "-t", "tmpfs", "-o", options, "crash", str(folder))
    try:
        yield folder
    finally:
        _as_root("umount", "--lazy", str(folder))
        folder.rmdir()


def _fill_up(disk: Path, pages: int) -> Path:
    """Leave *pages* free on *disk*; return the file that takes the rest."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(PAGE))
    os.truncate(filler, filler.stat().st_size - pages * PAGE)
    status = os.statvfs(disk)
    assert status.f_bavail * status.f_frsize == pages * PAGE
    return filler


def _as_root(*command: str) -> None:
    by = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if by and shutil.which("sudo") is None:
        pytest.skip("only root may mount a disk for this test")
    done = subprocess.run([*by, *command], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{' '.join(command)} is not possible here: {done.stderr.strip()}")
