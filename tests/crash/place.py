"""All folders of one kiosk: data, keys, anchor, verifier, and the dispenser's journal."""

import os
import shutil
from pathlib import Path

from argon2 import PasswordHasher

from atm.folder import Kind
from atm.settings import Settings
from credentials.hashing import PinHasher

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
DAY_LIMIT = 10**8
SMALLEST_NOTE = 10


def settings_of(root: Path) -> Settings:
    """Return the settings of the kiosk whose folders are in *root*."""
    return Settings(
        data_dir=root / "data",
        key_dir=root / "keys",
        anchor_dir=root / "anchor",
        kind=Kind.TEST,
        day_limit=DAY_LIMIT,
        smallest_note=SMALLEST_NOTE,
    )


def verifier_of(root: Path) -> Path:
    """Return where the auditor's first key is kept."""
    return root / "verifier"


def journal_of(root: Path) -> Path:
    """Return where the dispenser writes each payment: reference, amount and username."""
    return root / "dispenser"


def address_of(root: Path) -> Path:
    """Return the file with the address of an XFS4IoT dispenser; without it there is the journal."""
    return root / "dispenser.address"


def said_by(root: Path) -> Path:
    """Return what the last teller in *root* said, a line for each step, beside *root*."""
    return root.with_name(f"{root.name}.said")


def go_of(root: Path) -> Path:
    """Return the file whose existence lets a waiting teller begin."""
    return root.with_name(f"{root.name}.go")


def copy(root: Path, to: Path) -> Path:
    """Copy all of *root* to *to*; the room kept for the log becomes a hole of the same size."""

    def copy_file(source: str, target: str) -> None:
        if source.endswith(".room"):
            Path(target).touch(0o600)
            os.truncate(target, Path(source).stat().st_size)
        else:
            shutil.copy2(source, target)

    shutil.copytree(root, to, copy_function=copy_file, dirs_exist_ok=True)
    return to


def cheap(hasher_pepper: bytes) -> PinHasher:
    """Return a hasher with the kiosk's pepper that costs next to nothing."""
    return PinHasher(hasher_pepper, CHEAP)
