"""Small files that several processes share: locked, written whole or not at all, read strictly."""

import contextlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import filelock

from credentials.errors import DamagedStoreError, StoreError

JsonObject = dict[str, object]
T = TypeVar("T")

LOCK_SUFFIX = ".lock"
PARTIAL_SUFFIX = ".partial"

_LOCK_TIMEOUT_S = 10.0
_LOCK_POLL_S = 0.01
_LARGEST_BYTES = 64 * 2**20
# A file changed less than this before it was read may change again within one tick of the
# file system's clock, onto the same inode number: such a reading is not kept.
_SETTLED_NS = 100_000_000


class Signature(NamedTuple):
    """What differs between two versions of a file."""

    mtime_ns: int
    size: int
    inode: int


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other thread and process out of changing *path* (by a lock file beside it).

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
    """Put *data* at *path*, readable by its owner only, so that a crash leaves old or new.

    Hold `locked` meanwhile. Temporary files that a killed writer left are removed.

    Raises:
        StoreError: If any step failed. The old file is untouched, unless the very last step (the
            fsync of the folder) failed: then either may be there after a power cut.
    """
    try:
        for stray in path.parent.glob(f".{path.name}.*{PARTIAL_SUFFIX}"):
            stray.unlink(missing_ok=True)
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


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* survive a power cut.

    Raises:
        OSError: If they may not.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private_folder(path: Path) -> None:
    """Make the folder *path*, with those above it, open to its owner only; or leave what is there.

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
        StoreError: If it cannot be looked at.
    """
    try:
        return _signature(path.stat())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def read_json(path: Path) -> tuple[JsonObject, Signature] | None:
    """Return the JSON object in *path* and the version it was read from, None without a file.

    Raises:
        StoreError: If the file cannot be read.
        DamagedStoreError: If it is no regular file of at most 64 MiB with one JSON object in
            UTF-8, or an object in it names a key twice.
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
            data = file.read()
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(handle)
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise DamagedStoreError(path, "it is not valid JSON") from error
    if not isinstance(document, dict):
        raise DamagedStoreError(path, "it holds no JSON object")
    return document, _signature(status)


class RecordFile(Generic[T]):
    """A JSON document ``{"version": 1, "records": [...]}`` shared by threads and processes.

    Readers take no lock: they see the file before or after a change, never in between, and read
    it again only when it changed.
    """

    VERSION = 1

    def __init__(self, path: Path, parse: Callable[[list[JsonObject]], T]) -> None:
        """Keep records in *path*, whose folder exists; nothing is opened yet.

        Args:
            path: The file; without one there are no records.
            parse: Makes what `read` returns from the records; raises ValueError with a clause
                (without a full stop) for the reader of the log if they are not as they must be.
        """
        self.path = path
        self._parse = parse
        self._kept: tuple[Signature, T] | None = None

    def read(self) -> T:
        """Return the records as they are now.

        Raises:
            StoreError: If the file cannot be read.
            DamagedStoreError: If it is not a document of this version, or *parse* refuses it.
        """
        kept = self._kept
        if kept is not None and kept[0] == signature(self.path):
            return kept[1]
        return self._load()

    def change(self, edit: Callable[[T], list[JsonObject]]) -> None:
        """Replace the records by what *edit* makes of them, on disk when this returns.

        The file is locked and read again first, so that no change of another process is lost.
        What *edit* raises is passed on, and nothing is changed.

        Raises:
            StoreError: If the file cannot be read or written.
            DamagedStoreError: If it is damaged.
            ValueError: If the new records could not be read back.
        """
        with locked(self.path):
            records = edit(self._load())
            self._parse(records)
            lines = ",\n".join(json.dumps(record, allow_nan=False) for record in records)
            document = f'{{"version": {self.VERSION}, "records": [\n{lines}\n]}}\n'
            write_whole(self.path, document.encode("ascii"))

    def _load(self) -> T:
        found = read_json(self.path)
        if found is None:
            return self._parse([])
        document, version = found
        records = self._records(document)
        try:
            parsed = self._parse(records)
        except ValueError as error:
            raise DamagedStoreError(self.path, str(error)) from error
        settled = time.time_ns() - version.mtime_ns > _SETTLED_NS
        self._kept = (version, parsed) if settled else None
        return parsed

    def _records(self, document: JsonObject) -> list[JsonObject]:
        version = document.get("version")
        if type(version) is int and version > self.VERSION:
            raise DamagedStoreError(self.path, f"a newer program wrote it (version {version})")
        records = document.get("records")
        if (
            type(version) is not int
            or version != self.VERSION
            or set(document)
            != {
                "version",
                "records",
            }
        ):
            raise DamagedStoreError(self.path, "it is not a document of version 1")
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
            raise DamagedStoreError(self.path, "its records are not a list of objects")
        return records


def _signature(status: os.stat_result) -> Signature:
    return Signature(status.st_mtime_ns, status.st_size, status.st_ino)


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"The file {path} cannot be read: {error.strerror}.")


def _without_duplicates(pairs: list[tuple[str, object]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
