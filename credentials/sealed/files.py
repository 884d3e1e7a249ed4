"""Small files shared by processes: locking, atomic durable writing, and strict reading."""

import contextlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import filelock

from credentials.errors import DamagedStoreError, StoreError

JsonObject = dict[str, object]

LOCK_SUFFIX = ".lock"
PARTIAL_SUFFIX = ".partial"

_LOCK_TIMEOUT_S = 10.0
_LOCK_POLL_S = 0.01
_LARGEST_BYTES = 64 * 2**20


class Signature(NamedTuple):
    """Metadata that differ between two versions of a file; `changed_ns` cannot be set at will."""

    changed_ns: int
    mtime_ns: int
    size: int
    inode: int


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock for changes of *path*, a lock file beside it, against threads and processes.

    Raises:
        StoreError: If the lock is not free within ten seconds, or cannot be made.
    """
    if not path.parent.is_dir():  # filelock would make it, open to all
        raise StoreError(f"The folder {path.parent} is missing.")
    lock = filelock.FileLock(
        path.with_name(path.name + LOCK_SUFFIX),
        timeout=_LOCK_TIMEOUT_S,
        mode=0o600,
        poll_interval=_LOCK_POLL_S,
    )
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise StoreError(f"The file {path} is in use by another program.") from error
    except OSError as error:
        raise StoreError(f"The file {path} cannot be locked: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()


def write_whole(path: Path, data: bytes) -> None:
    """Write *data* to *path* atomically and durably, readable by its owner only.

    The caller must hold `locked`. Temporary files that a killed writer left are removed.

    Raises:
        StoreError: If any step failed. The old file is untouched, unless the very last step (the
            fsync of the folder) failed: then either may be there after a power cut.
    """
    try:
        _remove_partials(path)
        handle, name = tempfile.mkstemp(PARTIAL_SUFFIX, f".{path.name}.", path.parent)  # 0600
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"The file {path} cannot be written: {error.strerror}.") from error


def remove_partials(path: Path) -> None:
    """Remove temporary files that killed writers of *path* left. The caller must hold `locked`.

    Raises:
        StoreError: If one cannot be removed.
    """
    try:
        _remove_partials(path)
    except OSError as error:
        raise StoreError(
            f"A crash left a file beside {path} that cannot be removed: {error.strerror}."
        ) from error


def link(source: Path, target: Path) -> None:
    """Link *source*, if it exists, to the second name *target* in one step.

    The caller must hold `locked`. Call `sync_folder` afterwards if the name must survive a power
    cut.

    Raises:
        StoreError: If the link cannot be made.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")
    try:
        os.link(source, temporary)
        try:
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)  # still there if both names were one file already
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"The file {target} cannot be written: {error.strerror}.") from error


def remove(path: Path) -> None:
    """Remove *path* durably, so that a power cut does not restore it; a missing file is no error.

    Raises:
        StoreError: If it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"The file {path} cannot be removed: {error.strerror}.") from error


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


def private_folder(path: Path) -> None:
    """Make the folder *path*, and missing ones above it, accessible to their owner only.

    Raises:
        OSError: If it cannot be made.
    """
    missing = []
    folder = path
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def signature(path: Path) -> Signature | None:
    """Return the present version of *path*, None if there is no such file.

    Raises:
        StoreError: If its metadata cannot be read.
    """
    try:
        return _signature(path.stat())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def read_whole(path: Path) -> tuple[bytes, Signature] | None:
    """Return the content of *path* and its version, None if there is no file.

    Raises:
        StoreError: If the file cannot be read.
        DamagedStoreError: If it is not a regular file of at most 64 MiB.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # no wait on a FIFO
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise DamagedStoreError(path, "it is not a regular file")
        if status.st_size > _LARGEST_BYTES:
            raise DamagedStoreError(path, "it is too large")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(_LARGEST_BYTES), _signature(status)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(handle)


def parse_json(path: Path, data: bytes) -> JsonObject:
    """Return the JSON object in *data*, which was read from *path*.

    Raises:
        DamagedStoreError: If it is not a JSON object in UTF-8, or an object in it repeats a key.
    """
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise DamagedStoreError(path, "it is not valid JSON") from error
    if not isinstance(document, dict):
        raise DamagedStoreError(path, "it is not a JSON object")
    return document


def read_json(path: Path) -> tuple[JsonObject, Signature] | None:
    """Return the JSON object in *path* and the file's version, None if there is no file.

    Raises:
        StoreError: As `read_whole`.
        DamagedStoreError: As `read_whole` and `parse_json`.
    """
    found = read_whole(path)
    return None if found is None else (parse_json(path, found[0]), found[1])


def _remove_partials(path: Path) -> None:
    for stray in path.parent.glob(f".{path.name}.*{PARTIAL_SUFFIX}"):
        stray.unlink(missing_ok=True)


def _signature(status: os.stat_result) -> Signature:
    return Signature(status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino)


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"The file {path} cannot be read: {error.strerror}.")


def _without_duplicates(pairs: list[tuple[str, object]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found
