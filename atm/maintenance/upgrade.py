"""Upgrade of a data folder of an earlier version: its stores are copied, verified and swapped.

The new stores are made in a folder of their own inside the data folder, from copies of the old
ones, and compared with them. Once staff have signed, this folder gets another name: from then on
the upgrade is only ever finished. Its files then take the places of the old ones one by one, the
folder's description last. Killed at any moment, the same command goes on. Faces and the audit log
stay where they are.
"""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from atm.audit import AuditLog
from atm.errors import AtmError
from atm.folder import FOLDER_FILE, DataFolder, description_of_today
from atm.keys.keys import Keys
from atm.settings import Settings
from atm.staff.registry import STAFF_LIMIT, StaffRegistry
from atm.stores import (
    SEALED_DATABASES,
    SEALED_RECORDS,
    STAFF_ATTEMPTS,
    KioskStores,
    StaleStoreError,
    Stores,
)
from credentials.errors import StoreError
from credentials.sealed import files
from credentials.sealed.earlier import Tables, read_clear, read_rows, write_rows
from credentials.sealed.files import JsonObject
from credentials.sealed.record_file import PREVIOUS_SUFFIX, RecordFile
from credentials.sealed.seal import Seal
from credentials.staff_attempts import WrongPins

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
            cannot be copied, or if staff did not sign; the folder is as it was then.
        OSError: If the disk refuses; run the command again.
    """
    audit = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
    keys = Keys.open(settings.key_dir, folder)
    if not (folder.path / READY).exists():
        audit.check()
        made = _make(folder, keys, settings, audit.head_stores())
        staff = made.staff if isinstance(made, Stores) else None
        names = sign(staff)
        audit.append("upgrade", step="begun", staff=names, anchor=True)
        (folder.path / MADE).rename(folder.path / READY)
        files.sync_folder(folder.path)
    _swap(folder.path)
    audit.append("upgrade", step="done", anchor=True)
    audit.close()


def remove_rest(folder: DataFolder) -> None:
    """Remove the empty folder that an upgrade leaves which is killed after its very last rename."""
    with contextlib.suppress(FileNotFoundError):
        (folder.path / READY).rmdir()


def _make(
    folder: DataFolder, keys: Keys, settings: Settings, known: Mapping[str, int]
) -> KioskStores:
    """Make the new stores beside the old ones, and return them, compared with those."""
    place = folder.path / MADE
    kept = _keep_attempts(place, keys.seal, known.get("staff-attempts", 0))
    files.private_folder(place / _OLD)
    new = replace(folder, path=place)
    kind = KioskStores if settings.store else Stores
    kind.open(new, keys, settings)  # makes empty databases
    for name in SEALED_RECORDS:
        if (folder.path / name).exists():
            _copy_records(folder.path / name, place / name, keys.seal)
    for name in SEALED_DATABASES:
        if (folder.path / name).exists() and not (kept and name == STAFF_ATTEMPTS):
            _copy_database(folder.path / name, place, keys.seal)
    shutil.rmtree(place / _OLD)
    stores = kind.open(new, keys, settings)
    now = stores.generations()
    for name, generation in known.items():
        if generation and now.get(name, 0) <= generation:  # the copies are one ahead
            raise StaleStoreError(
                f"The store “{name}” in {folder.path} is older than the log says;"
                " two members of staff must restore it with the program of before."
            )
    if isinstance(stores, Stores):
        stores.ledger.check()
    for made in [path for path in place.iterdir() if path.is_dir()]:
        made.rmdir()  # the gallery's: faces stay where they are
    description = place / FOLDER_FILE
    with files.locked(description):
        files.write_whole(description, description_of_today(folder.path))
    return stores


def _keep_attempts(place: Path, seal: Seal, known: int) -> bool:
    """Empty *place*, but keep the attempts at an earlier sign-in to this upgrade: they count.

    Returns:
        Whether there were any, newer than the log knows.
    """
    kept = False
    counted = place / STAFF_ATTEMPTS
    if counted.exists():
        with contextlib.suppress(StoreError):
            kept = WrongPins(counted, seal, STAFF_LIMIT).generation > known
    for stray in place.iterdir() if place.exists() else ():
        if stray.is_dir():
            shutil.rmtree(stray)
        elif not (kept and stray.name.startswith(STAFF_ATTEMPTS)):
            stray.unlink()
    return kept


def _copy_records(source: Path, target: Path, seal: Seal) -> None:
    def same(records: list[JsonObject]) -> list[JsonObject]:
        return records

    old = RecordFile(source, same, seal)
    records = old.read()
    RecordFile(target, same, seal).rewrite(records, old.generation + 1)
    if RecordFile(target, same, seal).read() != records:
        raise AtmError(f"The copy of {source} differs from it; nothing was changed.")


def _copy_database(source: Path, place: Path, seal: Seal) -> None:
    copy, target = place / _OLD / source.name, place / source.name
    for suffix in ("", _JOURNAL):  # a crash may have left something to be rolled back
        if source.with_name(source.name + suffix).exists():
            shutil.copyfile(source.with_name(source.name + suffix), str(copy) + suffix)
    generation, rows = read_clear(copy, seal)
    write_rows(target, seal, rows, generation + 1)
    if not _holds(read_rows(target, seal), rows):
        raise AtmError(f"The copy of {source} differs from it; nothing was changed.")


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
