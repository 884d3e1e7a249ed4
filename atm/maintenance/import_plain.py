"""Import of the first prototype's `userCredentials.json`: names only, as pending records.

Its PINs were plain text, so they are not taken over: a pending record cannot log in until staff
add a face and the customer types a new PIN.
"""

import json
import os
import re
import secrets
import stat
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from atm.errors import AtmError
from credentials.credential_record import CredentialRecord
from credentials.errors import DuplicateUserError
from credentials.policy import LONGEST_USERNAME, PolicyError, normalise_username
from credentials.sealed.files import sync_folder
from credentials.store import CredentialStore
from face_auth.files import read_regular

_BLOCK = 65536
_LARGEST_BYTES = 64 << 20
_PIN = re.compile("[0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of an import: names that were imported, were taken, or were refused."""

    imported: tuple[str, ...]
    taken: tuple[str, ...]
    refused: tuple[str, ...]


def import_plain(path: Path, store: CredentialStore) -> ImportReport:
    """Add a pending record for every name in *path* that is allowed and not taken.

    Raises:
        AtmError: If *path* is not such a file; nothing is imported then.
    """
    names = _names(path)
    imported, taken, refused = [], [], []
    for typed in names:
        try:
            name = normalise_username(typed.strip())  # a line end of Windows among others
            store.add(
                CredentialRecord(
                    customer_id=uuid.uuid4().hex,
                    username=name,
                    full_name=name,
                    pin_hash=None,
                    template_id=None,
                    consent_at=None,
                    created_at=datetime.now(UTC).isoformat(),
                )
            )
            imported.append(name)
        except PolicyError:
            refused.append(ascii(typed[:LONGEST_USERNAME]))
        except DuplicateUserError:
            taken.append(name)
    return ImportReport(tuple(imported), tuple(taken), tuple(refused))


def _names(path: Path) -> list[str]:
    """Return the names in *path*, in UTF-8 or UTF-16, with or without a byte-order mark."""
    try:
        data = read_regular(path, _LARGEST_BYTES)
    except FileNotFoundError as error:
        raise AtmError(f"There is no file {path}.") from error
    except OSError as error:
        raise AtmError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        found = json.loads(data, object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:
        raise _other_file(path, "it is not valid JSON") from error
    if not isinstance(found, tuple):
        raise _other_file(path, "it is not a JSON object")
    for name, pin in found:
        whole = isinstance(pin, int) and not isinstance(pin, bool)
        if not whole and not (isinstance(pin, str) and _PIN.fullmatch(pin.strip())):
            raise _other_file(path, f"what follows {name[:LONGEST_USERNAME]!a} is no PIN")
    return [name for name, _ in found]


def _other_file(path: Path, reason: str) -> AtmError:
    return AtmError(f'{path} is not the prototype\'s file, {{"name": "PIN", ...}}: {reason}.')


def shred(path: Path) -> None:
    """Overwrite *path* once with random bytes, sync, and delete it.

    Old blocks of flash and copies elsewhere may keep what it held.

    Raises:
        AtmError: If it is no regular file of its own, or the disk refuses.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "wb", buffering=0) as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise AtmError(f"{path} is not a regular file; delete it yourself.")
            for begin in range(0, status.st_size, _BLOCK):
                file.write(secrets.token_bytes(min(_BLOCK, status.st_size - begin)))
            os.fsync(handle)
        path.unlink()
        sync_folder(path.absolute().parent)
    except OSError as error:
        raise AtmError(f"{path} cannot be deleted: {error.strerror}.") from error
