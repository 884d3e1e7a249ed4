"""Registry of the members of staff: sign-in, PINs, and the rules for changes."""

import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from atm.people import (
    SecondSignatureError,
    Signatures,
    StaffError,
    StaffMember,
    StaffSignInError,
)
from atm.staff.staff_file import Staff, StaffEntry
from credentials.errors import CredentialError, PolicyError, printable
from credentials.hashing import PinHasher
from credentials.policy import check_pin, normalise_username, username_key
from credentials.sealed.files import JsonObject

SHORTEST_STAFF_PIN = 6
STAFF_LIMIT = 5  # wrong PINs until a member of staff is locked


class StaffEntries(Protocol):
    """Store of the staff list; a change is durable when its call returns."""

    def read(self) -> Staff:
        """Return all members, by the key their names are compared by."""
        ...

    def change(self, edit: Callable[[Staff], list[JsonObject]]) -> None:
        """Replace all members by the result of *edit*, under a lock."""
        ...


class StaffAttempts(Protocol):
    """Counter of wrong staff PINs; see `credentials.staff_attempts.WrongPins`."""

    def reserve(self, owner_id: str) -> bool:
        """Count one attempt before it is judged; return whether it may be judged."""
        ...

    def clear(self, owner_id: str) -> None:
        """Delete all counted attempts."""
        ...

    def locked(self, owner_id: str) -> bool:
        """Return whether no further attempt would be judged."""
        ...


