"""Values for what is drawn over the live picture: the ring, its progress and the sign beside it.

Importing this module loads neither NumPy nor OpenCV, so the pages name marks without loading what
draws them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

Sign = Literal["left", "right", "up", "down", "closer"]
"""At which edge of the pane, which is a mirror, the arrow stands; closer is four of them."""

SIGNS: Final[tuple[Sign, ...]] = ("left", "right", "up", "down", "closer")


class Ring(Enum):
    """Kinds of the ring around the oval."""

    LOOKING = auto()
    FILLING = auto()
    ARCS = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks over one live picture.

    Attributes:
        ring: Its kind.
        done: How much of it is done, out of *wanted*.
        wanted: Parts of a login's check, or pictures of an enrolment.
        sign: What is asked for, drawn beside the ring.
    """

    ring: Ring = Ring.LOOKING
    done: int = 0
    wanted: int = 0
    sign: Sign | None = None
