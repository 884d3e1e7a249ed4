"""Interfaces of the stores: the files of one machine or the bank's database implement them.

`credentials.store.CredentialStore` is another of these. Whatever implements them keeps what its
docstrings promise: a change is durable when its call returns, and a fault raises AtmError or
CredentialError, which is no decision and so a denial.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from atm.accounts.accounts import Hold
from atm.accounts.session import OwnAccount
from atm.people import StaffMember
from credentials.attempt_rules import Place
from credentials.attempts import Ending, Standing
from credentials.sealed.files import JsonObject

if TYPE_CHECKING:
    from face_auth.gallery import Capture, Template
    from face_auth.gallery.duplicates import Candidate
    from face_auth.recognition.classifier import Embeddings

T = TypeVar("T")


def no_undo() -> None:
    """Undo nothing: the work leaves nothing half-done, or the store rolls back by itself."""


class Commit(Protocol):
    """Runs one atomic change of several stores; two such changes never mix."""

    def __call__(self, work: Callable[[], T], undo: Callable[[], None] = no_undo) -> T:
        """Do *work* and return its result.

        If it raises, so does this, and nothing of it stays: files are put right by *undo*, a
        database takes all back without it. A database may do *work* again from its beginning,
        when somebody else changed the same rows meanwhile.
        """
        ...


class AttemptCounters(Protocol):
    """Counters of login attempts by customer; see `credentials.attempts.Attempts`."""

    def reserve(self, owner_id: str) -> Standing:
        """Count one attempt before it is judged; return whether it may be judged."""
        ...

    def settle(self, owner_id: str, ending: Ending) -> None:
        """End one reserved attempt."""
        ...

    def clear(self, owner_id: str) -> None:
        """Delete all counts, when staff unlock or the customer is deleted."""
        ...

    def lock(self, owner_id: str) -> None:
        """Lock the customer until staff unlock."""
        ...

    def standing(self, owner_id: str) -> Standing:
        """Return whether an attempt would be judged now."""
        ...

    def standings(self, owner_ids: Iterable[str]) -> dict[str, Standing]:
        """Return it for each of *owner_ids*."""
        ...


class Faces(Protocol):
    """Store of templates and captures, encrypted at rest; see `face_auth.gallery.Gallery`."""

    def save(self, template_id: str, template: "Template", captures: "Sequence[Capture]") -> None:
        """Save both under a new *template_id*."""
        ...

    def load(self, template_id: str, customer_id: str) -> "Template":
        """Return the template; GalleryError if it is missing, damaged or another customer's."""
        ...

    def load_captures(self, template_id: str, customer_id: str) -> "list[Capture]":
        """Return the captures that the template was made from; GalleryError as `load`."""
        ...

    def remove(self, template_id: str, customer_id: str) -> None:
        """Delete both; missing ones are no error."""
        ...


class FaceSearch(Protocol):
    """1:N search over all enrolled faces; it never grants access."""

    def prepare(self) -> None:
        """Load all data that the first search needs."""
        ...

    def closest(
        self, embeddings: "Embeddings", *, besides: str | None = None
    ) -> "Candidate | None":
        """Return the customer with the closest face, if it may be the same person."""
        ...


class Accounts(OwnAccount, Protocol):
    """Accounts of all customers; see `Ledger` and the service's `AccountRows`."""

    def open_account(self, customer_id: str, opening_minor: int) -> None:
        """Open an account for the customer."""
        ...

    def has_account(self, customer_id: str) -> bool:
        """Return whether the customer has an account."""
        ...

    def balance(self, customer_id: str) -> int:
        """Return the balance in minor units; money on hold is still part of it."""
        ...

    def hold(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
        reference: str | None = None,
    ) -> Hold:
        """Put an amount on hold; a repeated *reference* returns the hold it made."""
        ...

    def settle(self, hold: Hold, paid: bool) -> None:
        """Book (*paid*) or release an abandoned hold; PayingOutError while one is paid out."""
        ...

    def open_holds(self) -> list[Hold]:
        """Return all holds that are neither booked nor released, oldest first."""
        ...

    def remove_account(self, customer_id: str) -> None:
        """Close the account: its balance is booked out, and its transactions stay."""
        ...


class Log(Protocol):
    """Audit log of acts and decisions; see `atm.audit.AuditLog`."""

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        """Add an entry. After an AuditError the act that was to be logged must not happen."""
        ...

    def remember(self) -> None:
        """Keep the stores' generations on disk, so that none can be put back to before.

        After an AuditError what was counted must not be judged.
        """
        ...

    def tail(self, n: int, *kinds: str) -> list[JsonObject]:
        """Return the last *n* entries (of *kinds* only, if given), oldest first."""
        ...

    def entries(self) -> Iterator[JsonObject]:
        """Yield all entries, oldest first."""
        ...


class MachineLog(Log, Protocol):
    """Audit log of one machine; see `atm.audit.AuditLog`, `atm.fleet.kiosk.log.KioskLog`."""

    def head_stores(self) -> dict[str, int]:
        """Return the highest logged generation of each of the machine's own stores."""
        ...

    def close(self) -> None:
        """Write the counted refusals."""
        ...


class SignIn(Protocol):
    """Sign-in of staff; see `StaffRegistry`, `atm.fleet.kiosk.staff.RemoteStaff`."""

    @property
    def empty(self) -> bool:
        """Whether there is no member of staff yet."""
        ...

    def sign_in(self, name: str, pin: str, *, place: Place = Place.SCREEN) -> StaffMember:
        """Return the member of staff with this *name* and *pin*, who signs in at *place*."""
        ...

    def sign_out(self) -> None:
        """End every sign-in made here; it returns at once."""
        ...
