"""Stores of credential records: the protocol of all, and the JSON store of one machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from credentials.credential_record import CredentialRecord, plain, read_record
from credentials.errors import DuplicateUserError, PolicyError, StaleRecordError, UnknownUserError
from credentials.policy import username_key
from credentials.sealed.files import JsonObject
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal


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
        return None if record is None else self._file.mac(plain(record))

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
            return [plain(each) for each in (*found.by_id.values(), record)]

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
                plain(record if each.customer_id == record.customer_id else each)
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
            return [plain(each) for each in found.by_id.values() if each.customer_id != customer_id]

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
        self._file.rewrite([plain(each) for each in records], generation)


def _parse(raw: list[JsonObject]) -> _Records:
    found = _Records({}, {})
    for number, entry in enumerate(raw, start=1):
        record = read_record(entry, number)
        key = username_key(record.username)
        if record.customer_id in found.by_id or key in found.by_key:
            raise ValueError(f"record {number} has the id or username of an earlier one")
        found.by_id[record.customer_id] = found.by_key[key] = record
    return found
