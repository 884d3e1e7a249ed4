"""Reading one machine's customers for their move to the bank's service, with digests to verify it.

The folder is opened with every check that a machine makes at its start, but from a copy of its
files and with no kiosk running, so that nothing in it changes. Faces are read in place.
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

from atm.birth import open_born
from atm.fleet.wire_errors import MigrationError
from atm.folder import is_there
from atm.keys.keys import Keys
from atm.settings import Settings
from atm.stores import Stores
from credentials.attempts import Standing
from credentials.credential_record import CredentialRecord
from credentials.hashing import moved_from
from face_auth.gallery import Capture, Gallery, Template

GALLERY: Final = "gallery"

Digests = dict[str, str]
"""SHA-256 of each item kept of one customer, in hexadecimal digits, by the item's name."""


@dataclass(frozen=True, slots=True)
class MovedCustomer:
    """Everything that is moved of one customer.

    Attributes:
        record: The customer's; its PIN hash names the former id (`credentials.hashing.moved_from`).
        template: None if there is no face yet.
        captures: The pictures that the template was made from; empty if there is no face yet.
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
    """Return the digests of one customer, which are the same in every store.

    The ids of customer and template are left out, because each store has its own.
    """
    fields = (
        record.username, record.full_name, record.pin_hash, record.consent_at, record.created_at,
        record.excused,
    )  # fmt: skip
    return {
        "record": _digest(json.dumps(fields).encode("ascii")),
        "template": _digest(b"" if template is None else _template(template)),
        "captures": _digest(b"".join(_capture(each) for each in captures)),
        "balance": _digest(repr(balance_minor).encode("ascii")),
    }


class MigrationSource:
    """Customers of one data folder, to be moved; made by `open_migration_source`."""

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
        """Return everything that is to be moved of the customer of *record*.

        Raises:
            MigrationError: If the customer has an open hold, whose outcome is unknown, or is
                served without the face.
            GalleryError: If the face was altered.
            AtmError, CredentialError: If a store cannot be read.
        """
        owner, stores = record.customer_id, self._stores
        if owner in self._held:
            raise MigrationError("Money is on hold; settle it first.")
        if record.card is not None:
            raise MigrationError(
                "The service knows no cards; it would let this customer in without."
            )
        if record.without_face is not None:
            raise MigrationError("The service needs the face; take the mark “without face” back.")
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
    """Open the data folder of *settings* for reading; no kiosk may use it meanwhile.

    Raises:
        MigrationError: If there is no such folder.
        FolderError: If a kiosk uses it.
        AtmError, CredentialError: If a store was altered, is damaged or is an old copy.
    """
    path = settings.data_dir
    if not is_there(path):
        raise MigrationError(f"There is no data folder {path}.")
    folder = open_born(settings)
    with (
        folder.held(alone=True),
        tempfile.TemporaryDirectory(prefix="atm-migrate-") as made,
    ):
        keys = Keys.open(settings.key_dir, folder)
        copy = Path(made) / "data"
        shutil.copytree(path, copy, ignore=lambda place, _: [GALLERY] if place == str(path) else [])
        stores = Stores.open(replace(folder, path=copy), keys, settings)
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
