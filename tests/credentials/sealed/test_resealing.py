"""Tests of resealing: every sealed file gets the new key completely, or keeps the old one."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from credentials.errors import StoreError
from credentials.sealed.database import Database, connect
from credentials.sealed.record_file import RecordFile
from credentials.sealed.resealing import reseal_database, reseal_records
from credentials.sealed.seal import Seal

OLD, NEW, OTHER = Seal(b"o" * 32), Seal(b"n" * 32), Seal(b"x" * 32)
SCHEMA = [
    "CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT, mac BLOB NOT NULL) STRICT",
    "CREATE TABLE more (name TEXT PRIMARY KEY, value REAL, mac BLOB NOT NULL) STRICT",
    "CREATE INDEX by_text ON rows (text)",
    """CREATE TRIGGER rows_never_change BEFORE UPDATE ON rows
    BEGIN SELECT RAISE (ABORT, 'never'); END""",
]
KEYS = {"rows": "id", "more": "name"}


def database(path: Path, seal: Seal) -> Database:
    return Database(path, SCHEMA, KEYS, seal, StoreError)


def rows(path: Path, seal: Seal) -> list[tuple[object, ...]]:
    with database(path, seal).transaction() as t:
        return t.select("SELECT id, text FROM rows ORDER BY id") + t.select(
            "SELECT name, value FROM more"
        )


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "bank.sqlite"
    with database(path, OLD).transaction() as t:
        for number in (7, 3, 5):
            t.put("rows", number, f"row {number}")
        t.put("more", "half", 0.5)
    return path


def records(path: Path, seal: Seal) -> RecordFile[list[dict[str, object]]]:
    return RecordFile(path, lambda found: found, seal)


def test_rows_schema_and_generation_live_on_under_the_new_seal(filled: Path) -> None:
    before, generation = rows(filled, OLD), database(filled, OLD).generation
    reseal_database(filled, OLD, NEW)
    assert rows(filled, NEW) == before
    again = database(filled, NEW)
    assert again.generation == generation + 1
    with pytest.raises(StoreError, match="never"), again.transaction() as t:
        t.put("rows", 7, "another")
    with pytest.raises(StoreError, match="altered"):
        database(filled, OLD)
    assert filled.stat().st_mode & 0o777 == 0o600
    names = {"bank.sqlite", "bank.sqlite-journal"}
    assert {each.name for each in filled.parent.iterdir()} == names


def test_a_second_time_changes_nothing(filled: Path) -> None:
    reseal_database(filled, OLD, NEW)
    before = filled.read_bytes()
    reseal_database(filled, OLD, NEW)
    assert filled.read_bytes() == before


def test_what_a_killed_one_left_is_removed_even_if_another_takes_it_away_meanwhile(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = filled.with_name(".bank.sqlite.x.partial")
    stray.write_bytes(b"half of it")
    reseal_database(filled, OLD, NEW)
    assert not stray.exists()
    monkeypatch.setattr(Path, "glob", lambda path, pattern: [stray])
    reseal_database(filled, NEW, OLD)


def test_a_file_that_was_altered_under_the_new_seal_is_refused(filled: Path) -> None:
    reseal_database(filled, OLD, NEW)
    with contextlib.closing(connect(filled, NEW)) as connection:
        connection.execute("UPDATE more SET value = 1")
    with pytest.raises(StoreError, match="altered"):
        reseal_database(filled, OLD, NEW)


def test_a_full_disk_is_a_sentence_and_keeps_the_file(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled.read_bytes()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        reseal_database(filled, OLD, NEW)
    assert filled.read_bytes() == before


def test_a_file_of_a_third_seal_is_refused_and_kept(filled: Path) -> None:
    before = filled.read_bytes()
    with pytest.raises(StoreError, match="altered"):
        reseal_database(filled, OTHER, NEW)
    assert filled.read_bytes() == before
    names = {"bank.sqlite", "bank.sqlite-journal"}
    assert {each.name for each in filled.parent.iterdir()} == names


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE more SET value = 1",
        "DELETE FROM rows WHERE id = 3",
        "CREATE TABLE own (id INTEGER, mac BLOB)",
        "CREATE TABLE own (id INTEGER)",
        'CREATE TABLE "rows; --" (id INTEGER, mac BLOB)',
        "DROP TRIGGER rows_never_change",
        "DELETE FROM seal",
    ],
)
def test_an_altered_file_does_not_get_a_new_seal(filled: Path, statement: str) -> None:
    with connect(filled, OLD) as connection:
        connection.execute(statement)
    connection.close()
    before = filled.read_bytes()
    with pytest.raises(StoreError, match="altered"):
        reseal_database(filled, OLD, NEW)
    assert filled.read_bytes() == before


def test_records_live_on_under_the_new_seal(tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    for number in range(3):
        records(path, OLD).change(lambda found, n=number: [*found, {"id": n}])  # type: ignore[misc]
    reseal_records(path, OLD, NEW)
    now = records(path, NEW)
    assert now.read() == [{"id": 0}, {"id": 1}, {"id": 2}]
    assert now.generation == 4
    before = path.read_bytes()
    reseal_records(path, OLD, NEW)
    assert path.read_bytes() == before
    with pytest.raises(StoreError):
        reseal_records(path, OTHER, OLD)
    assert path.read_bytes() == before


def test_a_missing_file_stays_missing(tmp_path: Path) -> None:
    reseal_records(tmp_path / "a.json", OLD, NEW)
    reseal_database(tmp_path / "a.sqlite", OLD, NEW)
    assert list(tmp_path.iterdir()) == []


def test_killed_at_any_moment_the_file_is_whole(filled: Path) -> None:
    before = rows(filled, OLD)
    seen = set()
    for step in range(30):
        child = os.fork()
        if child == 0:
            reseal_database(filled, OLD, NEW)
            reseal_database(filled, NEW, OLD)
            os._exit(0)
        time.sleep(step / 1000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            found = rows(filled, OLD)
            seen.add("old")
        except StoreError:
            found = rows(filled, NEW)
            seen.add("new")
            reseal_database(filled, NEW, OLD)
        assert found == before
    assert "old" in seen
