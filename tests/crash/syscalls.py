"""Traces one teller with strace: its disk calls, and its behaviour when they fail."""

import contextlib
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

DISK = (
    "open", "openat", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync",
    "fdatasync", "sync_file_range", "rename", "renameat", "renameat2", "link", "linkat", "unlink",
    "unlinkat", "rmdir", "truncate", "ftruncate", "fallocate", "mkdir", "mkdirat", "chmod",
    "fchmod", "fchmodat", "symlink", "symlinkat", "mknod", "mknodat", "copy_file_range",
)  # fmt: skip
"""What changes the disk, or begins to."""

_CALL = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)


def need_strace() -> None:
    """Skip the test (in CI: fail it) where there is no strace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is missing; install the Debian package strace")


def names(calls: tuple[str, ...] = DISK) -> str:
    """Return *calls* for strace's options; those that this machine does not have are left out."""
    return ",".join(f"?{each}" for each in calls)


@contextlib.contextmanager
def traced(pid: int, *options: str) -> Iterator[None]:
    """Attach strace to the process *pid* and its threads; wait at the end until both are gone.

    Raises:
        RuntimeError: If strace may not.
    """
    strace = subprocess.Popen(
        ["strace", "-f", *options, "-p", str(pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert strace.stderr is not None
    line = strace.stderr.readline()
    if "attached" not in line:
        strace.kill()
        strace.communicate()
        raise RuntimeError(line)
    try:
        yield
    finally:
        try:
            strace.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            strace.kill()
            raise


def inject(call: str, when: int, what: str) -> list[str]:
    """Return the options that do *what* ("signal=KILL", "error=EIO") at the *when*-th *call*."""
    return ["-e", f"inject={call}:{what}:when={when}"]


def only(call: str) -> list[str]:
    """Return the options to look at nothing but *call*, and to write nothing down."""
    return ["-e", f"trace={call}", "-o", "/dev/null"]


def counted(trace: Path) -> Counter[str]:
    """Return how often each call stands in *trace*; the most of any one thread."""
    found = Counter(_CALL.findall(trace.read_text("utf-8")))
    most: Counter[str] = Counter()
    for (_, call), count in found.items():
        most[call] = max(most[call], count)
    return most
