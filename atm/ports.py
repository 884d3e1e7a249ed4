"""What the use cases need of the stores below them: files of one machine, or a bank's database.

`credentials.store.CredentialStore` is another of these. Whatever implements them keeps what its
docstrings promise: a change is durable when its call returns, and a fault raises AtmError or
CredentialError, which is no decision and so a denial.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from atm.accounts.accounts import Hold
from atm.accounts.session import OwnAccount
from atm.people import StaffMember
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
    """Saves what belongs together, whole or not at all; two such works do not mix."""

    def __call__(self, work: Callable[[], T], undo: Callable[[], None] = no_undo) -> T:
        """Do *work* and return what it returns.

        If it raises, so does this, and nothing of it stays: files are put right by *undo*, a
        database takes all back without it. A database may do *work* again from its beginning,
        when somebody else changed the same rows meanwhile.
        """
        ...


class AttemptCounters(Protocol):
    """What each customer's attempts have come to; see `credentials.attempts.Attempts`."""

    def reserve(self, owner_id: str) -> Standing:
        """Count one attempt before it is judged, and say if it may be."""
        ...

    def settle(self, owner_id: str, ending: Ending) -> None:
        """End one reserved attempt."""
        ...

    def clear(self, owner_id: str) -> None:
        """Forget everything: staff unlock, or the customer is deleted."""
        ...

    def lock(self, owner_id: str) -> None:
        """Let nothing be judged until staff unlock."""
        ...

    def standing(self, owner_id: str) -> Standing:
        """Return whether an attempt would be judged now."""
        ...

    def standings(self, owner_ids: Iterable[str]) -> dict[str, Standing]:
        """Return it for each of *owner_ids*."""
        ...


class Faces(Protocol):
    """Templates and captures, encrypted at rest; see `face_auth.gallery.Gallery`."""

    def save(self, template_id: str, template: "Template", captures: "Sequence[Capture]") -> None:
        """Keep both under a fresh *template_id*."""
        ...

    def load(self, template_id: str, customer_id: str) -> "Template":
        """Return the template; GalleryError if it is missing, damaged or another customer's."""
        ...

    def load_captures(self, template_id: str, customer_id: str) -> "list[Capture]":
        """Return the captures that the template was made from; GalleryError as `load`."""
        ...

    def remove(self, template_id: str, customer_id: str) -> None:
        """Delete both; none is no error."""
        ...


class FaceSearch(Protocol):
    """Looks through every customer's face (1:N)."""

    def prepare(self) -> None:
        """Read what the first search would else wait for."""
        ...

    def closest(
        self, embeddings: "Embeddings", *, besides: str | None = None
    ) -> "Candidate | None":
        """Return the customer whose face is closest, if it may be the same person."""
        ...


class Accounts(OwnAccount, Protocol):
    """Every customer's account; see `Ledger` and the service's `AccountRows`."""

    def open_account(self, customer_id: str, opening_minor: int) -> None:
        """Give the customer an account."""
        ...

    def has_account(self, customer_id: str) -> bool:
        """Return whether the customer has an account."""
        ...

    def balance(self, customer_id: str) -> int:
        """Return the balance in minor units, with what is on hold still in it."""
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
        """Set an amount aside. A *reference* that is sent again finds the hold that it made."""
        ...

    def settle(self, hold: Hold, paid: bool) -> None:
        """Book (*paid*) or release a hold that was left behind; PayingOutError if it was not."""
        ...

    def open_holds(self) -> list[Hold]:
        """Return what is neither booked nor released, oldest first."""
        ...

    def remove_account(self, customer_id: str) -> None:
        """Close the account: what is left is booked out, and its transactions stay."""
        ...


class Log(Protocol):
    """What was done and decided; see `atm.audit.AuditLog`."""

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        """Add an entry; AuditError if it is not kept: what was to be logged must not happen."""
        ...

    def tail(self, n: int, kind: str | None = None) -> list[JsonObject]:
        """Return the last *n* entries (of *kind* only, if given), oldest first."""
        ...

    def entries(self) -> Iterator[JsonObject]:
        """Yield all entries, oldest first."""
        ...


class MachineLog(Log, Protocol):
    """The log of one machine; see `atm.audit.AuditLog`, `atm.fleet.kiosk.log.KioskLog`."""

    def head_stores(self) -> dict[str, int]:
        """Return the highest generation of each of the machine's own stores that it knows of."""
        ...

    def close(self) -> None:
        """Write down what was counted."""
        ...


class SignIn(Protocol):
    """Signs members of staff in; see `StaffRegistry`, `atm.fleet.kiosk.staff.RemoteStaff`."""

    @property
    def empty(self) -> bool:
        """Whether there is no member of staff yet."""
        ...

    def sign_in(self, name: str, pin: str) -> StaffMember:
        """Return the member of staff whose *name* and *pin* these are."""
        ...
