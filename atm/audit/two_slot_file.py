"""File with two slots for a small document that is overwritten in place, crash-safe.

Each slot has 4096 bytes. A new document goes to the slot of the older one and is synced there, then
the other slot is blanked: a crash at any moment leaves the old document or the new one, and on a
file system that overwrites in place nothing of the old one is left. (On flash the drive may
keep a copy that only its maker's tools reach.)
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from atm.audit.entries import AuditError
from atm.audit.log_files import json_object
from credentials.errors import StoreError
from credentials.sealed import files
from credentials.sealed.files import JsonObject

_PLACE = 4096
_BLANK = b" " * (_PLACE - 1) + b"\n"


class TwoSlotFile:
    """File of one document; the caller holds a lock against other writers."""

    def __init__(self, path: Path, what: str) -> None:
        """Use *path*, named *what* ("audit key") in error sentences; nothing is opened yet."""
        self.path = path
        self._what = what

    def read(self) -> JsonObject | None:
        """Return the document, None if there is no file.

        Raises:
            AuditError: If others than its owner may use the file, or neither slot is whole.
        """
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed("read", error) from error
        try:
            if os.fstat(handle).st_mode & 0o077:
                raise AuditError(f"Others may use {self.path}; run “chmod 600 {self.path}” first.")
            found = _newest(os.pread(handle, 2 * _PLACE, 0))
        except OSError as error:
            raise self._failed("read", error) from error
        finally:
            os.close(handle)
        if found is None:
            raise AuditError(f"The {self._what} {self.path} is damaged.")
        return found[1]

    def create(self, document: JsonObject) -> None:
        """Make the file with *document*, and its folder if it is missing.

        Raises:
            AuditError: If it cannot be made.
        """
        try:
            files.private_folder(self.path.parent)
            files.write_whole(self.path, _packed(document, 1) + _BLANK)
        except OSError as error:
            raise self._failed("made", error) from error
        except StoreError as error:
            raise AuditError(str(error)) from error

    def write(self, document: JsonObject) -> None:
        """Overwrite the document; the new one is on disk when this returns.

        Raises:
            AuditError: If it could not be written; the old one stays.
        """
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise self._failed("written", error) from error
        try:
            found = _newest(os.pread(handle, 2 * _PLACE, 0))
            place, serial = (0, 0) if found is None else (1 - found[0], found[2])
            new = _packed(document, serial + 1)
            try:
                if os.pwrite(handle, new, place * _PLACE) != _PLACE:
                    raise OSError("it was not written whole")
                os.fdatasync(handle)
            except OSError:
                with contextlib.suppress(OSError):  # what may not be on disk must not be read
                    os.pwrite(handle, _BLANK, place * _PLACE)
                raise
            os.pwrite(handle, _BLANK, (1 - place) * _PLACE)  # synced with the next document
        except OSError as error:
            raise self._failed("written", error) from error
        finally:
            os.close(handle)

    def _failed(self, act: str, error: OSError) -> AuditError:
        return AuditError(
            f"The {self._what} {self.path} cannot be {act}: {error.strerror or error}."
        )


def _packed(document: JsonObject, serial: int) -> bytes:
    text = json.dumps({"serial": serial, **document}).encode("ascii")
    packed = hashlib.sha256(text).hexdigest().encode("ascii") + b" " + text
    if len(packed) >= _PLACE:
        raise ValueError("the document is too long for its place")
    return packed.ljust(_PLACE - 1) + b"\n"


def _newest(data: bytes) -> tuple[int, JsonObject, int] | None:
    """Return slot, document and serial number of the newest whole document."""
    best: tuple[int, JsonObject, int] | None = None
    for place in (0, 1):
        checksum, _, text = data[place * _PLACE : (place + 1) * _PLACE].strip().partition(b" ")
        if checksum != hashlib.sha256(text).hexdigest().encode("ascii"):
            continue
        for document in json_object(text):
            serial = document.pop("serial", None)
            if type(serial) is int and (best is None or serial > best[2]):
                best = (place, document, serial)
    return best
