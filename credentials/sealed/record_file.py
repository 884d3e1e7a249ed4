"""Sealed JSON file of records, shared by threads and processes, with its previous copy.

Every record has a MAC over its fields, and the document has one over its generation and the MACs of
its records in their order. The file must be exactly what this program writes: one that differs in a
byte was altered, even if JSON would read the same. Fields with names of people stand encrypted in
the field `sealed` of their record.
"""

import contextlib
import hashlib
import itertools
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from credentials.errors import DamagedStoreError, StoreError
from credentials.sealed import files
from credentials.sealed.files import JsonObject, Signature
from credentials.sealed.seal import Seal

T = TypeVar("T")

PREVIOUS_SUFFIX = ".previous"
VERSION = 3
CLEAR_VERSION = 2
"""The version before, whose names stand in clear; it is read and never written."""

SECRET = frozenset({"by", "full_name", "name", "username"})
"""Fields that are encrypted, in whichever file."""
_OWNERS = ("customer_id", "staff_id")
_ENCODER = json.JSONEncoder(allow_nan=False, sort_keys=True)

_FIELDS = {"version", "generation", "mac", "records"}
_ALTERED = "it was altered; two members of staff must restore it"
_GONE = "it is gone; two members of staff must restore it"
_TURNED_BACK = "it is older than it was; two members of staff must restore it"
# A file changed less than this before it was read may change again within one tick of the
# file system's clock, onto the same inode number: it is read again.
_SETTLED_NS = 100_000_000


class _Line(NamedTuple):
    mac: str
    text: str


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T]):
    """Content of a file; `lines` has the stored form of each record, by its JSON text."""

    digest: bytes
    generation: int
    mac: str
    lines: dict[str, _Line]
    parsed: T


