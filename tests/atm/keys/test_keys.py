"""The root key is made once, outside the data folder, and never silently replaced."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from atm.folder import DataFolder, Kind, open_folder
from atm.keys.keys import Keys, KeysError, last_backup
from credentials.sealed.seal import Seal

ROOT = Path(__file__).parents[3]

OPEN = """
import sys
from pathlib import Path
from atm.folder import open_folder
from atm.keys.keys import Keys
sys.stdin.readline()
print(Keys.open(Path(sys.argv[2]), open_folder(Path(sys.argv[1]))).pin_pepper.hex())
"""


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return open_folder(tmp_path / "data")


@pytest.fixture
def key_dir(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def with_data(folder: DataFolder) -> DataFolder:
    """Put something into *folder* and open it again."""
    (folder.path / "credentials.json").write_text("{}")
    return open_folder(folder.path)


def secrets_of(keys: Keys) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the keys; for the seal a MAC by it."""
    return keys.pin_pepper, keys.template_key, keys.capture_key, keys.seal.mac("x")


def key_path(key_dir: Path, folder: DataFolder) -> Path:
    """Return where the key of *folder* is."""
    return key_dir / f"{folder.folder_id}.key"


def root_of(path: Path) -> bytes:
    """Return the root key in a key file."""
    return bytes.fromhex(json.loads(path.read_text())["root"])


def test_key_is_made_at_first_start_and_read_at_the_next(key_dir: Path, folder: DataFolder) -> None:
    made = secrets_of(Keys.open(key_dir, folder))
    assert secrets_of(Keys.open(key_dir, with_data(folder))) == made
    assert len(root_of(key_path(key_dir, folder))) == 32
    assert len(set(made)) == 4
    assert {len(each) for each in made} == {32}


def test_sub_keys_come_from_the_root_by_hkdf_sha256(key_dir: Path, folder: DataFolder) -> None:
    keys = Keys.open(key_dir, folder)
    root = root_of(key_path(key_dir, folder))
    for key, info in [
        (keys.pin_pepper, b"two-factor-atm 1 pin pepper"),
        (keys.template_key, b"two-factor-atm 1 templates"),
        (keys.capture_key, b"two-factor-atm 1 captures"),
    ]:
        assert key == HKDF(SHA256(), 32, None, info).derive(root)
        assert key != root
    records = HKDF(SHA256(), 32, None, b"two-factor-atm 1 records").derive(root)
    assert keys.seal.check(Seal(records).mac("x", 1), "x", 1)


def test_two_folders_have_two_keys_in_one_place(tmp_path: Path, key_dir: Path) -> None:
    opened = [Keys.open(key_dir, open_folder(tmp_path / name)) for name in "ab"]
    assert opened[0].pin_pepper != opened[1].pin_pepper
    assert len(list(key_dir.glob("*.key"))) == 2


def test_key_and_its_folder_are_the_owners_only_from_the_start(
    key_dir: Path, folder: DataFolder
) -> None:
    old = os.umask(0)
    try:
        Keys.open(key_dir / "deep", folder)
    finally:
        os.umask(old)
    for path in (key_dir, key_dir / "deep"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in (key_dir / "deep").iterdir()} == {0o600}


def test_missing_key_is_never_replaced_where_data_exists(key_dir: Path, folder: DataFolder) -> None:
    Keys.open(key_dir, folder)
    path = key_dir / f"{folder.folder_id}.key"
    path.unlink()
    with pytest.raises(KeysError) as caught:
        Keys.open(key_dir, with_data(folder))
    assert str(path) in str(caught.value)
    assert str(folder.path) in str(caught.value)
    assert "restore" in str(caught.value)
    assert not path.exists()


