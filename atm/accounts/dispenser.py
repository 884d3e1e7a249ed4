"""What pays the notes out."""

from typing import Final, Protocol

from atm.errors import AtmError

SIMULATED: Final = "simulated"
"""The name of the dispenser that pays nothing; the screen then says so."""


class DispenserError(AtmError):
    """The dispenser did not do what it was told; never raised itself."""


class NotDispensed(DispenserError):
    """It is certain that no note came out."""


class Uncertain(DispenserError):
    """Some or all notes may have come out; staff look and settle."""


class Dispenser(Protocol):
    """A device that pays notes out."""

    @property
    def name(self) -> str:
        """What it is called; `SIMULATED` says that no real notes come out."""

    def dispense(self, reference: str, amount_minor: int) -> None:
        """Pay *amount_minor* out and return when the notes are out.

        It is called once for each *reference*; a device that keeps a journal writes it there.

        Raises:
            NotDispensed: If certainly nothing came out; then the amount is returned.
            Uncertain: If that is not known. Any other exception means the same.
        """


class SimulatedDispenser:
    """Pays nothing out and always succeeds."""

    name = SIMULATED

    def dispense(self, reference: str, amount_minor: int) -> None:
        """Do nothing."""
