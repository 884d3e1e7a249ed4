"""The straight look: consecutive frames of a face at rest, from which movements are measured.

A head that returns from a turn, a nod or a step looks straight for a moment too. Movements measured
from there would come out short to one side, so it must have come to rest: over the frames of the
look the speed of the head, the median of the slopes between all pairs (Theil and Sen), is small.
One misplaced frame does not move that median.
"""

import math
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.liveness.pose_change import Baseline, normalised
from face_auth.recognition.pose import Pose

STRAIGHT_FRAMES: Final = 4
STRAIGHT_LASTS_S: Final = 0.375
"""Consecutive straight frames, and their least duration, from which movements are measured."""
STRAIGHT: Final = (16.0, 28.0)
"""Degrees of yaw and of pitch within which a face looks straight; pitch has a bias."""
AT_REST: Final = 12.0
"""Degrees a second of yaw and of pitch up to which a head is at rest. Of 100 simulated people who
stand still the landmarks' noise is above it, or above the next limit, in 3 to 7 % of the looks, at
8 to 25 pictures a second: those begin one frame later."""
AT_REST_GROWTH: Final = 0.12
"""The same of its size, in natural logarithms a second."""


class StraightLook:
    """The latest consecutive straight frames of one face."""

    def __init__(self) -> None:
        """Start without a frame."""
        self._frames: list[tuple[float, NDArray[np.float64], Pose]] = []

    def clear(self) -> None:
        """Forget all frames: the next face may be another."""
        self._frames = []

    def add(self, at: float, points: NDArray[np.float64], pose: Pose) -> Baseline | None:
        """Add a frame; return the baseline once the face has looked straight at rest.

        Args:
            at: When it was captured, in seconds; later than the one before.
            points: The face's landmarks in px, shape (5, 2).
            pose: Its pose.
        """
        if abs(pose.yaw) > STRAIGHT[0] or abs(pose.pitch) > STRAIGHT[1]:
            self.clear()
            return None
        self._frames.append((at, normalised(points), pose))
        while self._enough(1):
            del self._frames[0]
        if not self._enough(0) or not self._at_rest():
            return None
        poses = [one for _, _, one in self._frames]
        middle = Pose(
            *(
                float(np.median([getattr(one, name) for one in poses]))
                for name in ("yaw", "pitch", "roll", "scale")
            )
        )
        return Baseline(np.mean([shape for _, shape, _ in self._frames], axis=0), middle)

    def _enough(self, first: int) -> bool:
        """Return whether the frames from *first* on are a look."""
        frames = self._frames[first:]
        return len(frames) >= STRAIGHT_FRAMES and frames[-1][0] - frames[0][0] >= STRAIGHT_LASTS_S

    def _at_rest(self) -> bool:
        speeds = [
            (
                (after.yaw - before.yaw) / (later - then),
                (after.pitch - before.pitch) / (later - then),
                math.log(max(after.scale, 1e-3) / max(before.scale, 1e-3)) / (later - then),
            )
            for (then, _, before), (later, _, after) in combinations(self._frames, 2)
        ]
        limits = AT_REST, AT_REST, AT_REST_GROWTH
        return bool(np.all(np.abs(np.median(speeds, axis=0)) <= limits))
