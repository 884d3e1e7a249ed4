"""Prompts during a login or an enrolment: the ring's progress, the arrow and the sentence below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from face_auth.types import (
    COUNT,
    FRAMES_PER_LOGIN,
    Liveness,
    LoginProgress,
    Movement,
    Verdict,
)
from kiosk.camera_pane.marks import Marks, Ring, Sign
from kiosk.words import messages

STEPS: Final = 4
"""Parts of the ring for each movement: so few that all of them are drawn beforehand."""

SIGNS: Final[dict[Movement, Sign]] = {
    Movement.LEFT: "left",
    Movement.RIGHT: "right",
    Movement.UP: "up",
    Movement.DOWN: "down",
    Movement.CLOSER: "closer",
}
"""Left is the person's own, which a mirror shows at the left."""

ASKED: Final[dict[Sign, str]] = {
    "left": messages.TURN,
    "right": messages.TURN,
    "up": messages.NOD_UP,
    "down": messages.NOD_DOWN,
    "closer": messages.COME_CLOSER,
}
"""What a login asks for, in English, by the sign that is shown."""

MOVING: Final = frozenset({Verdict.TURNED, Verdict.BLURRED, Verdict.HOLD_STILL, Verdict.MOVE})
"""Verdicts beside which the arrow says more than they do."""


def sign_of(movement: Movement | None) -> Sign | None:
    """Return the sign for *movement*."""
    return None if movement is None else SIGNS[movement]


def parts(liveness: Liveness) -> int:
    """Return in how many parts the ring of a login fills: by movements, or by scored frames."""
    return COUNT * STEPS if liveness == "challenge" else FRAMES_PER_LOGIN


def pose_line(pose: Movement | None, verdict: Verdict | None) -> tuple[str, str]:
    """Return tone and sentence, in English, while pictures for an enrolment are taken.

    Args:
        pose: What the next picture is to show; None for straight.
        verdict: What is to be said about the latest frame; None before the first one.
    """
    sign = sign_of(pose)
    if sign is not None and (verdict in MOVING or verdict not in messages.GUIDANCE):
        nods = sign in ("up", "down")
        return sign, messages.NOD_A_LITTLE if nods else messages.TURN_A_LITTLE
    return "hold", messages.guidance(verdict, messages.HOLD_STILL)


class WordsFirst:
    """Holds back the arrow of a movement until its words were spoken to a visitor who listens."""

    def __init__(self, speaks: Callable[[], bool] | None) -> None:
        """Hold nothing back yet; *speaks* says whether words are, None: nobody listens."""
        self._speaks = speaks
        self._request = self._spoken = 0

    @property
    def speaking(self) -> Callable[[int], bool] | None:
        """What says whether a request, by its number, is still to be spoken, on the face thread."""
        return None if self._speaks is None else lambda request: request > self._spoken

    def take(self, request: int) -> None:
        """Note the number of the newest request; what asks for it goes on the page next."""
        self._request = request

    def spoken(self) -> bool:
        """Return whether the newest request, which is on the page, was spoken."""
        if self._request > self._spoken and (self._speaks is None or not self._speaks()):
            self._spoken = self._request
        return self._request <= self._spoken


class LoginPrompts:
    """Ring and sentence of one login in progress.

    Who listens hears a movement in words, then its arrow comes.
    """

    def __init__(self, liveness: Liveness, speaks: Callable[[], bool] | None = None) -> None:
        """Begin with an empty ring.

        Args:
            liveness: The setting.
            speaks: Whether the words on the page are still being said; None where nobody listens.
        """
        self.marks = Marks(Ring.FILLING, 0, parts(liveness))
        self.movement: tuple[int, int] | None = None
        """Which movement is asked for, from 1, and of how many; None while none is."""
        self._guidance = Verdict.OK
        self.words = WordsFirst(speaks)
        self._sign: Sign | None = None

    def look(self) -> Marks:
        """Return the marks as they are now; called once the sentence is on the page."""
        sign = self._sign if self.words.spoken() else None
        self.marks = Marks(self.marks.ring, self.marks.done, self.marks.wanted, sign)
        return self.marks

    def line(self, _: Callable[[str], str]) -> tuple[str, str]:
        """Return tone and sentence; *_* translates."""
        sign = self._sign
        if sign is None:
            return "hold", _(messages.guidance(self._guidance, messages.HOLD_STILL))
        return sign, _(ASKED[sign])

    def take(self, progress: LoginProgress) -> None:
        """Fill the ring as far as the check is, never less than before; `look` returns the marks.

        One part stays open until the answer: only that says that the check is over.
        """
        asked = progress.asked
        self._guidance = asked.guidance
        asks = asked.movement is not None
        self.movement = (asked.done + 1, asked.wanted) if asks else None
        done, wanted = progress.scored, progress.wanted
        if asked.wanted:
            wanted = asked.wanted * STEPS
            current = int(min(max(asked.share, 0.0), 1.0) * STEPS)
            done = asked.done * STEPS + min(current, STEPS - 1)
        done = min(done, wanted - 1)
        if self.marks.wanted == wanted:
            done = max(done, self.marks.done)
        self._sign = sign_of(asked.movement)
        self.words.take(asked.request)
        self.marks = Marks(Ring.FILLING, done, wanted)
