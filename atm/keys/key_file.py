"""File of a data folder's root key and birth record, kept outside that folder.

It is a small JSON document, 0600:

- `root`: the key, from which all others are derived;
- `replaces`: while keys are being changed, the key before; else null;
- `peppers`: of former keys only what PIN hashes still need; see `credentials.hashing`;
- `kind`: what the data folder was born as, so that nobody turns a live one into a test folder;
- `life`: how far the folder's life is: "unborn", "living" or "ended" (`atm.birth`);
- `place`: the folder's path, as it was last opened;
- `last_backup`: when the document as it is was last backed up; else null;
- `check`: SHA-256 over all of these, to find damage.

Version 1 had neither life nor place: such a folder is living. Where the kiosk has a TPM, the
document is encrypted under a key that the TPM has sealed (`atm.keys.sealed_document`).
"""

import hashlib
import json
import re
import secrets
import stat
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

from atm.errors import AtmError
from atm.folder import DataFolder
from atm.keys.sealed_document import Vault, is_sealed
from atm.tpm import Tpm, TpmError
from credentials.errors import CredentialError, DamagedStoreError
from credentials.sealed import files
from credentials.sealed.files import JsonObject

KEY_BYTES = 32

_VERSION = 2
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FIELDS = {"version", "kind", "root", "replaces", "peppers", "last_backup", "check"}
_BIRTH = {"life", "place"}
_KEY = re.compile("[0-9a-f]{64}")


class Life(StrEnum):
    """How far the life of a data folder is."""

    UNBORN = "unborn"
    LIVING = "living"
    ENDED = "ended"


class KeysError(AtmError):
    """The root key is missing, unsafe or not the folder's."""


