"""Reserved disk space for the log, released to it when the disk is full."""

import contextlib
import os
from pathlib import Path

from atm.audit.entries import AuditError

ENTRY_BYTES = 1024
"""Size of one entry, rounded up: a decision with its stores and MACs has some 600 bytes."""

_STEP = 256 * 1024
_LITTLE_SHARE = 0.2
_LITTLE_BYTES = 5 * 2**30  # room for five million entries, whatever the size of the disk


class ReservedSpace:
    """File beside the log that only occupies space."""

    def __init__(self, log: Path, entries: int) -> None:
        """Reserve space for *entries* more of *log*; nothing is made yet."""
        self.path = log.with_name(f"{log.stem}.room")
        self._wanted = entries * ENTRY_BYTES

    @property
    def whole(self) -> bool:
        """Whether all the space is reserved."""
        return self._size() >= self._wanted

    def keep(self) -> None:
        """Grow the file to its size, if that leaves as much free space again.

        If that fails the log goes on without it; `whole` is False then.
        """
        size = self._size()
        if size >= self._wanted:
            return
        with contextlib.suppress(OSError, AuditError):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                if self._free() >= 2 * (self._wanted - size):
                    os.posix_fallocate(handle, 0, self._wanted)
            except OSError:
                os.ftruncate(handle, size)
            finally:
                os.close(handle)

    def give(self) -> bool:
        """Release a part to the disk; return whether any was left."""
        size = self._size()
        if not size:
            return False
        try:
            os.truncate(self.path, max(0, size - _STEP))
        except OSError:
            return False
        return True

    def entries(self) -> int:
        """Return the number of further entries that fit into reserved and free space.

        Raises:
            AuditError: If the disk cannot be checked.
        """
        return (self._size() + self._free()) // ENTRY_BYTES

    def free_share(self) -> float:
        """Return the free share of the disk, from 0 to 1.

        Raises:
            AuditError: If the disk cannot be checked.
        """
        disk = self._disk()
        return disk.f_bavail / disk.f_blocks if disk.f_blocks else 0.0

    def short(self) -> bool:
        """Return whether staff should free space: at most a fifth is free, and at most 5 GiB.

        Raises:
            AuditError: If the disk cannot be checked.
        """
        return self.free_share() <= _LITTLE_SHARE and self._free() <= _LITTLE_BYTES

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def _free(self) -> int:
        disk = self._disk()
        return disk.f_bavail * disk.f_frsize

    def _disk(self) -> os.statvfs_result:
        try:
            return os.statvfs(self.path.parent)
        except OSError as error:
            raise AuditError(
                f"The disk of {self.path.parent} cannot be checked: {error.strerror}."
            ) from error
