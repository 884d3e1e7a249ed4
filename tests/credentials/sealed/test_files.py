"""Tests of small shared files: permissions, time limit of locks, refusal of other files."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import DamagedStoreError, StoreError, UnknownUserError, printable
from credentials.sealed import files
from credentials.sealed.files import (
    link,
    locked,
    parse_json,
    private_folder,
    read_json,
    read_whole,
    remove,
    remove_partials,
    signature,
    write_whole,
)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def under_a_file(tmp_path: Path) -> Path:
    """A path that no system call can reach: its folder is a file."""
    (tmp_path / "file").write_bytes(b"x")
    return tmp_path / "file" / "below"


def test_a_lock_is_waited_for_ten_seconds_and_is_the_owners_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    made = files.filelock.FileLock

    def noted(path: Path, **options: Any) -> Any:
        asked.append(options)
        return made(path, **options)

    monkeypatch.setattr(files.filelock, "FileLock", noted)
    with locked(tmp_path / "a.json"):
        assert mode_of(tmp_path / "a.json.lock") == 0o600
    assert (asked[0]["timeout"], asked[0]["poll_interval"]) == (10.0, 0.01)


def test_a_lock_whose_folder_is_missing_or_that_cannot_be_made_is_a_sentence(
    tmp_path: Path,
) -> None:
    with pytest.raises(StoreError, match=r"none is missing\.$"), locked(tmp_path / "none/a"):
        pass
    (tmp_path / "a.json.lock").mkdir()
    with pytest.raises(StoreError, match="cannot be locked"), locked(tmp_path / "a.json"):
        pass


def test_what_is_written_is_whole_the_owners_only_and_leaves_nothing_beside_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.json"
    (tmp_path / ".a.json.x.partial").write_bytes(b"of a killed writer")
    (tmp_path / ".b.json.x.partial").write_bytes(b"of another file")
    write_whole(path, b"one")
    assert (path.read_bytes(), mode_of(path)) == (b"one", 0o600)
    assert sorted(each.name for each in tmp_path.iterdir()) == [".b.json.x.partial", "a.json"]
    remove_partials(tmp_path / "b.json")
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, under_a_file: Path) -> None:
    for act, what in (
        (lambda: write_whole(under_a_file, b"x"), "cannot be written"),
        (lambda: link(tmp_path / "file", under_a_file), "cannot be written"),
        (lambda: remove(under_a_file), "cannot be removed"),
        (lambda: signature(under_a_file), "cannot be read"),
        (lambda: read_whole(under_a_file), "cannot be read"),
    ):
        with pytest.raises(StoreError, match=what) as caught:
            act()
        assert not isinstance(caught.value, DamagedStoreError)
    (tmp_path / ".c.x.partial").mkdir()
    with pytest.raises(StoreError, match="cannot be removed"):
        remove_partials(tmp_path / "c")


def test_a_link_takes_the_place_of_what_was_there_and_none_needs_no_source(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    link(one, other)
    assert not other.exists()
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    for _ in range(2):  # the second time both names are one file already
        link(one, other)
        assert other.read_bytes() == b"1"
        assert one.stat().st_ino == other.stat().st_ino
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "other"]


def test_removing_what_is_not_there_is_no_error_and_the_folder_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    (tmp_path / "a").write_bytes(b"x")
    for _ in range(2):
        remove(tmp_path / "a")
        assert not (tmp_path / "a").exists()
    assert synced == [tmp_path, tmp_path]


def test_a_private_folder_is_made_with_those_above_it_and_what_is_there_stays(
    tmp_path: Path,
) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    private_folder(tmp_path / "there" / "b" / "c")
    private_folder(tmp_path / "there" / "b" / "c")
    assert mode_of(tmp_path / "there" / "b") == mode_of(tmp_path / "there" / "b" / "c") == 0o700
    assert mode_of(tmp_path / "there") == 0o755


def test_what_another_process_makes_or_takes_away_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path != made and exists(path))
    private_folder(made)
    monkeypatch.setattr(Path, "glob", lambda path, pattern: [path / ".a.x.partial"])
    remove_partials(tmp_path / "a")


def test_a_version_changes_with_the_file_and_is_none_without_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert (signature(path), read_whole(path), read_json(path)) == (None, None, None)
    path.write_bytes(b"{}")
    first = signature(path)
    assert read_whole(path) == (b"{}", first)
    assert read_json(path) == ({}, first)
    path.write_bytes(b"[]\n")
    assert signature(path) != first


def test_64_mebibytes_are_read_and_no_byte_more(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    os.truncate(path, 64 * 2**20)
    found = read_whole(path)
    assert found is not None and len(found[0]) == 64 * 2**20
    os.truncate(path, 64 * 2**20 + 1)
    with pytest.raises(DamagedStoreError, match="too large"):
        read_whole(path)


@pytest.mark.parametrize(
    "data", [b"", b"\xff{}", b"[1]", b"null", b'{"a": 1, "a": 1}', b'{"b": {"a": 1, "a": 2}}',
             b"[" * 100_000, b"{} {}"],
)  # fmt: skip
def test_what_is_no_json_object_or_names_a_key_twice_is_damage(data: bytes) -> None:
    with pytest.raises(DamagedStoreError):
        parse_json(Path("a"), data)


def test_a_sentence_shows_a_hundred_visible_characters_of_what_was_typed() -> None:
    assert printable("é" * 100) == "é" * 100
    assert printable("é" * 101) == ascii("é" * 100) + "…"
    assert printable("ad\u202ea") == r"'ad\u202ea'"
    assert printable("a\n" * 50) == ascii("a\n" * 50)
    assert str(UnknownUserError("a\0")) == r"There is no customer 'a\x00'."
