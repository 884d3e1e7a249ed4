"""What the face check asks of a person -> the marks over the preview and the sentence below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from kiosk.words import messages

if TYPE_CHECKING:
    from face_auth.types import LoginProgress, Movement
    from kiosk.camera_pane.arrows import Sign
    from kiosk.camera_pane.picture import Marks

FRAMES: Final = 3
"""Frames that a login scores; without a challenge the ring fills with them."""
REQUESTS: Final = 3
"""Requests of a challenge."""
STEPS: Final = 4
"""Parts of the ring for each request: so few that all of them are drawn beforehand."""

SIGNS: Final[dict[str, Sign]] = {
    "turn_left": "left",
    "turn_right": "right",
    "look_up": "up",
    "look_down": "down",
    "come_closer": "closer",
}
"""By the request's value. Left is the person's own, which a mirror shows at the left."""

MOVING: Final = frozenset({"turned_away", "blurred", "hold_still", "move_a_little"})
"""Verdicts beside which the arrow says more than they do."""


def sign_of(request: Movement | None) -> Sign | None:
    """Return the sign for *request*."""
    return None if request is None else SIGNS[request.value]


def parts(liveness: str) -> int:
    """Return in how many parts the ring of a login fills with that setting of liveness."""
    return REQUESTS * STEPS if liveness == "challenge" else FRAMES


def pose_line(pose: Movement | None, verdict: str) -> tuple[str, str]:
    """Return tone and sentence, in English, while pictures for an enrolment are taken.

    Args:
        pose: What the next picture is to show; None for straight.
        verdict: What is to be said about the latest frame, by its value.
    """
    sign = sign_of(pose)
    if sign is not None and (verdict in MOVING or verdict not in messages.GUIDANCE):
        return sign, messages.TURN_A_LITTLE
    return "hold", messages.GUIDANCE.get(verdict, messages.HOLD_STILL)


class Asking:
    """One login: how full its ring is, and what is said meanwhile."""

    def __init__(self, liveness: str) -> None:
        """Begin with an empty ring.

        Args:
            liveness: The setting.
        """
        from kiosk.camera_pane.picture import Marks, Ring

        self.marks: Marks = Marks(Ring.FILLING, 0, parts(liveness))
        self._guidance = ""

    def line(self, _: Callable[[str], str]) -> tuple[str, str]:
        """Return tone and sentence; *_* translates."""
        sign = self.marks.sign
        if sign is None:
            return "hold", _(messages.GUIDANCE.get(self._guidance, messages.HOLD_STILL))
        sentence = messages.COME_CLOSER if sign == "closer" else messages.TURN
        return sign, _(sentence)

    def take(self, progress: LoginProgress) -> Marks:
        """Fill the ring as far as the check is, never less than before; returns the marks.

        One part stays open until the answer: only that says that the check is over.
        """
        from kiosk.camera_pane.picture import Marks, Ring

        asked = progress.asked
        self._guidance = str(asked.guidance.value)
        done, wanted = progress.scored, progress.wanted
        if asked.wanted:
            wanted = asked.wanted * STEPS
            current = int(min(max(asked.share, 0.0), 1.0) * STEPS)
            done = asked.done * STEPS + min(current, STEPS - 1)
        done = min(done, wanted - 1)
        if self.marks.wanted == wanted:
            done = max(done, self.marks.done)
        self.marks = Marks(Ring.FILLING, done, wanted, sign_of(asked.movement))
        return self.marks