class RecordFile(Generic[T]):
    """A file of sealed records; a missing file means no records and generation 0.

    Readers take no lock: they see the file before or after a change, never in between, and read
    it again only when it changed. Before a change the file becomes ``<name>.previous``. A change
    that alters or takes away a record leaves nothing of the old one there.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[list[JsonObject]], T],
        seal: Seal,
        *,
        name: str | None = None,
    ) -> None:
        """Keep records in *path*, whose folder exists; nothing is opened yet.

        Args:
            path: The file.
            parse: Makes what `read` returns from the records; raises ValueError with a clause
                (without a full stop) for the reader of the log if they are not as they must be.
            seal: Makes the MACs.
            name: The file name that the MACs bind, where *path* is a copy with another one.
        """
        self.path = path
        self._parse = parse
        self._seal = seal
        self._name = name or path.name
        self._kept: tuple[_Reading[T], Signature | None] | None = None
        self._keeping = threading.Lock()

    def read(self) -> T:
        """Return the records as they are now.

        Raises:
            StoreError: If the file cannot be read.
            DamagedStoreError: If it was altered, is not a document of this version, is older
                than this object has seen it, or *parse* refuses it.
        """
        return self._look().parsed

    @property
    def generation(self) -> int:
        """Number of changes of the records.

        Raises:
            StoreError: As `read`.
        """
        return self._look().generation

    def mac(self, record: Mapping[str, object]) -> str:
        """Return the MAC that *record* has in the file, 64 hexadecimal digits."""
        return self._mac(_written(record))

    def change(self, edit: Callable[[T], list[JsonObject]]) -> None:
        """Replace the records by what *edit* makes of them, on disk when this returns.

        The file is locked and read again first, so that no change of another process is lost.
        What *edit* raises is passed on, and nothing is changed.

        Raises:
            StoreError: If the file cannot be read or written.
            DamagedStoreError: If it is damaged.
            ValueError: If the new records could not be read back.
        """
        with files.locked(self.path):
            found = self._load()
            records = edit(found.parsed)
            data, reading = self._compose(records, found.generation + 1, found.lines)
            self._replace(data, forget=not found.lines.keys() <= reading.lines.keys())
            self._keep(reading, None)

    def rewrite(self, records: list[JsonObject], generation: int) -> None:
        """Write *records* over whatever the file and its previous copy hold.

        Raises:
            StoreError: If the file cannot be written.
            ValueError: If *records* could not be read back, or *generation* is not above those
                that this object has seen.
        """
        with files.locked(self.path):
            if self._kept is not None and generation <= self._kept[0].generation:
                raise ValueError(f"generation {generation} was seen already")
            data, reading = self._compose(records, generation, {})
            self._replace(data, forget=True)
            self._keep(reading, None)

    def remove_partials(self) -> None:
        """Remove temporary files of killed writers, which may name people who never became records.

        Raises:
            StoreError: If it cannot be removed.
        """
        with files.locked(self.path):
            files.remove_partials(self.path)

    def _look(self) -> _Reading[T]:
        kept = self._kept
        if kept is not None and kept[1] is not None and kept[1] == files.signature(self.path):
            return kept[0]
        return self._load()

    def _load(self) -> _Reading[T]:
        seen = self._kept[0] if self._kept is not None else None  # before the file is read
        found = files.read_whole(self.path)
        if found is None:
            if seen is not None:
                raise DamagedStoreError(self.path, _GONE)
            return _Reading(b"", 0, "", {}, self._parsed([]))
        data, version = found
        digest = hashlib.sha256(data).digest()
        if seen is not None and digest == seen.digest:
            reading = seen
        else:
            reading = self._check(data, digest, seen.lines if seen else {})
            if seen is not None and reading.generation <= seen.generation:
                raise DamagedStoreError(self.path, _TURNED_BACK)
        settled = time.time_ns() - version.changed_ns > _SETTLED_NS
        self._keep(reading, version if settled else None)
        return reading

    def _keep(self, reading: _Reading[T], version: Signature | None) -> None:
        with self._keeping:
            if self._kept is None or reading.generation >= self._kept[0].generation:
                self._kept = (reading, version)

    def _check(self, data: bytes, digest: bytes, known: Mapping[str, _Line]) -> _Reading[T]:
        """Return the content of *data* if every byte of it is as this program wrote it."""
        document = files.parse_json(self.path, data)
        version, generation = document.get("version"), document.get("generation")
        if type(version) is int and version > VERSION:
            raise DamagedStoreError(self.path, f"a newer program wrote it (version {version})")
        if type(version) is int and version < CLEAR_VERSION:
            raise DamagedStoreError(
                self.path, f"it has no seal (version {version}), so anybody may have written it"
            )
        if type(version) is not int or document.keys() != _FIELDS:
            raise DamagedStoreError(self.path, f"it is not a document of version {VERSION}")
        records = document["records"]
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
            raise DamagedStoreError(self.path, "its records are not a list of objects")
        if type(generation) is not int or generation < 1:
            raise DamagedStoreError(self.path, _ALTERED)
        try:
            opened = [self._opened(record) for record in records]
            plain = [record for record, _ in opened]
            lines = self._lines(plain, known, [stored for _, stored in opened])
        except (ValueError, RecursionError) as error:  # not a number, or nested without end
            raise DamagedStoreError(self.path, _ALTERED) from error
        mac = self._mac_of_all(version, generation, lines)
        written = lines if version == VERSION else _clear(lines)
        if not secrets.compare_digest(data, _document(version, generation, mac, written)):
            raise DamagedStoreError(self.path, _ALTERED)
        return _Reading(digest, generation, mac, lines, self._parsed(plain))

    def _compose(
        self, records: list[JsonObject], generation: int, known: Mapping[str, _Line]
    ) -> tuple[bytes, _Reading[T]]:
        parsed = self._parse(records)
        lines = self._lines(records, known)
        if len(lines) != len(records):
            raise ValueError("two records are the same")
        mac = self._mac_of_all(VERSION, generation, lines)
        data = _document(VERSION, generation, mac, lines)
        return data, _Reading(hashlib.sha256(data).digest(), generation, mac, lines, parsed)

    def _replace(self, data: bytes, *, forget: bool) -> None:
        previous = self.path.with_name(self.path.name + PREVIOUS_SUFFIX)
        if forget:
            files.remove(previous)
        else:
            files.link(self.path, previous)
        files.write_whole(self.path, data)
        if forget:  # the change is on disk already; without this copy the next one makes one
            with contextlib.suppress(StoreError):
                files.write_whole(previous, data)

    def _parsed(self, records: list[JsonObject]) -> T:
        try:
            return self._parse(records)
        except ValueError as error:
            raise DamagedStoreError(self.path, str(error)) from error

    def _lines(
        self,
        records: Sequence[JsonObject],
        known: Mapping[str, _Line],
        stored: Iterable[str | None] = itertools.repeat(None),
    ) -> dict[str, _Line]:
        """Return the stored form of *records*; *known* and *stored* spare work done before."""
        found = {}
        for record, sealed in zip(records, stored, strict=False):
            text = _written(record)
            found[text] = known.get(text) or self._line(record, text, sealed)
        return found

    def _line(self, record: Mapping[str, object], text: str, stored: str | None) -> _Line:
        """Return *record*, whose JSON text is *text*, as stored: with MAC, names encrypted."""
        mac = self._mac(text)
        if stored is None and not SECRET.isdisjoint(record):
            secret = {name: value for name, value in record.items() if name in SECRET}
            sealed = self._seal.encrypt(_written(secret), bytes.fromhex(mac), _owner(record))
            public = {name: value for name, value in record.items() if name not in SECRET}
            stored = _written({**public, "sealed": sealed})
        return _Line(mac, _with_mac(stored or text, mac))

    def _opened(self, record: JsonObject) -> tuple[JsonObject, str | None]:
        """Return a stored record without its MAC, its names decrypted; and its text before that.

        Raises:
            ValueError: If it was altered.
        """
        mac = record.pop("mac", None)
        stored = _written(record)
        sealed = record.pop("sealed", None)
        if sealed is None:
            return record, None
        if not isinstance(sealed, str) or not isinstance(mac, str) or sealed != sealed.lower():
            raise ValueError("it was altered")
        record.update(json.loads(self._seal.decrypt(sealed, bytes.fromhex(mac), _owner(record))))
        return record, stored

    def _mac(self, text: str) -> str:
        return self._seal.mac(f"{self._name}/record", text).hex()

    def _mac_of_all(self, version: int, generation: int, lines: Mapping[str, _Line]) -> str:
        macs = (line.mac for line in lines.values())
        return self._seal.mac(f"{self._name}/file", version, generation, *macs).hex()


def _written(record: Mapping[str, object]) -> str:
    return _ENCODER.encode(record)


def _owner(record: Mapping[str, object]) -> str:
    """Return the id of *record*, "" for one that is alone in its file."""
    return next((str(record[name]) for name in _OWNERS if name in record), "")


def _with_mac(text: str, mac: str) -> str:
    return f'{text[:-1]}, "mac": "{mac}"}}'


def _clear(lines: Mapping[str, _Line]) -> dict[str, _Line]:
    """Return *lines* as version 2 has them."""
    return {text: _Line(line.mac, _with_mac(text, line.mac)) for text, line in lines.items()}


def _document(version: int, generation: int, mac: str, lines: Mapping[str, _Line]) -> bytes:
    text = ",\n".join(line.text for line in lines.values())
    head = f'{{"version": {version}, "generation": {generation}, "mac": "{mac}", "records": [\n'
    return f"{head}{text}\n]}}\n".encode("ascii")
