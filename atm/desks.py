"""What the machine asks of its desks, whether they stand over its own files or a bank's service."""

import threading
from collections.abc import Callable, Collection
from typing import Any, Protocol

from atm.accounts import Hold
from atm.capturing import Capturing
from atm.decision import Decision
from atm.enrolment import Asking
from atm.parts import Log
from atm.people import Application, Customer, Signatures, StaffMember
from atm.refusals import Refusal
from face_auth.types import FaceResult


class MachineLog(Log, Protocol):
    """The log of one machine; see `atm.audit.AuditLog`."""

    def head_stores(self) -> dict[str, int]:
        """Return the highest generation of each of the machine's own stores that it knows of."""
        ...

    def close(self) -> None:
        """Write down what was counted."""
        ...


class Logins(Protocol):
    """Runs logins; see `atm.login.LoginShell`."""

    def login(self, username: str, pin: str, check_face: Callable[..., FaceResult]) -> Decision:
        """Run both checks at once and decide; never raises."""
        ...


class Enrolment(Protocol):
    """Makes customers; see `atm.enrolment.EnrolmentDesk`."""

    def check_username(self, username: str) -> str:
        """Return *username* as it will be kept."""
        ...

    def enrol(
        self,
        application: Application,
        staff: StaffMember,
        enrol_face: Capturing,
        *,
        ask: Asking | None = None,
        cancel: threading.Event | None = None,
    ) -> Customer:
        """Save everything or nothing."""
        ...


class StaffDesk(Protocol):
    """Members of staff; see `atm.staff.StaffRegistry`."""

    @property
    def empty(self) -> bool:
        """Whether there is no member of staff yet."""
        ...

    def names(self) -> list[tuple[str, bool]]:
        """Return every member by name, and whether they are locked."""
        ...

    def check_first(self, name: str, pin: str) -> str:
        """Return *name* as it will be kept, or raise what `add_first` would."""
        ...

    def add_first(self, name: str, pin: str) -> StaffMember:
        """Make the first member of staff."""
        ...

    def change_pin(self, name: str, old: str, new: str) -> None:
        """Give *name* the PIN *new*."""
        ...

    def sign_in(self, name: str, pin: str) -> StaffMember:
        """Return the member of staff whose *name* and *pin* these are."""
        ...


class OfficeDesk(Protocol):
    """The acts of staff; see `atm.office.Office`."""

    def customers(self) -> list[tuple[Customer, str]]:
        """Return every customer and their state."""
        ...

    def search(self, text: str) -> list[tuple[Customer, str]]:
        """Return the first customers whose name has *text* in it."""
        ...

    def unlock(self, username: str, *, staff: StaffMember) -> None:
        """Forget wrong PINs, waits and reservations."""
        ...

    def new_pin(self, username: str, pin: str, *, signed: Signatures) -> None:
        """Give a customer the PIN that they have just typed."""
        ...

    def new_face(
        self,
        username: str,
        enrol_face: Capturing,
        *,
        signed: Signatures,
        cancel: threading.Event | None = None,
    ) -> None:
        """Take a customer's face anew."""
        ...

    def delete(
        self, username: str, *, staff: StaffMember, override: Signatures | None = None
    ) -> int:
        """Delete a customer; returns what was on the account."""
        ...

    def excuse(self, username: str, requests: Collection[str], *, staff: StaffMember) -> None:
        """Mark which requests a customer cannot follow."""
        ...

    def add_staff(self, name: str, pin: str, *, signed: StaffMember | Signatures) -> StaffMember:
        """Make a member of staff."""
        ...

    def remove_staff(self, name: str, *, signed: Signatures) -> None:
        """Remove a member of staff."""
        ...

    def unlock_staff(self, name: str, *, signed: Signatures) -> None:
        """Forget a member's wrong PINs."""
        ...

    def refusals(self, n: int = 20, *, staff: StaffMember) -> list[Refusal]:
        """Return the last logins that were not granted."""
        ...

    def holds(self) -> list[tuple[Hold, str | None]]:
        """Return the withdrawals that nobody knows the end of."""
        ...

    def settle(self, hold: Hold, paid: bool, *, staff: StaffMember) -> None:
        """Book or return the money of a hold."""
        ...

    def known(self, username: str) -> Any:
        """Return what is known of *username*: at least its `username` and `excused`."""
        ...
