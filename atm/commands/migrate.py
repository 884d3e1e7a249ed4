"""`python -m atm migrate`: move a machine's customers to the bank's service and verify them there.

Customers who are at the service with the same content are skipped, so the command can be stopped at
any moment and run again. Customers who are there with other content are reported and not moved.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from atm.fleet.kiosk.client import ServiceClient, client_of
from atm.fleet.kiosk.staff import RemoteStaff, tokens_of
from atm.fleet.migration import Digests, MovedCustomer, open_migration_source
from atm.fleet.wire_errors import MigrationError, SignedOutError
from atm.fleet.wire_faces import pack_face
from atm.fleet.wire_values import to_base64
from atm.settings import Settings
from atm.terminal import NO, YES, sign_two
from credentials.credential_record import LATER_FIELDS, CredentialRecord
from credentials.errors import DuplicateUserError
from face_auth.errors import GalleryError

OTHER = "The service has a customer with this username and other content."
CHANGED = "The content at the service differs from what was sent."


class TargetService:
    """The service that receives customers, called in the name of two members of its staff."""

    def __init__(self, client: ServiceClient, staff: RemoteStaff, currency: str) -> None:
        """Sign two of *staff* in; they are asked again when their sign-in has expired.

        The moved balances are in *currency*.
        """
        self._client = client
        self._currency = currency
        self._staff = staff
        self._tokens = tokens_of(sign_two(self._staff))

    def digests(self, username: str) -> Digests | None:
        """Return the digests of the customer *username*, None if there is none."""
        found = self._call("digests", idempotent=True, name=username)["digests"]
        return None if found is None else {str(name): str(each) for name, each in found.items()}

    def move(self, moving: MovedCustomer) -> None:
        """Move a customer to the service, completely or not at all.

        Raises:
            MigrationError: If the service cannot take them.
            DuplicateUserError: If somebody has the username.
        """
        face = None
        if moving.template is not None:
            face = to_base64(pack_face(moving.template, moving.captures))
        told = asdict(moving.record)
        for name in ("customer_id", "template_id", *LATER_FIELDS):
            del told[name]
        told["name"] = told.pop("username")
        self._call(
            "customers", idempotent=False, **told, face=face, balance_minor=moving.balance_minor,
            locked=moving.locked, currency=self._currency,
        )  # fmt: skip

    def _call(self, act: str, *, idempotent: bool, **body: Any) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            return self._client.call(
                f"migration/{act}", idempotent=idempotent, staff=self._tokens, **body
            )

        try:
            return call()
        except SignedOutError:
            print("\nBoth must sign in again.", file=sys.stderr)
            self._tokens = tokens_of(sign_two(self._staff))
            return call()


def migrate(settings: Settings) -> int:
    """Move all customers of the folder of *settings* to the service of *settings*.

    Returns:
        The exit code: NO if a customer was not moved, or differs from what was sent.

    Raises:
        AtmError, CredentialError: If folder or service cannot be used; run it again.
    """
    with (
        contextlib.closing(client_of(settings)) as client,
        open_migration_source(settings) as source,
        contextlib.closing(RemoteStaff(client)) as staff,
    ):
        target = TargetService(client, staff, settings.currency)
        records = source.records
        left: dict[str, str] = {}
        moved = 0
        for record in _with_progress("moving", records):
            with _naming(left, record):
                moved += _move(target, source.moving(record))
        verified = 0
        for record in _with_progress("verifying", records):
            if record.username not in left:
                with _naming(left, record):
                    verified += _verify(target, source.moving(record))
    there = len(records) - moved - len(left)
    print(f"customers: {len(records)}; moved now: {moved}; there before: {max(0, there)}")
    print(f"verified at the service, by digests: {verified}")
    for username, why in left.items():
        print(f"left: {username}: {why}")
    return NO if left else YES


def _move(target: TargetService, moving: MovedCustomer) -> bool:
    """Move one customer; False if they are there already."""
    found = target.digests(moving.record.username)
    if found is not None:
        if found != moving.digests():
            raise MigrationError(OTHER)
        return False
    target.move(moving)
    return True


def _verify(target: TargetService, moving: MovedCustomer) -> bool:
    """Compare the service's stored content with the folder's, by digests.

    Raises:
        MigrationError: If they differ.
    """
    if target.digests(moving.record.username) != moving.digests():
        raise MigrationError(CHANGED)
    return True


@contextlib.contextmanager
def _naming(left: dict[str, str], record: CredentialRecord) -> Iterator[None]:
    """Note why one customer is not moved; errors that concern all customers are raised."""
    try:
        yield
    except (MigrationError, DuplicateUserError, GalleryError) as error:
        left[record.username] = str(error)


def _with_progress(what: str, records: list[CredentialRecord]) -> Iterator[CredentialRecord]:
    """Yield *records* and print the progress on one line of standard error."""
    for number, record in enumerate(records):
        print(f"\r{what}: {number} of {len(records)}", end="", file=sys.stderr, flush=True)
        yield record
    print(f"\r{what}: {len(records)} of {len(records)}", file=sys.stderr)
