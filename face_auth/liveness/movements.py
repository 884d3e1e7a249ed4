"""Random order of the movements of a challenge and of the poses of an enrolment."""

import secrets
from collections.abc import Collection
from itertools import pairwise
from random import Random
from typing import Final

from face_auth.types import COUNT, Movement

POSES: Final = (Movement.LEFT, Movement.RIGHT, Movement.UP, Movement.DOWN)
"""What an enrolment asks for, each once, beside looking straight."""


def draw_movements(
    count: int = COUNT,
    allowed: Collection[Movement] = tuple(Movement),
    random: Random | None = None,
) -> tuple[Movement, ...]:
    """Draw movements in order, no two in a row alike, and with at most one "come closer".

    Coming closer alone shows no depth; turning and nodding do.

    Args:
        count: How many; 1 or more.
        allowed: What this customer can do: two or more.
        random: For tests; the operating system's by default.

    Raises:
        ValueError: If fewer than two movements are allowed.
    """
    possible = [movement for movement in Movement if movement in allowed]
    if len(possible) < 2:
        raise ValueError("a challenge needs two movements to choose from")
    random = random or secrets.SystemRandom()
    while True:
        drawn = tuple(random.choice(possible) for _ in range(count))
        alike = any(one is other for one, other in pairwise(drawn))
        closer = drawn.count(Movement.CLOSER)
        if not alike and (closer <= 1 or len(possible) == 2):
            return drawn


def draw_poses(random: Random | None = None) -> tuple[Movement, ...]:
    """Draw the order of an enrolment's four poses beside straight."""
    order = list(POSES)
    (random or secrets.SystemRandom()).shuffle(order)
    return tuple(order)
