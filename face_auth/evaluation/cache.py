"""A cache on disk: embeddings by image content, and trained SVMs by their input."""

import contextlib
import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.generic]]

_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
_AT_ONCE: Final = 500
"""Keys in one question to SQLite."""


def default_folder() -> Path | None:
    """Return where embeddings are kept unless told otherwise; None for a user without a home."""
    try:
        return platformdirs.user_cache_path("two-factor-atm") / "evaluation"
    except RuntimeError:
        return None


class Cache:
    """A map from keys to bytes in one SQLite file; an unreadable file is replaced."""

    def __init__(self, path: Path) -> None:
        """Open *path*, which is created if it is missing.

        Raises:
            OSError: If its folder cannot be made or written to.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = self._open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise OSError(f"the cache {path} cannot be used ({error})") from error
            path.unlink()
            self._database = self._open(path)

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(path, timeout=60)
        try:
            # What a power cut takes from a cache is computed again.
            database.execute("PRAGMA synchronous = OFF")
            with database:
                database.execute(_SCHEMA)
        except BaseException:
            database.close()
            raise
        return database

    def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the entries stored under *keys*; missing ones are left out."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            question = f"SELECT key, value FROM entries WHERE key IN ({marks})"
            found.update(self._database.execute(question, part))
        return found

    def add(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Store *entries*, all or none."""
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", entries)

    def arrays(self, key: bytes, make: Callable[[], Arrays]) -> Arrays:
        """Return the arrays stored under *key*, or those of *make*, which are then stored."""
        stored = self.find([key]).get(key)
        if stored is not None:
            with np.load(io.BytesIO(stored), allow_pickle=False) as archive:
                return dict(archive)
        made = make()
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, **made)
        self.add([(key, packed.getvalue())])
        return made

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> "Cache":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        with contextlib.suppress(sqlite3.Error):
            self.close()


def digest(*parts: bytes | str | NDArray[np.generic]) -> bytes:
    """Return the SHA-256 of *parts*, each with its type and length, so that none can merge."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            data = np.ascontiguousarray(part).tobytes()
            head = f"array {part.dtype.str} {part.shape}"
        else:
            data = part.encode() if isinstance(part, str) else part
            head = f"bytes {len(data)}"
        whole.update(f"{len(head)} {head}".encode())
        whole.update(data)
    return whole.digest()
