"""Small sealed SQLite file; every commit is on disk before it is acknowledged.

SQLCipher encrypts every page, the journal's too (AES-256, and an HMAC for each page), with a key
that comes from the seal's.

Each row has a MAC over its values. One more row, the seal, holds the file's generation (one more at
each change) and a hash over the set of all rows, so that nothing but this program can edit, add,
restore or delete a row. The seal's MAC also binds the schema, because a trigger or a view that
somebody added would act in this program's name.

A process that has the file open reads rows from a copy in its own memory, which it made from rows
that it checked and brings up to date with each of its commits. So nothing that happens to the file
between two looks at it can be believed, whatever its times and size say.
"""

import contextlib
import os
import secrets
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite3

from credentials.sealed.files import sync_folder
from credentials.sealed.seal import Seal
from credentials.sealed.transaction import AlteredError, Transaction

_BUSY_TIMEOUT_S = 10.0
VERSION = 3
_SEAL_TABLE = """
    CREATE TABLE seal (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        generation INTEGER NOT NULL,
        nonce BLOB NOT NULL,
        rows BLOB NOT NULL,
        mac BLOB NOT NULL
    ) STRICT
"""

_Signature = tuple[int, int, int, int]


def connect(path: Path, seal: Seal, *, timeout: float = 5.0) -> sqlite3.Connection:
    """Return a connection to the encrypted file *path*, which must exist; commits are explicit."""
    # mode=rw: a file that vanished is a fault, not a new, empty one.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=timeout, isolation_level=None
    )
    connection.execute("PRAGMA cipher_log_level = NONE")  # what is wrong is said by an exception
    # 64 hexadecimal digits are the key itself, so that no passphrase is stretched at each opening.
    connection.execute(f"PRAGMA key = \"x'{seal.database_key}'\"")
    return connection


