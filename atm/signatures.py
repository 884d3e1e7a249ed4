"""Who works here: a member of staff who has signed in, and two who sign one act."""

from dataclasses import dataclass, field

from atm.errors import AtmError
from credentials.policy import username_key


class StaffError(AtmError):
    """The list of staff cannot be used, or not in this way."""


class StaffSignInError(StaffError):
    """Not signed in; the text does not say whether name or PIN was wrong or the name is locked."""

    def __init__(self) -> None:
        """Say the one sentence there is."""
        super().__init__("Name or PIN is wrong, or this name is locked.")


class SecondSignatureError(StaffError):
    """One member of staff alone may not do this."""

    def __init__(self) -> None:
        """Say the one sentence there is."""
        super().__init__("A second member of staff must sign.")


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
