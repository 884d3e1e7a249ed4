"""Registry of the members of staff: sign-in, PINs, and the rules for changes."""

import hashlib
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from atm.people import (
    SecondSignatureError,
    Signatures,
    StaffError,
    StaffMember,
    StaffSignInError,
)
from atm.ports import Log
from atm.staff.staff_file import Staff, StaffEntry
from credentials.attempt_rules import Place
from credentials.errors import CredentialError, PolicyError, printable
from credentials.hashing import PinHasher
from credentials.policy import check_pin, normalise_username, username_key
from credentials.sealed.files import JsonObject

SHORTEST_STAFF_PIN = 6


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

    def reserve(self, owner_id: str, place: Place) -> bool:
        """Count one attempt before it is judged; return whether it may be judged."""
        ...

    def clear(self, owner_id: str, place: Place | None = None) -> None:
        """Delete the attempts counted at *place*, by default everywhere."""
        ...

    def waits(self, owner_id: str, place: Place) -> bool:
        """Return whether an attempt at *place* would not be judged now."""
        ...


class StaffRegistry:
    """The members of staff with their rules; shared by threads and processes."""

    def __init__(
        self,
        entries: StaffEntries,
        hasher: PinHasher,
        attempts: StaffAttempts,
        *,
        log: Log,
        counted: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Use *entries* as the list, *attempts* for wrong PINs and *log* for every sign-in.

        Each sign-in at the screen runs within *counted*, which counts it toward the kiosk's pause;
        where staff sign in at a service, the kiosk does that.
        """
        self._file = entries
        self._hasher = hasher
        self._attempts = attempts
        self._log = log
        self._counted = counted

    @property
    def empty(self) -> bool:
        """Whether there is no member of staff yet.

        Raises:
            StaffError: If the file cannot be read or is damaged.
        """
        return not self._read()

    def names(self) -> list[tuple[str, bool]]:
        """Return the name of every member, and whether they have to wait after wrong PINs.

        Raises:
            StaffError: If the file or the counters cannot be used.
        """
        with _as_staff_error():
            entries = [found for _, found in sorted(self._file.read().items())]
            return [
                (entry.name, any(self._attempts.waits(entry.staff_id, place) for place in Place))
                for entry in entries
            ]

    def known(self, name: str) -> str:
        """Return the registered name of the member *name*, as typed.

        Raises:
            StaffError: If there is no such member, or the file cannot be used.
        """
        return self._known(name).name

    def badge(self, name: str, place: Place) -> str:
        """Return a digest of the member *name* and their PIN's hash, for proofs of a sign-in.

        It changes with the PIN, and when somebody else gets the name.

        Raises:
            StaffError: If there is no such member, they have to wait at *place*, or a file cannot
                be used.
        """
        entry = self._known(name)
        with _as_staff_error():
            if self._attempts.waits(entry.staff_id, place):
                raise StaffSignInError
        text = f"{entry.staff_id} {entry.pin_hash}"
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]

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

    def change_pin(self, name: str, old: str, new: str, *, place: Place = Place.SCREEN) -> None:
        """Change the PIN of *name* to *new*; *old* is checked as at a sign-in. The act is logged.

        Raises:
            PolicyError: If *new* is not allowed; *old* was not judged then.
            StaffSignInError: If *name* and *old* do not sign in.
            StaffError: If the file, the counters or the hash cannot be used.
            AuditError: If it cannot be logged.
        """
        check_pin(new, shortest=SHORTEST_STAFF_PIN)
        member = self.sign_in(name, old, place=place)
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
            act: dict[str, Any] = {"act": "change PIN", "name": member.name, "staff": [member.name]}
            self._log.append("staff", step="begun", **act)
            self._file.change(edit)
            self._log.append("staff", step="done", anchor=True, **act)

    def sign_in(self, name: str, pin: str, *, place: Place = Place.SCREEN) -> StaffMember:
        """Return the member of staff with this *name* and *pin*.

        The attempt is counted on disk and logged before it is judged; the right PIN clears the
        counter of *place*. Its end is logged too, and nobody is signed in without that entry.

        Raises:
            StaffSignInError: If the name is unknown or has to wait, or the PIN is wrong; each takes
                as long as the others.
            SignInPausedError: If the screen pauses after too many refusals; nothing was judged.
            StaffError: If the file, the counters or the hash cannot be used.
            AuditError: If it cannot be logged.
        """
        with self._counted() if place is Place.SCREEN else nullcontext():
            return self._signed_in(name, pin, place)

    def _signed_in(self, name: str, pin: str, place: Place) -> StaffMember:
        entry = self._find(name)
        who = None if entry is None else entry.name
        with _as_staff_error():
            judged = entry is not None and self._attempts.reserve(entry.staff_id, place)
            self._log.append("sign-in", step="begun", staff=who, place=place.value)
            if entry is not None and judged:
                right = self._hasher.verify(entry.pin_hash, entry.staff_id, pin)
            else:
                self._hasher.verify(self._hasher.decoy, secrets.token_hex(16), pin)
                right = False
            if entry is not None and right:
                self._attempts.clear(entry.staff_id, place)
            self._log.append(
                "sign-in", step="done", staff=who, place=place.value,
                outcome="granted" if right else "refused",
            )  # fmt: skip
        if entry is None or not right:
            raise StaffSignInError
        return StaffMember(entry.name)

    def sign_out(self) -> None:
        """Do nothing: a sign-in here is a name in this process, and no token outlives the page."""

    def unlock(self, name: str) -> None:
        """End the wait of *name*: delete the wrong PINs.

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
