"""What the service stands on: the stores, and what only a service keeps."""

from collections.abc import Sequence
from typing import Protocol

from atm.parts import (
    Accounts,
    AttemptCounters,
    Commit,
    Faces,
    FaceSearch,
    Kiosks,
    Log,
    LoginTickets,
    StaffList,
)
from credentials.hashing import PinHasher
from credentials.store import CredentialStore


class Parts(Protocol):
    """Everything that the service uses, safe to use from several threads.

    Keys may be changed while the service runs: what they give is asked for afresh each time.
    """

    @property
    def credentials(self) -> CredentialStore:
        """The customers' records."""
        ...

    @property
    def attempts(self) -> AttemptCounters:
        """What their attempts have come to."""
        ...

    @property
    def gallery(self) -> Faces:
        """Their faces."""
        ...

    @property
    def search(self) -> FaceSearch:
        """The search through all faces."""
        ...

    @property
    def ledger(self) -> Accounts:
        """Their accounts."""
        ...

    @property
    def staff(self) -> StaffList:
        """The members of staff."""
        ...

    @property
    def kiosks(self) -> Kiosks:
        """The kiosks."""
        ...

    @property
    def tickets(self) -> LoginTickets:
        """Logins that were begun."""
        ...

    @property
    def commit(self) -> Commit:
        """What saves whole or not at all."""
        ...

    @property
    def hasher(self) -> PinHasher:
        """What makes and checks PIN hashes, with today's keys."""
        ...

    @property
    def token_keys(self) -> Sequence[bytes]:
        """Keys of tokens, 32 bytes each; the first one seals."""
        ...

    @property
    def decoy_key(self) -> bytes:
        """32 bytes that never change, for the templates of nobody."""
        ...

    def new_id(self, username: str) -> str:
        """Return the customer id of *username*, whether there is such a customer or not."""
        ...

    def log(self, kiosk_id: str) -> Log:
        """Return the log of what is done for a kiosk."""
        ...

    def check(self) -> None:
        """Look whether the stores can be used; AtmError or CredentialError if not."""
        ...