def test_data_with_no_key_folder_at_all_makes_none(key_dir: Path, folder: DataFolder) -> None:
    with pytest.raises(KeysError, match="missing"):
        Keys.open(key_dir, with_data(folder))
    assert not key_dir.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: bytes(32),
        lambda data: data[:-3],
        lambda data: data.replace(b'"version": 2', b'"version": 1'),
        lambda data: data.replace(b'"live"', b'"demo"'),
        lambda data: data.replace(b'"replaces": null', b'"replaces": "' + b"0" * 64 + b'"'),
        lambda data: data.replace(b'"peppers": []', b'"peppers": 5'),
        lambda data: data.replace(b'"last_backup": null', b'"last_backup": "2026"'),
        lambda data: b'{"version": 1}',
        lambda data: b"[1]",
        lambda data: b"\xff",
    ],
)
def test_damaged_key_is_refused_and_kept(
    key_dir: Path, folder: DataFolder, damage: Callable[[bytes], bytes]
) -> None:
    Keys.open(key_dir, folder)
    path = key_path(key_dir, folder)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert path.read_bytes() != whole
    kept = path.read_bytes()
    with pytest.raises(KeysError, match="damaged"):
        Keys.open(key_dir, folder)
    assert path.read_bytes() == kept


def test_any_flipped_bit_of_the_key_file_is_found(key_dir: Path, folder: DataFolder) -> None:
    Keys.open(key_dir, folder)
    path = key_path(key_dir, folder)
    whole = path.read_bytes()
    for at in range(len(whole)):
        flipped = bytearray(whole)
        flipped[at] ^= 1
        if flipped.split() == whole.split():  # only the space between two words
            continue
        path.write_bytes(flipped)
        with pytest.raises(KeysError, match="damaged"):
            Keys.open(key_dir, folder)


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.DEMO])
def test_live_folder_that_calls_itself_something_else_is_refused(
    key_dir: Path, folder: DataFolder, kind: Kind
) -> None:
    Keys.open(key_dir, folder)
    description = folder.path / "folder.json"
    description.write_text(description.read_text().replace('"live"', f'"{kind}"'))
    with pytest.raises(KeysError, match=f"made as live, but says that it is {kind}"):
        Keys.open(key_dir, open_folder(folder.path))


def test_there_is_no_backup_until_one_was_made(key_dir: Path, folder: DataFolder) -> None:
    Keys.open(key_dir, folder)
    assert last_backup(key_dir, folder) is None


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_key_open_to_others_is_refused_with_the_command_that_helps(
    key_dir: Path, folder: DataFolder, bits: int
) -> None:
    Keys.open(key_dir, folder)
    path = key_dir / f"{folder.folder_id}.key"
    path.chmod(bits)
    with pytest.raises(KeysError) as caught:
        Keys.open(key_dir, folder)
    assert f"chmod 600 {path}" in str(caught.value)
    path.chmod(0o600)
    Keys.open(key_dir, folder)


def test_key_folder_open_to_others_is_refused_before_a_key_is_made(
    key_dir: Path, folder: DataFolder
) -> None:
    key_dir.mkdir()
    key_dir.chmod(0o755)
    with pytest.raises(KeysError, match=f"chmod 700 {key_dir}"):
        Keys.open(key_dir, folder)
    assert list(key_dir.iterdir()) == []


def test_key_folder_within_the_data_folder_is_refused(tmp_path: Path, folder: DataFolder) -> None:
    (tmp_path / "link").symlink_to(folder.path)
    inside = [
        folder.path,
        folder.path / "keys",
        folder.path / "a" / ".." / "b",
        tmp_path / "keys" / ".." / "data" / "keys",
        tmp_path / "link" / "keys",
    ]
    for key_dir in inside:
        with pytest.raises(KeysError, match="outside"):
            Keys.open(key_dir, folder)
    assert {each.name for each in folder.path.iterdir()} == {"folder.json", "folder.json.lock"}


def test_unusable_key_folder_is_a_sentence(tmp_path: Path, folder: DataFolder) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(KeysError, match=r"\.$"):
        Keys.open(tmp_path / "file" / "keys", folder)


def test_first_starts_at_the_same_time_agree_on_one_key(tmp_path: Path, key_dir: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path / "data"), str(key_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    peppers = {process.communicate()[0].strip() for process in processes}
    assert len(peppers) == 1
    assert len(peppers.pop()) == 64


def test_keys_do_not_show_in_their_repr(key_dir: Path, folder: DataFolder) -> None:
    keys = Keys.open(key_dir, folder)
    assert keys.pin_pepper.hex() not in repr(keys)
    assert repr(keys.pin_pepper) not in repr(keys)
