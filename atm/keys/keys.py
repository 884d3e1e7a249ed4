"""Keys of a data folder, derived from its root key by HKDF-SHA256."""

from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from atm.folder import DataFolder
from atm.keys.key_file import KEY_BYTES, KeyFile, KeysError
from credentials.sealed.seal import Seal

__all__ = ["Keys", "KeysError", "last_backup"]


class Keys:
    """The derived keys of one data folder, each for one purpose.

    Attributes:
        pin_pepper: For `PinHasher`; `older_peppers` are those of former keys.
        template_key: For the `Gallery`, like `capture_key`.
        seal: Makes and checks the MACs of records.
    """

    __slots__ = ("capture_key", "older_peppers", "pin_pepper", "seal", "template_key")

    def __init__(self, root: bytes, older_peppers: tuple[bytes, ...] = ()) -> None:
        """Derive the keys from *root* (32 random bytes) by HKDF-SHA256; *root* is not kept."""
        if len(root) != KEY_BYTES:
            raise ValueError(f"the root key has {len(root)} bytes, not {KEY_BYTES}")
        self.pin_pepper: bytes = _derive(root, b"pin pepper")
        self.older_peppers = older_peppers
        self.template_key: bytes = _derive(root, b"templates")
        self.capture_key: bytes = _derive(root, b"captures")
        self.seal = Seal(_derive(root, b"records"))

    @classmethod
    def open(cls, key_dir: Path, folder: DataFolder) -> Self:
        """Read the key of *folder* from *key_dir*; make it if the folder holds no data yet.

        Call it before anything is stored in a new folder: with data a missing key is never
        replaced, for a new one could read none of it.

        Raises:
            KeysError: If *key_dir* lies in the data folder; if the key is missing, damaged, of a
                folder of another kind, or others than its owner may read it; if a change of keys
                was not finished; if it cannot be read or made.
        """
        document = KeyFile.of(key_dir, folder).read_or_make(folder)
        if document.replaces is not None:
            raise KeysError(
                f"A change of the keys of {folder.path} was not finished;"
                " run “python -m atm keys rotate” again."
            )
        return cls(document.root, document.peppers)


def last_backup(key_dir: Path, folder: DataFolder) -> datetime | None:
    """Return the time of the present key's last backup; None if there is none.

    Raises:
        KeysError: As `Keys.open`.
    """
    return KeyFile.of(key_dir, folder).read_or_make(folder).last_backup


def _derive(root: bytes, purpose: bytes) -> bytes:
    info = b"two-factor-atm 1 " + purpose
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(root)
