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
_MOUNTS = Path("/proc/self/mountinfo")


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

    A partition lies on its whole disk, a volume of LVM, RAID or dm-crypt on those below it, and a
    disk image in a file on those of the file. A file system that gives its parts device numbers of
    their own, as btrfs does, lies where it is mounted from. A folder that is missing lies where the
    nearest one above it does.
    """
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    device = path.stat().st_dev
    found = _of(device)
    if not found.exists():
        source = _mounted_from(path.resolve())
        found = _of(source.stat().st_rdev) if source.is_block_device() else found
    return _below(found.resolve()) if found.exists() else frozenset({str(device)})


def _of(device: int) -> Path:
    return _DEVICES / f"{os.major(device)}:{os.minor(device)}"


def _mounted_from(path: Path) -> Path:
    """Return what the file system with *path* is mounted from, a device or just a word."""
    mounts: dict[Path, Path] = {}
    for line in _MOUNTS.read_text("utf-8", "surrogateescape").splitlines():
        own, _, file_system = line.partition(" - ")  # proc_pid_mountinfo(5)
        point, source = own.split(" ")[4], file_system.split(" ")[1]
        mounts[Path(point.replace(r"\040", " "))] = Path(source)
    return next((mounts[each] for each in (path, *path.parents) if each in mounts), path)


def _below(device: Path) -> frozenset[str]:
    if (device / "partition").exists():
        return _below(device.parent)
    image = device / "loop" / "backing_file"
    if image.exists():
        return disks_of(Path(image.read_text().removesuffix("\n")))
    slaves = device / "slaves"
    below = [_below(each.resolve()) for each in slaves.iterdir()] if slaves.is_dir() else []
    return frozenset().union(*below) if below else frozenset({device.name})
