"""The day on which each account was last used, in one sealed file.

Nothing else tells it for certain: the files of the audit log may be carried away, and a customer
who only looks at the balance leaves no transaction. A day is all that is kept, not the time.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from credentials.errors import StoreError
from credentials.sealed.database import Database
from credentials.sealed.seal import Seal
from credentials.sealed.transaction import Transaction

_BEGAN: Final = "began"
"""Key of the day from which uses are counted; no customer has such an id."""
_SCHEMA: Final = (
    """
    CREATE TABLE last_use (
        owner_id TEXT PRIMARY KEY,
        day TEXT NOT NULL,
        mac BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LastUse:
    """Days of last use of all accounts, in UTC; safe for threads and processes."""

    def __init__(self, path: Path, seal: Seal, clock: Callable[[], datetime] = _utc_now) -> None:
        """Open or create the sealed SQLite file *path*.

        Args:
            path: The file; its folder exists.
            seal: Makes the MACs.
            clock: Returns the time; aware.

        Raises:
            StoreError: If the file cannot be used or was altered; every method raises it.
        """
        self._database = Database(path, _SCHEMA, {"last_use": "owner_id"}, seal, StoreError)
        self._clock = clock

    @property
    def generation(self) -> int:
        """Number of changes of the file, as last read."""
        return self._database.generation

    def refresh(self) -> None:
        """Read the file again, so that `generation` is current; another process may write."""
        self._database.refresh()

    @property
    def today(self) -> date:
        """The present day in UTC."""
        return self._clock().astimezone(UTC).date()

    def mark(self, owner_id: str) -> None:
        """Note that *owner_id* is used today; a clock that was set back takes no day away."""
        with self._database.transaction() as transaction:
            self._begin(transaction)
            row = transaction.get("last_use", owner_id)
            today = self.today.isoformat()
            if row is None or row[1] < today:
                transaction.put("last_use", owner_id, today)

    def forget(self, owner_id: str) -> None:
        """Remove the day of *owner_id*, whose account is deleted."""
        with self._database.transaction() as transaction:
            transaction.remove("last_use", owner_id)

    def days(self) -> tuple[date, dict[str, date]]:
        """Return the day from which uses are counted, and the day of last use by owner."""
        with self._database.transaction() as transaction:
            began = self._begin(transaction)
            rows = transaction.select("SELECT owner_id, day FROM last_use")
        return began, {owner: date.fromisoformat(day) for owner, day in rows if owner != _BEGAN}

    def _begin(self, transaction: Transaction) -> date:
        row = transaction.get("last_use", _BEGAN)
        if row is not None:
            return date.fromisoformat(row[1])
        transaction.put("last_use", _BEGAN, self.today.isoformat())
        return self.today
