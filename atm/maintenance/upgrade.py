"""Upgrade of a data folder of an earlier version: its stores are copied, verified and swapped.

The new stores are made in a folder of their own inside the data folder, from copies of the old
ones, and compared with them. Once staff have signed, this folder gets another name: from then on
the upgrade is only ever finished. Its files then take the places of the old ones one by one, the
folder's description last. Killed at any moment, the same command goes on. Faces and the audit log
stay where they are; every sign-in is in that log, which knows how many there were.
"""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from atm.audit import AuditLog
from atm.birth import adopt
from atm.errors import AtmError
from atm.folder import FOLDER_FILE, DataFolder, description_of_today
from atm.keys.keys import Keys
from atm.settings import Settings
from atm.staff.registry import StaffRegistry
from atm.stores import (
    SEALED_DATABASES,
    SEALED_RECORDS,
    STAFF_ATTEMPTS,
    KioskStores,
    StaleStoreError,
    Stores,
    open_staff,
)
from credentials.sealed import files
from credentials.sealed.earlier import Tables, read_clear, read_rows, write_rows
from credentials.sealed.files import JsonObject
from credentials.sealed.record_file import PREVIOUS_SUFFIX, RecordFile
from credentials.sealed.seal import Seal

MADE: Final = "upgrade.partial"
READY: Final = "upgrade.ready"
_OLD: Final = "old"
_JOURNAL: Final = "-journal"

Sign = Callable[[StaffRegistry | None], list[str]]
"""Returns the names of those who sign; the staff list is None where the service keeps it."""


def upgrade(folder: DataFolder, settings: Settings, sign: Sign) -> None:
    """Upgrade *folder*, or finish what a crash interrupted; the caller holds it alone.

    Args:
        folder: The folder, of an earlier version.
        settings: Its settings.
        sign: Asks staff for their signatures.

    Raises:
        AtmError, CredentialError: If a store was altered, is older than the audit log says, or
            cannot be copied, or if staff did not sign; the stores are as they were then.
        OSError: If the disk refuses; run the command again.
    """
    audit = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
    keys = Keys.open(settings.key_dir, folder)
    kind = KioskStores if settings.store else Stores
    audit.check()
    made, ready = folder.path / MADE, folder.path / READY
    if ready.exists() and not _signed(audit):  # whoever renamed it signed nothing
        ready.rename(made)
    if not ready.exists():
        known = audit.head_stores()
        copies = _make(folder, keys, settings, kind, known)
        staff = None
        if not settings.store:
            staff = open_staff(copies, keys, settings, known, log_of=folder)
        names = sign(staff)
        audit.append("upgrade", step="begun", staff=names, anchor=True)
        made.rename(ready)
        files.sync_folder(folder.path)
    adopt(settings, folder)
    _swap(folder.path)
    with contextlib.closing(kind.open(folder, keys, settings).audit) as log:
        log.append("upgrade", step="done", anchor=True)  # it learns the new generations


def _signed(audit: AuditLog) -> bool:
    """Return whether the last upgrade in the log was begun, so that what is ready was signed."""
    return [each.get("step") for each in audit.tail(1, "upgrade")] == ["begun"]


def remove_rest(folder: DataFolder) -> None:
    """Remove the empty folder that an upgrade leaves which is killed after its very last rename."""
    with contextlib.suppress(FileNotFoundError):
        (folder.path / READY).rmdir()


def _make(
    folder: DataFolder,
    keys: Keys,
    settings: Settings,
    kind: type[KioskStores],
    known: Mapping[str, int],
) -> DataFolder:
    """Make the new stores beside the old ones, compare them, and return their folder.

    Attempts at an earlier sign-in to this upgrade are kept: they count.
    """
    place = folder.path / MADE
    for stray in place.iterdir() if place.exists() else ():
        if stray.is_dir():
            shutil.rmtree(stray)
        elif not stray.name.startswith(STAFF_ATTEMPTS):
            stray.unlink()
    files.private_folder(place / _OLD)
    new = replace(folder, path=place)
    every = {Path(name).stem for name in (*SEALED_RECORDS, *SEALED_DATABASES)}
    kind.open(new, keys, settings, replaced=every, log_of=folder)  # makes empty databases
    for name in SEALED_RECORDS:
        if (folder.path / name).exists():
            _copy_records(folder.path / name, place / name, keys.seal, known)
    for name in SEALED_DATABASES:
        if (folder.path / name).exists():
            _copy_database(folder.path / name, place, keys.seal, known)
    shutil.rmtree(place / _OLD)
    kind.open(new, keys, settings, log_of=folder)
    for made in [path for path in place.iterdir() if path.is_dir()]:
        made.rmdir()  # the gallery's: faces stay where they are
    description = place / FOLDER_FILE
    with files.locked(description):
        files.write_whole(description, description_of_today(folder.path))
    return new


def _copy_records(source: Path, target: Path, seal: Seal, known: Mapping[str, int]) -> None:
    def same(records: list[JsonObject]) -> list[JsonObject]:
        return records

    old = RecordFile(source, same, seal)
    records = old.read()
    _check_newest(source, old.generation, known)
    RecordFile(target, same, seal).rewrite(records, old.generation + 1)
    if RecordFile(target, same, seal).read() != records:
        raise AtmError(f"The copy of {source} differs from it; nothing was changed.")


def _copy_database(source: Path, place: Path, seal: Seal, known: Mapping[str, int]) -> None:
    copy, target = place / _OLD / source.name, place / source.name
    for suffix in ("", _JOURNAL):  # a crash may have left something to be rolled back
        if source.with_name(source.name + suffix).exists():
            shutil.copyfile(source.with_name(source.name + suffix), str(copy) + suffix)
    generation, rows = read_clear(copy, seal)
    if read_rows(target, seal)[0] > generation:  # copied before, and counted in since
        return
    _check_newest(source, generation, known)
    write_rows(target, seal, rows, generation + 1)
    if not _holds(read_rows(target, seal)[1], rows):
        raise AtmError(f"The copy of {source} differs from it; nothing was changed.")


def _check_newest(source: Path, generation: int, known: Mapping[str, int]) -> None:
    if generation < known.get(source.stem, 0):
        raise StaleStoreError(
            f"The store “{source.stem}” in {source.parent} is older than the log says; put the"
            f" newest copy back, and {MADE} where it was removed."
        )


def _holds(new: Tables, old: Tables) -> bool:
    """Return whether *new* has every row of *old*, and no others; it may have more columns."""
    return all(
        len(new[table]) == len(rows)
        and all(row.items() <= other.items() for row, other in zip(rows, new[table], strict=True))
        for table, rows in old.items()
    )


def _swap(folder: Path) -> None:
    """Put the new files in the places of the old ones; the description of the folder comes last."""
    ready = folder / READY
    for stray in folder.glob(f".*{files.PARTIAL_SUFFIX}"):  # of killed writers, with names in clear
        stray.unlink()
    moved = sorted(ready.iterdir(), key=lambda path: path.name == FOLDER_FILE)
    for path in moved:
        if path.name.endswith((files.LOCK_SUFFIX, _JOURNAL)):
            path.unlink()
            continue
        # What a crash left to be rolled back into the old file must not go into the new one.
        # The copy of before has the names in clear.
        for suffix in (_JOURNAL, PREVIOUS_SUFFIX):
            files.remove(folder / f"{path.name}{suffix}")
        if path.name == FOLDER_FILE:
            files.sync_folder(folder)
        path.replace(folder / path.name)
    files.sync_folder(folder)
    ready.rmdir()
