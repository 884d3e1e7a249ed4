"""State of the log outside the data folder: the present key, position, and the anchor."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Self, cast

from atm.audit.counter import Counter
from atm.audit.entries import KEY_BYTES, NO_MAC, AuditError, Line, digest, next_key
from atm.audit.two_slot_file import TwoSlotFile
from credentials.sealed.files import JsonObject

_DIGEST = re.compile("[0-9a-f]{64}")
_NUMBERS = ("size", "verifier_from", "anchored")
_KEYS = ("key", "reading")


@dataclass(frozen=True, slots=True)
class State:
    """Position of the log: next number, key and the sizes written so far.

    Attributes:
        n: The number of the next entry.
        key: The key of the next entry, 32 bytes; the one before is gone.
        previous: The MAC of the entry before, 64 hexadecimal digits.
        head: The SHA-256 of that entry's line; empty if there is none in the files.
        part: The number that the present file will get when it is full, from 1.
        size: The bytes of it that are known to be written.
        verifier_from: The first entry that an auditor can verify; 0 if nobody holds a first key.
        anchored: The newest entry that is known to stand at the anchor; 0 if none.
        stores: The highest generation of each store that is known, by name.
        reading: The key of the encrypted fields, which is never replaced; empty in the state that
            an earlier program left.
    """

    n: int
    key: bytes
    previous: str
    head: str = ""
    part: int = 1
    size: int = 0
    verifier_from: int = 0
    anchored: int = 0
    stores: Mapping[str, int] = field(default_factory=dict)
    reading: bytes = b""

    @classmethod
    def first(cls) -> Self:
        """Return the state of a new, empty log, with random keys."""
        key, reading = (secrets.token_bytes(KEY_BYTES) for _ in range(2))
        return cls(n=1, key=key, previous=NO_MAC, reading=reading)

    def with_reading_key(self) -> "State":
        """Return the state with a reading key, a new one where there was none."""
        return self if self.reading else replace(self, reading=secrets.token_bytes(KEY_BYTES))

    def after(self, line: bytes, mac: str, stores: Mapping[str, int]) -> "State":
        """Return the state after *line*, with *mac* and *stores*, is written."""
        return replace(
            self,
            n=self.n + 1,
            key=next_key(self.key),
            previous=mac,
            head=digest(line),
            size=self.size + len(line) + 1,
            stores=highest(self.stores, stores),
        )

    def follows(self, line: Line | None) -> bool:
        """Return whether *line* is the genuine next entry."""
        return (
            line is not None
            and (line.n, line.previous) == (self.n, self.previous)
            and line.genuine(self.key)
        )


class StateFile:
    """File of the state."""

    def __init__(self, path: Path) -> None:
        """Use the file *path* (0600)."""
        self._file = TwoSlotFile(path, "audit key")

    def read(self) -> State | None:
        """Return the state, None if there is no file.

        Raises:
            AuditError: If it cannot be used.
        """
        document = self._file.read()
        if document is None:
            return None
        if not _is_state(document):
            raise AuditError(f"The audit key {self._file.path} was made by another program.")
        keys = {name: bytes.fromhex(str(document[name])) for name in _KEYS if name in document}
        return State(**{**document, **keys})  # type: ignore[arg-type]

    def write(self, state: State) -> None:
        """Write *state* over the previous one.

        Raises:
            AuditError: If it cannot be written.
        """
        document = _document(state)
        if self._file.path.exists():
            self._file.write(document)
        else:
            self._file.create(document)


def highest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Return the higher generation of each store."""
    names = sorted({*one, *other})
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in names}


def _is_state(document: JsonObject) -> bool:
    """Return whether *document* holds what `_document` writes."""
    stores = document.get("stores")
    return (
        document.keys() | {"reading"} == {each.name for each in fields(State)}
        and isinstance(stores, dict)
        and all(
            _is_number(each) for each in (*stores.values(), *(document[name] for name in _NUMBERS))
        )
        and _is_number(document["n"], least=1)
        and _is_number(document["part"], least=1)
        and all(_is_digest(document[name]) for name in _KEYS if name in document)
        and _is_digest(document["previous"])
        and (document["head"] == "" or _is_digest(document["head"]))
    )


def _is_number(value: object, least: int = 0) -> bool:
    return type(value) is int and least <= value < 10**15


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _document(state: State) -> JsonObject:
    document: JsonObject = {each.name: getattr(state, each.name) for each in fields(State)}
    keys = {name: getattr(state, name).hex() for name in _KEYS}
    return {name: keys.get(name, value) for name, value in document.items() if value != b""}


@dataclass(frozen=True, slots=True)
class Anchored:
    """Newest entry at the last anchoring.

    Attributes:
        n: Its number.
        mac: Its MAC.
    """

    n: int
    mac: str


class Anchor:
    """Copy of the log's head in a second place, best on another disk."""

    def __init__(self, path: Path, counter: Counter | None = None) -> None:
        """Use the file *path* (0600), bound to *counter* where there is one."""
        self.path = path
        self._file = TwoSlotFile(path, "log's anchor")
        self._counter = counter
        self._begins_again = False

    def begin_again(self) -> None:
        """Let the next anchoring begin a new anchor: the old one was set aside with its log."""
        self._begins_again = True

    def read(self) -> Anchored | None:
        """Return the anchored entry, None if there is no file.

        Raises:
            AuditError: If it cannot be used.
        """
        document = self._file.read()
        if document is None:
            return None
        n, mac = document.get("n"), document.get("mac")
        if not _is_number(n) or not _is_digest(mac):
            raise AuditError(f"The log's anchor {self.path} was made by another program.")
        return Anchored(cast(int, n), cast(str, mac))

    def check(self, state: State) -> int:
        """Check *state* against the anchor; return the anchored entry's number, 0 for none.

        Raises:
            AuditError: If entries that were anchored are gone, or the anchor is older than it
                was, or cannot be read.
        """
        if self._begins_again:
            return 0
        if self._counter is not None:
            self._counter.check(self._file.read())
        found = self.read()
        if found is None or found.n < state.anchored:
            if state.anchored:
                raise AuditError(
                    f"The log's anchor {self.path} is missing or an old copy;"
                    " connect its disk again, or ask the auditor."
                )
            return 0
        if found.n >= state.n or (found.n == state.n - 1 and found.mac != state.previous):
            raise AuditError(
                f"The log was cut or replaced: it stands at entry {state.n - 1},"
                f" but entry {found.n} was anchored. Ask the auditor to verify it."
            )
        return found.n

    def write(self, state: State, *, gives: bool = True) -> None:
        """Anchor the newest entry of a log whose checked state is *state*.

        Args:
            state: After that entry.
            gives: Whether something is given out after it; see `Counter.raised`.

        Raises:
            AuditError: If it is not on disk.
        """
        document: JsonObject = {"n": state.n - 1, "mac": state.previous}
        if self._counter is None:
            self._put(document, state)
        else:
            with self._counter.raised(gives=gives) as value:
                self._put(self._counter.tagged(document | {"counter": value}), state)
        self._begins_again = False

    def _put(self, document: JsonObject, state: State) -> None:
        if self.path.exists():
            self._file.write(document)
        elif state.anchored:
            raise AuditError(f"The log's anchor {self.path} is missing; connect its disk again.")
        else:
            self._file.create(document)
