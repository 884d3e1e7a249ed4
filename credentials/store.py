"""Credential records: the protocol of every store, and the JSON store of one machine."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from credentials.errors import DuplicateUserError, PolicyError, StaleRecordError, UnknownUserError
from credentials.policy import normalise_full_name, normalise_username, username_key
from credentials.sealed.files import JsonObject
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal

_CUSTOMER_ID = re.compile(r"[0-9a-f]{32}")
_TEMPLATE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")  # it becomes a file name
_EXCUSED = re.compile(r"[a-z_]{1,40}(,[a-z_]{1,40}){0,9}")
ATTENDED = "attended"
"""The way of being served without the face: a member of staff is present and signs in."""
_LONGEST_HASH = 256
_LONGEST_LATER = 100
_LONGEST_CARD = 700


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """Record of one customer: names, PIN hash, consent; without the face and the account.

    Attributes:
        customer_id: 32 lower-case hexadecimal digits, random; never changes.
        username: As `normalise_username` returns it.
        full_name: As `normalise_full_name` returns it.
        pin_hash: Argon2id hash bound to `customer_id`, None while there is no PIN.
        template_id: Names the template in the gallery, None while there is no face: 1 to 64
            letters, digits, ``-`` and ``_``.
        consent_at: When the customer consented to the storage of their data, and of their face if
            there is one, ISO 8601 in UTC.
        created_at: When the record was made, ISO 8601 in UTC.
        excused: Movements of the liveness check that the customer cannot make, with commas between;
            None if there are none.
        network: Name of the face network that made the template, where it is recorded.
        card: The customer's FIDO2 card, as `atm.card.result.RegisteredCard.text`.
        language: Code of the language that the customer chose.
        consent_version: Version of the text that the customer consented to.
        keep_until: When the record must be deleted, ISO 8601 in UTC.
        without_face: `ATTENDED` if the customer may be served without the face.

    The last six are None where they are not known, and then do not stand in the file.
    """

    customer_id: str
    username: str
    full_name: str
    pin_hash: str | None
    template_id: str | None
    consent_at: str | None
    created_at: str
    excused: str | None = None
    network: str | None = None
    card: str | None = None
    language: str | None = None
    consent_version: str | None = None
    keep_until: str | None = None
    without_face: str | None = None

    @property
    def pending(self) -> bool:
        """Whether PIN or face is still missing, so that no login with both can succeed yet."""
        return self.pin_hash is None or self.template_id is None

    @property
    def attended(self) -> bool:
        """Whether the customer may be served by PIN beside a member of staff."""
        return self.without_face == ATTENDED and self.pin_hash is not None


class CredentialStore(Protocol):
    """Store of credential records; each change is durable when its call returns."""

    def get(self, username: str) -> CredentialRecord | None:
        """Return the record of *username* as typed; None if there is none."""
        ...

    def by_id(self, customer_id: str) -> CredentialRecord | None:
        """Return the record of *customer_id*, None if there is none."""
        ...

    def all(self) -> list[CredentialRecord]:
        """Return every record, in the order they were added."""
        ...

    def find(self, text: str, at_most: int) -> list[CredentialRecord]:
        """Return the first *at_most* records with *text* in username or full name, by username.

        Case does not count; the empty text finds everybody.
        """
        ...

    def usernames(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return the usernames of those of *customer_ids* that exist, by id."""
        ...

    def add(self, record: CredentialRecord) -> None:
        """Add *record*; DuplicateUserError if its username is taken."""
        ...

    def replace(
        self, record: CredentialRecord, *, instead_of: CredentialRecord | None = None
    ) -> None:
        """Replace the record with the same customer id; UnknownUserError if there is none.

        StaleRecordError if the stored record is not *instead_of* any more.
        """
        ...

    def remove(self, customer_id: str) -> None:
        """Remove the record of *customer_id*; UnknownUserError if there is none."""
        ...

    def record_mac(self, customer_id: str) -> str | None:
        """Return a MAC that identifies this state of the record; None if there is no record."""
        ...


