"""The audit log that the machine writes: append, check at start, read, notes for staff."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from atm.audit.chain import Chain, Head
from atm.audit.counter import Counter
from atm.audit.entries import NO_MAC, AuditError, check_field, open_fields
from atm.audit.repeated_refusals import Draft, RepeatedRefusals
from atm.audit.reserved_space import ReservedSpace
from atm.audit.state import Anchor, State, highest
from atm.errors import AtmError
from atm.folder import DataFolder
from credentials.errors import CredentialError
from credentials.sealed import files
from credentials.sealed.files import JsonObject

LARGEST_BYTES = 16 * 2**20
ROOM_ENTRIES = 10_000

_KEEP_ROOM_EVERY = 100
_AFTERWARDS = ("begun", "booked", "returned")
"""Steps after which nothing is given out, or that follow one that was anchored."""


class AuditLog:
    """Chained log, shared by threads and processes."""

    def __init__(
        self,
        path: Path,
        key_path: Path,
        anchor_path: Path,
        *,
        stores: Callable[[], Mapping[str, int]] = dict,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
        largest_bytes: int = LARGEST_BYTES,
        room_entries: int = ROOM_ENTRIES,
        begins: bool = True,
        counter: Counter | None = None,
    ) -> None:
        """Prepare a log at *path*, whose folder exists; nothing is opened yet.

        Args:
            path: The file that is written now; full ones stand beside it.
            key_path: File of the present key, outside the data folder; its stem is the
                folder's id.
            anchor_path: File of the anchor, best on another disk.
            stores: Returns the generation of each store, by name.
            clock: Returns the time, with its zone.
            steady: Returns seconds of a clock that is never set.
            largest_bytes: At which size of *path* a new file is begun.
            room_entries: Number of entries for which disk space is reserved.
            begins: Whether it may begin where there is neither log nor key; only in a new folder.
            counter: The counter of a TPM that the anchor is bound to.
        """
        self.path = path
        self.key_path = key_path
        self.anchor = Anchor(anchor_path, counter)
        self._reserved = ReservedSpace(path, room_entries)
        self.chain = Chain(path, key_path, self._reserved, largest_bytes, begins=begins)
        self._stores = stores
        self._clock = clock
        self._steady = steady
        self._lock = threading.RLock()
        self._repeated = RepeatedRefusals()
        self._timer: threading.Timer | None = None
        self._checked = False
        self._writings = 0

    @classmethod
    def of(
        cls,
        folder: DataFolder,
        key_dir: Path,
        anchor_dir: Path | None = None,
        *,
        stores: Callable[[], Mapping[str, int]] = dict,
    ) -> "AuditLog":
        """Return the log of *folder*: its key in *key_dir*, its anchor there or in *anchor_dir*."""
        key = key_dir / f"{folder.folder_id}.audit"
        anchor = (anchor_dir or key_dir) / f"{folder.folder_id}.anchor"
        log = folder.path / "audit.jsonl"
        counter = Counter.of(key_dir, folder.folder_id)
        return cls(log, key, anchor, stores=stores, begins=folder.fresh, counter=counter)

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        """Add the entry ``{"n", "at", "kind": kind, **fields, "stores", "previous", "mac"}``.

        It is on disk when this returns, and anchored if *anchor* or it is a refusal (else an image
        of the disk that is put back would give the attempts back too). Only a refusal (a field
        ``outcome`` that is not "granted") that repeats the last entry within a minute, with the
        same customer, staff and reasons, is counted in memory first; one entry with the field
        ``repeated`` follows when the minute is over, or something else is appended; a crash
        before loses that number.

        Never pass a PIN, an embedding or a picture: fields are texts, numbers, truth values,
        None, and short lists of them.

        Raises:
            AuditError: If it is not on disk, or not anchored; what was to be logged must not
                happen. (The entry may be in the log even so, if only its key or the anchor could
                not be written.) Or if the log was cut, replaced or altered, or its key is gone.
            ValueError: If a field has a name or a value that it must not have, or the entry is
                longer than 64 KiB.
        """
        for name, value in fields.items():
            check_field(name, value)
        stores = self.generations()
        with self._lock:
            now = self._steady()
            if not anchor and self._repeated.counts(kind, fields, now):
                self._flush_later(self._repeated.left(now))
                return
            drafts = [*self._repeated.pending(), (kind, fields)]
            self._write(drafts, stores, anchor=anchor or any(map(_refuses, drafts)))
            self._repeated.written(kind, fields, now)

    def newest(self) -> tuple[int, str]:
        """Return number and MAC of the newest entry.

        Raises:
            AuditError: If the log's key cannot be read.
        """
        state = self.chain.states.read()
        return (0, NO_MAC) if state is None else (state.n - 1, state.previous)

    def has(self, number: int, mac: str) -> bool:
        """Return whether entry *number* has this *mac*, or the log was begun anew after it.

        Raises:
            AuditError: If the log cannot be read.
        """
        try:
            for entry in self.chain.log_files.entries_from_the_end():
                if cast(int, entry["n"]) <= number:
                    return (entry["n"], entry["mac"]) == (number, mac)
        except OSError as error:
            raise self._failed("read", error) from error
        return self.newest()[0] > number

    def remember(self) -> None:
        """Keep the stores' present generations beside the log's key, without an entry.

        They are on disk when this returns: a store that is put back to before is older than the
        log says. It also works where the log itself is damaged or its disk is full.

        Raises:
            AuditError: If they are not on disk; what was counted must not be judged then.
        """
        stores = self.generations()
        with self.locked():
            state = self.chain.states.read() or self.checked_head().state
            known = highest(state.stores, stores)
            if known != state.stores:
                self.chain.states.write(replace(state, stores=known))

    def remembered(self) -> dict[str, int]:
        """Return the highest generation of each store, also where the log itself is damaged.

        Raises:
            AuditError: If the log's key cannot be read.
        """
        with self.locked():
            state = self.chain.states.read()
        return {} if state is None else dict(state.stores)

    def check(self) -> None:
        """Check the log at start.

        Raises:
            AuditError: If it was cut, replaced or altered, its key or its anchor is gone, or it
                cannot be read.
        """
        with self.locked():
            self.checked_head()

    def head_stores(self) -> dict[str, int]:
        """Return the highest generation of each store in the log.

        Raises:
            AuditError: As `check`.
        """
        with self.locked():
            return dict(self.checked_head().state.stores)

    def tail(self, n: int, *kinds: str) -> list[JsonObject]:
        """Return the last *n* entries (of *kinds* only, if given), oldest first.

        What is left of a line that a power cut tore is passed over.

        Raises:
            AuditError: If the log cannot be read.
        """
        self.flush()
        try:
            found = self.chain.log_files.entries_from_the_end()
            wanted = (each for each in found if not kinds or each.get("kind") in kinds)
            key = self._reading_key()
            return [open_fields(key, each) for each in itertools.islice(wanted, n)][::-1]
        except OSError as error:
            raise self._failed("read", error) from error

    def entries(self, reading: bytes | None = None) -> Iterator[JsonObject]:
        """Yield all entries, oldest first; those of logs that were set aside come before.

        Args:
            reading: The key of the encrypted fields, empty to leave them encrypted; None: the
                log's own.

        Raises:
            AuditError: If the log cannot be read.
        """
        self.flush()
        key = self._reading_key() if reading is None else reading
        try:
            for entry in self.chain.log_files.entries():
                yield open_fields(key, entry)
        except OSError as error:
            raise self._failed("read", error) from error

    def _reading_key(self) -> bytes:
        state = self.chain.states.read()
        return b"" if state is None else state.reading

    def free_share(self) -> float:
        """Return the free share of the log's disk, from 0 to 1.

        Raises:
            AuditError: If the disk cannot be checked.
        """
        return self._reserved.free_share()

    def short_of_space(self) -> bool:
        """Return whether staff should free space on the log's disk.

        Raises:
            AuditError: If the disk cannot be checked.
        """
        return self._reserved.short()

    def room(self) -> int:
        """Return the number of further entries that fit on the disk.

        Raises:
            AuditError: If the disk cannot be checked.
        """
        return self._reserved.entries()

    @property
    def verifiable(self) -> bool:
        """Whether an auditor holds the first key of the present entries.

        Raises:
            AuditError: If the log's key cannot be read.
        """
        state = self.chain.states.read()
        return state is not None and state.verifier_from > 0

    def notes(self) -> list[str]:
        """Return warnings about the log for staff, as sentences; empty if all is well."""
        try:
            return self._notes(self.chain.states.read())
        except AuditError as error:
            return [str(error)]

    def flush(self) -> None:
        """Write the refusals counted so far; if that fails the next entry writes them."""
        if not self._repeated.pending():
            return
        with contextlib.suppress(AuditError):
            stores = self.generations()
            with self._lock:
                pending = self._repeated.pending()
                if pending:
                    self._write(pending, stores, anchor=True)
                    self._repeated.written()

    def close(self) -> None:
        """Write the counted refusals; the log can still be used afterwards."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        self.flush()

    def generations(self) -> dict[str, int]:
        """Return the stores' present generations; call it without holding the log's lock.

        A store may be locked by a thread that waits for the log.

        Raises:
            AuditError: If a store cannot tell.
        """
        try:
            return dict(self._stores())
        except (AtmError, CredentialError, OSError) as error:
            raise AuditError(f"The log was not written: {error}") from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the log against other threads and processes; failures inside become AuditError.

        Raises:
            AuditError: If the lock cannot be had, or a store or a file fails inside.
        """
        try:
            with self._lock, files.locked(self.path):
                yield
        except CredentialError as error:
            raise AuditError(str(error)) from error
        except OSError as error:
            raise self._failed("written", error) from error

    def checked_head(self) -> Head:
        """Return the head after a check against the anchor; the caller has locked the log.

        Raises:
            AuditError: As `check`.
            OSError: If a file cannot be read.
        """
        head = self.chain.head()
        if not self._checked or head.state.n == 1:  # a log does not begin twice
            self.anchor.check(head.state)
            self._checked = True
        return head

    def extend(
        self, head: Head, drafts: Sequence[Draft], stores: Mapping[str, int], *, anchor: bool
    ) -> State:
        """Append entries behind *head* and return the new state; the caller has locked the log.

        Raises:
            AuditError, OSError, ValueError: As `Chain.extend`, or the anchor cannot be written.
        """
        if anchor:
            anchored = self.anchor.check(head.state)
            head = replace(head, state=replace(head.state, anchored=anchored))
        at = self._clock().astimezone(UTC).isoformat(timespec="milliseconds")
        state = self.chain.extend(head, drafts, at, stores)
        if anchor:
            self.anchor.write(state, gives=any(map(_gives, drafts)))
        return state

    def _write(
        self, drafts: Sequence[Draft], stores: Mapping[str, int], *, anchor: bool = False
    ) -> None:
        with self.locked():
            if self._writings % _KEEP_ROOM_EVERY == 0:
                self._reserved.keep()
            self._writings += 1
            self.extend(self.checked_head(), drafts, stores, anchor=anchor)

    def _notes(self, state: State | None) -> list[str]:
        found = []
        if state is None or not state.verifier_from:
            found.append(
                "The log has no verifier yet; the auditor must run"
                " “python -m atm.audit init --verifier FILE” once."
            )
        if self.short_of_space():
            found.append(
                f"Only {self.free_share():.0%} of the log's disk is free; free some space."
            )
        if state is not None and not self._reserved.whole:
            found.append(f"The log's disk has space for only {self.room()} more entries.")
        return found

    def _flush_later(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = threading.Timer(seconds, self._flush_now)
            self._timer.daemon = True
            self._timer.start()

    def _flush_now(self) -> None:
        with self._lock:
            self._timer = None
        self.flush()

    def _failed(self, act: str, error: OSError) -> AuditError:
        return AuditError(f"The log {self.path} cannot be {act}: {error.strerror or error}.")


def _gives(draft: Draft) -> bool:
    """Return whether something is given out after the entry that must not come undone with it."""
    return draft[1].get("outcome") != "granted" and draft[1].get("step") not in _AFTERWARDS


def _refuses(draft: Draft) -> bool:
    return draft[1].get("outcome", "granted") != "granted"
