"""ReservedSpace on the disk that is kept for the log, and given up to it when the disk is full."""

import contextlib
import os
from pathlib import Path

from atm.audit.entries import AuditError

ENTRY_BYTES = 1024
"""What one entry takes, rounded up: a decision with its stores and MACs has some 600 bytes."""

_STEP = 256 * 1024


class ReservedSpace:
    """A file beside the log whose only purpose is its size."""

    def __init__(self, log: Path, entries: int) -> None:
        """Keep room for *entries* more of *log*; nothing is made yet."""
        self.path = log.with_name(f"{log.stem}.room")
        self._wanted = entries * ENTRY_BYTES

    @property
    def whole(self) -> bool:
        """Whether all the room is kept."""
        return self._size() >= self._wanted

    def keep(self) -> None:
        """Make the file as large as it should be, if that leaves as much for everybody else.

        Where it cannot be made the log goes on without; `whole` tells.
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
        """Give a part back to the disk; returns whether there was any left."""
        size = self._size()
        if not size:
            return False
        try:
            os.truncate(self.path, max(0, size - _STEP))
        except OSError:
            return False
        return True

    def entries(self) -> int:
        """Return for how many more entries there is room, kept or free.

        Raises:
            AuditError: If the disk cannot be looked at.
        """
        return (self._size() + self._free()) // ENTRY_BYTES

    def free_share(self) -> float:
        """Return the free share of the disk, from 0 to 1.

        Raises:
            AuditError: If it cannot be looked at.
        """
        disk = self._disk()
        return disk.f_bavail / disk.f_blocks if disk.f_blocks else 0.0

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
                f"The disk of {self.path.parent} cannot be looked at: {error.strerror}."
            ) from error
