"""Sealed JSON file with the members of staff of one machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from credentials.errors import PolicyError
from credentials.policy import normalise_username, username_key
from credentials.sealed.files import JsonObject
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal

_STAFF_ID = re.compile(r"[0-9a-f]{32}")
_FIELDS = {"staff_id", "name", "pin_hash"}


@dataclass(frozen=True, slots=True)
class StaffEntry:
    """One member: a random id, the name as `normalise_username` returns it, the PIN's hash."""

    staff_id: str
    name: str
    pin_hash: str

    def plain(self) -> JsonObject:
        """Return the fields by name."""
        return {"staff_id": self.staff_id, "name": self.name, "pin_hash": self.pin_hash}


Staff = Mapping[str, StaffEntry]
"""All members, by `username_key` of their names."""


def staff_file(path: Path, seal: Seal) -> RecordFile[Staff]:
    """Return the file *path* of all members; nothing is opened yet."""
    return RecordFile(path, parse_staff, seal)


def staff_hashes(path: Path, seal: Seal) -> list[str]:
    """Return the PIN hashes of all members of staff in *path*, for a key rotation.

    Raises:
        CredentialError: If the file cannot be read or was altered.
    """
    return [entry.pin_hash for entry in staff_file(path, seal).read().values()]


def parse_staff(raw: list[JsonObject]) -> Staff:
    """Parse *raw* records as members of staff.

    Raises:
        ValueError: If a record does not have this program's format, or is a duplicate.
    """
    found: dict[str, StaffEntry] = {}
    for number, record in enumerate(raw, start=1):
        staff_id, name, pin_hash = (record.get(field) for field in ("staff_id", "name", "pin_hash"))
        if (
            record.keys() != _FIELDS
            or not (isinstance(staff_id, str) and _STAFF_ID.fullmatch(staff_id))
            or not (isinstance(name, str) and _is_normal(name))
            or not (isinstance(pin_hash, str) and pin_hash)
        ):
            raise ValueError(f"record {number} is not as this program writes it")
        entry = StaffEntry(staff_id, name, pin_hash)
        if username_key(name) in found or staff_id in {each.staff_id for each in found.values()}:
            raise ValueError(f"record {number} has the id or name of an earlier one")
        found[username_key(name)] = entry
    return found


def _is_normal(name: str) -> bool:
    try:
        return normalise_username(name) == name
    except PolicyError:
        return False
