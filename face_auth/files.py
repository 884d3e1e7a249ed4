"""Bounded reads of regular files, and atomic writes."""

import errno
import os
import stat
import tempfile
from pathlib import Path


def read_regular(path: Path, largest: int) -> bytes:
    """Return the bytes of a regular file of at most *largest* bytes, without waiting for a pipe.

    Raises:
        OSError: If there is no such file, it is larger, or it is not a regular file.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError as error:  # a NUL or half a character in its name
        raise OSError(errno.EINVAL, "its name is invalid") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        data = file.read(largest + 1)
    if len(data) > largest:
        raise OSError(errno.EFBIG, "it is too large")
    return data


def write_whole(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write *data* to *path* atomically: a crash leaves the old file or the new one.

    The bytes go to a temporary file beside *path*, are fsynced and renamed over it; the folder
    is fsynced last, so that the new name survives a power cut.

    Raises:
        OSError: If the file could not be written; the old one is untouched.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* survive a power cut.

    Raises:
        OSError: If that is not certain.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
