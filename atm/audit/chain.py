"""Appends entries to the chained log files, and recovers them after a crash.

The order of an append: the lines with the present key, fsync, then the next key. A crash in
between leaves lines that are genuine under the present key; they are kept. Anything else
behind the known end was never acknowledged: a line that a power cut tore. It is cut off, and an
entry ``torn`` gives its length. What was acknowledged is never cut: a file that is shorter
than the key's state says, or whose last line is another, is refused.
"""

import contextlib
import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from atm.audit.entries import (
    LONGEST_LINE,
    AuditError,
    digest,
    make_line,
    parse_line,
    seal_fields,
)
from atm.audit.log_files import LogFiles, json_object
from atm.audit.repeated_refusals import Draft
from atm.audit.reserved_space import ReservedSpace
from atm.audit.state import State, StateFile, highest
from credentials.sealed import files

_AT_ONCE = 16 * LONGEST_LINE  # bytes; a line fits in

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Head:
    """End of the log on disk.

    Attributes:
        state: After the last genuine entry.
        torn: Bytes behind it that are no entry.
    """

    state: State
    torn: int = 0


class Chain:
    """The log's files with their key; the caller holds the log's lock."""

    def __init__(
        self,
        path: Path,
        key_path: Path,
        reserved: ReservedSpace,
        largest_bytes: int,
        *,
        begins: bool = True,
    ) -> None:
        """Prepare a log; nothing is opened yet.

        Args:
            path: The file that is written now.
            key_path: File of the present key.
            reserved: Disk space that is released when the disk is full.
            largest_bytes: Size of *path* at which a new file is begun.
            begins: Whether the log may begin where there is neither log nor key.
        """
        self.log_files = LogFiles(path)
        self.states = StateFile(key_path)
        self._path = path
        self._key_path = key_path
        self._reserved = reserved
        self._largest = largest_bytes
        self._begins = begins

    def head(self) -> Head:
        """Find the end of the log, behind the newest genuine entry.

        Raises:
            AuditError: If what was acknowledged is not there as it was, or the key is missing.
            OSError: If a file cannot be read.
        """
        state = self.states.read()
        if state is None:
            self._check_nothing_there()
            if not self._begins:
                raise AuditError(
                    f"The log {self._path} and its key {self._key_path} are missing, but the folder"
                    " had them: put both back, or ask the auditor to begin a new log."
                )
            return Head(State.first())
        full = self.log_files.numbered(state.part)
        if full.exists():  # a crash between two files
            if full.stat().st_size != state.size:
                raise self._altered()
            state = replace(state, part=state.part + 1, size=0)
        self._check_last_line(state)
        while (further := self._with_left(state)).n > state.n:
            state = further
        return Head(state, self._size() - state.size)

    def extend(
        self, head: Head, drafts: Sequence[Draft], at: str, stores: Mapping[str, int]
    ) -> State:
        """Append entries behind *head*; they are on disk when this returns.

        Args:
            head: The result of `head` under the same lock.
            drafts: Kind and fields of each.
            at: Their time.
            stores: The stores' generations; the log never records a lower one than before.

        Returns:
            The new state of the log.

        Raises:
            AuditError: If the key cannot be kept. The entries may stand in the log even so.
            OSError: If the lines cannot be written; none of them is there then.
            ValueError: If one is too long.
        """
        state = head.state.with_reading_key()
        if state.n == 1 or not head.state.reading:
            self.states.write(state)  # a first key must be kept before it is used
        if head.torn:
            os.truncate(self._path, state.size)
            drafts = [("torn", {"bytes": head.torn}), *drafts]
        known = highest(stores, state.stores)
        if state.size >= self._largest:
            state = self._begin_file(state)
        begin, lines = state.size, b""
        for kind, fields in drafts:
            sealed = seal_fields(state.reading, state.n, kind, fields)
            line, mac = make_line(state.key, state.n, at, kind, sealed, known, state.previous)
            state = state.after(line, mac, known)
            lines += line + b"\n"
        self._add(lines, begin)
        self.states.write(state)
        return state

    def _begin_file(self, state: State) -> State:
        """Set the full file aside under its number; return the state at the next file's begin.

        Entries that a crash left behind the key are kept under the key first: after a second
        crash `head` looks for them in the present file only.
        """
        if self.states.read() != state:
            with self._path.open("rb") as file:
                os.fsync(file.fileno())
            self.states.write(state)
        self._path.rename(self.log_files.numbered(state.part))
        files.sync_folder(self._path.parent)
        return replace(state, part=state.part + 1, size=0)

    def _add(self, lines: bytes, begin: int) -> None:
        """Append *lines*; on a full disk release the reserved space and try again."""
        while True:
            try:
                self._add_once(lines, begin)
                return
            except OSError as error:
                if error.errno not in _FULL or not self._reserved.give():
                    raise

    def _add_once(self, lines: bytes, begin: int) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self._path, flags, 0o600)
        try:
            try:
                written = os.write(handle, lines)
                if written != len(lines):
                    os.write(handle, lines[written:])  # says why not all went
                    raise OSError("the line was not written whole")
                os.fsync(handle)
                if begin == 0:
                    files.sync_folder(self._path.parent)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, begin)
                raise
        finally:
            os.close(handle)

    def _check_last_line(self, state: State) -> None:
        """Check that the files reach to *state* and end with its last entry."""
        if self._size() < state.size:
            raise self._altered()
        if not state.head:
            return
        path, end = self._path, state.size
        if end == 0:
            path = self.log_files.numbered(state.part - 1)
            end = path.stat().st_size if path.exists() else 0
        begin = max(0, end - LONGEST_LINE - 2)
        data = _read(path, begin, end - begin) if end else b""
        if not data.endswith(b"\n") or digest(data[:-1].rpartition(b"\n")[2]) != state.head:
            raise self._altered()

    def _with_left(self, state: State) -> State:
        """Return *state* advanced over genuine entries that a crash left behind it."""
        left = _read(self._path, state.size, _AT_ONCE) if self._size() > state.size else b""
        *lines, _ = left.split(b"\n")
        for line in lines:
            found = parse_line(line)
            if found is None or not state.follows(found):
                break
            state = state.after(line, found.mac, _stores(line))
        return state

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def _check_nothing_there(self) -> None:
        """Refuse a log without its key; a new key would hide the loss of the old one."""
        for path in self.log_files.all():
            data = _read(path, 0, LONGEST_LINE)
            if not data:
                continue
            first = data.partition(b"\n")[0]
            if b'"mac"' not in first:
                raise AuditError(
                    f"The log {path} is one of an early version, without MACs;"
                    " move it out of the data folder."
                )
            raise AuditError(
                f"The key {self._key_path} of the log {path} is missing;"
                " put it back, or ask the auditor to begin a new log."
            )

    def _altered(self) -> AuditError:
        return AuditError(
            f"The log {self._path} was cut, replaced or altered;"
            " ask the auditor to verify it and to begin a new one."
        )


def _read(path: Path, begin: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(size)


def _stores(line: bytes) -> dict[str, int]:
    [entry] = json_object(line)
    return cast("dict[str, int]", entry["stores"])
