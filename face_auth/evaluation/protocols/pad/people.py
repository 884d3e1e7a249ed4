"""Motion models of simulated people: customers in a challenge, and an attacker's hand."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.protocols.pad.heads import HeadPlacement
from face_auth.types import Movement

CONFUSED: Final = 0.02
"""Share of movements in which a customer first turns to the wrong side."""
PATIENCE_S: Final = 2.0
BLINK_S: Final = 0.25

ENDS: Final = {
    Movement.LEFT: (1, 0, 0),
    Movement.RIGHT: (-1, 0, 0),
    Movement.UP: (0, 1, 0),
    Movement.DOWN: (0, -1, 0),
    Movement.CLOSER: (0, 0, 1),
}
"""Share of a person's own turn, nod and step that each movement leads to."""
OPPOSITE: Final = {
    Movement.LEFT: Movement.RIGHT,
    Movement.RIGHT: Movement.LEFT,
    Movement.UP: Movement.DOWN,
    Movement.DOWN: Movement.UP,
    Movement.CLOSER: Movement.CLOSER,
}


@dataclass
class Customer:
    """A customer who makes each requested movement after a delay, and sways and blinks.

    The figures are assumed, not measured: people react to an arrow within 0.3 to 0.8 s, turn by
    20 to 38 degrees, nod by 13 to 22 and come 28 to 45 % closer, in 0.45 to 0.9 s; whoever sees
    the arrow stay for 2 s goes on by a third of that, every 2 s, and who turned to the wrong side
    turns to the right one.
    """

    seed: int
    _asked: Movement | None = None
    _since: float = 0.0
    _start: tuple[float, float, float] = (0.0, 0.0, 0.0)
    _now: tuple[float, float, float] = (0.0, 0.0, 0.0)
    _end: tuple[float, float, float] = (0.0, 0.0, 0.0)
    _wait: float = 0.5
    _takes: float = 0.6
    _effort: float = 1.0
    _confused: bool = False
    _goal: tuple[float, float, float] = (0.0, 0.0, 0.0)
    _rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        """Draw the person's individual parameters."""
        self._rng = np.random.default_rng([self.seed, 3])
        self._phase = self._rng.uniform(0, 2 * np.pi, 6)
        self._lean = self._rng.uniform(-4, 4)

    def pose(self, asked: Movement | None, t: float) -> HeadPlacement:
        """Return the head's pose and position at a moment; call it with rising times."""
        if asked is not self._asked:
            self._ask(asked, t)
        elif asked is not None and t - self._since > PATIENCE_S:
            self._urge(t)
        share = min(max((t - self._since - self._wait) / self._takes, 0.0), 1.0)
        eased = share * share * (3 - 2 * share)
        one, two, three = (
            start + (end - start) * eased for start, end in zip(self._start, self._end, strict=True)
        )
        self._now = one, two, three
        waves = np.sin(2 * np.pi * t / np.array([3.7, 2.9, 4.3, 3.1, 5.3, 0.21]) + self._phase)
        return HeadPlacement(
            yaw=one + 1.5 * waves[0],
            pitch=two + 1.2 * waves[1],
            roll=self._lean + 1.0 * waves[2],
            scale=1 + three + 0.008 * waves[3],
            x=4 * waves[4] + 0.4 * waves[5],
            y=3 * waves[3] + 0.4 * waves[5],
        )

    def blink(self, t: float) -> float:
        """Return how far the lids are closed at a moment."""
        since = (t + self._phase[0]) % (2.5 + self._phase[1] / 3)
        return float(np.sin(np.pi * since / BLINK_S)) if since < BLINK_S else 0.0

    def _ask(self, asked: Movement | None, t: float) -> None:
        self._asked, self._since, self._start = asked, t, self._now
        self._effort, self._confused = 1.0, False
        self._wait = float(np.clip(self._rng.normal(0.5, 0.12), 0.3, 1.0))
        self._takes = float(self._rng.uniform(0.45, 0.9))
        meant = asked
        if asked is not None and self._rng.random() < CONFUSED:
            meant, self._confused = OPPOSITE[asked], True
        if meant is None:
            self._end = (0.0, 0.0, 0.0)
            return
        reach = np.array(
            [self._rng.uniform(20, 38), self._rng.uniform(13, 22), self._rng.uniform(0.28, 0.45)]
        )
        self._end = _triple(reach * ENDS[meant])
        self._goal = _triple(reach * ENDS[asked or meant])

    def _urge(self, t: float) -> None:
        self._since, self._start, self._wait = t, self._now, 0.0
        self._effort += 0.0 if self._confused else 1 / 3
        self._confused = False
        self._end = _triple(np.array(self._goal) * self._effort)


def _triple(values: NDArray[np.floating]) -> tuple[float, float, float]:
    one, two, three = (float(value) for value in values)
    return one, two, three
