"""What all logins share: tries count toward the pause, and refusals leave at fixed times."""

import math
import time
from collections.abc import Callable
from typing import Final

from atm.login import pin_check
from atm.login.decision import Decision, Outcome
from atm.login.pause import LoggedPause, Pause, Try
from atm.ports import Log

REFUSE_AFTER_S: Final = 2.0
"""A refusal is given at the next multiple of this time after the press, so that its time does not
tell its reason."""


class PacedLogins:
    """Base of the logins with the face and without it."""

    def __init__(
        self,
        *,
        pause: Pause,
        log: Log,
        refuse_after_s: float = REFUSE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use the kiosk's own *pause*; *log* takes the beginnings of pauses."""
        self._pause = LoggedPause(pause, log)
        self._refuse_after_s = refuse_after_s
        self._clock = clock
        self._sleep = sleep

    def _reserve(self) -> tuple[Try, Decision | None]:
        """Count a try before it is judged; also returns the decision where the kiosk pauses."""
        made = self._pause.reserve()
        if not made.pause_s:
            return made, None
        return made, Decision(Outcome.PAUSED, reasons=("paused",), pause_s=made.pause_s)

    def _count(self, decision: Decision, face: object, made: Try) -> None:
        """Count *decision* toward the pause, or take the try *made* back."""
        if pin_check.counts_as_refused(decision, face):
            self._pause.refused()
        else:
            self._pause.give_back(made)

    def _leaves_at(self, decision: Decision, pressed: float) -> float:
        """Return when an answer leaves: now, or for a refusal at its fixed time."""
        now = self._clock()
        if decision.outcome is not Outcome.REFUSED:
            return now
        turns = max(1, math.ceil((now - pressed) / self._refuse_after_s))
        return pressed + turns * self._refuse_after_s
