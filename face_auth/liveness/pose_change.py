"""Change of a face's pose against the person's own straight frames, as a share of a movement.

A turn or nod counts only when the nose moves against the plane of eyes and mouth as it does on a
head: on a flat picture, however it is held, the five points follow one homography; a bent one
moves the nose too little for how narrow it makes the face.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.pose import Pose, nose_parallax
from face_auth.types import Movement

TURN: Final = 14.0
"""Degrees of yaw from straight, as the landmarks tell it, that are a turn: heads turned by 20
degrees in simulation show 15 (median)."""
NOD: Final = 8.0
"""Degrees of pitch from straight that are a nod: 13 degrees show as 9 to 10."""
NEARER: Final = 1.2
"""How much larger than at first the head must be to have come closer."""
SOLID: Final = {"turn": (0.085, 0.055, 0.65), "nod": (0.062, 0.04, 0.45)}
"""How far the nose must move against the plane of eyes and mouth, in eye distances: at least the
first, and at least the second plus the third times the share by which the face became narrower
(turn) or lower (nod). In simulation and on real people a turn that narrows the face by 3, 9, 15
and 22 % moves the nose by 0.075, 0.126, 0.17 and 0.24 or more (95 %); on flat prints turned by up
to 50 degrees and on prints bent by 60 it is below 0.095, 0.10, 0.11 and 0.19 (95 %). That is
of 24 simulated heads, 12 prints and the two bona fide clips."""


@dataclass(frozen=True, slots=True)
class PoseChange:
    """The change of one frame against the straight frames.

    Attributes:
        yaw: Degrees to the right of the picture.
        pitch: Degrees upwards.
        nearer: Size of the head over its size at first.
        parallax: Of the nose, right and down.
        narrowed: Width over height of the face, over the same at first.
    """

    yaw: float
    pitch: float
    nearer: float
    parallax: NDArray[np.float64]
    narrowed: float

    def share(self, movement: Movement) -> float:
        """Return the share of *movement* that was made: 1 is all of it, below 0 the opposite."""
        match movement:
            case Movement.LEFT:
                return self.yaw / TURN
            case Movement.RIGHT:
                return -self.yaw / TURN
            case Movement.UP:
                return self.pitch / NOD
            case Movement.DOWN:
                return -self.pitch / NOD
        return (self.nearer - 1) / (NEARER - 1)

    def solid(self, movement: Movement) -> bool:
        """Return whether the nose moved as on a head; coming closer cannot show that."""
        if movement is Movement.CLOSER:
            return True
        turned = movement in {Movement.LEFT, Movement.RIGHT}
        sign = -1 if movement in {Movement.RIGHT, Movement.UP} else 1
        moved = sign * float(self.parallax[0 if turned else 1])
        lost = 1 - (self.narrowed if turned else 1 / max(self.narrowed, 1e-6))
        least, base, slope = SOLID["turn" if turned else "nod"]
        return moved >= max(least, base + slope * lost)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The straight face that movements are measured from.

    Attributes:
        shape: Its landmarks upright, around their middle, in eye distances, shape (5, 2).
        pose: Its pose.
    """

    shape: NDArray[np.float64]
    pose: Pose

    def change_of(self, points: NDArray[np.float64], pose: Pose) -> PoseChange:
        """Return the change of a face with these landmarks, shape (5, 2), and this pose."""
        return PoseChange(
            yaw=pose.yaw - self.pose.yaw,
            pitch=pose.pitch - self.pose.pitch,
            nearer=pose.scale / self.pose.scale,
            parallax=nose_parallax(self.shape, points),
            narrowed=_slimness(points) / _slimness(self.shape),
        )


def normalised(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return landmarks, shape (5, 2), upright, around their middle, in eye distances."""
    across = complex(*(points[1] - points[0]))
    turned = (points - points.mean(axis=0)) @ np.array([1, 1j]) / across
    return np.stack([turned.real, turned.imag], axis=1)


def _slimness(points: NDArray[np.float64]) -> float:
    """Return the width of the face between eyes and mouth corners over its height."""
    width = np.hypot(*(points[1] - points[0])) + np.hypot(*(points[4] - points[3]))
    height = np.hypot(*(points[3:].mean(axis=0) - points[:2].mean(axis=0)))
    return float(width / max(height, 1e-6))