class Database:
    """A sealed SQLite file, opened anew for each transaction; threads and processes may share it.

    Commits are durable: the rollback journal is made with the file and then stays, so that its name
    survives a power cut; a commit empties and syncs it. (SQLite syncs the folder of a journal that
    it makes and deletes, but ignores an error there.) Every row is checked, and copied into memory,
    if somebody else has changed the file since it was last read; otherwise the copy is read, which
    also holds where a change of the file cannot be seen.
    """

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        keys: Mapping[str, str],
        seal: Seal,
        error: Callable[[str], Exception],
        *,
        after: int = 0,
    ) -> None:
        """Open *path*, or create it (0600) with *schema*; its folder must exist.

        Args:
            path: The file; its name is part of what the MACs bind.
            schema: Statements that make the tables. Each table that *keys* names has a last
                column ``mac BLOB NOT NULL``.
            keys: The tables that are sealed, each with its first column, which is its key.
            seal: Makes the MACs.
            error: Makes the exception to raise, from one plain sentence, when SQLite fails or
                the file is not as this program left it.
            after: The generation of a new file is one more than this.
        """
        self.path = path
        self._keys = dict(keys)
        self._seal = seal
        self._error = error
        self._seen: _Signature | None = None
        self._copy = _memory()
        self._close_copy = self._closing(self._copy)
        self._copied = (0, 0)  # generation and hash of the rows in the copy; no file has 0
        self._turn = threading.Lock()
        self._generation = 0
        self._unsure = False
        self._make(schema, after)
        self.refresh()  # checks every row

    @property
    def generation(self) -> int:
        """Number of changes of the file, as last read by this object."""
        return self._generation

    def refresh(self) -> None:
        """Read the file again and update `generation`; raises as `transaction`."""
        with self.transaction():
            pass

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the file exclusively from the first read to the commit; an exception rolls back.

        Raises:
            Exception: What *error* makes, if the file is missing, damaged, full, altered, older
                than it was, or busy for ten seconds.
        """
        with (
            self._failing(),
            self._alone(),
            contextlib.closing(self._connect()) as connection,
        ):
            connection.execute("BEGIN IMMEDIATE")
            try:
                transaction = self._begin(connection)
                # What a commit that failed left to be seen may not be on the disk: write it again.
                transaction.changed = self._unsure
                yield transaction
                if transaction.changed:
                    transaction.write_seal()
                    self._unsure = True
                connection.execute("COMMIT")
                self._unsure = False
            except BaseException:
                for each in (connection, self._copy):
                    if each.in_transaction:
                        each.execute("ROLLBACK")
                raise
            self._copy.execute("COMMIT")
            self._copied = (transaction.generation, transaction.rows)
            self._generation = max(self._generation, transaction.generation)
            self._seen = self._signature()

    def _begin(self, connection: sqlite3.Connection) -> Transaction:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise self._error(f"The file {self.path} was written by a newer program.")
        transaction = Transaction(connection, self.path.name, self._keys, self._seal)
        if version != VERSION:
            raise AlteredError
        transaction.open_seal()
        if transaction.generation < self._generation:
            raise AlteredError
        sealed = (transaction.generation, transaction.rows)
        if sealed != self._copied or self._seen != self._signature():
            self._copy_rows(connection, transaction)
        self._copy.execute("BEGIN")
        transaction.read_from(self._copy)
        return transaction

    def _copy_rows(self, connection: sqlite3.Connection, transaction: Transaction) -> None:
        """Copy all rows, checked, into a new database in memory with the same tables."""
        copy = _memory()
        try:
            schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type <> 'table'"
            for (statement,) in connection.execute(schema).fetchall():
                copy.execute(statement)
            copy.execute("BEGIN")
            transaction.check_every_row(copy)
            copy.execute("COMMIT")
        except BaseException:
            copy.close()
            raise
        self._close_copy()
        self._copy, self._close_copy = copy, self._closing(copy)

    def _closing(self, copy: sqlite3.Connection) -> Callable[[], object]:
        """Return what closes *copy*, at the latest with this object."""
        closing = weakref.finalize(self, copy.close)
        closing.atexit = False  # a thread may be using it when the process ends
        return closing

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one thread at a time use the copy; the file's lock alone ends with the commit."""
        if not self._turn.acquire(timeout=_BUSY_TIMEOUT_S):
            raise self._error(f"The file {self.path} cannot be used: another thread holds it.")
        try:
            yield
        finally:
            self._turn.release()

    def _make(self, schema: Sequence[str], after: int) -> None:
        """Create the file completely under another name, then rename it; and its journal."""
        with self._failing():
            if not self.path.exists():
                self._make_file(schema, after)
            journal = self.path.with_name(f"{self.path.name}-journal")
            if not journal.exists():
                os.close(os.open(journal, os.O_WRONLY | os.O_CREAT, 0o600))
                sync_folder(self.path.parent)

    def _make_file(self, schema: Sequence[str], after: int) -> None:
        temporary = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.partial")
        try:
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with contextlib.closing(self._connect(temporary)) as connection:
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("BEGIN IMMEDIATE")
                for statement in (*schema, _SEAL_TABLE):
                    connection.execute(statement)
                made = Transaction(connection, self.path.name, self._keys, self._seal)
                made.generation = after
                made.write_seal()
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute("COMMIT")
            with contextlib.suppress(FileExistsError):  # another process was quicker
                os.link(temporary, self.path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(self.path.parent)

    def _connect(self, path: Path | None = None) -> sqlite3.Connection:
        connection = connect(path or self.path, self._seal, timeout=_BUSY_TIMEOUT_S)
        try:
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _signature(self) -> _Signature:
        status = self.path.stat()
        return (status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino)

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (AlteredError, UnicodeDecodeError, sqlite3.DatabaseError) as error:
            if isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError):
                raise self._error(f"The file {self.path} cannot be used: {error}.") from error
            raise self._error(
                f"The file {self.path} is damaged or was altered;"
                " two members of staff must restore it."
            ) from error
        except sqlite3.Error as error:
            raise self._error(f"The file {self.path} cannot be used: {error}.") from error
        except OSError as error:
            raise self._error(f"The file {self.path} cannot be used: {error.strerror}.") from error


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
