"""A key backup opens with its passphrase, for its own folder only."""

import json
import os
import signal
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atm.folder import DataFolder, open_folder
from atm.keys import key_backup
from atm.keys.key_backup import backup, peppers_in, restore_backup
from atm.keys.keys import Keys, KeysError, last_backup

PASSPHRASE = "correct horse battery"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def key_dir(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def folder(tmp_path: Path, key_dir: Path) -> DataFolder:
    """A folder with a key and some data."""
    made = open_folder(tmp_path / "data")
    Keys.open(key_dir, made)
    (made.path / "credentials.json").write_text("{}")
    return open_folder(made.path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "key.backup"


def key_path(key_dir: Path, folder: DataFolder) -> Path:
    return key_dir / f"{folder.folder_id}.key"


def test_a_backup_tells_what_pins_were_hashed_with(
    key_dir: Path, folder: DataFolder, out: Path
) -> None:
    backup(key_dir, folder, out, PASSPHRASE)
    assert peppers_in(out, PASSPHRASE) == (Keys.open(key_dir, folder).pin_pepper,)
    with pytest.raises(KeysError, match="passphrase is wrong"):
        peppers_in(out, PASSPHRASE + ".")


def test_lost_key_comes_back_from_its_backup(
    key_dir: Path, folder: DataFolder, out: Path, tmp_path: Path
) -> None:
    pepper = Keys.open(key_dir, folder).pin_pepper
    backup(key_dir, folder, out, PASSPHRASE, now=NOW)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [each.name for each in out.parent.iterdir()] == [out.name]
    assert last_backup(key_dir, folder) == NOW
    for place in (key_dir, tmp_path / "another place"):
        if place == key_dir:
            key_path(key_dir, folder).unlink()
        restore_backup(out, PASSPHRASE, place, folder)
        assert Keys.open(place, folder).pin_pepper == pepper


def test_backup_holds_no_key_in_the_clear(key_dir: Path, folder: DataFolder, out: Path) -> None:
    backup(key_dir, folder, out, PASSPHRASE)
    root = json.loads(key_path(key_dir, folder).read_text())["root"]
    assert root not in out.read_text()
    assert bytes.fromhex(root) not in out.read_bytes()


def test_two_backups_share_neither_salt_nor_nonce(
    key_dir: Path, folder: DataFolder, out: Path
) -> None:
    other = out.with_name("second")
    backup(key_dir, folder, out, PASSPHRASE)
    backup(key_dir, folder, other, PASSPHRASE)
    first, second = (json.loads(each.read_text()) for each in (out, other))
    assert all(first[name] != second[name] for name in ("salt", "nonce", "sealed"))


def test_backup_never_writes_over_a_file(key_dir: Path, folder: DataFolder, out: Path) -> None:
    out.write_text("holiday")
    with pytest.raises(KeysError, match="exists"):
        backup(key_dir, folder, out, PASSPHRASE)
    assert out.read_text() == "holiday"
    assert last_backup(key_dir, folder) is None
    assert [each.name for each in out.parent.iterdir()] == [out.name]


def test_a_stick_without_hard_links_will_do(
    key_dir: Path, folder: DataFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*paths: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    backup(key_dir, folder, out, PASSPHRASE)
    whole = out.read_bytes()
    with pytest.raises(KeysError, match="exists"):
        backup(key_dir, folder, out, PASSPHRASE)
    assert out.read_bytes() == whole
    key_path(key_dir, folder).unlink()
    restore_backup(out, PASSPHRASE, key_dir, folder)


def test_a_full_stick_leaves_nothing(
    key_dir: Path, folder: DataFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(KeysError, match="No space left"):
            backup(key_dir, folder, out, PASSPHRASE)
    assert list(out.parent.iterdir()) == []
    assert last_backup(key_dir, folder) is None


def test_backup_beside_what_it_protects_is_refused(key_dir: Path, folder: DataFolder) -> None:
    for place in (key_dir, folder.path, folder.path / "gallery"):
        with pytest.raises(KeysError, match="another place"):
            backup(key_dir, folder, place / "key.backup", PASSPHRASE)


@pytest.mark.parametrize("passphrase", ["", "x" * 14])
def test_short_passphrase_is_refused(
    key_dir: Path, folder: DataFolder, out: Path, passphrase: str
) -> None:
    with pytest.raises(KeysError, match="15 characters"):
        backup(key_dir, folder, out, passphrase)
    assert not out.exists()


def test_wrong_passphrase_and_any_change_are_refused(
    key_dir: Path, folder: DataFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(key_dir, folder, out, PASSPHRASE)
    key_path(key_dir, folder).unlink()
    with pytest.raises(KeysError, match="passphrase is wrong"):
        restore_backup(out, PASSPHRASE + "x", key_dir, folder)
    right = key_backup._stretched  # stretched once for each salt: this test asks often
    known: dict[bytes, bytes] = {}
    monkeypatch.setattr(
        key_backup,
        "_stretched",
        lambda text, salt: known.get(salt) or known.setdefault(salt, right(text, salt)),
    )
    whole = out.read_bytes()
    salt = json.loads(whole)["salt"].encode()
    for at in range(0, len(whole), 7):
        if whole.index(salt) <= at < whole.index(salt) + len(salt):
            continue
        changed = bytearray(whole)
        changed[at] ^= 1
        if changed.split() == whole.split():
            continue
        out.write_bytes(changed)
        with pytest.raises(KeysError):
            restore_backup(out, PASSPHRASE, key_dir, folder)
    out.write_bytes(whole.replace(salt[:2], b"%02x" % (int(salt[:2], 16) ^ 1), 1))
    with pytest.raises(KeysError):
        restore_backup(out, PASSPHRASE, key_dir, folder)
    assert not key_path(key_dir, folder).exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"backup": "two-factor-atm 1"}'])
def test_what_is_no_backup_is_refused(
    key_dir: Path, folder: DataFolder, out: Path, content: bytes
) -> None:
    with pytest.raises(KeysError):
        restore_backup(out, PASSPHRASE, key_dir, folder)
    out.write_bytes(content)
    with pytest.raises(KeysError, match="no backup"):
        restore_backup(out, PASSPHRASE, key_dir, folder)


def test_backup_of_another_folder_is_refused(
    key_dir: Path, folder: DataFolder, out: Path, tmp_path: Path
) -> None:
    backup(key_dir, folder, out, PASSPHRASE)
    other = open_folder(tmp_path / "other")
    with pytest.raises(KeysError, match="another data folder"):
        restore_backup(out, PASSPHRASE, key_dir, other)
    assert not key_path(key_dir, other).exists()


def test_a_whole_key_is_never_replaced_and_a_damaged_one_is_kept(
    key_dir: Path, folder: DataFolder, out: Path
) -> None:
    pepper = Keys.open(key_dir, folder).pin_pepper
    backup(key_dir, folder, out, PASSPHRASE)
    path = key_path(key_dir, folder)
    whole = path.read_bytes()
    with pytest.raises(KeysError, match="exists and is undamaged"):
        restore_backup(out, PASSPHRASE, key_dir, folder)
    assert path.read_bytes() == whole
    path.write_bytes(whole[:50])
    restore_backup(out, PASSPHRASE, key_dir, folder)
    assert Keys.open(key_dir, folder).pin_pepper == pepper
    assert path.with_suffix(".key.damaged").read_bytes() == whole[:50]


def dies_at(moment: int, key_dir: Path, folder: DataFolder, out: Path) -> bool:
    """Back up in a child that is killed at its *moment*-th use of the file system, if it has it."""
    child = os.fork()
    if child == 0:
        left = moment

        def count(event: str, arguments: object) -> None:
            nonlocal left
            if event == "open" or event.startswith(("os.", "fcntl.", "tempfile.")):
                left -= 1
                if left == -1:  # os.kill is such an event too
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            backup(key_dir, folder, out, PASSPHRASE)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_anywhere_a_backup_is_whole_or_not_there_and_the_key_stays(
    key_dir: Path, folder: DataFolder, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_backup, "_stretched", lambda text, salt: bytes(32))
    pepper = Keys.open(key_dir, folder).pin_pepper
    outcomes, moment = set(), 0
    while dies_at(moment, key_dir, folder, out):
        assert Keys.open(key_dir, folder).pin_pepper == pepper
        whole, noted = out.exists(), last_backup(key_dir, folder) is not None
        outcomes.add((whole, noted))
        if whole:
            place = tmp_path / f"keys{moment}"
            restore_backup(out, PASSPHRASE, place, folder)
            assert Keys.open(place, folder).pin_pepper == pepper
            out.unlink()
        moment += 1
    assert outcomes == {(False, False), (True, False), (True, True)}
