"""What a kiosk is: the kind of its data folder, its liveness check and its camera.

A kiosk reports it at its set-up and at each login, and the service admits nobody at a kiosk that is
less than what the bank's staff registered. The report is the kiosk's own: it keeps an honest kiosk
from being set up wrongly, and stands in the log of each login.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from atm.errors import AtmError

KINDS: Final = ("live", "test", "demo")
LIVENESS: Final = ("challenge", "passive", "off")
"""Both from the strictest on."""
LONGEST_CAMERA: Final = 100
"""Characters."""


class KioskKindError(AtmError):
    """The kiosk is less than what two of the bank's staff registered."""


@dataclass(frozen=True, slots=True)
class KioskKind:
    """Kind of the data folder, one of `KINDS`, and liveness check, one of `LIVENESS`."""

    kind: str
    liveness: str

    def __str__(self) -> str:
        """Return both as one text: "live challenge"."""
        return f"{self.kind} {self.liveness}"

    def covers(self, other: "KioskKind") -> bool:
        """Return whether a kiosk that is *other* may serve where this one is allowed."""
        live = other.kind == "live" or other.kind == self.kind
        return live and LIVENESS.index(other.liveness) <= LIVENESS.index(self.liveness)


USUAL: Final = KioskKind("live", "challenge")
"""What a kiosk must be unless two members of staff registered it otherwise."""


@dataclass(frozen=True, slots=True)
class KioskReport:
    """What a kiosk says of itself.

    Attributes:
        kind: One of `KINDS`.
        liveness: One of `LIVENESS`.
        camera: The registered camera of a live kiosk, without secrets, "" before there is one;
            of another kiosk the kind of its source: "folder", "demo".
    """

    kind: str
    liveness: str
    camera: str

    def check(self, allowed: KioskKind, *, admits: bool = True) -> None:
        """Check that the kiosk is what staff registered.

        Args:
            allowed: What they registered.
            admits: Whether it is to admit a customer now; then a live kiosk has a camera.

        Raises:
            KioskKindError: If it is less.
        """
        if not allowed.covers(KioskKind(self.kind, self.liveness)):
            raise KioskKindError(
                f"This kiosk is of kind “{self.kind}” with the liveness check “{self.liveness}”;"
                f" the bank registered “{allowed.kind}” with “{allowed.liveness}”. Two of its"
                " staff can register it otherwise: “python -m atm.fleet.service kiosk add”."
            )
        if admits and self.kind == "live" and not self.camera:
            raise KioskKindError("This live kiosk reports no registered camera.")

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {"kind": self.kind, "liveness": self.liveness, "camera": self.camera}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "KioskReport":
        """Return the report in *found*, whose fields were checked."""
        return cls(found["kind"], found["liveness"], found["camera"])
