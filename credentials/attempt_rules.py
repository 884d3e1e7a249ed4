"""Rules of login attempts: how each one changes its owner's counters, and when they lock.

What an attempt costs its owner depends on how it ended:

- the wrong PIN with the customer's own face: three of them lock the account until staff unlock it;
- another face: no attempt is judged for a minute, then two, four ... up to an hour, and thirty
  without an admission lock the account. It tells nothing about the PIN, so it does not lock sooner;
- the face could not be judged because pictures were missing: it costs nothing, because it tells
  nothing about PIN or face, and a person at the machine cannot cause it;
- no end at all (cancelled, no face in time, camera lost, process killed): it stays reserved. While
  wrong PINs and reservations are three together, no attempt is judged; once no login can still hold
  them, one of them is counted as an attempt with another face, with a wait of its own. So whoever
  cancels each login needs as long to lock an account as whoever shows another face.

A member of staff has three wrong PINs free at each place where they sign in; after that a sign-in
is judged only when a wait is over: a minute, then two, four ... up to an hour. Nothing locks staff,
or a stranger at the screen could leave nobody who unlocks.

Waits are counted by a clock that nobody at the machine can set; when that clock begins again (a
restart), so does the wait.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from credentials.boot_clock import Moment

WRONG_LIMIT: Final = 3
FOREIGN_LIMIT: Final = 30
FIRST_WAIT_S: Final = 60.0
LONGEST_WAIT_S: Final = 3600.0
ABANDONED_S: Final = 120.0
"""No login lasts so long: a reservation that is older will never be settled."""


class Standing(StrEnum):
    """Whether an attempt may be judged now."""

    FREE = "free"
    WAITING = "waiting"
    LOCKED = "locked"


class Ending(StrEnum):
    """How a judged attempt ended."""

    ADMITTED = "admitted"
    WRONG_PIN = "wrong_pin"
    FOREIGN_FACE = "foreign_face"
    NOT_JUDGED = "not_judged"


class Place(StrEnum):
    """Where a member of staff signs in; wrong PINs at one place make nobody wait at another."""

    SCREEN = "screen"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class WrongPinCount:
    """Wrong PINs of one member of staff at one place, the last one at `since`, in seconds."""

    wrong: int = 0
    since: float | None = None

    def left(self, now: float) -> float:
        """Return for how many seconds no sign-in is judged; all of the wait after a restart."""
        if self.wrong < WRONG_LIMIT:
            return 0.0
        wait_s = min(FIRST_WAIT_S * 2.0 ** min(self.wrong - WRONG_LIMIT, 30), LONGEST_WAIT_S)
        if self.since is None or self.since > now:
            return wait_s
        return max(0.0, self.since + wait_s - now)

    def reserved(self, now: float) -> "tuple[WrongPinCount, bool]":
        """Return the count with one more wrong PIN, and True; or why not: the wait, and False."""
        if self.left(now):
            since = now if self.since is None or self.since > now else self.since
            return WrongPinCount(self.wrong, since), False
        return WrongPinCount(self.wrong + 1, now), True


@dataclass(frozen=True, slots=True)
class AttemptCount:
    """Attempt counters of one owner; a wait of `wait_s` seconds began at (`boot`, `since`)."""

    owner_id: str
    wrong: int = 0
    open: int = 0
    foreign_faces: int = 0
    waits: int = 0
    wait_s: float = 0.0
    boot: str = ""
    since: float = 0.0

    def standing(self) -> Standing:
        """Return whether an attempt would be judged at the moment given to `at`."""
        if self._judged() is Standing.FREE and self.wrong + self.open >= WRONG_LIMIT:
            return Standing.WAITING
        return self._judged()

    def at(self, now: Moment) -> "AttemptCount":
        """Return the counters as they are *now*: a wait that is over is removed or begun again."""
        if not self.wait_s and not self.open:
            return self
        passed = now.since(self.boot, self.since)
        if passed is None:  # the machine was restarted
            return replace(self, boot=now.boot, since=now.seconds)
        return replace(self, wait_s=0.0) if self.wait_s and passed >= self.wait_s else self

    def reserved(self, now: Moment) -> "tuple[AttemptCount, Standing]":
        """Return the counters with one more attempt reserved, and FREE; or the reason why not."""
        row = self.at(now)
        if row._judged() is not Standing.FREE:
            return row, row._judged()
        if row.wrong + row.open < WRONG_LIMIT:
            row = replace(row, open=row.open + 1, boot=now.boot, since=now.seconds)
            return row, Standing.FREE
        passed = now.since(row.boot, row.since)
        if passed is not None and passed < ABANDONED_S:
            return row, Standing.WAITING  # after a restart, time counts from here
        row = replace(row._waiting(now), open=row.open - 1)
        return row, row._judged()

    def settled(self, ending: Ending, now: Moment) -> "AttemptCount":
        """Return the counters with one reserved attempt ended."""
        if ending is Ending.ADMITTED:
            return AttemptCount(self.owner_id)
        row = self.at(now)
        row = replace(row, open=max(0, row.open - 1))
        if ending is Ending.NOT_JUDGED:
            return row
        if ending is Ending.WRONG_PIN:
            return replace(row, wrong=row.wrong + 1)
        return row._waiting(now)

    def locked(self) -> "AttemptCount":
        """Return the counters of an owner whom staff must unlock."""
        return replace(self, wrong=WRONG_LIMIT)

    def _judged(self) -> Standing:
        if self.wrong >= WRONG_LIMIT or self.foreign_faces >= FOREIGN_LIMIT:
            return Standing.LOCKED
        return Standing.WAITING if self.wait_s else Standing.FREE

    def _waiting(self, now: Moment) -> "AttemptCount":
        """Return the counters with one more foreign face and the next wait begun."""
        wait_s = min(FIRST_WAIT_S * 2.0 ** min(self.waits, 30), LONGEST_WAIT_S)
        return replace(
            self,
            foreign_faces=min(FOREIGN_LIMIT, self.foreign_faces + 1),
            waits=self.waits + 1,
            wait_s=wait_s,
            boot=now.boot,
            since=now.seconds,
        )