class DamagedKeyError(KeysError):
    """The key file is damaged. It is left as it is."""


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """Content of the key file; see the module."""

    kind: str
    root: bytes
    replaces: bytes | None = None
    peppers: tuple[bytes, ...] = ()
    last_backup: datetime | None = None
    life: Life = Life.LIVING
    place: str = ""

    def __repr__(self) -> str:
        """Show no key: none may reach a log or a traceback."""
        return "KeyDocument()"

    @classmethod
    def parse(cls, document: JsonObject) -> Self:
        """Parse what `to_json` wrote.

        Raises:
            ValueError: If it is anything else.
        """
        rest = {name: value for name, value in document.items() if name != "check"}
        kind, replaces, peppers = (document.get(n) for n in ("kind", "replaces", "peppers"))
        last_backup, place = document.get("last_backup"), document.get("place", "")
        born = document.get("version") == _VERSION
        if (
            document.keys() != (_FIELDS | _BIRTH if born else _FIELDS)
            or document["version"] not in (1, _VERSION)
            or document["check"] != _check(rest)
            or not isinstance(kind, str)
            or not isinstance(place, str)
            or not isinstance(peppers, list)
            or not (last_backup is None or isinstance(last_backup, str))
        ):
            raise ValueError("no key document")
        return cls(
            kind=kind,
            root=_key(document["root"]),
            replaces=None if replaces is None else _key(replaces),
            peppers=tuple(_key(each) for each in peppers),
            last_backup=None if last_backup is None else datetime.fromisoformat(last_backup),
            life=Life(str(document.get("life", Life.LIVING))),
            place=place,
        )

    def to_json(self) -> bytes:
        """Return the document as it stands in the file."""
        rest: JsonObject = {
            "version": _VERSION,
            "kind": self.kind,
            "root": self.root.hex(),
            "replaces": self.replaces and self.replaces.hex(),
            "peppers": [each.hex() for each in self.peppers],
            "last_backup": self.last_backup and self.last_backup.isoformat(),
            "life": self.life,
            "place": self.place,
        }
        return json.dumps(rest | {"check": _check(rest)}, indent=1).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Path of one data folder's key file, with reading and writing."""

    path: Path
    tpm: Tpm | None = None

    @classmethod
    def of(cls, key_dir: Path, folder: DataFolder, tpm: Tpm | None = None) -> Self:
        """Return the key file of *folder* in *key_dir*; nothing is opened.

        With *tpm* a document that is written is sealed in that TPM. Without it, one that was sealed
        stays so, and reading opens it in either case.

        Raises:
            KeysError: If *key_dir* lies in the data folder.
        """
        key_dir = key_dir.absolute()
        try:
            within = key_dir.resolve().is_relative_to(folder.path.resolve())
        except (OSError, RuntimeError) as error:
            raise KeysError(f"The key folder {key_dir} cannot be used: {error}.") from error
        if within:
            raise KeysError(
                f"The key folder {key_dir} lies in the data folder {folder.path};"
                " choose one outside it."
            )
        return cls(key_dir / f"{folder.folder_id}.key", tpm)

    def read_or_make(self, folder: DataFolder) -> KeyDocument:
        """Return the document; make it if there is none and *folder* holds no data.

        Raises:
            KeysError: As `Keys.open`.
        """
        try:
            if not self.path.exists():
                if not folder.fresh:
                    raise KeysError(
                        f"The key of the data folder {folder.path} is missing;"
                        f" restore the file {self.path} from its backup."
                    )
                self.write(KeyDocument(folder.kind, new_root()), new=True)
            document = self.read()
        except OSError as error:
            raise KeysError(f"The key {self.path} cannot be used: {error.strerror}.") from error
        if document.kind != folder.kind:
            raise KeysError(
                f"The data folder {folder.path} was made as {document.kind}, but says that it is"
                f" {folder.kind}: it was altered."
            )
        return document

    def live(self, life: Life) -> None:
        """Note how far the folder's life is; nothing is written where that is known.

        Raises:
            KeysError: If the key cannot be used or written.
        """
        try:
            document = self.read()
            if document.life is not life:
                self.write(replace(document, life=life))
        except OSError as error:
            raise KeysError(f"The key {self.path} cannot be used: {error.strerror}.") from error

    def read(self) -> KeyDocument:
        """Return the document.

        Raises:
            DamagedKeyError: If it is damaged.
            KeysError: If it cannot be read, or others may read it.
            OSError: If there is none.
        """
        _check_private(self.path.parent, "700")
        _check_private(self.path, "600")
        try:
            found = files.read_json(self.path)
            document = found[0] if found else {}
            if is_sealed(document):
                document = files.parse_json(self.path, Vault.of(document).open(document))
            return KeyDocument.parse(document)
        except TpmError as error:
            raise KeysError(
                f"The key {self.path} is sealed in a TPM that does not open it: {error}"
                " Restore the key from its backup where the TPM is another one."
            ) from error
        except (DamagedStoreError, ValueError) as error:
            raise DamagedKeyError(
                f"The key {self.path} is damaged; restore it from its backup."
            ) from error
        except CredentialError as error:
            raise KeysError(str(error)) from error

    def write(self, document: KeyDocument, *, new: bool = False) -> None:
        """Write *document* atomically; if *new*, only where there is no file.

        Raises:
            KeysError: If it cannot be written, or others may use its folder.
            OSError: If its folder cannot be made.
        """
        files.private_folder(self.path.parent)
        _check_private(self.path.parent, "700")
        try:
            with files.locked(self.path):
                if not (new and self.path.exists()):  # another process may have been quicker
                    files.write_whole(self.path, self._packed(document))
        except TpmError as error:
            raise KeysError(str(error)) from error
        except CredentialError as error:
            raise KeysError(str(error)) from error

    @property
    def sealed(self) -> bool:
        """Whether the file is there and sealed in a TPM."""
        found = files.read_json(self.path) if self.path.exists() else None
        return found is not None and is_sealed(found[0])

    def _packed(self, document: KeyDocument) -> bytes:
        """Return *document* as it stands in the file, sealed where it is to be."""
        plain = document.to_json()
        if self.tpm is not None:
            vault = Vault.make(self.tpm)
        elif self.sealed:
            found = files.read_json(self.path)
            vault = Vault.of(found[0] if found else {})
        else:
            return plain
        return json.dumps(vault.close(plain), indent=1).encode("ascii") + b"\n"


def new_root() -> bytes:
    """Return a new root key."""
    return secrets.token_bytes(KEY_BYTES)


def _key(text: object) -> bytes:
    if not isinstance(text, str) or not _KEY.fullmatch(text):
        raise ValueError("no key")
    return bytes.fromhex(text)


def _check(rest: JsonObject) -> str:
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode("ascii")).hexdigest()


def _check_private(path: Path, wanted: str) -> None:
    if path.stat().st_mode & _OTHERS:
        raise KeysError(f"Others may use {path}; run “chmod {wanted} {path}” first.")
