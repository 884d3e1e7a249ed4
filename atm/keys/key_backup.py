"""Encrypted backup of the root key and the list of staff, and the key's restore.

The staff are in it so that two of them can still sign when the data folder is gone (`KeyCopy`).

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
from atm.people import StaffMember, StaffSignInError
from atm.staff.staff_file import Staff, parse_staff
from atm.tpm import Tpm, TpmError
from credentials.attempt_rules import Place
from credentials.errors import CredentialError, PolicyError
from credentials.hashing import PinHasher
from credentials.policy import username_key
from credentials.sealed import files
from credentials.sealed.files import JsonObject

SHORTEST_PASSPHRASE = 15

_KDF = "argon2id v=19 t=3 m=65536 p=4"
_HEX = re.compile("[0-9a-f]*")
_FORMAT, _WITHOUT_STAFF = "two-factor-atm 2", "two-factor-atm 1"


@dataclass(frozen=True, slots=True)
class KeyCopy:
    """Content of a backup; its staff can sign in by it (`atm.ports.SignIn`).

    Attributes:
        folder_id: Id of the key's data folder.
        document: The key.
        staff: The members of staff at the time of the backup; none in one of an early version.
    """

    folder_id: str
    document: KeyDocument
    staff: Staff = field(default_factory=dict, repr=False)

    @property
    def empty(self) -> bool:
        """Whether nobody can sign in by it."""
        return not self.staff

    def sign_in(self, name: str, pin: str, *, place: Place = Place.COMMAND_LINE) -> StaffMember:
        """Return the member of staff with this *name* and *pin*.

        Wrong PINs are not counted: whoever opened the backup can try them all elsewhere.

        Raises:
            StaffSignInError: If the name is not in the backup, or the PIN is wrong.
        """
        keys = Keys(self.document.root, self.document.peppers)
        try:
            entry = self.staff[username_key(name)]
            hasher = PinHasher(keys.pin_pepper, older=keys.older_peppers)
            right = hasher.verify(entry.pin_hash, entry.staff_id, pin)
        except (KeyError, PolicyError) as error:
            raise StaffSignInError from error
        except CredentialError as error:
            raise KeysError(str(error)) from error
        if not right:
            raise StaffSignInError
        return StaffMember(entry.name)

    def sign_out(self) -> None:
        """Return: nothing was kept of the sign-in."""


@dataclass(frozen=True, slots=True)
class NewBackup:
    """A backup that is about to be written; the place and the passphrase are checked when made.

    Attributes:
        key_dir: Folder of the key file.
        folder: The data folder; a copy of its key is of no use for any other.
        out: A new file.
        passphrase: At least `SHORTEST_PASSPHRASE` characters.
        staff: The members of staff, who can sign by the backup.
    """

    key_dir: Path
    folder: DataFolder
    out: Path
    passphrase: str = field(repr=False)
    staff: Staff = field(default_factory=dict, repr=False)

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
            copy = KeyCopy(self.folder.folder_id, document, self.staff)
            _write_new(self.out, _encrypt(copy, self.passphrase))
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
    staff: Staff | None = None,
    now: datetime | None = None,
) -> None:
    """Write an encrypted copy of the key of *folder* to *out*; see `NewBackup`.

    Args:
        key_dir: Folder of the key file.
        folder: The data folder.
        out: A new file.
        passphrase: At least `SHORTEST_PASSPHRASE` characters.
        staff: The members of staff, who can sign by the backup.
        now: Time of the backup, kept beside the key for the health screen.

    Raises:
        KeysError: As `NewBackup`, or if the key cannot be used.
    """
    new = NewBackup(key_dir, folder, out, passphrase, staff or {})
    key_file = KeyFile.of(key_dir, folder)
    try:
        with folder.held():
            key_file.write(new.write(key_file.read_or_make(folder), now))
    except FolderError as error:
        raise KeysError(str(error)) from error
    except OSError as error:
        raise KeysError(f"The backup {out} cannot be written: {error.strerror}.") from error


def restore_backup(
    file: Path, passphrase: str, key_dir: Path, folder: DataFolder, tpm: Tpm | None = None
) -> None:
    """Restore the key of *folder* from a backup, sealed in *tpm* where there is one.

    A key that is damaged, or sealed in another TPM, is kept as ``*.key.damaged``.

    Raises:
        KeysError: If *file* is no backup of the key of this folder, the passphrase is wrong, the
            key exists and is undamaged, or it cannot be written; nothing is changed then.
    """
    key_file = KeyFile.of(key_dir, folder, tpm)
    try:
        found = open_backup(file, passphrase)
        if found.folder_id != folder.folder_id:
            raise KeysError(f"{file} is the backup of another data folder than {folder.path}.")
        with folder.held(alone=True):
            if _is_whole(key_file):
                raise KeysError(
                    f"The key {key_file.path} exists and is undamaged; nothing was changed."
                )
            if key_file.path.exists():
                key_file.path.rename(key_file.path.with_suffix(".key.damaged"))
            key_file.write(found.document, new=True)
    except FolderError as error:
        raise KeysError(str(error)) from error
    except OSError as error:
        raise KeysError(f"The key cannot be restored: {error.strerror}.") from error


def check_backup(file: Path, passphrase: str, key_dir: Path, folder: DataFolder) -> None:
    """Check that *file* is a backup of the present key of *folder* and *passphrase* opens it.

    Raises:
        KeysError: If it is not, or the present key cannot be read.
    """
    found = open_backup(file, passphrase)
    present = KeyFile.of(key_dir, folder).read()
    same = hmac.compare_digest(found.document.root, present.root)
    if found.folder_id != folder.folder_id or not same:
        raise KeysError(f"{file} is not a backup of the present key of {folder.path}.")


def peppers_in(file: Path, passphrase: str) -> tuple[bytes, ...]:
    """Return the PIN peppers of the backed-up folder, 32 bytes each, newest first.

    Raises:
        KeysError: If *file* is no backup, or the passphrase is wrong.
    """
    document = open_backup(file, passphrase).document
    keys = Keys(document.root, document.peppers)
    return (keys.pin_pepper, *keys.older_peppers)


def _is_whole(key_file: KeyFile) -> bool:
    if not key_file.path.exists():
        return False
    try:
        key_file.read()
    except DamagedKeyError:
        return False
    except KeysError as error:
        if isinstance(error.__cause__, TpmError):
            return False
        raise
    return True


def _encrypt(copy: KeyCopy, passphrase: str) -> bytes:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    head: JsonObject = {
        "backup": _FORMAT,
        "folder_id": copy.folder_id,
        "kdf": _KDF,
        "salt": salt.hex(),
        "nonce": nonce.hex(),
    }
    cipher = AESGCM(_stretched(passphrase, salt))
    staff = [entry.plain() for entry in copy.staff.values()]
    plain = json.dumps({"key": json.loads(copy.document.to_json()), "staff": staff})
    sealed = cipher.encrypt(nonce, plain.encode("ascii"), _canonical(head))
    return json.dumps(head | {"sealed": sealed.hex()}, indent=1).encode("ascii") + b"\n"


def open_backup(file: Path, passphrase: str) -> KeyCopy:
    """Return the content of the backup *file*.

    Raises:
        KeysError: If *file* is no backup, or the passphrase is wrong.
    """
    try:
        found = files.read_json(file)
    except CredentialError as error:
        raise KeysError(f"{file} is no backup of a key: {error}") from error
    if found is None:
        raise KeysError(f"There is no file {file}.")
    head = {name: value for name, value in found[0].items() if name != "sealed"}
    salt, nonce, sealed = (_bytes(found[0].get(name)) for name in ("salt", "nonce", "sealed"))
    form = head.get("backup")
    if form not in (_FORMAT, _WITHOUT_STAFF) or head.get("kdf") != _KDF or len(salt) != 16:
        raise KeysError(f"{file} is no backup of a key, or was made by another program.")
    try:
        plain = AESGCM(_stretched(passphrase, salt)).decrypt(nonce, sealed, _canonical(head))
        content = json.loads(plain)
        if form == _WITHOUT_STAFF:
            content = {"key": content, "staff": []}
        document, staff = KeyDocument.parse(content["key"]), parse_staff(content["staff"])
        return KeyCopy(str(head.get("folder_id")), document, staff)
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
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
