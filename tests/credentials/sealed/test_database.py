"""Tests of sealed SQLite: durable, atomic, and no foreign row is accepted."""

import contextlib
import os
import random
import shutil
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlite3

from credentials.errors import StoreError
from credentials.sealed.database import Database, connect
from credentials.sealed.seal import Seal

SCHEMA = ("CREATE TABLE t (name TEXT PRIMARY KEY, x INTEGER, mac BLOB NOT NULL) STRICT",)
SEAL = Seal(b"s" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.sqlite"


def opened(path: Path, seal: Seal = SEAL) -> Database:
    return Database(path, SCHEMA, {"t": "name"}, seal, StoreError)


def put(path: Path, **rows: int) -> Database:
    database = opened(path)
    for name, x in rows.items():
        with database.transaction() as transaction:
            transaction.put("t", name, x)
    return database


def read(path: Path) -> list[tuple[str, int]]:
    with opened(path).transaction() as transaction:
        return transaction.select("SELECT name, x FROM t ORDER BY name")


def test_what_was_put_is_read_and_generation_counts_changes(path: Path) -> None:
    database = put(path, a=1, b=2)
    with database.transaction() as transaction:
        transaction.put("t", "a", 3)
        transaction.remove("t", "b")
        transaction.remove("t", "never there")
        assert transaction.get("t", "a") == ("a", 3)
        assert transaction.get("t", "b") is None
    assert read(path) == [("a", 3)]
    assert opened(path).generation == database.generation == 4


def test_reading_is_no_change(path: Path) -> None:
    database = put(path, a=1)
    before = database.generation
    with database.transaction() as transaction:
        transaction.get("t", "a")
    assert database.generation == before


EDITS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "edited": lambda c: c.execute("UPDATE t SET x = 9 WHERE name = 'a'"),
    "deleted": lambda c: c.execute("DELETE FROM t WHERE name = 'a'"),
    "renamed": lambda c: c.execute("UPDATE t SET name = 'z' WHERE name = 'a'"),
    "inserted": lambda c: c.execute("INSERT INTO t VALUES ('z', 1, randomblob(32))"),
    "copied": lambda c: c.execute("INSERT INTO t SELECT 'z', x, mac FROM t WHERE name = 'a'"),
    "swapped": lambda c: c.executescript(
        "UPDATE t SET name = 'tmp' WHERE name = 'a'; UPDATE t SET name = 'a' WHERE name = 'b';"
        "UPDATE t SET name = 'b' WHERE name = 'tmp'"
    ),
    "emptied": lambda c: c.execute("DELETE FROM t"),
    "unsealed": lambda c: c.execute("DELETE FROM seal"),
    "renumbered": lambda c: c.execute("UPDATE seal SET generation = generation + 1"),
    "made older": lambda c: c.execute("PRAGMA user_version = 1"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "before it starts"])
def test_row_that_somebody_else_changed_is_refused(
    path: Path, edit: Callable[[sqlite3.Connection], object], running: bool
) -> None:
    database = put(path, a=1, b=2)
    with connect(path, SEAL) as connection:
        edit(connection)
    connection.close()
    with pytest.raises(StoreError, match="altered"):
        if running:
            with database.transaction():
                pass
        else:
            opened(path)


def test_row_put_back_as_it_was_is_refused(path: Path) -> None:
    put(path, a=1, b=2)
    connection = connect(path, SEAL)
    (old,) = connection.execute("SELECT mac FROM t WHERE name = 'a'").fetchone()
    put(path, a=5)
    with connection:
        connection.execute("UPDATE t SET x = 1, mac = ? WHERE name = 'a'", (old,))
    connection.close()
    with pytest.raises(StoreError, match="altered"):
        opened(path)


def test_yesterdays_file_is_refused_by_who_saw_todays(path: Path, tmp_path: Path) -> None:
    database = put(path, a=1)
    shutil.copy(path, tmp_path / "yesterday")
    put(path, a=2)
    with database.transaction():
        pass
    shutil.copy(tmp_path / "yesterday", path)
    with pytest.raises(StoreError, match="altered"), database.transaction():
        pass
    # One that starts afresh cannot know: its generation is for the log to compare.
    assert opened(path).generation < database.generation


