"""What a report is about: when, by which program, on which machine, network and data."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from face_auth.command_line import version
from face_auth.datasets.folders import REPOSITORY
from face_auth.errors import ModelError
from face_auth.evaluation.context import Context
from face_auth.evaluation.result import one_in
from face_auth.models import ModelCard

DRAWN: Final = (
    "These people are drawn. The figures show how the evaluation works; they tell nothing about "
    "people."
)
WARNING: Final = "warning"
GIT_LIMIT_S: Final = 10


def about(context: Context, train: Path, test: Path) -> dict[str, Any]:
    """Return the facts above a report, by name and in order.

    Args:
        context: The evaluation.
        train: The folder of training images.
        test: The folder of test images.
    """
    card, pool = context.extractor.card, context.material.photographs
    told: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "program": f"two-factor-atm {version()}, {_commit()}",
        "machine": _machine(),
        "network": f"{card.name} ({card.file}, SHA-256 {card.sha256[:16]})",
        "threshold": _threshold(card),
    }
    if context.material.test:
        told["training"] = str(train)
        told["test"] = str(test)
    if pool.folder != Path():
        what = "LFW" if pool.lfw else "photographs"
        told["photographs"] = f"{what}, {len(pool.people):,} people in {pool.folder}"
    told["seed"] = context.seed
    if context.material.drawn:
        told[WARNING] = DRAWN
    return told


def _threshold(card: ModelCard) -> str:
    try:
        kiosk = card.threshold()
    except ModelError:
        return "none was measured yet"
    return f"{kiosk.value:.4f}, the kiosk's default, made for FMR {one_in(float(kiosk.fmr))}"


def _commit() -> str:
    """Return the commit of the program's folder, and whether files of it were changed since."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "commit unknown"
    return f"commit {head}{' with local changes' if changed else ''}"


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(REPOSITORY), *arguments],
        capture_output=True, text=True, check=True, timeout=GIT_LIMIT_S,
    )  # fmt: skip
    return done.stdout.strip()


def _machine() -> str:
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        processor = next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        pass
    cores = os.cpu_count() or 1
    return f"{processor}, {cores} cores, {platform.system()}, Python {platform.python_version()}"
