"""Memory and processor time of a process, from /proc."""

import os
import re
import time
from pathlib import Path


def memory_mb(pid: int, kind: str = "Pss") -> float:
    """Return a process's resident memory in megabytes (10^6).

    Args:
        pid: The process.
        kind: ``Pss`` (shared memory counted by its share) or ``Rss`` (shared memory counted fully).
    """
    text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    found = re.search(rf"^{kind}:\s+(\d+) kB", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no {kind} in /proc/{pid}/smaps_rollup")
    return int(found[1]) * 1024 / 1e6


def processor_s(pid: int) -> float:
    """Return the processor time of all threads of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processor_share(pid: int, seconds: float) -> float:
    """Return the share of one core that a process uses during *seconds*; 1 is a whole core."""
    used, begin = processor_s(pid), time.monotonic()
    time.sleep(seconds)
    return (processor_s(pid) - used) / (time.monotonic() - begin)