def test_file_under_another_key_or_name_is_refused(path: Path, tmp_path: Path) -> None:
    put(path, a=1)
    with pytest.raises(StoreError, match="altered"):
        opened(path, Seal(b"o" * 32))
    shutil.copy(path, tmp_path / "other.sqlite")
    with pytest.raises(StoreError, match="altered"):
        opened(tmp_path / "other.sqlite")


def test_flipped_bits_never_change_what_is_read(path: Path) -> None:
    with opened(path).transaction() as transaction:
        for number in range(400):
            transaction.put("t", f"name {number}", number)
    truth, data, rng = read(path), path.read_bytes(), random.Random(20261123)
    refused = 0
    for _ in range(300):
        flipped = bytearray(data)
        flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        try:
            assert read(path) == truth
        except StoreError:
            refused += 1
    assert refused > 100


def test_two_changes_by_two_objects_are_both_kept(path: Path) -> None:
    first, second = opened(path), opened(path)
    for number in range(5):
        for database in (first, second):
            with database.transaction() as transaction:
                row = transaction.get("t", "n") or ("n", 0)
                transaction.put("t", "n", row[1] + 1)
        assert read(path) == [("n", 2 * number + 2)]


def test_every_commit_is_synced_by_a_journal_that_stays(path: Path) -> None:
    journal = path.with_name(f"{path.name}-journal")
    database = opened(path)
    assert journal.stat().st_size == 0
    made = journal.stat().st_ino
    with database.transaction() as transaction:
        pragmas = [
            transaction._connection.execute(f"PRAGMA {name}").fetchone()
            for name in ("synchronous", "journal_mode")
        ]
        assert pragmas == [(2,), ("truncate",)]  # FULL
        transaction.put("t", "a", 1)
    assert (journal.stat().st_ino, journal.stat().st_size) == (made, 0)


def test_journal_that_a_restore_took_away_is_made_and_its_folder_synced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path)
    journal = path.with_name(f"{path.name}-journal")
    journal.unlink()
    synced: list[tuple[Path, bool]] = []
    monkeypatch.setattr(
        "credentials.sealed.database.sync_folder",
        lambda folder: synced.append((folder, journal.exists())),
    )
    opened(path)
    assert synced == [(path.parent, True)]


