"""Continuity of the face in one attempt, by frame times: time watched, gaps and lost faces.

Everything that needs the same face to continue, or time to pass, uses this, because frames may be
few or missing. Time without frames counts neither for nor against the person.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.pose import Pose

LOST_S: Final = 0.8
"""How long a face may be out of sight, or without a picture, and still count as the same one; the
detector loses some that look far down."""
PICTURE_S: Final = 0.25
"""How much time one picture speaks for: four pictures a second watch all of a movement. Of a longer
gap the rest was not watched."""


class Track:
    """The track of one face by the times of the frames.

    Attributes:
        watched_s: Seconds of the attempt so far of which there were pictures.
        breaks: How often the face was lost: what was seen before may have been another one.
        gaps: How often there was no picture for so long that any face is lost.
        unwatched: Whether something may have happened unseen just before the latest picture.
    """

    def __init__(self) -> None:
        """Start without a frame."""
        self.watched_s = 0.0
        self.breaks = 0
        self.gaps = 0
        self.unwatched = False
        self._began_at: float | None = None
        self._picture_at = 0.0
        self._face_at: float | None = None

    @property
    def starved(self) -> bool:
        """Whether frames were missing: a gap, or less than half of the time watched."""
        began_at = self._picture_at if self._began_at is None else self._began_at
        return self.gaps > 0 or self.watched_s < (self._picture_at - began_at) / 2

    def add(self, at: float, *, in_sight: bool) -> bool:
        """Add a frame.

        Args:
            at: When it was captured, in seconds; later than the one before.
            in_sight: Whether it shows one face that can be followed.

        Returns:
            Whether the face goes on; False where it was lost just now.
        """
        if self._began_at is None:
            self._began_at = self._picture_at = at
        passed = at - self._picture_at
        self.watched_s += min(passed, PICTURE_S)
        self.unwatched = passed > PICTURE_S
        self.gaps += passed > LOST_S
        self._picture_at = at
        lost = self._face_at is not None and at - self._face_at > LOST_S
        if lost:
            self.breaks += 1
            self._face_at = None
        if in_sight:
            self._face_at = at
        return not lost


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Where a face was seen in one frame.

    Attributes:
        at: When the frame was captured, in seconds.
        centre: The middle of the landmarks in px, shape (2,).
        pose: The head's.
    """

    at: float
    centre: NDArray[np.float64]
    pose: Pose

    def follows(self, before: "Sighting") -> bool:
        """Return whether this can be the face seen *before*, at the speed of a head."""
        passed = self.at - before.at
        shift = float(np.hypot(*(self.centre - before.centre))) / before.pose.scale
        growth = abs(math.log(max(self.pose.scale, 1e-3) / before.pose.scale))
        turn = abs(self.pose.yaw - before.pose.yaw)
        return shift <= 0.5 + 6 * passed and growth <= 0.3 + passed and turn <= 25 + 200 * passed
