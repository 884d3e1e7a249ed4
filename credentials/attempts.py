"""Counters of attempts, on disk before an attempt is judged."""

from pathlib import Path

from credentials.database import Database
from credentials.errors import StoreError

LIMIT = 3

_SCHEMA = (
    """
    CREATE TABLE attempts (
        owner_id TEXT PRIMARY KEY,
        counted INTEGER NOT NULL CHECK (counted >= 0)
    ) STRICT, WITHOUT ROWID
    """,
)


class Attempts:
    """How many attempts each owner has used up; shared by threads and processes."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        """Open or make the SQLite file *path*; an owner is locked after *limit* attempts.

        Raises:
            StoreError: If the file cannot be used; so does every method.
        """
        self.limit = limit
        self._database = Database(path, _SCHEMA, StoreError)

    def reserve(self, owner_id: str) -> bool:
        """Count one attempt of *owner_id*, on disk when this returns, and say if it may be judged.

        Returns:
            False, with nothing counted, when the owner is locked.
        """
        with self._database.transaction() as connection:
            changed = connection.execute(
                "INSERT INTO attempts VALUES (?, 1) ON CONFLICT (owner_id)"
                " DO UPDATE SET counted = counted + 1 WHERE counted < ?",
                (owner_id, self.limit),
            ).rowcount
            return changed == 1

    def refund(self, owner_id: str) -> None:
        """Give back one attempt that was reserved and then not judged against the owner."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE attempts SET counted = counted - 1 WHERE owner_id = ? AND counted > 0",
                (owner_id,),
            )

    def clear(self, owner_id: str) -> None:
        """Forget every attempt of *owner_id*: after an admission, or when staff unlock."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM attempts WHERE owner_id = ?", (owner_id,))

    def locked(self, owner_id: str) -> bool:
        """Return whether no further attempt of *owner_id* would be judged."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT counted FROM attempts WHERE owner_id = ?", (owner_id,)
            ).fetchone()
            return row is not None and row[0] >= self.limit
