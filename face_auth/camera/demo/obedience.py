"""Response of the drawn person to a challenge: a short delay, then a movement at human speed."""

import math
from typing import Final

from face_auth.types import Movement

REACTION_S: Final = 0.35
MOVEMENT_S: Final = 0.6
"""How long a movement takes from straight to its end."""
AGAIN_S: Final = 1.2
AGAIN: Final = 0.12
"""As people do, the person varies a movement that is still asked for: it grows and shrinks by this
share, in waves of that length. One fixed pose is at times one whose landmarks are found badly."""

STRAIGHT: Final = {"yaw": 0.0, "pitch": 0.0, "scale": 1.0, "sway": 1.0}
_MOVED: Final = STRAIGHT | {"sway": 0.3}
ENDS: Final = {
    Movement.LEFT: _MOVED | {"yaw": 27.0},
    Movement.RIGHT: _MOVED | {"yaw": -27.0},
    Movement.UP: _MOVED | {"pitch": 28.0},
    Movement.DOWN: _MOVED | {"pitch": -19.0},
    Movement.CLOSER: _MOVED | {"scale": 1.36},
}
"""The pose that each movement leads to: degrees, scale and sway; see ``DemoFace.draw``."""


class Obedience:
    """The requested movement and its start time, from which the head's pose follows."""

    def __init__(self) -> None:
        """Start looking straight ahead, with no movement requested."""
        self._asked: Movement | None = None
        self._asked_at = 0.0
        self._start = STRAIGHT
        self._now = STRAIGHT

    def pose(self, asked: Movement | None, at: float) -> dict[str, float]:
        """Return the pose at a moment.

        Args:
            asked: What is asked for now; None for looking straight.
            at: Seconds since any beginning, never less than before.

        Returns:
            yaw and pitch in degrees, scale and sway, for ``DemoFace.draw``.
        """
        if asked is not self._asked:
            self._asked, self._asked_at, self._start = asked, at, self._now
        end = STRAIGHT if asked is None else ENDS[asked]
        share = min(max((at - self._asked_at - REACTION_S) / MOVEMENT_S, 0.0), 1.0)
        eased = share * share * (3 - 2 * share)
        waited = at - self._asked_at - REACTION_S - MOVEMENT_S
        reach = 1 + AGAIN * math.sin(2 * math.pi * max(waited, 0.0) / AGAIN_S)
        self._now = {
            name: start + (STRAIGHT[name] + (end[name] - STRAIGHT[name]) * reach - start) * eased
            for name, start in self._start.items()
        }
        return dict(self._now)