def test_after_a_commit_that_failed_even_a_look_is_written_and_synced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        """A connection whose commit is done, but cannot be synced."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real
            self.in_transaction = False

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            found = self.real.execute(sql, *parameters)
            if sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return found

    database = opened(path)
    before = database.generation
    real = database._connect
    with monkeypatch.context() as broken:
        broken.setattr(database, "_connect", lambda: Failing(real()))
        with pytest.raises(StoreError, match="disk I/O error"), database.transaction() as rows:
            rows.put("t", "a", 1)
    database.refresh()
    assert database.generation == before + 2
    database.refresh()
    assert database.generation == before + 2


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE t SET name = 'z' WHERE name = 'a'",
        "UPDATE t SET x = 0 WHERE name = 'a'",
        "DELETE FROM t WHERE name = 'a'",
    ],
)
def test_what_somebody_changes_right_after_a_commit_is_never_believed(
    path: Path, edit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change falls between the commit and the kiosk's look at the file's times."""

    class Raced:
        """A connection after whose commit somebody else is the first to write."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            found = self.real.execute(sql, *parameters)
            if sql == "COMMIT":
                with contextlib.closing(connect(path, SEAL)) as other:
                    other.execute(edit)
            return found

    database = opened(path)
    real = database._connect
    with monkeypatch.context() as raced:
        raced.setattr(database, "_connect", lambda: Raced(real()))
        with database.transaction() as rows:
            rows.put("t", "a", 3)
    with database.transaction() as rows:
        assert rows.get("t", "a") == ("a", 3)
        assert rows.select("SELECT name, x FROM t") == [("a", 3)]
    with pytest.raises(StoreError, match="altered"):
        opened(path)


def test_row_that_is_not_in_the_file_any_more_is_not_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = put(path, a=1)
    with contextlib.closing(connect(path, SEAL)) as other:
        other.execute("UPDATE t SET name = 'z' WHERE name = 'a'")
    # Times that show no change, as somebody with the clock's tick on their side sets them.
    monkeypatch.setattr(database, "_seen", database._signature())
    for act in (lambda rows: rows.put("t", "a", 2), lambda rows: rows.remove("t", "a")):
        with pytest.raises(StoreError, match="altered"), database.transaction() as rows:
            act(rows)
    with database.transaction() as rows:
        assert rows.get("t", "a") == ("a", 1)


def test_refused_work_leaves_the_copy_as_the_file_is(path: Path) -> None:
    database = put(path, a=1, b=2)
    for _ in range(2):
        with pytest.raises(KeyError), database.transaction() as rows:
            rows.put("t", "a", 9)
            rows.remove("t", "b")
            raise KeyError
        with database.transaction() as rows:
            assert rows.select("SELECT name, x FROM t ORDER BY name") == [("a", 1), ("b", 2)]


def test_file_is_the_owners_only(path: Path) -> None:
    old = os.umask(0)
    try:
        put(path, a=1)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    names = {path.name, f"{path.name}-journal"}
    assert {each.name for each in path.parent.iterdir()} == names


def test_file_that_is_no_database_is_named_and_kept(path: Path) -> None:
    path.write_bytes(b"something else, longer than the header of SQLite" * 50)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"t\.sqlite"):
        opened(path)
    assert path.read_bytes() == before


def test_empty_file_is_refused(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match="altered"):
        opened(path)


def test_file_of_a_newer_program_is_refused(path: Path) -> None:
    put(path, a=1)
    connection = connect(path, SEAL)
    connection.execute("PRAGMA user_version = 4")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        opened(path)


def test_vanished_file_is_a_fault_and_no_fresh_start(path: Path) -> None:
    database = put(path, a=1)
    path.unlink()
    with pytest.raises(StoreError), database.transaction():
        pass
    assert not path.exists()


def test_exception_undoes_the_transaction(path: Path) -> None:
    database = put(path, a=1)
    with pytest.raises(KeyError), database.transaction() as transaction:
        transaction.put("t", "a", 2)
        raise KeyError
    assert read(path) == [("a", 1)]


def test_seal_and_rows_are_as_long_as_a_mac(path: Path) -> None:
    put(path, a=1)
    with contextlib.closing(connect(path, SEAL)) as connection:
        lengths = "SELECT length(nonce), length(rows), length(mac) FROM seal"
        assert connection.execute(lengths).fetchall() == [(32, 32, 32)]
        assert connection.execute("SELECT length(mac) FROM t").fetchall() == [(32,)]


def test_a_number_that_is_none_has_no_mac_and_passes_for_nothing() -> None:
    for number in (float("inf"), float("-inf"), float("nan")):
        with pytest.raises(ValueError):
            SEAL.mac("purpose", number)
        assert SEAL.check(bytes(32), "purpose", number) is False
    assert SEAL.check(SEAL.mac("purpose", 1.5), "purpose", 1.5) is True
    for other in (SEAL.mac("purpose", 1.5).hex(), None, b"", SEAL.mac("other", 1.5)):
        assert SEAL.check(other, "purpose", 1.5) is False


def test_journal_is_the_owners_only_too(path: Path) -> None:
    put(path, a=1)
    journal = path.with_name(f"{path.name}-journal")
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_made_is_a_sentence_and_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StoreError, match="cannot be used: No space left on device"):
        opened(path)
    assert list(path.parent.iterdir()) == []


def test_busy_file_is_waited_for_ten_seconds_at_most(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    connect = sqlite3.connect

    def noted(*arguments: object, **options: object) -> sqlite3.Connection:
        waits.append(options["timeout"])
        return connect(*arguments, **options | {"timeout": 0.05})  # type: ignore[call-overload]

    database = put(path, a=1)
    other = opened(path)
    monkeypatch.setattr(sqlite3, "connect", noted)
    with (
        database.transaction(),
        pytest.raises(StoreError, match="cannot be used: database is locked"),
        other.transaction(),
    ):
        pass
    assert set(waits) == {10.0}


def test_busy_file_is_waited_for(path: Path) -> None:
    database = put(path, a=1)
    done = []
    with database.transaction():
        thread = threading.Thread(target=lambda: done.append(read(path)))
        thread.start()
        time.sleep(0.1)
        assert done == []
    thread.join()
    assert done == [[("a", 1)]]
