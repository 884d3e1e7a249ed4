"""Wrong PINs of members of staff: a plain counter, on disk before a PIN is judged."""

from pathlib import Path

from credentials.errors import StoreError
from credentials.sealed.database import Database
from credentials.sealed.seal import Seal

_SCHEMA = (
    """
    CREATE TABLE wrong_pins (
        owner_id TEXT PRIMARY KEY,
        counted INTEGER NOT NULL CHECK (counted >= 0),
        mac BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


class WrongPins:
    """How many PINs each owner has got wrong; shared by threads and processes."""

    def __init__(self, path: Path, seal: Seal, limit: int) -> None:
        """Open or make the sealed SQLite file *path*; an owner is locked after *limit* attempts.

        Raises:
            StoreError: If the file cannot be used or was altered; so does every method.
        """
        self._limit = limit
        self._database = Database(path, _SCHEMA, {"wrong_pins": "owner_id"}, seal, StoreError)

    @property
    def generation(self) -> int:
        """How often the file was changed, as last seen."""
        return self._database.generation

    def refresh(self) -> None:
        """Look at the file again, so that `generation` is today's; another process may write."""
        self._database.refresh()

    def reserve(self, owner_id: str) -> bool:
        """Count one attempt, on disk when this returns, and say if it may be judged.

        Returns:
            False, with nothing counted, when the owner is locked.
        """
        with self._database.transaction() as transaction:
            found = transaction.get("wrong_pins", owner_id)
            counted = 0 if found is None else found[1]
            if counted >= self._limit:
                return False
            transaction.put("wrong_pins", owner_id, counted + 1)
            return True

    def clear(self, owner_id: str) -> None:
        """Forget every attempt of *owner_id*: after the right PIN, or when staff unlock."""
        with self._database.transaction() as transaction:
            transaction.remove("wrong_pins", owner_id)

    def locked(self, owner_id: str) -> bool:
        """Return whether no further attempt of *owner_id* would be judged."""
        with self._database.transaction() as transaction:
            found = transaction.get("wrong_pins", owner_id)
            return found is not None and found[1] >= self._limit
