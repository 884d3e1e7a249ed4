"""The data folder: born live, test or demo, and never anything else."""

import contextlib
import stat
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from atm.errors import AtmError
from credentials import files
from credentials.errors import CredentialError

FOLDER_FILE = "folder.json"
CONFIG_FILE = "kiosk.toml"

_VERSION = 1


class FolderError(AtmError):
    """The folder cannot be the data folder that was asked for, or the camera not its camera."""


class Kind(StrEnum):
    """What a data folder is for; only a live one admits real customers."""

    LIVE = "live"
    TEST = "test"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder that is ours.

    Attributes:
        path: The folder, absolute.
        kind: What it was born as.
        folder_id: 32 lower-case hexadecimal digits, random; names its key.
        fresh: Whether it held no data yet when it was opened: nothing but what says that it is
            ours, and its settings.
    """

    path: Path
    kind: Kind
    folder_id: str
    fresh: bool


def open_folder(path: Path, kind: Kind | None = None) -> DataFolder:
    """Open the data folder *path*; make it if there is none, or it is empty.

    Args:
        path: The folder. What is above it is made too.
        kind: What a new folder is born as (live when None), and what an old one must be.

    Raises:
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
                _write(path, kind or Kind.LIVE)
        return _open_old(path, kind)
    except OSError as error:
        raise FolderError(f"The data folder {path} cannot be used: {error.strerror}.") from error
    except CredentialError as error:
        raise FolderError(str(error)) from error


def check_camera(kind: Kind, spec: str) -> None:
    """Accept the camera *spec* for a data folder of *kind*.

    Raises:
        FolderError: If *spec* names no camera, or a live folder is asked to take anything but a
            webcam or an encrypted stream.
    """
    from face_auth.camera import SourceKind, source_kind

    try:
        source = source_kind(spec)
    except ValueError as error:
        raise FolderError(str(error)) from error
    if kind is Kind.LIVE and source not in (SourceKind.WEBCAM, SourceKind.TLS_STREAM):
        raise FolderError(
            "A live data folder takes only a webcam or a TLS stream;"
            " use a test or demo folder for files, folders and the demo camera."
        )


def _write(path: Path, kind: Kind) -> None:
    document = (
        f'{{"version": {_VERSION}, "kind": "{kind}", "folder_id": "{uuid.uuid4().hex}",'
        f' "created_at": "{datetime.now(UTC).isoformat()}"}}\n'
    )
    files.write_whole(path / FOLDER_FILE, document.encode("ascii"))


def _open_old(path: Path, asked: Kind | None) -> DataFolder:
    found = files.read_json(path / FOLDER_FILE)
    document = found[0] if found else {}
    version, folder_id = document.get("version"), document.get("folder_id")
    kind: Kind | None = None
    with contextlib.suppress(ValueError):
        kind = Kind(str(document.get("kind")))
    if type(version) is int and version > _VERSION:
        raise FolderError(f"The data folder {path} was made by a newer program.")
    if type(version) is not int or version != _VERSION or kind is None or not _is_id(folder_id):
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
    """Yield what is in the folder besides its own description and settings."""
    ours = {FOLDER_FILE, FOLDER_FILE + files.LOCK_SUFFIX, CONFIG_FILE}
    for entry in path.iterdir():
        partial = entry.name.startswith(f".{FOLDER_FILE}.")
        if entry.name not in ours and not partial:
            yield entry
