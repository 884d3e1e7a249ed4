"""Import of the first prototype's `userCredentials.json`: names only, as pending records.

Its PINs were plain text, so they are not taken over: a pending record cannot log in until staff
add a face and the customer types a new PIN.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from atm.errors import AtmError
from credentials.errors import DuplicateUserError, StoreError
from credentials.policy import LONGEST_USERNAME, PolicyError, normalise_username
from credentials.sealed.files import read_json
from credentials.store import CredentialRecord, CredentialStore


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
    try:
        found = read_json(path)
    except StoreError as error:
        raise AtmError(
            f'{path} is not the prototype\'s file, {{"name": "PIN", ...}}: {error}'
        ) from error
    if found is None:
        raise AtmError(f"There is no file {path}.")
    names, _ = found
    imported, taken, refused = [], [], []
    for typed in names:
        try:
            name = normalise_username(typed)
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
