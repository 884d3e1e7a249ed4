"""Encrypted backup of the root key, and its restore.

The passphrase is stretched by Argon2id with the second recommended parameters of RFC 9106,
section 4 (t = 3, m = 64 MiB, p = 4, salt of 128 bits, 256 bits out); the key document is sealed
with AES-256-GCM, the rest of the file as associated data. The passphrase has 15 characters at
least: the backup is attacked off line, with nothing else to find out (NIST SP 800-63B-4, 3.1.1.2).
"""

import contextlib
import hmac
import json
import os
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from atm.folder import DataFolder, FolderError
from atm.keys.key_file import DamagedKeyError, KeyDocument, KeyFile, KeysError
from atm.keys.keys import Keys
from credentials.errors import CredentialError
from credentials.sealed import files
from credentials.sealed.files import JsonObject

SHORTEST_PASSPHRASE = 15

_KDF = "argon2id v=19 t=3 m=65536 p=4"
_HEX = re.compile("[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class NewBackup:
    """A backup that is about to be written; the place and the passphrase are checked when made.

    Attributes:
        key_dir: Folder of the key file.
        folder: The data folder; a copy of its key is of no use for any other.
        out: A new file.
        passphrase: At least `SHORTEST_PASSPHRASE` characters.
    """

    key_dir: Path
    folder: DataFolder
    out: Path
    passphrase: str = field(repr=False)

    def __post_init__(self) -> None:
        """Check what can be checked before anything is changed.

        Raises:
            KeysError: If the passphrase is too short, or `out` exists or lies in the data folder
                or beside the key.
        """
        if len(self.passphrase) < SHORTEST_PASSPHRASE:
            raise KeysError(f"The passphrase must have {SHORTEST_PASSPHRASE} characters or more.")
        key_path = KeyFile.of(self.key_dir, self.folder).path
        place = self.out.absolute().parent.resolve()
        if place.is_relative_to(self.folder.path.resolve()) or place == key_path.parent.resolve():
            raise KeysError(
                f"{self.out} lies beside the key or in the data folder; choose another place."
            )
        if os.path.lexists(self.out):
            raise self._exists()

    def write(self, document: KeyDocument, now: datetime | None = None) -> KeyDocument:
        """Write an encrypted copy of *document*, 0600; return it with the time of this backup.

        Raises:
            KeysError: If the file cannot be written; another file is never overwritten.
        """
        document = replace(document, last_backup=now or datetime.now(UTC))
        try:
            _write_new(self.out, _encrypt(document, self.folder.folder_id, self.passphrase))
        except FileExistsError as error:
            raise self._exists() from error
        except OSError as error:
            raise KeysError(
                f"The backup {self.out} cannot be written: {error.strerror}."
            ) from error
        return document

    def _exists(self) -> KeysError:
        return KeysError(f"{self.out} exists and was left as it is; choose another name.")


def backup(
    key_dir: Path,
    folder: DataFolder,
    out: Path,
    passphrase: str,
    *,
    now: datetime | None = None,
) -> None:
    """Write an encrypted copy of the key of *folder* to *out*; see `NewBackup`.

    Args:
        key_dir: Folder of the key file.
        folder: The data folder.
        out: A new file.
        passphrase: At least `SHORTEST_PASSPHRASE` characters.
        now: Time of the backup, kept beside the key for the health screen.

    Raises:
        KeysError: As `NewBackup`, or if the key cannot be used.
    """
    new = NewBackup(key_dir, folder, out, passphrase)
    key_file = KeyFile.of(key_dir, folder)
    try:
        with folder.held():
            key_file.write(new.write(key_file.read_or_make(folder), now))
    except FolderError as error:
        raise KeysError(str(error)) from error
    except OSError as error:
        raise KeysError(f"The backup {out} cannot be written: {error.strerror}.") from error


def restore_backup(file: Path, passphrase: str, key_dir: Path, folder: DataFolder) -> None:
    """Restore the key of *folder* from a backup; a damaged key is kept as ``*.key.damaged``.

    Raises:
        KeysError: If *file* is no backup of the key of this folder, the passphrase is wrong, the
            key exists and is undamaged, or it cannot be written; nothing is changed then.
    """
    key_file = KeyFile.of(key_dir, folder)
    try:
        folder_id, document = _decrypt(file, passphrase)
        if folder_id != folder.folder_id:
            raise KeysError(f"{file} is the backup of another data folder than {folder.path}.")
        with folder.held(alone=True):
            if _is_whole(key_file):
                raise KeysError(
                    f"The key {key_file.path} exists and is undamaged; nothing was changed."
                )
            if key_file.path.exists():
                key_file.path.rename(key_file.path.with_suffix(".key.damaged"))
            key_file.write(document, new=True)
    except FolderError as error:
        raise KeysError(str(error)) from error
    except OSError as error:
        raise KeysError(f"The key cannot be restored: {error.strerror}.") from error


def check_backup(file: Path, passphrase: str, key_dir: Path, folder: DataFolder) -> None:
    """Check that *file* is a backup of the present key of *folder* and *passphrase* opens it.

    Raises:
        KeysError: If it is not, or the present key cannot be read.
    """
    folder_id, document = _decrypt(file, passphrase)
    present = KeyFile.of(key_dir, folder).read()
    if folder_id != folder.folder_id or not hmac.compare_digest(document.root, present.root):
        raise KeysError(f"{file} is not a backup of the present key of {folder.path}.")


def peppers_in(file: Path, passphrase: str) -> tuple[bytes, ...]:
    """Return the PIN peppers of the backed-up folder, 32 bytes each, newest first.

    Raises:
        KeysError: If *file* is no backup, or the passphrase is wrong.
    """
    _, document = _decrypt(file, passphrase)
    keys = Keys(document.root, document.peppers)
    return (keys.pin_pepper, *keys.older_peppers)


def _is_whole(key_file: KeyFile) -> bool:
    if not key_file.path.exists():
        return False
    try:
        key_file.read()
    except DamagedKeyError:
        return False
    return True


def _encrypt(document: KeyDocument, folder_id: str, passphrase: str) -> bytes:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    head: JsonObject = {
        "backup": "two-factor-atm 1",
        "folder_id": folder_id,
        "kdf": _KDF,
        "salt": salt.hex(),
        "nonce": nonce.hex(),
    }
    cipher = AESGCM(_stretched(passphrase, salt))
    sealed = cipher.encrypt(nonce, document.to_json(), _canonical(head))
    return json.dumps(head | {"sealed": sealed.hex()}, indent=1).encode("ascii") + b"\n"


def _decrypt(file: Path, passphrase: str) -> tuple[str, KeyDocument]:
    """Return the id of the key's folder, and the key."""
    try:
        found = files.read_json(file)
    except CredentialError as error:
        raise KeysError(f"{file} is no backup of a key: {error}") from error
    if found is None:
        raise KeysError(f"There is no file {file}.")
    head = {name: value for name, value in found[0].items() if name != "sealed"}
    salt, nonce, sealed = (_bytes(found[0].get(name)) for name in ("salt", "nonce", "sealed"))
    if head.get("backup") != "two-factor-atm 1" or head.get("kdf") != _KDF or len(salt) != 16:
        raise KeysError(f"{file} is no backup of a key, or was made by another program.")
    try:
        plain = AESGCM(_stretched(passphrase, salt)).decrypt(nonce, sealed, _canonical(head))
        return str(head.get("folder_id")), KeyDocument.parse(json.loads(plain))
    except (InvalidTag, ValueError) as error:
        raise KeysError(f"The passphrase is wrong, or {file} is damaged.") from error


def _stretched(passphrase: str, salt: bytes) -> bytes:
    try:
        return hash_secret_raw(
            passphrase.encode("utf-8", "surrogatepass"), salt, 3, 65536, 4, 32, Type.ID
        )
    except Argon2Error as error:
        raise KeysError(f"The passphrase cannot be stretched: {error}.") from error


def _canonical(head: JsonObject) -> bytes:
    return json.dumps(head, sort_keys=True).encode("ascii")


def _bytes(text: object) -> bytes:
    if not isinstance(text, str) or len(text) % 2 or not _HEX.fullmatch(text):
        return b""
    return bytes.fromhex(text)


def _write_new(out: Path, data: bytes) -> None:
    """Write *out* atomically, never over an existing file."""
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(8)}{files.PARTIAL_SUFFIX}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        try:
            os.link(temporary, out)
        except FileExistsError:
            raise
        except OSError:  # a memory stick knows no hard links
            if os.path.lexists(out):
                raise FileExistsError(out) from None
            temporary.rename(out)
        files.sync_folder(out.absolute().parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
