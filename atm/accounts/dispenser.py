"""Interface to the note dispenser, and a simulated one that pays nothing out."""

from typing import Final, Protocol

from atm.errors import AtmError

SIMULATED: Final = "simulated"
"""The name of the dispenser that pays nothing; the screen then says so."""


class DispenserError(AtmError):
    """Base of the dispenser's errors; only its subclasses are raised."""


class NotDispensed(DispenserError):
    """No note came out, for certain."""


class Uncertain(DispenserError):
    """Some or all notes may have come out; staff check and settle the hold."""


class Dispenser(Protocol):
    """Device that pays notes out."""

    @property
    def name(self) -> str:
        """Name of the device; `SIMULATED` means that no real notes come out."""

    @property
    def note(self) -> str:
        """What staff should know of the last pay-out; "" if it went well."""

    def dispense(self, reference: str, amount_minor: int) -> None:
        """Pay *amount_minor* out and return when the notes are out.

        It is called once for each *reference*; a device that keeps a journal writes it there.

        Raises:
            NotDispensed: If certainly nothing came out; then the amount is returned.
            Uncertain: If that is not known. Any other exception means the same.
        """


class SimulatedDispenser:
    """Dispenser for demonstrations: pays nothing out and always succeeds."""

    name = SIMULATED
    note = ""

    def dispense(self, reference: str, amount_minor: int) -> None:
        """Do nothing."""
