"""Named members of staff and their sign-in."""

import re
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path

from atm.errors import AtmError
from credentials.attempts import Attempts
from credentials.errors import CredentialError, PolicyError
from credentials.files import JsonObject, RecordFile
from credentials.hashing import PinHasher
from credentials.policy import check_pin, normalise_username, username_key

SHORTEST_STAFF_PIN = 6
STAFF_LIMIT = 5  # wrong PINs until a member of staff is locked

_STAFF_ID = re.compile(r"[0-9a-f]{32}")
_FIELDS = {"staff_id", "name", "pin_hash"}


class StaffError(AtmError):
    """The list of staff cannot be used, or not in this way."""


class StaffSignInError(StaffError):
    """Not signed in; the text does not say whether name or PIN was wrong or the name is locked."""

    def __init__(self) -> None:
        """Say the one sentence there is."""
        super().__init__("Name or PIN is wrong, or this name is locked.")


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff who has signed in."""

    name: str


@dataclass(frozen=True, slots=True)
class _Entry:
    staff_id: str
    name: str
    pin_hash: str


class StaffRegistry:
    """The members of staff in one JSON file, shared by threads and processes."""

    def __init__(self, path: Path, hasher: PinHasher, attempts: Attempts) -> None:
        """Keep staff in *path*; count wrong PINs in *attempts* (made with `STAFF_LIMIT`)."""
        self._file = RecordFile(path, _parse)
        self._hasher = hasher
        self._attempts = attempts

    @property
    def empty(self) -> bool:
        """Whether there is no member of staff yet.

        Raises:
            StaffError: If the file cannot be read or is damaged.
        """
        return not self._read()

    def add_first(self, name: str, pin: str) -> StaffMember:
        """Make the first member of staff.

        Args:
            name: As a username: 1 to 64 visible characters.
            pin: 6 to 12 ASCII digits.

        Raises:
            PolicyError: If *name* or *pin* is not allowed.
            StaffError: If there is one already, or the file cannot be used.
        """
        name = normalise_username(name)
        check_pin(pin, shortest=SHORTEST_STAFF_PIN)
        if not self.empty:
            raise _not_first()
        staff_id = uuid.uuid4().hex

        def edit(found: dict[str, _Entry]) -> list[JsonObject]:
            if found:
                raise _not_first()
            return [{"staff_id": staff_id, "name": name, "pin_hash": pin_hash}]

        try:
            pin_hash = self._hasher.hash(staff_id, pin)
            self._file.change(edit)
        except CredentialError as error:
            raise StaffError(str(error)) from error
        return StaffMember(name)

    def sign_in(self, name: str, pin: str) -> StaffMember:
        """Return the member of staff whose *name* and *pin* these are.

        The attempt is counted on disk before it is judged; the right PIN clears the counter.

        Raises:
            StaffSignInError: If the name is unknown or locked, or the PIN is wrong; each takes
                as long as the others.
            StaffError: If the file, the counters or the hash cannot be used.
        """
        entry = self._find(name)
        try:
            may_be_judged = entry is not None and self._attempts.reserve(entry.staff_id)
            if entry is None or not may_be_judged:
                self._hasher.verify(self._hasher.decoy, secrets.token_hex(16), pin)
                raise StaffSignInError
            if not self._hasher.verify(entry.pin_hash, entry.staff_id, pin):
                raise StaffSignInError
            self._attempts.clear(entry.staff_id)
        except CredentialError as error:
            raise StaffError(str(error)) from error
        return StaffMember(entry.name)

    def unlock(self, name: str) -> None:
        """Forget the wrong PINs of *name*.

        Raises:
            StaffError: If there is no such member of staff, or a file cannot be used.
        """
        entry = self._find(name)
        if entry is None:
            raise StaffError(f"There is no member of staff {name}.")
        try:
            self._attempts.clear(entry.staff_id)
        except CredentialError as error:
            raise StaffError(str(error)) from error

    def _find(self, name: str) -> _Entry | None:
        try:
            key = username_key(name)
        except PolicyError:
            return None
        return self._read().get(key)

    def _read(self) -> dict[str, _Entry]:
        try:
            return self._file.read()
        except CredentialError as error:
            raise StaffError(str(error)) from error


def _not_first() -> StaffError:
    return StaffError("There is a member of staff already.")


def _parse(raw: list[JsonObject]) -> dict[str, _Entry]:
    found: dict[str, _Entry] = {}
    for number, record in enumerate(raw, start=1):
        staff_id, name, pin_hash = (record.get(field) for field in ("staff_id", "name", "pin_hash"))
        if (
            record.keys() != _FIELDS
            or not (isinstance(staff_id, str) and _STAFF_ID.fullmatch(staff_id))
            or not (isinstance(name, str) and _is_normal(name))
            or not (isinstance(pin_hash, str) and pin_hash)
        ):
            raise ValueError(f"record {number} is not as this program writes it")
        entry = _Entry(staff_id, name, pin_hash)
        if username_key(name) in found or staff_id in {each.staff_id for each in found.values()}:
            raise ValueError(f"record {number} has the id or name of an earlier one")
        found[username_key(name)] = entry
    return found


def _is_normal(name: str) -> bool:
    try:
        return normalise_username(name) == name
    except PolicyError:
        return False
