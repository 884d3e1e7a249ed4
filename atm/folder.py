"""Data folder of a kiosk: made as live, test or demo, which never changes."""

import contextlib
import fcntl
import json
import os
import stat
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from atm.errors import AtmError
from credentials.errors import CredentialError
from credentials.sealed import files
from face_auth.camera.sources import SourceKind, source_kind

FOLDER_FILE = "folder.json"
CONFIG_FILE = "kiosk.toml"

_VERSION = 2
_EARLIER = 1
"""Version of folders whose names and balances stand in clear."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE_OF_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class FolderError(AtmError):
    """The folder cannot be used as this data folder, or does not take this camera."""


class NoFolderError(FolderError):
    """There is no data folder, and none is missing: one may be made."""


class LostFolderError(FolderError):
    """A folder that the key folder or the anchor knows as living is not in its place."""


class Kind(StrEnum):
    """Kind of a data folder; only a live one admits real customers."""

    LIVE = "live"
    TEST = "test"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder that this program made.

    Attributes:
        path: The folder, absolute.
        kind: The kind it was made as.
        folder_id: 32 lower-case hexadecimal digits, random; names its key.
        fresh: Whether it may still lack its key and the first entry of its log: it held no data
            when it was made, or it is not born yet (`atm.birth`).
    """

    path: Path
    kind: Kind
    folder_id: str
    fresh: bool

    @contextlib.contextmanager
    def held(self, *, alone: bool = False) -> Iterator[None]:
        """Hold a shared lock on the folder, or an exclusive one if *alone*.

        It ends with the process at the latest.

        Raises:
            FolderError: If another process has the folder and one of the two wants it alone.
            OSError: If the folder's description cannot be opened.
        """
        with (self.path / FOLDER_FILE).open("rb") as file:
            try:
                fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderError(
                    f"The data folder {self.path} is in use; stop the kiosk first."
                    if alone
                    else f"The data folder {self.path} is being changed; try again later."
                ) from error
            yield


class EarlierFolderError(FolderError):
    """An earlier version of the program made the folder; it must be upgraded first."""


def open_folder(
    path: Path, kind: Kind | None = None, before: Callable[[str], None] = lambda _id: None
) -> DataFolder:
    """Open the data folder *path*; make it if there is none, or it is empty.

    Whoever may not make one uses `open_existing`; `atm.birth` says who may.

    Args:
        path: The folder. What is above it is made too.
        kind: Kind of a new folder (live when None), and the kind that an old one must have.
        before: Called with the id of a new folder before the folder has it.

    Raises:
        EarlierFolderError: If an earlier version of the program made it.
        FolderError: If an old one is of another kind, is damaged, or was not made by this
            program; nothing in it is touched then. Or if it cannot be read or made.
    """
    path = path.absolute()
    try:
        if (path / FOLDER_FILE).exists():
            return _open_old(path, kind)
        _check_empty(path)
        files.private_folder(path)
        if stat.S_IMODE(path.stat().st_mode) != 0o700:
            path.chmod(0o700)
        with files.locked(path / FOLDER_FILE):
            if not (path / FOLDER_FILE).exists():
                folder_id = uuid.uuid4().hex
                before(folder_id)
                _write(path, kind or Kind.LIVE, folder_id)
        return _open_old(path, kind)
    except OSError as error:
        raise FolderError(f"The data folder {path} cannot be used: {error.strerror}.") from error
    except CredentialError as error:
        raise FolderError(str(error)) from error


def open_existing(path: Path, kind: Kind | None = None) -> DataFolder:
    """Open the data folder *path*, which is not fresh; see `open_folder`.

    Raises:
        FolderError: If there is none, or as `open_folder`.
    """
    if not is_there(path):
        raise FolderError(f"There is no data folder {path}.")
    return replace(open_folder(path, kind), fresh=False)


def is_there(path: Path) -> bool:
    """Return whether *path* is a data folder, whatever its state.

    Raises:
        FolderError: If that cannot be found out.
    """
    try:
        return (path / FOLDER_FILE).exists()
    except OSError as error:
        raise FolderError(f"The data folder {path} cannot be used: {error.strerror}.") from error


def is_empty(folder: DataFolder) -> bool:
    """Return whether *folder* holds nothing but its description and its settings.

    Raises:
        FolderError: If that cannot be found out.
    """
    try:
        return not any(_data(folder.path))
    except OSError as error:
        raise FolderError(
            f"The data folder {folder.path} cannot be used: {error.strerror}."
        ) from error


def open_earlier(path: Path) -> DataFolder:
    """Open the data folder *path*, of this or an earlier version, which is not fresh.

    Raises:
        FolderError: If there is none, or it is damaged or cannot be read.
    """
    path = path.absolute()
    if not is_there(path):
        raise FolderError(f"There is no data folder {path}.")
    try:
        return replace(_open_old(path, None, earliest=_EARLIER), fresh=False)
    except OSError as error:
        raise FolderError(f"The data folder {path} cannot be used: {error.strerror}.") from error
    except CredentialError as error:
        raise FolderError(str(error)) from error


