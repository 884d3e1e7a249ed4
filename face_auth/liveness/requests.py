"""What the challenge may ask for, and how the order is drawn."""

import secrets
from collections.abc import Collection
from enum import StrEnum
from itertools import pairwise
from random import Random
from typing import Final

COUNT: Final = 3
"""Requests at a login. Of 76 orders a recording shows the right one by chance once."""


class Request(StrEnum):
    """A movement of the head. Left and right are the person's own.

    In the picture as the camera delivers it a turn to the left takes the nose to the right; in
    a mirrored preview the arrow for it stands at the left edge.
    """

    LEFT = "turn_left"
    RIGHT = "turn_right"
    UP = "look_up"
    DOWN = "look_down"
    CLOSER = "come_closer"


POSES: Final = (Request.LEFT, Request.RIGHT, Request.UP, Request.DOWN)
"""What an enrolment asks for, each once, beside looking straight."""


def draw_requests(
    count: int = COUNT,
    allowed: Collection[Request] = tuple(Request),
    random: Random | None = None,
) -> tuple[Request, ...]:
    """Draw requests in order, no two in a row alike, and at most one of them to come closer.

    Coming closer alone shows no depth; turning and nodding do.

    Args:
        count: How many; 1 or more.
        allowed: What this customer can do: two or more.
        random: For tests; the operating system's by default.

    Raises:
        ValueError: If fewer than two requests are allowed.
    """
    possible = [request for request in Request if request in allowed]
    if len(possible) < 2:
        raise ValueError("a challenge needs two requests to choose from")
    random = random or secrets.SystemRandom()
    while True:
        drawn = tuple(random.choice(possible) for _ in range(count))
        alike = any(one is other for one, other in pairwise(drawn))
        closer = drawn.count(Request.CLOSER)
        if not alike and (closer <= 1 or len(possible) == 2):
            return drawn


def draw_poses(random: Random | None = None) -> tuple[Request, ...]:
    """Draw the order of an enrolment's four poses beside straight."""
    order = list(POSES)
    (random or secrets.SystemRandom()).shuffle(order)
    return tuple(order)
