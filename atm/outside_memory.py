"""What remembers the audit log's end outside the disk of a kiosk, where no image of it reaches.

Whoever puts back an image of the whole disk puts back the log, its key and an anchor that lies
beside them. Only what is not in the image shows it: a counter in the TPM, a folder on another disk,
or the bank's service.
"""

import os
from enum import StrEnum
from pathlib import Path

from atm.folder import DataFolder
from atm.settings import Settings

_DEVICES = Path("/sys/dev/block")


class Memory(StrEnum):
    """Kinds of memory outside the disk."""

    SERVICE = "the bank's service"
    TPM = "the TPM"
    DISK = "another disk"
    NONE = "none"


def outside_memory(settings: Settings, folder: DataFolder) -> Memory:
    """Return what would show that an image of the disk of *folder* was put back."""
    if settings.store:
        return Memory.SERVICE
    if (settings.key_dir / f"{folder.folder_id}.counter").exists():
        return Memory.TPM
    if settings.anchor_dir is not None:
        image = disks_of(folder.path) | disks_of(settings.key_dir)
        if not disks_of(settings.anchor_dir) & image:
            return Memory.DISK
    return Memory.NONE


def disks_of(path: Path) -> frozenset[str]:
    """Return the disks that *path* lies on; where the kernel names none, its device number.

    A partition lies on its whole disk, and a volume of LVM, RAID or dm-crypt on those below it. A
    folder that is missing lies where the nearest one above it does.
    """
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    device = path.stat().st_dev
    found = _DEVICES / f"{os.major(device)}:{os.minor(device)}"
    return _below(found.resolve()) if found.exists() else frozenset({str(device)})


def _below(device: Path) -> frozenset[str]:
    if (device / "partition").exists():
        return _below(device.parent)
    slaves = device / "slaves"
    below = [_below(each.resolve()) for each in slaves.iterdir()] if slaves.is_dir() else []
    return frozenset().union(*below) if below else frozenset({device.name})