@dataclass(frozen=True, slots=True)
class _Records:
    by_id: dict[str, CredentialRecord]  # in the order of the file
    by_key: dict[str, CredentialRecord]


class JsonStore:
    """A `CredentialStore` in one sealed JSON file, shared by threads and processes.

    A file that is damaged, or altered in any byte by anything but this program, raises
    DamagedStoreError from every method; only `rewrite` writes over it.
    """

    def __init__(self, path: Path, seal: Seal, *, name: str | None = None) -> None:
        """Keep the records in *path*, whose folder exists; nothing is opened yet.

        Args:
            path: The file.
            seal: Makes the MACs of records and file.
            name: The store's file name, where *path* is a copy under another name.
        """
        self._file = RecordFile(path, _parse, seal, name=name)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def generation(self) -> int:
        """Number of changes of the records; 0 if there is no file.

        Raises:
            StoreError: If the file cannot be read.
        """
        return self._file.generation

    def record_mac(self, customer_id: str) -> str | None:
        """Return the MAC of a record, 64 hexadecimal digits; None if there is no record.

        Raises:
            StoreError: If the file cannot be read.
        """
        record = self.by_id(customer_id)
        return None if record is None else self._file.mac(_plain(record))

    def get(self, username: str) -> CredentialRecord | None:
        """Return the record of *username* as typed; None if there is none.

        Raises:
            StoreError: If the file cannot be read.
        """
        try:
            key = username_key(username)
        except PolicyError:
            return None
        return self._file.read().by_key.get(key)

    def by_id(self, customer_id: str) -> CredentialRecord | None:
        """Return the record of *customer_id*, None if there is none.

        Raises:
            StoreError: If the file cannot be read.
        """
        return self._file.read().by_id.get(customer_id)

    def all(self) -> list[CredentialRecord]:
        """Return every record, in the order they were added.

        Raises:
            StoreError: If the file cannot be read.
        """
        return list(self._file.read().by_id.values())

    def find(self, text: str, at_most: int) -> list[CredentialRecord]:
        """Return the first *at_most* records with *text* in username or full name, by username.

        Raises:
            StoreError: If the file cannot be read.
        """
        wanted = text.strip().casefold()
        found = [
            record
            for record in self.all()
            if wanted in record.username.casefold() or wanted in record.full_name.casefold()
        ]
        return sorted(found, key=lambda record: record.username)[:at_most]

    def usernames(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return the usernames of those of *customer_ids* that exist, by id.

        Raises:
            StoreError: If the file cannot be read.
        """
        by_id = self._file.read().by_id
        return {each: by_id[each].username for each in customer_ids if each in by_id}

    def add(self, record: CredentialRecord) -> None:
        """Add *record*; it is on disk when this returns.

        Raises:
            DuplicateUserError: If its username is taken.
            ValueError: If a field is not as `CredentialRecord` says, or the id is taken.
            StoreError: If the file cannot be read or written.
        """

        def edit(found: _Records) -> list[JsonObject]:
            if username_key(record.username) in found.by_key:
                raise DuplicateUserError(record.username)
            return [_plain(each) for each in (*found.by_id.values(), record)]

        self._file.change(edit)

    def replace(
        self, record: CredentialRecord, *, instead_of: CredentialRecord | None = None
    ) -> None:
        """Replace the record with the same customer id; on disk when this returns.

        Raises:
            UnknownUserError: If there is none.
            StaleRecordError: If *instead_of* is given and is not the stored record any more.
            DuplicateUserError: If its username is another customer's.
            ValueError: If a field is not as `CredentialRecord` says.
            StoreError: If the file cannot be read or written.
        """

        def edit(found: _Records) -> list[JsonObject]:
            if record.customer_id not in found.by_id:
                raise UnknownUserError(record.customer_id)
            if instead_of is not None and found.by_id[record.customer_id] != instead_of:
                raise StaleRecordError(record.customer_id)
            namesake = found.by_key.get(username_key(record.username))
            if namesake is not None and namesake.customer_id != record.customer_id:
                raise DuplicateUserError(record.username)
            return [
                _plain(record if each.customer_id == record.customer_id else each)
                for each in found.by_id.values()
            ]

        self._file.change(edit)

    def remove(self, customer_id: str) -> None:
        """Remove the record of *customer_id*; the file is rewritten when this returns.

        Raises:
            UnknownUserError: If there is none.
            StoreError: If the file cannot be read or written.
        """

        def edit(found: _Records) -> list[JsonObject]:
            if customer_id not in found.by_id:
                raise UnknownUserError(customer_id)
            return [
                _plain(each) for each in found.by_id.values() if each.customer_id != customer_id
            ]

        self._file.change(edit)

    def remove_partials(self) -> None:
        """Remove temporary files that killed writers left; StoreError if that fails."""
        self._file.remove_partials()

    def rewrite(self, records: Iterable[CredentialRecord], generation: int) -> None:
        """Write *records* over everything that the file and its previous copy hold.

        For a restore and for a new key. The old content is not read, because it may be damaged.

        Raises:
            ValueError: If a field is not as `CredentialRecord` says, an id or username is
                repeated, or *generation* is not above those that this object has seen.
            StoreError: If the file cannot be written.
        """
        self._file.rewrite([_plain(each) for each in records], generation)


LATER_FIELDS = ("network", "card", "language", "consent_version", "keep_until", "without_face")
"""Fields that a record without them does not have on the disk."""
_FIELDS = {field.name: field.type is not str for field in fields(CredentialRecord)}


def _plain(record: CredentialRecord) -> JsonObject:
    found = {name: getattr(record, name) for name in _FIELDS}
    return {name: each for name, each in found.items() if each or name not in LATER_FIELDS}


def _parse(raw: list[JsonObject]) -> _Records:
    found = _Records({}, {})
    for number, entry in enumerate(raw, start=1):
        record = _record(entry, number)
        key = username_key(record.username)
        if record.customer_id in found.by_id or key in found.by_key:
            raise ValueError(f"record {number} has the id or username of an earlier one")
        found.by_id[record.customer_id] = found.by_key[key] = record
    return found


def _record(entry: JsonObject, number: int) -> CredentialRecord:
    if entry.keys() | LATER_FIELDS != _FIELDS.keys():
        raise ValueError(f"record {number} has missing or unknown fields")
    values: dict[str, str | None] = {}
    for name, value in entry.items():
        optional = _FIELDS[name] and name not in LATER_FIELDS
        if not isinstance(value, str) and not (value is None and optional):
            raise ValueError(f"record {number} has a wrong type in {name}")
        values[name] = value
    record = CredentialRecord(**values)  # type: ignore[arg-type]
    if not well_formed(record):
        raise ValueError(f"record {number} has a malformed field")
    return record


def well_formed(record: CredentialRecord) -> bool:
    """Return whether every field is as `CredentialRecord` says."""
    try:
        return (
            _CUSTOMER_ID.fullmatch(record.customer_id) is not None
            and normalise_username(record.username) == record.username
            and normalise_full_name(record.full_name) == record.full_name
            and (record.pin_hash is None or 0 < len(record.pin_hash) <= _LONGEST_HASH)
            and (
                record.template_id is None or _TEMPLATE_ID.fullmatch(record.template_id) is not None
            )
            and (record.consent_at is None or _is_utc(record.consent_at))
            and _is_utc(record.created_at)
            and (record.excused is None or _EXCUSED.fullmatch(record.excused) is not None)
            and all(_is_short(getattr(record, each), each) for each in LATER_FIELDS)
            and (record.keep_until is None or _is_utc(record.keep_until))
            and record.without_face in (None, ATTENDED)
        )
    except PolicyError:
        return False


def _is_short(text: str | None, name: str) -> bool:
    longest = _LONGEST_CARD if name == "card" else _LONGEST_LATER
    return text is None or (0 < len(text) <= longest and text.isprintable())


def _is_utc(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() == timedelta(0)
    except ValueError:
        return False
