"""Counters of customers' login attempts, written to disk before an attempt is judged."""

from collections.abc import Callable, Iterable
from dataclasses import astuple
from pathlib import Path
from typing import Final

from credentials import boot_clock
from credentials.attempt_rules import (
    ABANDONED_S,
    FIRST_WAIT_S,
    FOREIGN_LIMIT,
    LONGEST_WAIT_S,
    WRONG_LIMIT,
    AttemptCount,
    Ending,
    Standing,
)
from credentials.boot_clock import Moment
from credentials.errors import StoreError
from credentials.sealed.database import Database
from credentials.sealed.seal import Seal
from credentials.sealed.transaction import Transaction

__all__ = [
    "ABANDONED_S",
    "FIRST_WAIT_S",
    "FOREIGN_LIMIT",
    "LONGEST_WAIT_S",
    "WRONG_LIMIT",
    "Attempts",
    "Ending",
    "Standing",
]

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


class Attempts:
    """Attempt counters of all customers in one file; safe for threads and processes."""

    def __init__(
        self,
        path: Path,
        seal: Seal,
        clock: Callable[[], Moment] = boot_clock.now,
        *,
        after: int = 0,
    ) -> None:
        """Open or create the sealed SQLite file *path*; a new one has a generation above *after*.

        Raises:
            StoreError: If the file cannot be used or was altered; every method raises it.
        """
        keys = {"attempts": "owner_id"}
        self._database = Database(path, _SCHEMA, keys, seal, StoreError, after=after)
        self._clock = clock

    @property
    def generation(self) -> int:
        """Number of changes of the file, as last read."""
        return self._database.generation

    def refresh(self) -> None:
        """Read the file again, so that `generation` is current; another process may write."""
        self._database.refresh()

    def reserve(self, owner_id: str) -> Standing:
        """Count one attempt, on disk when this returns; returns whether it may be judged.

        Returns:
            FREE if it may; then end it with `settle`, or leave it reserved. Otherwise nothing was
            counted.
        """
        now = self._clock()
        with self._database.transaction() as transaction:
            row, standing = _get(transaction, owner_id).reserved(now)
            _put(transaction, row)
            return standing

    def settle(self, owner_id: str, ending: Ending) -> None:
        """End one reserved attempt of *owner_id*."""
        now = self._clock()
        with self._database.transaction() as transaction:
            if ending is Ending.ADMITTED:
                transaction.remove("attempts", owner_id)
                return
            _put(transaction, _get(transaction, owner_id).settled(ending, now))

    def clear(self, owner_id: str) -> None:
        """Remove the counters of *owner_id*: staff unlock, or the customer is deleted."""
        with self._database.transaction() as transaction:
            transaction.remove("attempts", owner_id)

    def lock(self, owner_id: str) -> None:
        """Lock *owner_id* until staff unlock."""
        with self._database.transaction() as transaction:
            _put(transaction, _get(transaction, owner_id).locked())

    def standing(self, owner_id: str) -> Standing:
        """Return whether an attempt of *owner_id* would be judged now."""
        return self.standings([owner_id])[owner_id]

    def standings(self, owner_ids: Iterable[str]) -> dict[str, Standing]:
        """Return for each of *owner_ids* whether an attempt would be judged now."""
        now = self._clock()
        with self._database.transaction() as transaction:
            return {each: _get(transaction, each).at(now).standing() for each in owner_ids}


def _get(transaction: Transaction, owner_id: str) -> AttemptCount:
    found = transaction.get("attempts", owner_id)
    return AttemptCount(owner_id) if found is None else AttemptCount(*found)


def _put(transaction: Transaction, row: AttemptCount) -> None:
    transaction.put("attempts", *astuple(row))
