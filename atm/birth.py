"""Birth and end of data folders: the key folder remembers each, so that none comes or goes unseen.

A new folder's key, with its birth record (`atm.keys.key_file`), is on disk before the folder is. So
a folder that was emptied, exchanged or lost is told from a first start: the kiosk is out of service
then, and makes nothing. A live folder is born by an explicit act only (`bear`), and only while the
key folder and the anchor know no other living one. It lives from its first member of staff on, or
at a kiosk of a bank from its first approval on.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from atm.audit.counter import Counter
from atm.folder import (
    CONFIG_FILE,
    DataFolder,
    FolderError,
    Kind,
    LostFolderError,
    NoFolderError,
    is_empty,
    is_there,
    open_existing,
    open_folder,
)
from atm.keys.key_backup import KeyCopy
from atm.keys.key_file import KeyDocument, KeyFile, KeysError, Life, new_root
from atm.people import Signatures
from atm.settings import Settings, settings_in
from atm.tpm import Tpm, index_of

_INSTEAD = "“python -m atm init --kind live --instead-of BACKUP”"


def bear(settings: Settings) -> DataFolder:
    """Make the data folder of *settings*, live where they name no kind; open one that is there.

    Raises:
        LostFolderError: If it would be live and another live folder is living.
        FolderError, KeysError: If it cannot be made; see `open_folder`.
    """
    if is_there(settings.data_dir):
        return open_born(settings)
    kind = settings.kind or Kind.LIVE
    if kind is Kind.LIVE:
        _check_none_lost(settings)
        _check_key_dir(settings)
    _check_place(settings)
    place = settings.data_dir.absolute()

    def remember(folder_id: str) -> None:
        born = DataFolder(place, kind, folder_id, fresh=True)
        tpm = Tpm.of(settings) if kind is not Kind.DEMO else None
        file = KeyFile.of(settings.key_dir, born, tpm)
        try:
            file.write(KeyDocument(kind, new_root(), life=Life.UNBORN, place=str(place)), new=True)
        except OSError as error:
            raise KeysError(f"The key {file.path} cannot be made: {error.strerror}.") from error
        if tpm is not None:
            Counter.make(settings.key_dir, folder_id, tpm)

    open_folder(place, kind, remember)
    return open_born(settings)


def open_born(settings: Settings) -> DataFolder:
    """Open the data folder of *settings*; nothing is made.

    Raises:
        NoFolderError: If there is none yet.
        LostFolderError: If it was emptied or exchanged, or is missing.
        FolderError, KeysError: If it is of another kind, has ended, or it or its key is damaged.
    """
    if not is_there(settings.data_dir):
        _check_none_lost(settings)
        raise NoFolderError(
            f"There is no data folder {settings.data_dir.absolute()};"
            " make one with “python -m atm init --kind live” (or test, or demo)."
        )
    folder = open_existing(settings.data_dir, settings.kind)
    document = KeyFile.of(settings.key_dir, folder).read_or_make(folder)
    if document.life is Life.ENDED:
        raise FolderError(
            f"The data folder {folder.path} was ended by two members of staff; it stays closed."
        )
    file = KeyFile.of(settings.key_dir, folder)
    if file.sealed and Counter.of(settings.key_dir, folder.folder_id) is None:
        raise KeysError(
            f"The file of the TPM's counter beside {file.path} is missing: put it back, or restore"
            " the key from its backup."
        )
    if document.life is Life.LIVING and is_empty(folder):
        raise LostFolderError(
            f"The data folder {folder.path} was emptied: put its last copy back, or let two"
            f" members of staff run {_INSTEAD}."
        )
    if folder.kind is not Kind.LIVE:
        _check_place(settings)
    return replace(folder, fresh=document.life is Life.UNBORN)


def open_or_bear(settings: Settings) -> DataFolder:
    """Open the data folder of *settings*; make it if that names a kind that is not live.

    Raises:
        NoFolderError, LostFolderError, FolderError, KeysError: As `open_born` and `bear`.
    """
    if settings.kind in (None, Kind.LIVE) or is_there(settings.data_dir):
        return open_born(settings)
    return bear(settings)


def begin_life(settings: Settings, folder: DataFolder) -> None:
    """Note that *folder* lives now; call it before its first member of staff is added.

    Raises:
        LostFolderError: If it is live and another live folder is living.
        KeysError: If that cannot be written.
    """
    check_only_one(settings, folder)
    KeyFile.of(settings.key_dir, folder).live(Life.LIVING)


def end_life(settings: Settings, lost: KeyCopy, signed: Signatures) -> None:
    """End the life of a folder that is lost, so that another one may be born instead.

    Args:
        settings: Whose key folder is meant; the key is written there if it is lost too.
        lost: The backup of its key.
        signed: Two members of staff, by that backup.

    Raises:
        FolderError: If the folder is in its place.
        KeysError: If a later backup than *lost* was made, or it cannot be written.
    """
    file = KeyFile(settings.key_dir.absolute() / f"{lost.folder_id}.key")
    if is_there(settings.data_dir):
        there = open_existing(settings.data_dir)
        if there.folder_id == lost.folder_id and not is_empty(there):
            raise FolderError(
                f"The data folder {there.path} is not lost: put its last copy in its place, or move"
                " it away first."
            )
    try:
        try:
            document = file.read()
        except (KeysError, OSError):
            document = lost.document
        if not _is_last_backup(lost.document, document):
            raise KeysError(
                "This is not the last backup of the key, and its list of staff is old; use the last"
                " one."
            )
        file.write(replace(document, life=Life.ENDED))
    except OSError as error:
        raise KeysError(f"The key {file.path} cannot be written: {error.strerror}.") from error
    tpm = Tpm.of(settings)
    if tpm is not None and index_of(lost.folder_id) in tpm.counters():
        tpm.remove_counter(index_of(lost.folder_id))


def _is_last_backup(copy: KeyDocument, present: KeyDocument) -> bool:
    """Return whether *copy* has the present key, and no later backup was made."""
    if copy.root != present.root:
        return False
    if present.last_backup is None or copy.last_backup is None:
        return True
    return copy.last_backup >= present.last_backup


def adopt(settings: Settings, folder: DataFolder) -> None:
    """Note where *folder* lies, in a key of the version before too; for every start and upgrade.

    A copy that is opened elsewhere changes nothing while the folder is still in its place.

    Raises:
        KeysError: If that cannot be written.
    """
    file = KeyFile.of(settings.key_dir, folder)
    document = file.read_or_make(folder)
    if document.place != str(folder.path) and not _lies_at(document.place, folder):
        try:
            file.write(replace(document, place=str(folder.path)))
        except OSError as error:
            raise KeysError(f"The key {file.path} cannot be written: {error.strerror}.") from error


def _lies_at(place: str, folder: DataFolder) -> bool:
    with contextlib.suppress(FolderError):
        return place != "" and open_existing(Path(place)).folder_id == folder.folder_id
    return False


def check_only_one(settings: Settings, folder: DataFolder) -> None:
    """Check that no other live folder than *folder* is living, before its key comes back.

    Raises:
        LostFolderError: If *folder* is live and another one is.
    """
    if folder.kind is Kind.LIVE:
        _check_none_lost(settings, but=folder.folder_id)


def _check_none_lost(settings: Settings, but: str = "") -> None:
    """Refuse a birth, or a first start, while another live folder than *but* is living."""
    known = dict(_known(settings.key_dir))
    for folder_id, document in known.items():
        if folder_id == but:
            continue
        if document is None or (document.kind == Kind.LIVE and document.life is Life.LIVING):
            raise _lost(settings, folder_id, str(settings.key_dir / f"{folder_id}.key"))
    for path in sorted((settings.anchor_dir or settings.key_dir).glob("*.anchor")):
        if path.stem not in (*known, but):
            raise _lost(settings, path.stem, str(path))
    tpm = Tpm.of(settings)
    ours = {index_of(folder_id) for folder_id in (*known, *filter(None, [but]))}
    for index in tpm.counters() if tpm is not None else ():
        if index not in ours:
            raise _lost(settings, f"of the counter {index:#x}", f"the TPM {settings.tpm}")


def _check_key_dir(settings: Settings) -> None:
    """Refuse a key folder that only the data folder names: emptied, it would not be found again."""
    path = settings.data_dir / CONFIG_FILE
    if path.exists() and settings.key_dir == settings_in(path).get("key_dir"):
        raise FolderError(
            f"The key folder of a live data folder must not be named in {path}, which goes with the"
            " data folder: use ATM_KEY_DIR, or --config with a file elsewhere."
        )


def _check_place(settings: Settings) -> None:
    """Refuse a folder that is not live in the place of a living one that is."""
    here = settings.data_dir.absolute()
    for folder_id, document in _known(settings.key_dir):
        if (
            document is not None
            and document.kind == Kind.LIVE
            and document.life is Life.LIVING
            and document.place == str(here)
        ):
            raise _lost(settings, folder_id, str(settings.key_dir / f"{folder_id}.key"))


def _known(key_dir: Path) -> Iterator[tuple[str, KeyDocument | None]]:
    """Yield the id of each folder that *key_dir* knows, with its document if it can be read."""
    for path in sorted(key_dir.glob("*.key")):
        try:
            yield path.stem, KeyFile(path).read()
        except (KeysError, OSError):
            yield path.stem, None


def _lost(settings: Settings, folder_id: str, witness: str) -> LostFolderError:
    return LostFolderError(
        f"{settings.data_dir.absolute()} is not the live data folder {folder_id}, which {witness}"
        " knows as living: put that folder back from its copy, or let two members of staff run"
        f" {_INSTEAD}."
    )
