"""Rotation of a data folder's root key: everything the old key sealed is sealed by a new one.

It can be killed at any moment. The new key is in its backup, and on disk beside the old one, before
anything is sealed with it; then each file is replaced atomically; the old key is removed last. In
between the folder is out of service (`Keys.open` says so), and `rotate` called again finishes it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from atm.folder import DataFolder, FolderError, remove_partials
from atm.keys.key_backup import NewBackup
from atm.keys.key_file import KeyDocument, KeyFile, KeysError, new_root
from atm.keys.keys import Keys
from atm.tpm import Tpm
from credentials.errors import CredentialError
from credentials.hashing import made_with, pepper_name
from credentials.sealed.seal import Seal
from face_auth.errors import GalleryError
from face_auth.gallery import Gallery


class Reseal(Protocol):
    """Function that reseals one file; if it is killed, the file is the old one or the new one."""

    def __call__(self, old: Seal, new: Seal) -> None:
        """Reseal the file; do nothing if it is missing or already resealed.

        Raises:
            AtmError, CredentialError: If neither seal fits, or the disk refuses.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rotation:
    """Result of a rotation.

    Attributes:
        left: Names of gallery files that cannot be read with the old or the new key; they
            were unreadable before.
        older_peppers: Number of former peppers that some PIN hash still needs.
    """

    left: tuple[str, ...]
    older_peppers: int


def rotate(
    key_dir: Path,
    folder: DataFolder,
    copy: NewBackup | None,
    *,
    gallery: Path,
    reseal: Sequence[Reseal],
    pin_hashes: Callable[[Seal], Iterable[str]],
    tpm: Tpm | None = None,
) -> Rotation:
    """Rotate the root key of *folder*, or finish an interrupted rotation.

    The backup of before opens nothing afterwards, so a backup of the new key comes first.

    Args:
        key_dir: Folder of the key file.
        folder: The data folder; no other process may have it open.
        copy: Where the new key is backed up; None to finish an interrupted rotation, which has
            done that.
        gallery: The folder of templates and captures.
        reseal: One for each file with MACs of records.
        pin_hashes: All PIN hashes there are, given the new seal; asked last.
        tpm: Where the new key is sealed; without it a sealed key stays in its TPM.

    Raises:
        KeysError: If the key cannot be used, the folder is in use, or a file cannot be brought
            under the new key; the change is not finished then.
    """
    key_file = KeyFile.of(key_dir, folder, tpm)
    try:
        with folder.held(alone=True):
            document = _begin(key_file, folder, copy)
            assert document.replaces is not None
            old, new = Keys(document.replaces), Keys(document.root)
            faces = Gallery(gallery, template_key=new.template_key, capture_key=new.capture_key)
            remove_partials(folder)
            left = faces.reseal(template_key=old.template_key, capture_key=old.capture_key)
            for bring in reseal:
                bring(old.seal, new.seal)
            used = {made_with(each) for each in pin_hashes(new.seal)}
            peppers = tuple(each for each in document.peppers if pepper_name(each) in used)
            key_file.write(replace(document, replaces=None, peppers=peppers))
            return Rotation(tuple(left), len(peppers))
    except (CredentialError, FolderError, GalleryError) as error:
        raise KeysError(str(error)) from error
    except OSError as error:
        raise KeysError(f"The keys cannot be changed: {error.strerror}.") from error


def unfinished(key_dir: Path, folder: DataFolder) -> bool:
    """Return whether a rotation of the key of *folder* was interrupted.

    Raises:
        KeysError: If the key cannot be used.
    """
    return KeyFile.of(key_dir, folder).read_or_make(folder).replaces is not None


def _begin(key_file: KeyFile, folder: DataFolder, copy: NewBackup | None) -> KeyDocument:
    """Write and return the document with the new key and the one it replaces.

    The backup holds both too: restored in the middle of the rotation, it lets that be finished.
    """
    document = key_file.read_or_make(folder)
    if document.replaces is None:
        if copy is None:
            raise KeysError("A rotation needs a backup of the new key.")
        pepper = Keys(document.root).pin_pepper
        document = copy.write(
            KeyDocument(
                kind=document.kind,
                root=new_root(),
                replaces=document.root,
                peppers=(pepper, *document.peppers),
                life=document.life,
                place=document.place,
            )
        )
        key_file.write(document)
    return document
