"""Counters of wrong PINs of members of staff, written to disk before a PIN is checked."""

from collections.abc import Callable
from pathlib import Path

from credentials import boot_clock
from credentials.attempt_rules import Place, WrongPinCount
from credentials.boot_clock import Moment
from credentials.errors import StoreError
from credentials.sealed.database import Database
from credentials.sealed.seal import Seal
from credentials.sealed.transaction import Transaction

__all__ = ["Place", "WrongPins"]

# A member has a row for each place; that of the screen bears the member's id alone. `since` is when
# the last wrong PIN was counted, in seconds since the machine started.
_SCHEMA = (
    """
    CREATE TABLE wrong_pins (
        owner_id TEXT PRIMARY KEY,
        counted INTEGER NOT NULL CHECK (counted >= 0),
        since REAL,
        mac BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


class WrongPins:
    """Counters of wrong PINs by owner and place, in one file; safe for threads and processes."""

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
        keys = {"wrong_pins": "owner_id"}
        self._database = Database(path, _SCHEMA, keys, seal, StoreError, after=after)
        self._clock = clock

    @property
    def generation(self) -> int:
        """Number of changes of the file, as last read."""
        return self._database.generation

    def refresh(self) -> None:
        """Read the file again, so that `generation` is current; another process may write."""
        self._database.refresh()

    def reserve(self, owner_id: str, place: Place) -> bool:
        """Count one attempt as wrong, on disk when this returns; return whether it may be judged.

        Returns:
            False, with nothing counted, while the owner waits at *place*.
        """
        key, now = _key(owner_id, place), self._clock().seconds
        with self._database.transaction() as transaction:
            count, judged = _get(transaction, key).reserved(now)
            transaction.put("wrong_pins", key, count.wrong, count.since)
            return judged

    def clear(self, owner_id: str, place: Place | None = None) -> None:
        """Remove the counters of *owner_id*: at *place* after the right PIN, else everywhere."""
        with self._database.transaction() as transaction:
            for each in Place if place is None else (place,):
                transaction.remove("wrong_pins", _key(owner_id, each))

    def waits(self, owner_id: str, place: Place) -> bool:
        """Return whether an attempt of *owner_id* at *place* would not be judged now."""
        now = self._clock().seconds
        with self._database.transaction() as transaction:
            return _get(transaction, _key(owner_id, place)).left(now) > 0


def _key(owner_id: str, place: Place) -> str:
    return owner_id if place is Place.SCREEN else f"{owner_id} {place.value}"


def _get(transaction: Transaction, key: str) -> WrongPinCount:
    row = transaction.get("wrong_pins", key)
    return WrongPinCount() if row is None else WrongPinCount(row[1], row[2])
