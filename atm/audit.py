"""The log of what was done and decided: JSON lines that are only ever added to."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from atm.errors import AtmError
from credentials import files
from credentials.errors import StoreError

_LONGEST_TEXT = 1000
_LONGEST_LIST = 50
_BLOCK = 65536


class AuditError(AtmError):
    """The log cannot be written or read; what was to be logged must not happen."""


class AuditLog:
    """An append-only file of one JSON object a line, shared by threads and processes."""

    def __init__(
        self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Log to *path* (0600), whose folder exists; *clock* returns the time, with its zone."""
        self.path = path
        self._clock = clock

    def append(self, kind: str, **fields: object) -> None:
        """Add the line ``{"at": ..., "kind": kind, **fields}``; it is on disk when this returns.

        Never pass a PIN, an embedding or a picture: fields are texts, numbers, truth values,
        None, and short lists of them.

        Raises:
            AuditError: If the line could not be written whole.
            ValueError: If a field is called ``at``, ``pin`` or ``..._pin``, or holds anything
                but the values above.
        """
        for name, value in fields.items():
            _check_field(name, value)
        at = self._clock().astimezone(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "kind": kind, **fields}, allow_nan=False)
        try:
            with files.locked(self.path):
                self._write(line.encode("ascii") + b"\n")
        except StoreError as error:
            raise AuditError(str(error)) from error
        except OSError as error:
            raise AuditError(
                f"The log {self.path} cannot be written: {error.strerror or error}."
            ) from error

    def tail(self, n: int, kind: str | None = None) -> list[dict[str, object]]:
        """Return the last *n* entries (of *kind* only, if given), oldest first.

        What is left of a line that a power cut tore is passed over.

        Raises:
            AuditError: If the log cannot be read.
        """
        found: list[dict[str, object]] = []
        try:
            for line in self._lines_from_the_end():
                if len(found) >= n:
                    break
                with contextlib.suppress(ValueError, RecursionError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and kind in (None, entry.get("kind")):
                        found.append(entry)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AuditError(f"The log {self.path} cannot be read: {error.strerror}.") from error
        return found[::-1]

    def _write(self, line: bytes) -> None:
        new = not self.path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self.path, flags, 0o600)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":  # torn by a power cut
                line = b"\n" + line
            try:
                if os.write(handle, line) != len(line):
                    raise OSError("the disk is full")
                os.fsync(handle)
            except OSError:
                with contextlib.suppress(OSError):  # else the next line starts a new one
                    os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)
        if new:
            files.sync_folder(self.path.parent)

    def _lines_from_the_end(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            rest = b""
            while position:
                start = max(0, position - _BLOCK)
                file.seek(start)
                first, *lines = (file.read(position - start) + rest).split(b"\n")
                yield from reversed(lines)
                position, rest = start, first
            yield rest


def _check_field(name: str, value: object) -> None:
    if name == "at" or name == "pin" or name.endswith("_pin"):
        raise ValueError(f"no field of the log is called {name}")
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > _LONGEST_LIST:
        raise ValueError(f"the field {name} is too long for the log")
    for each in values:
        if each is not None and not isinstance(each, str | int | float):
            raise ValueError(f"the field {name} holds {type(each).__name__}, which is not logged")
        if isinstance(each, str) and len(each) > _LONGEST_TEXT:
            raise ValueError(f"the field {name} is too long for the log")
