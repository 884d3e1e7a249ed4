"""Response of the drawn person to a challenge: a short delay, then a movement at human speed."""

from typing import Final

from face_auth.types import Movement

REACTION_S: Final = 0.35
MOVEMENT_S: Final = 0.6
"""How long a movement takes from straight to its end."""

STRAIGHT: Final = {"yaw": 0.0, "pitch": 0.0, "scale": 1.0}
ENDS: Final = {
    Movement.LEFT: STRAIGHT | {"yaw": 27.0},
    Movement.RIGHT: STRAIGHT | {"yaw": -27.0},
    Movement.UP: STRAIGHT | {"pitch": 25.0},
    Movement.DOWN: STRAIGHT | {"pitch": -19.0},
    Movement.CLOSER: STRAIGHT | {"scale": 1.36},
}
"""The pose that each movement leads to: degrees and scale; see ``DemoFace.draw``."""


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
            yaw and pitch in degrees and scale, for ``DemoFace.draw``.
        """
        if asked is not self._asked:
            self._asked, self._asked_at, self._start = asked, at, self._now
        end = STRAIGHT if asked is None else ENDS[asked]
        share = min(max((at - self._asked_at - REACTION_S) / MOVEMENT_S, 0.0), 1.0)
        eased = share * share * (3 - 2 * share)
        self._now = {
            name: start + (end[name] - start) * eased for name, start in self._start.items()
        }
        return dict(self._now)
