"""A small SQLite file whose every commit is on disk before it is acknowledged."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from credentials.files import sync_folder

_BUSY_TIMEOUT_S = 10.0


class Database:
    """One SQLite file, opened for each transaction, so threads, forks and processes may share it.

    Commits are durable: rollback journal, and the folder is synced after the journal is gone
    (synchronous=EXTRA; with FULL a power cut just after a commit could roll it back).
    """

    def __init__(
        self, path: Path, schema: Sequence[str], error: Callable[[str], Exception]
    ) -> None:
        """Open *path*, or make it (0600) with *schema* if there is none; its folder exists.

        Args:
            path: The file.
            schema: Statements that make the tables, version 1.
            error: Makes the exception to raise, from one plain sentence, when SQLite fails.
        """
        self.path = path
        self._error = error
        with self._failing():
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
                sync_folder(path.parent)
            except FileExistsError:
                pass
        with self.transaction() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in schema:
                    connection.execute(statement)
                connection.execute("PRAGMA user_version = 1")
            elif version != 1:
                raise error(f"The file {path} was written by a newer program.")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file alone from the first read to the commit; any exception undoes all of it.

        Raises:
            Exception: What *error* makes, if the file is missing, damaged, full or busy for
                ten seconds.
        """
        with self._failing(), contextlib.closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a file that vanished is a fault, not a new, empty one.
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
        )
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = EXTRA")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(f"The file {self.path} cannot be used: {error}.") from error
        except OSError as error:
            raise self._error(f"The file {self.path} cannot be used: {error.strerror}.") from error
