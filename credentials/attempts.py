"""Counters of attempts, on disk before an attempt is judged: of customers, of staff, of the kiosk.

What an attempt costs its owner depends on how it ended:

- the wrong PIN with the customer's own face: three of them lock, until staff unlock;
- another face: the account judges nothing for a minute, then two, four ... up to an hour, and
  thirty without an admission lock it. It tells nothing about the PIN, so it does not lock sooner;
- no end at all (cancelled, no face in time, camera lost, process killed): it stays reserved. While
  three are taken up by wrong PINs and reservations, nothing is judged; reservations that no login
  can still hold are then counted as attempts with another face.

Waits are counted in time since the machine started: setting the clock does not shorten one, and a
restart begins it again.
"""

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from credentials import boot_clock
from credentials.boot_clock import Moment
from credentials.database import Database, Transaction
from credentials.errors import StoreError
from credentials.sealing import Seal

WRONG_LIMIT: Final = 3
FOREIGN_LIMIT: Final = 30
FIRST_WAIT_S: Final = 60.0
LONGEST_WAIT_S: Final = 3600.0
ABANDONED_S: Final = 120.0
"""No login lasts so long: what is still reserved then has no end."""

_SCHEMA: Final = (
    """
    CREATE TABLE attempts (
        owner_id TEXT PRIMARY KEY,
        wrong INTEGER NOT NULL CHECK (wrong >= 0),
        open INTEGER NOT NULL CHECK (open >= 0),
        foreign_faces INTEGER NOT NULL CHECK (foreign_faces >= 0),
        waits INTEGER NOT NULL CHECK (waits >= 0),
        wait_s REAL NOT NULL CHECK (wait_s >= 0),
        boot TEXT NOT NULL,
        since REAL NOT NULL,
        mac BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


class Standing(StrEnum):
    """Whether an attempt may be judged now."""

    FREE = "free"
    WAITING = "waiting"
    LOCKED = "locked"


class Ending(StrEnum):
    """How an attempt that was judged ended."""

    ADMITTED = "admitted"
    WRONG_PIN = "wrong_pin"
    FOREIGN_FACE = "foreign_face"


@dataclass(frozen=True, slots=True)
class _Row:
    """One owner; `wait_s` seconds are to pass from the moment (`boot`, `since`)."""

    owner_id: str
    wrong: int = 0
    open: int = 0
    foreign_faces: int = 0
    waits: int = 0
    wait_s: float = 0.0
    boot: str = ""
    since: float = 0.0

    def standing(self) -> Standing:
        if self.wrong >= WRONG_LIMIT or self.foreign_faces >= FOREIGN_LIMIT:
            return Standing.LOCKED
        return Standing.WAITING if self.wait_s else Standing.FREE

    def at(self, now: Moment) -> "_Row":
        """Return the row as it is *now*: with a wait that is over gone, or begun again."""
        if not self.wait_s and not self.open:
            return self
        passed = now.since(self.boot, self.since)
        if passed is None:  # the machine was restarted
            return replace(self, boot=now.boot, since=now.seconds)
        return replace(self, wait_s=0.0) if self.wait_s and passed >= self.wait_s else self

    def waiting(self, now: Moment, foreign_faces: int) -> "_Row":
        """Return the row with more foreign faces counted and the next wait begun."""
        wait_s = min(FIRST_WAIT_S * 2.0 ** min(self.waits, 30), LONGEST_WAIT_S)
        return replace(
            self,
            foreign_faces=min(FOREIGN_LIMIT, self.foreign_faces + foreign_faces),
            waits=self.waits + 1,
            wait_s=wait_s,
            boot=now.boot,
            since=now.seconds,
        )


class Attempts:
    """What each customer's attempts have come to; shared by threads and processes."""

    def __init__(
        self,
        path: Path,
        seal: Seal,
        clock: Callable[[], Moment] = boot_clock.now,
        *,
        after: int = 0,
    ) -> None:
        """Open or make the sealed SQLite file *path*; a new one's generation is above *after*.

        Raises:
            StoreError: If the file cannot be used or was altered; so does every method.
        """
        keys = {"attempts": "owner_id"}
        self._database = Database(path, _SCHEMA, keys, seal, StoreError, after=after)
        self._clock = clock

    @property
    def generation(self) -> int:
        """How often the file was changed, as last seen."""
        return self._database.generation

    def look(self) -> None:
        """Look at the file again, so that `generation` is today's; another process may write."""
        self._database.look()

    def reserve(self, owner_id: str) -> Standing:
        """Count one attempt, on disk when this returns, and say if it may be judged.

        Returns:
            FREE if it may; then end it with `settle`, or leave it reserved. Otherwise nothing was
            counted.
        """
        now = self._clock()
        with self._database.transaction() as transaction:
            row = _get(transaction, owner_id).at(now)
            if row.standing() is Standing.FREE and row.wrong + row.open >= WRONG_LIMIT:
                passed = now.since(row.boot, row.since)
                if passed is not None and passed < ABANDONED_S:
                    _put(transaction, row)  # after a restart, time counts from here
                    return Standing.WAITING
                row = replace(row.waiting(now, row.open), open=0)
            elif row.standing() is Standing.FREE:
                row = replace(row, open=row.open + 1, boot=now.boot, since=now.seconds)
                _put(transaction, row)
                return Standing.FREE
            _put(transaction, row)
            return row.standing()

    def settle(self, owner_id: str, ending: Ending) -> None:
        """End one reserved attempt of *owner_id*."""
        now = self._clock()
        with self._database.transaction() as transaction:
            if ending is Ending.ADMITTED:
                transaction.remove("attempts", owner_id)
                return
            row = _get(transaction, owner_id).at(now)
            row = replace(row, open=max(0, row.open - 1))
            if ending is Ending.WRONG_PIN:
                row = replace(row, wrong=row.wrong + 1)
            else:
                row = row.waiting(now, 1)
            _put(transaction, row)

    def clear(self, owner_id: str) -> None:
        """Forget everything about *owner_id*: staff unlock, or the customer is deleted."""
        with self._database.transaction() as transaction:
            transaction.remove("attempts", owner_id)

    def lock(self, owner_id: str) -> None:
        """Let nothing of *owner_id* be judged until staff unlock."""
        with self._database.transaction() as transaction:
            _put(transaction, replace(_get(transaction, owner_id), wrong=WRONG_LIMIT))

    def standing(self, owner_id: str) -> Standing:
        """Return whether an attempt of *owner_id* would be judged now."""
        return self.standings([owner_id])[owner_id]

    def standings(self, owner_ids: Iterable[str]) -> dict[str, Standing]:
        """Return for each of *owner_ids* whether an attempt would be judged now."""
        now = self._clock()
        with self._database.transaction() as transaction:
            return {each: _standing(_get(transaction, each).at(now)) for each in owner_ids}


def _standing(row: _Row) -> Standing:
    if row.standing() is Standing.FREE and row.wrong + row.open >= WRONG_LIMIT:
        return Standing.WAITING
    return row.standing()


def _get(transaction: Transaction, owner_id: str) -> _Row:
    found = transaction.get("attempts", owner_id)
    return _Row(owner_id) if found is None else _Row(*found)


def _put(transaction: Transaction, row: _Row) -> None:
    transaction.put("attempts", *astuple(row))
