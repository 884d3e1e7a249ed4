"""Draft of a new customer, held in memory until it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from atm.consent import ConsentVersion
from atm.people import Application, Signatures, StaffMember


@dataclass(slots=True)
class Draft:
    """A customer who is being enrolled.

    Attributes:
        staff: Who signed in to create them.
        consent_at: When the customer said yes; aware.
        username: As it will be kept.
        full_name: As it will be kept.
        opening_minor: Opening balance in minor units.
        opening_text: The balance as it was typed.
        pin: As the customer typed it; never shown.
        excused: Movements that the customer cannot make, by the movement's value.
        card: Whether they get a card where they need none.
        without_face: Whether the customer is to be served by PIN, beside staff.
        consent: Version of the text that the customer agreed to.
    """

    staff: StaffMember
    consent_at: datetime
    username: str = ""
    full_name: str = ""
    opening_minor: int = 0
    opening_text: str = ""
    pin: str = field(default="", repr=False)
    excused: tuple[str, ...] = ()
    card: bool = False
    without_face: bool = False
    consent: ConsentVersion | None = None
    _both: Signatures | None = None
    _both_for: tuple[object, ...] = ()

    @property
    def signed(self) -> StaffMember | Signatures:
        """Who signed the draft as it is now: two, until balance or movements are changed."""
        both = self._both
        return both if both is not None and self._both_for == self._signed_parts else self.staff

    def sign(self, both: Signatures) -> None:
        """Note that two have signed the balance and the movements."""
        self._both, self._both_for = both, self._signed_parts

    @property
    def _signed_parts(self) -> tuple[object, ...]:
        return self.opening_minor, self.excused

    def application(self) -> Application:
        """Return the draft as the machine takes it."""
        return Application(
            username=self.username,
            full_name=self.full_name,
            opening_minor=self.opening_minor,
            pin=self.pin,
            consent_at=self.consent_at,
            excused=self.excused,
            card=self.card,
            consent=self.consent,
        )
