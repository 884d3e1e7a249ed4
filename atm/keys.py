"""The root key of a data folder, kept outside it, and the keys derived from it."""

import secrets
import stat
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from atm.errors import AtmError
from atm.folder import DataFolder
from credentials import files
from credentials.errors import CredentialError
from credentials.sealing import Seal

KEY_BYTES = 32

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeysError(AtmError):
    """The root key is missing, unsafe or wrong."""


class Keys:
    """Secrets of one data folder, each for one purpose, all derived from one root key."""

    __slots__ = ("capture_key", "pin_pepper", "seal", "template_key")

    def __init__(self, root: bytes) -> None:
        """Derive the keys from *root* (32 random bytes) by HKDF-SHA256; *root* is not kept."""
        if len(root) != KEY_BYTES:
            raise ValueError(f"the root key has {len(root)} bytes, not {KEY_BYTES}")
        self.pin_pepper: bytes = _derive(root, b"pin pepper")
        self.template_key: bytes = _derive(root, b"templates")
        self.capture_key: bytes = _derive(root, b"captures")
        self.seal = Seal(_derive(root, b"records"))

    @classmethod
    def open(cls, key_dir: Path, folder: DataFolder) -> Self:
        """Read the key of *folder* from *key_dir*; make it if the folder holds no data yet.

        Call it before anything is stored in a new folder: with data a missing key is never
        replaced, for a new one could read none of it.

        Raises:
            KeysError: If *key_dir* lies in the data folder; if the key is missing, has a wrong
                size, or others than its owner may read it; if it cannot be read or made.
        """
        key_dir = key_dir.absolute()
        path = key_dir / f"{folder.folder_id}.key"
        try:
            if key_dir.resolve().is_relative_to(folder.path.resolve()):
                raise KeysError(
                    f"The key folder {key_dir} lies in the data folder {folder.path};"
                    " choose one outside it."
                )
            if not path.exists():
                if not folder.fresh:
                    raise KeysError(
                        f"The key of the data folder {folder.path} is missing;"
                        f" restore the file {path} from its backup."
                    )
                _make(path)
            return cls(_read(path))
        except OSError as error:
            raise KeysError(f"The key {path} cannot be used: {error.strerror}.") from error
        except CredentialError as error:
            raise KeysError(str(error)) from error


def _derive(root: bytes, purpose: bytes) -> bytes:
    info = b"two-factor-atm 1 " + purpose
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(root)


def _make(path: Path) -> None:
    files.private_folder(path.parent)
    _check_private(path.parent, "700")
    with files.locked(path):
        if not path.exists():  # another process may have been quicker
            files.write_whole(path, secrets.token_bytes(KEY_BYTES))


def _read(path: Path) -> bytes:
    _check_private(path.parent, "700")
    _check_private(path, "600")
    with path.open("rb") as file:
        root = file.read(KEY_BYTES + 1)
    if len(root) != KEY_BYTES:
        raise KeysError(f"The key {path} is damaged; restore it from its backup.")
    return root


def _check_private(path: Path, wanted: str) -> None:
    if path.stat().st_mode & _OTHERS:
        raise KeysError(f"Others may use {path}; run “chmod {wanted} {path}” first.")