class StaffRegistry:
    """The members of staff with their rules; shared by threads and processes."""

    def __init__(self, entries: StaffEntries, hasher: PinHasher, attempts: StaffAttempts) -> None:
        """Use *entries* as the list, and *attempts* (made with `STAFF_LIMIT`) for wrong PINs."""
        self._file = entries
        self._hasher = hasher
        self._attempts = attempts

    @property
    def empty(self) -> bool:
        """Whether there is no member of staff yet.

        Raises:
            StaffError: If the file cannot be read or is damaged.
        """
        return not self._read()

    def names(self) -> list[tuple[str, bool]]:
        """Return the name of every member, and whether they are locked.

        Raises:
            StaffError: If the file or the counters cannot be used.
        """
        with _as_staff_error():
            entries = [found for _, found in sorted(self._file.read().items())]
            return [(entry.name, self._attempts.locked(entry.staff_id)) for entry in entries]

    def known(self, name: str) -> str:
        """Return the registered name of the member *name*, as typed.

        Raises:
            StaffError: If there is no such member, or the file cannot be used.
        """
        return self._known(name).name

    def add_first(self, name: str, pin: str) -> StaffMember:
        """Add the first member of staff, without a signature.

        Args:
            name: As a username: 1 to 64 visible characters.
            pin: 6 to 12 ASCII digits that are not easily guessed.

        Raises:
            PolicyError: If *name* or *pin* is not allowed.
            StaffError: If there is one already, or the file cannot be used.
        """
        return self._add(name, pin, _check_none)

    def check_first(self, name: str, pin: str) -> str:
        """Return *name* in its normalised form, or raise what `add_first` would raise."""
        check_pin(pin, shortest=SHORTEST_STAFF_PIN)
        _check_none(self._read())
        return normalise_username(name)

    def add(self, name: str, pin: str, *, signed: StaffMember | Signatures) -> StaffMember:
        """Add another member of staff.

        Args:
            name: As for `add_first`.
            pin: As for `add_first`.
            signed: Two members; the only one there is may sign alone.

        Raises:
            PolicyError: If *name* or *pin* is not allowed.
            SecondSignatureError: If one signed where there are two.
            StaffError: If the name is taken, who signed is no member any more, or the file
                cannot be used.
        """

        def check(found: Staff) -> None:
            if isinstance(signed, Signatures):
                _check_members(found, signed.first, signed.second)
            elif len(found) > 1:
                raise SecondSignatureError
            else:
                _check_members(found, signed)
            if username_key(name) in found:
                raise StaffError(f"There is a member of staff {normalise_username(name)} already.")

        return self._add(name, pin, check)

    def remove(self, name: str, *, signed: Signatures) -> None:
        """Remove a member of staff, who may be one of the two signers, so one always stays.

        Raises:
            StaffError: If there is no such member, who signed is no member any more, or the
                file cannot be used.
        """
        entry = self._known(name)

        def edit(found: Staff) -> list[JsonObject]:
            _check_members(found, signed.first, signed.second)
            left = [each.plain() for each in found.values() if each.staff_id != entry.staff_id]
            if len(left) == len(found):
                raise _nobody(name)
            return left

        with _as_staff_error():
            self._file.change(edit)
            self._attempts.clear(entry.staff_id)

    def change_pin(self, name: str, old: str, new: str) -> None:
        """Change the PIN of *name* to *new*; *old* is checked as at a sign-in.

        Raises:
            PolicyError: If *new* is not allowed; *old* was not judged then.
            StaffSignInError: If *name* and *old* do not sign in.
            StaffError: If the file, the counters or the hash cannot be used.
        """
        check_pin(new, shortest=SHORTEST_STAFF_PIN)
        self.sign_in(name, old)
        old_entry = self._known(name)

        def edit(found: Staff) -> list[JsonObject]:
            if old_entry not in found.values():  # changed meanwhile
                raise StaffSignInError
            return [
                (changed if each.staff_id == changed.staff_id else each).plain()
                for each in found.values()
            ]

        with _as_staff_error():
            pin_hash = self._hasher.hash(old_entry.staff_id, new)
            changed = StaffEntry(old_entry.staff_id, old_entry.name, pin_hash)
            self._file.change(edit)

    def sign_in(self, name: str, pin: str) -> StaffMember:
        """Return the member of staff with this *name* and *pin*.

        The attempt is counted on disk before it is judged; the right PIN clears the counter.

        Raises:
            StaffSignInError: If the name is unknown or locked, or the PIN is wrong; each takes
                as long as the others.
            StaffError: If the file, the counters or the hash cannot be used.
        """
        entry = self._find(name)
        with _as_staff_error():
            may_be_judged = entry is not None and self._attempts.reserve(entry.staff_id)
            if entry is None or not may_be_judged:
                self._hasher.verify(self._hasher.decoy, secrets.token_hex(16), pin)
                raise StaffSignInError
            if not self._hasher.verify(entry.pin_hash, entry.staff_id, pin):
                raise StaffSignInError
            self._attempts.clear(entry.staff_id)
        return StaffMember(entry.name)

    def sign_out(self) -> None:
        """Do nothing: a sign-in here is a name in this process, and no token outlives the page."""

    def unlock(self, name: str) -> None:
        """Unlock *name*: delete the wrong PINs.

        Raises:
            StaffError: If there is no such member of staff, or a file cannot be used.
        """
        entry = self._known(name)
        with _as_staff_error():
            self._attempts.clear(entry.staff_id)

    def _add(self, name: str, pin: str, check: Callable[[Staff], None]) -> StaffMember:
        name = normalise_username(name)
        check_pin(pin, shortest=SHORTEST_STAFF_PIN)
        check(self._read())  # before the hash, and once more when the file is held
        staff_id = uuid.uuid4().hex

        def edit(found: Staff) -> list[JsonObject]:
            check(found)
            return [each.plain() for each in (*found.values(), entry)]

        with _as_staff_error():
            entry = StaffEntry(staff_id, name, self._hasher.hash(staff_id, pin))
            self._file.change(edit)
        return StaffMember(name)

    def _known(self, name: str) -> StaffEntry:
        entry = self._find(name)
        if entry is None:
            raise _nobody(name)
        return entry

    def _find(self, name: str) -> StaffEntry | None:
        try:
            key = username_key(name)
        except PolicyError:
            return None
        return self._read().get(key)

    def _read(self) -> Staff:
        with _as_staff_error():
            return self._file.read()


@contextmanager
def _as_staff_error() -> Iterator[None]:
    try:
        yield
    except CredentialError as error:
        raise StaffError(str(error)) from error


def _nobody(name: str) -> StaffError:
    return StaffError(f"There is no member of staff {printable(name)}.")


def _check_none(found: Staff) -> None:
    if found:
        raise StaffError("There is a member of staff already.")


def _check_members(found: Staff, *signed: StaffMember) -> None:
    for member in signed:
        if username_key(member.name) not in found:
            raise _nobody(member.name)
