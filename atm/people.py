"""Values for the people at a kiosk: customer, applicant, member of staff, two who sign together."""

from dataclasses import dataclass, field
from datetime import datetime

from atm.errors import AtmError
from credentials.policy import username_key


@dataclass(frozen=True, slots=True)
class Customer:
    """Who somebody is to the bank; nothing secret."""

    customer_id: str
    username: str
    full_name: str


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer as staff at one kiosk may know them.

    Attributes:
        customer: Who.
        excused: Movements that they cannot follow, as `CredentialRecord.excused`.
    """

    customer: Customer
    excused: str | None


@dataclass(frozen=True, slots=True)
class Application:
    """What staff and customer typed, and the customer's consent.

    Attributes:
        username: As typed.
        full_name: As typed.
        opening_minor: Opening balance in minor units, zero or more.
        pin: As the customer typed it.
        consent_at: When the customer said yes; aware.
        excused: Requests of the liveness challenge that staff say the customer cannot follow.
    """

    username: str
    full_name: str
    opening_minor: int
    pin: str
    consent_at: datetime
    excused: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Show the username alone: no PIN may reach a log or a traceback."""
        return f"Application(username={self.username!r})"


class StaffError(AtmError):
    """The list of staff cannot be used, or not in this way."""


class StaffSignInError(StaffError):
    """Not signed in; the text does not say whether name or PIN was wrong or the name is locked."""

    sentence = "Name or PIN is wrong, or this name is locked."


class SecondSignatureError(StaffError):
    """One member of staff alone may not do this."""

    sentence = "A second member of staff must sign."


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff who has signed in.

    Attributes:
        name: As the list of staff has it.
        token: What proves the sign-in to the bank's service; "" where there is none.
    """

    name: str
    token: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Signatures:
    """Two different members of staff who have both signed in for one act."""

    first: StaffMember
    second: StaffMember

    def __post_init__(self) -> None:
        """Refuse the same person twice.

        Raises:
            SecondSignatureError: If the names differ in nothing, or only in case or form.
        """
        if username_key(self.first.name) == username_key(self.second.name):
            raise SecondSignatureError

    @property
    def names(self) -> list[str]:
        """The two names, for the log."""
        return [self.first.name, self.second.name]
