"""Value types for people: customer, application, member of staff, two signatures."""

from dataclasses import dataclass, field
from datetime import datetime

from atm.consent import ConsentVersion
from atm.errors import AtmError
from credentials.policy import username_key


@dataclass(frozen=True, slots=True)
class Customer:
    """Identity of a customer, without secrets."""

    customer_id: str
    username: str
    full_name: str


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """Customer data that staff may see.

    Attributes:
        customer: The customer's identity.
        excused: Movements that they cannot make, as `CredentialRecord.excused`.
        attended: Whether they may be served without the face.
    """

    customer: Customer
    excused: str | None
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """Application for an enrolment: what staff and customer typed, and the consent.

    Attributes:
        username: As typed.
        full_name: As typed.
        opening_minor: Opening balance in minor units, zero or more.
        pin: As the customer typed it.
        consent_at: When the customer said yes; aware.
        excused: Requests of the liveness challenge that staff say the customer cannot follow.
        card: Whether the customer gets a card, where the machine does not require one anyway.
        consent: Version of the text that the customer read; None if it is not known.
    """

    username: str
    full_name: str
    opening_minor: int
    pin: str
    consent_at: datetime
    excused: tuple[str, ...] = ()
    card: bool = False
    consent: ConsentVersion | None = None

    def __repr__(self) -> str:
        """Show the username alone: no PIN may reach a log or a traceback."""
        return f"Application(username={self.username!r})"

    def needs_two(self, opening_limit_minor: int | None) -> bool:
        """Return whether two must sign: an excuse, or a balance above the limit (None: none)."""
        above = opening_limit_minor is not None and self.opening_minor > opening_limit_minor
        return above or bool(self.excused)


class StaffError(AtmError):
    """The staff list cannot be used, or refuses this change."""


class StaffSignInError(StaffError):
    """The sign-in failed; the text does not tell wrong name, wrong PIN and a wait apart."""

    sentence = "Name or PIN is wrong, or this name has to wait."


class SignInPausedError(StaffError):
    """The screen pauses after too many refusals; no sign-in is judged there meanwhile."""

    sentence = "This screen pauses after too many refusals."

    def __init__(self, pause_s: float) -> None:
        """Keep the seconds that are left."""
        super().__init__(self.sentence)
        self.pause_s = pause_s


class SecondSignatureError(StaffError):
    """This act needs a second member of staff."""

    sentence = "A second member of staff must sign."


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff who has signed in.

    Attributes:
        name: The name in the staff list.
        token: Proof of the sign-in for the bank's service; "" without a service.
    """

    name: str
    token: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Signatures:
    """Two different members of staff who sign one act together."""

    first: StaffMember
    second: StaffMember

    def __post_init__(self) -> None:
        """Refuse the same person twice.

        Raises:
            SecondSignatureError: If the names are equal, or differ only in case or form.
        """
        if username_key(self.first.name) == username_key(self.second.name):
            raise SecondSignatureError

    @property
    def names(self) -> list[str]:
        """Both names, for the log."""
        return [self.first.name, self.second.name]


def first_of(signed: StaffMember | Signatures) -> StaffMember:
    """Return the member of staff who signed, or the first of two."""
    return signed.first if isinstance(signed, Signatures) else signed


def names_of(signed: StaffMember | Signatures) -> list[str]:
    """Return the name of the one or the two who signed, for the log."""
    return signed.names if isinstance(signed, Signatures) else [signed.name]
