"""Pause of the kiosk after too many refusals, whatever the usernames."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from atm.errors import AtmError
from atm.people import SignInPausedError, StaffSignInError
from atm.ports import Log
from credentials import boot_clock
from credentials.boot_clock import Moment
from credentials.sealed.database import Database
from credentials.sealed.seal import Seal
from credentials.sealed.transaction import Transaction

REFUSALS: Final = 10
WITHIN_S: Final = 600.0
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 3600.0

_KIOSK: Final = "kiosk"
_SAME_S: Final = 0.001
_SCHEMA: Final = (
    """
    CREATE TABLE pause (
        name TEXT PRIMARY KEY,
        refusals TEXT NOT NULL,
        pauses INTEGER NOT NULL CHECK (pauses >= 0),
        pause_s REAL NOT NULL CHECK (pause_s >= 0),
        boot TEXT NOT NULL,
        since REAL NOT NULL,
        mac BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


class PauseError(AtmError):
    """The file of the pause cannot be used; no login is judged then."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try at the screen, which counts as refused until it is given back.

    Attributes:
        at: When it was counted.
        pause_s: Seconds left of the pause; the try is not judged and not counted unless it is 0.
        begun: Whether that pause began with this try.
    """

    at: Moment
    pause_s: float = 0.0
    begun: bool = False


class Pause:
    """Counter of refusals: ten in ten minutes pause all tries for 30 s, then 60, 120 ... 3600 s.

    A try is counted as refused, on disk, before it is judged, and taken back if it was not. Ten
    minutes without a refusal after a pause make the next one short again. Time is counted since the
    machine started; a restart begins a running pause again.
    """

    def __init__(
        self, path: Path, seal: Seal, clock: Callable[[], Moment] = boot_clock.now
    ) -> None:
        """Open or make the sealed SQLite file *path*.

        Raises:
            PauseError: If the file cannot be used or was altered; so does every method.
        """
        self._database = Database(path, _SCHEMA, {"pause": "name"}, seal, PauseError)
        self._clock = clock

    @property
    def generation(self) -> int:
        """Number of changes of the file, as last seen."""
        return self._database.generation

    def refresh(self) -> None:
        """Read `generation` from the file again, for another process may have changed it."""
        self._database.refresh()

    def remaining(self) -> float:
        """Return the seconds left of the pause; 0 when there is none."""
        now = self._clock()
        with self._database.transaction() as transaction:
            old = _Count.read(transaction)
            count = old.at(now)
            if count.pause_s != old.pause_s or (count.pause_s and count.boot != old.boot):
                count.write(transaction)
            return count.left(now)

    def reserve(self) -> Try:
        """Count a try as refused, or say how long none is judged; on disk when this returns.

        End it with `refused` or `give_back`; one that never ends stays counted.
        """
        now = self._clock()
        with self._database.transaction() as transaction:
            count = _Count.read(transaction).at(now)
            if count.pause_s:
                count.write(transaction)
                return Try(now, count.left(now))
            full = len(count.ages) >= REFUSALS  # others are judged now, or their process ended
            count = count.paused(now) if full else count.with_one(now)
            count.write(transaction)
            return Try(now, count.pause_s, begun=full)

    def refused(self) -> float:
        """Note that a counted try was refused; return the seconds of a pause it begins, else 0."""
        now = self._clock()
        with self._database.transaction() as transaction:
            count = _Count.read(transaction).at(now).based(now)
            full = len(count.ages) >= REFUSALS
            count = count.paused(now) if full else count
            count.write(transaction)
            return count.pause_s if full else 0.0

    def give_back(self, made: Try) -> None:
        """Take back the try *made*: it was admitted, or nothing could be judged."""
        now = self._clock()
        with self._database.transaction() as transaction:
            count = _Count.read(transaction).at(now).without(made.at)
            count.write(transaction)


class LoggedPause:
    """The pause, with an entry in the log when one begins."""

    def __init__(self, pause: Pause, log: Log) -> None:
        """Use both."""
        self._pause = pause
        self._log = log

    def reserve(self) -> Try:
        """Count a try as refused; see `Pause.reserve`."""
        made = self._pause.reserve()
        if made.begun:
            self._log.append("pause", seconds=made.pause_s)
        return made

    def refused(self) -> None:
        """Note that a counted try was refused; see `Pause.refused`."""
        if pause_s := self._pause.refused():
            self._log.append("pause", seconds=pause_s)

    def give_back(self, made: Try) -> None:
        """Take back the try *made*; see `Pause.give_back`."""
        self._pause.give_back(made)


@contextlib.contextmanager
def counted(pause: Pause, log: Log) -> Iterator[None]:
    """Count the sign-in of a member of staff at the screen, which the body does, toward *pause*.

    Raises:
        SignInPausedError: If the screen pauses; the body is not run.
        PauseError, AuditError: If it cannot be counted or remembered.
    """
    logged = LoggedPause(pause, log)
    made = logged.reserve()
    log.remember()
    if made.pause_s:
        raise SignInPausedError(made.pause_s)
    try:
        yield
    except StaffSignInError:
        logged.refused()
        raise
    except BaseException:
        pause.give_back(made)
        raise
    pause.give_back(made)


@dataclass(frozen=True, slots=True)
class _Count:
    """State of the pause.

    Attributes:
        ages: For each counted try its age in seconds at (`boot`, `since`); less than 0 if it came
            after.
        pauses: Number of pauses without ten quiet minutes between them.
        pause_s: Seconds that the pause lasts from (`boot`, `since`), 0 without one.
        boot: Machine start of the last refusal or pause.
        since: Seconds after that start.
    """

    ages: tuple[float, ...] = ()
    pauses: int = 0
    pause_s: float = 0.0
    boot: str = ""
    since: float = 0.0

    @classmethod
    def read(cls, transaction: Transaction) -> Self:
        """Return the stored state."""
        row = transaction.get("pause", _KIOSK)
        return cls() if row is None else cls(tuple(json.loads(row[1])), *row[2:])

    def write(self, transaction: Transaction) -> None:
        """Store this state."""
        ages = json.dumps(self.ages)
        row = (ages, self.pauses, self.pause_s, self.boot, self.since)
        transaction.put("pause", _KIOSK, *row)

    def at(self, now: Moment) -> "_Count":
        """Return the state *now*: without a pause that is over and tries of ten minutes ago."""
        passed = now.since(self.boot, self.since)
        if passed is None:  # the machine was restarted
            ages = (0.0,) * len(self.ages)
            return replace(self, ages=ages, boot=now.boot, since=now.seconds)
        count = self
        if self.pause_s and passed >= self.pause_s:  # a restart must not begin it again
            ages = tuple(age + self.pause_s for age in self.ages)
            count = replace(self, ages=ages, pause_s=0.0, since=self.since + self.pause_s)
            passed -= self.pause_s
        ages = tuple(age for age in count.ages if passed + age < WITHIN_S)
        quiet = not ages and not count.pause_s and passed > WITHIN_S
        return replace(count, ages=ages, pauses=0 if quiet else count.pauses)

    def left(self, now: Moment) -> float:
        """Return the seconds left of the pause; *now* is the moment given to `at`."""
        return max(0.0, self.pause_s - (now.seconds - self.since)) if self.pause_s else 0.0

    def based(self, now: Moment) -> "_Count":
        """Return the same state, counted from *now*."""
        ages = tuple(now.seconds - self.since + age for age in self.ages)
        return replace(self, ages=ages, pause_s=self.left(now), since=now.seconds)

    def with_one(self, now: Moment) -> "_Count":
        """Return the state with one more try."""
        return replace(self, ages=(*self.ages, self.since - now.seconds))

    def without(self, made: Moment) -> "_Count":
        """Return the state without the try of the moment *made*, if it still counts."""
        age = self.since - made.seconds
        for each in self.ages:
            if made.boot == self.boot and abs(each - age) < _SAME_S:
                ages = list(self.ages)
                ages.remove(each)
                return replace(self, ages=tuple(ages))
        return self

    def paused(self, now: Moment) -> "_Count":
        """Return the state with the next pause begun, in which the counted tries are used up."""
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self.pauses, 30), LONGEST_PAUSE_S)
        return _Count((), self.pauses + 1, pause_s, now.boot, now.seconds)
