"""One machine's customers on their way into the bank's shared store: what goes, and its digests.

The folder is opened as a machine opens it at its start, with every check, but from a copy of its
files and with nobody else in it, so that nothing in it changes. The faces are read where they are.
"""

import contextlib
import hashlib
import json
import shutil
import struct
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from atm.fleet.wire_errors import MigrationError
from atm.folder import FOLDER_FILE, open_folder
from atm.keys.keys import Keys
from atm.settings import Settings
from atm.stores import Stores
from credentials.attempts import Standing
from credentials.hashing import moved_from
from credentials.store import CredentialRecord
from face_auth.gallery import Capture, Gallery, Template

GALLERY: Final = "gallery"

Digests = dict[str, str]
"""SHA-256 of each thing that is kept of one customer, in hexadecimal digits, by its name."""


@dataclass(frozen=True, slots=True)
class MovedCustomer:
    """All that is moved of one customer.

    Attributes:
        record: The customer's; its PIN hash says whose it was (`credentials.hashing.moved_from`).
        template: None if there is no face yet; as *captures*.
        captures: What the template was made from.
        balance_minor: In minor units; None if there is no account yet.
        locked: Whether staff must unlock the customer, or a wait has not passed.
    """

    record: CredentialRecord
    template: Template | None
    captures: Sequence[Capture]
    balance_minor: int | None
    locked: bool

    def digests(self) -> Digests:
        """Return the digests of record, template, captures and balance."""
        return digests(self.record, self.template, self.captures, self.balance_minor)


def digests(
    record: CredentialRecord,
    template: Template | None,
    captures: Sequence[Capture],
    balance_minor: int | None,
) -> Digests:
    """Return the digests of one customer, the same wherever the customer is kept.

    The ids of customer and template are left out: they are another store's.
    """
    told = (
        record.username, record.full_name, record.pin_hash, record.consent_at, record.created_at,
        record.excused,
    )  # fmt: skip
    return {
        "record": _digest(json.dumps(told).encode("ascii")),
        "template": _digest(b"" if template is None else _template(template)),
        "captures": _digest(b"".join(_capture(each) for each in captures)),
        "balance": _digest(repr(balance_minor).encode("ascii")),
    }


class MigrationSource:
    """The customers of one data folder; use `open_migration_source`."""

    def __init__(self, stores: Stores, gallery: Gallery) -> None:
        """Read *stores*, and the faces from *gallery*."""
        self._stores = stores
        self._gallery = gallery
        self._held = {hold.customer_id for hold in stores.ledger.open_holds()}

    @property
    def records(self) -> list[CredentialRecord]:
        """Every record, in the order they were made."""
        return self._stores.credentials.all()

    def moving(self, record: CredentialRecord) -> MovedCustomer:
        """Return all that is to be moved of the customer of *record*.

        Raises:
            MigrationError: If money of theirs is on hold: nobody knows whether it came out.
            GalleryError: If the face was altered.
            AtmError, CredentialError: If a store cannot be read.
        """
        owner, stores = record.customer_id, self._stores
        if owner in self._held:
            raise MigrationError("Money is on hold; settle it first.")
        template, captures = None, list[Capture]()
        if record.template_id is not None:
            template = self._gallery.load(record.template_id, owner)
            captures = self._gallery.load_captures(record.template_id, owner)
        if record.pin_hash is not None:
            record = replace(record, pin_hash=moved_from(record.pin_hash, owner))
        has_account = stores.ledger.has_account(owner)
        return MovedCustomer(
            record,
            template,
            captures,
            stores.ledger.balance(owner) if has_account else None,
            stores.attempts.standing(owner) is not Standing.FREE,
        )


@contextlib.contextmanager
def open_migration_source(settings: Settings) -> Iterator[MigrationSource]:
    """Open the data folder of *settings* to read it; no kiosk may use it meanwhile.

    Raises:
        MigrationError: If there is none.
        FolderError: If a kiosk uses it.
        AtmError, CredentialError: If it is not as its kiosk left it.
    """
    path = settings.data_dir
    if not (path / FOLDER_FILE).exists():
        raise MigrationError(f"There is no data folder {path}.")
    folder = open_folder(path, settings.kind)
    with (
        folder.held(alone=True),
        tempfile.TemporaryDirectory(prefix="atm-migrate-") as made,
    ):
        keys = Keys.open(settings.key_dir, folder)
        copy = Path(made) / "data"
        shutil.copytree(path, copy, ignore=lambda place, _: [GALLERY] if place == str(path) else [])
        stores = Stores.open(replace(folder, path=copy), keys, settings)
        stores.check()
        gallery = Gallery(
            folder.path / GALLERY, template_key=keys.template_key, capture_key=keys.capture_key
        )
        yield MigrationSource(stores, gallery)


def _template(template: Template) -> bytes:
    head = json.dumps([template.network, template.network_sha256, template.embeddings.shape])
    return b"".join(
        [
            head.encode("ascii"),
            np.ascontiguousarray(template.embeddings, "<f4").tobytes(),
            np.ascontiguousarray(template.svm.weights, "<f4").tobytes(),
            struct.pack("<d", template.svm.bias),
        ]
    )


def _capture(capture: Capture) -> bytes:
    return b"".join(
        [
            json.dumps(capture.image.shape).encode("ascii"),
            np.ascontiguousarray(capture.image).tobytes(),
            np.asarray(capture.box, "<f4").tobytes(),
            np.ascontiguousarray(capture.landmarks, "<f4").tobytes(),
        ]
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