def description_of_today(path: Path) -> bytes:
    """Return what the file `FOLDER_FILE` of the folder *path* says in today's version.

    Raises:
        CredentialError: If it cannot be read.
    """
    found = files.read_json(path / FOLDER_FILE)
    return json.dumps((found[0] if found else {}) | {"version": _VERSION}).encode("ascii") + b"\n"


def check_camera(kind: Kind, spec: str) -> None:
    """Check that a data folder of *kind* takes the camera *spec*.

    Raises:
        FolderError: If *spec* names no camera, or a live folder is asked to take anything but a
            webcam or an encrypted stream.
    """
    try:
        source = source_kind(spec)
    except ValueError as error:
        raise FolderError(str(error)) from error
    if kind is Kind.LIVE and source not in (SourceKind.WEBCAM, SourceKind.TLS_STREAM):
        raise FolderError(
            "A live data folder takes only a webcam or a TLS stream;"
            " use a test or demo folder for files, folders and the demo camera."
        )


def check_dispenser(kind: Kind, dispenser: str) -> None:
    """Check that a data folder of *kind* takes the setting *dispenser*.

    Raises:
        FolderError: If a demo folder is to pay real notes, or a live one to do it without TLS.
    """
    if kind is Kind.DEMO and dispenser.startswith("xfs4iot+"):
        raise FolderError("A demo data folder pays no notes; set dispenser to simulated.")
    if kind is Kind.LIVE and dispenser.startswith("xfs4iot+ws:"):
        raise FolderError("A live data folder takes only a dispenser by TLS: xfs4iot+wss://...")


def remove_partials(folder: DataFolder) -> None:
    """Delete partial files that killed writers left in *folder*, which the caller holds alone.

    Raises:
        OSError: If the disk refuses.
    """
    for stray in folder.path.rglob(f".*{files.PARTIAL_SUFFIX}"):
        stray.unlink(missing_ok=True)


def check_private(folder: DataFolder) -> None:
    """Check that everything in *folder* is ours and nobody else may use it.

    Folders are 0700 and files 0600; the settings, which staff write, may be read by others.

    Raises:
        FolderError: If something is open to others, another user's, or neither file nor folder;
            the sentence says what to run. Or if the folder cannot be checked.
    """
    us = os.geteuid()
    try:
        for path, status in _walk(folder.path):
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                raise FolderError(f"{path} is neither a file nor a folder; remove it first.")
            if status.st_uid != us:
                raise FolderError(
                    f"{path} belongs to another user;"
                    f" run “chown -R {us} {folder.path}” as its owner first."
                )
            settings = path == str(folder.path / CONFIG_FILE)
            if status.st_mode & (_WRITE_OF_OTHERS if settings else _OTHERS):
                raise FolderError(
                    f"Others may use {path}; run “chmod -R u+rwX,go= {folder.path}” first."
                )
    except OSError as error:
        raise FolderError(
            f"The data folder {folder.path} cannot be checked: {error.strerror}."
        ) from error


def _walk(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the folder and everything in it, without files that disappear meanwhile."""
    yield str(folder), folder.stat(follow_symlinks=False)
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield entry.path, status
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)


def _write(path: Path, kind: Kind, folder_id: str) -> None:
    document = (
        f'{{"version": {_VERSION}, "kind": "{kind}", "folder_id": "{folder_id}",'
        f' "created_at": "{datetime.now(UTC).isoformat()}"}}\n'
    )
    files.write_whole(path / FOLDER_FILE, document.encode("ascii"))


def _open_old(path: Path, asked: Kind | None, *, earliest: int = _VERSION) -> DataFolder:
    found = files.read_json(path / FOLDER_FILE)
    document = found[0] if found else {}
    version, folder_id = document.get("version"), document.get("folder_id")
    kind: Kind | None = None
    with contextlib.suppress(ValueError):
        kind = Kind(str(document.get("kind")))
    if type(version) is int and version > _VERSION:
        raise FolderError(f"The data folder {path} was made by a newer program.")
    if type(version) is int and _EARLIER <= version < earliest:
        raise EarlierFolderError(
            f"The data folder {path} was made by an earlier version of the program;"
            " run “python -m atm upgrade”."
        )
    if type(version) is not int or version < earliest or kind is None or not _is_id(folder_id):
        raise FolderError(f"The file {path / FOLDER_FILE} is damaged and was left as it is.")
    if asked is not None and asked is not kind:
        raise FolderError(f"The data folder {path} was made as {kind} and cannot become {asked}.")
    return DataFolder(path, kind, str(folder_id), fresh=not any(_data(path)))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) == 32 and set(value) <= set("0123456789abcdef")


def _check_empty(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise FolderError(f"{path} is a file, not a folder.")
    if path.exists() and any(_data(path)):
        raise FolderError(
            f"The folder {path} is not empty and was not made by this program; nothing was changed."
        )


def _data(path: Path) -> Iterator[Path]:
    """Yield the folder's entries besides its description and settings."""
    ours = {FOLDER_FILE, FOLDER_FILE + files.LOCK_SUFFIX, CONFIG_FILE}
    for entry in path.iterdir():
        partial = entry.name.startswith(f".{FOLDER_FILE}.")
        if entry.name not in ours and not partial:
            yield entry
