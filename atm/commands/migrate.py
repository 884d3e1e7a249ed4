"""`python -m atm migrate`: a machine's customers moved to the bank's service, and looked at there.

Who is at the service with the same content is passed over, so that it can be stopped at any moment
and run again; who is there with another content is named and left.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from atm.fleet.kiosk.client import ServiceClient, client_of
from atm.fleet.kiosk.staff import RemoteStaff, tokens_of
from atm.fleet.migration import Digests, Moving, open_source
from atm.fleet.wire_errors import MigrationError, SignedOutError
from atm.fleet.wire_faces import pack_face
from atm.fleet.wire_values import to_base64
from atm.settings import Settings
from atm.terminal import NO, YES, sign_two
from credentials.errors import DuplicateUserError
from credentials.store import CredentialRecord
from face_auth.errors import GalleryError

OTHER = "Somebody with this username is at the service, with other content."
CHANGED = "At the service there is other content than was sent."


class TargetService:
    """The service, asked in the name of two members of its staff."""

    def __init__(self, client: ServiceClient) -> None:
        """Let both sign in; their sign-in is asked for again when it has run out."""
        self._client = client
        self._staff = RemoteStaff(client)
        self._tokens = tokens_of(sign_two(self._staff))

    def digests(self, username: str) -> Digests | None:
        """Return the digests of the customer *username*, None if there is none."""
        found = self._call("digests", again=True, name=username)["digests"]
        return None if found is None else {str(name): str(each) for name, each in found.items()}

    def move(self, moving: Moving) -> None:
        """Put a customer there, whole or not at all.

        Raises:
            MigrationError: If the service cannot take them.
            DuplicateUserError: If somebody has the username.
        """
        face = None
        if moving.template is not None:
            face = to_base64(pack_face(moving.template, moving.captures))
        told = asdict(moving.record)
        del told["customer_id"], told["template_id"]
        told["name"] = told.pop("username")
        self._call(
            "customers", again=False, **told, face=face, balance_minor=moving.balance_minor,
            locked=moving.locked,
        )  # fmt: skip

    def _call(self, act: str, *, again: bool, **body: Any) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            return self._client.call(f"migration/{act}", again=again, staff=self._tokens, **body)

        try:
            return call()
        except SignedOutError:
            print("\nBoth must sign in again.", file=sys.stderr)
            self._tokens = tokens_of(sign_two(self._staff))
            return call()


def migrate(settings: Settings) -> int:
    """Move all customers of the folder of *settings* to the service of *settings*.

    Returns:
        The exit code: NO if a customer was left, or is not there as they were sent.

    Raises:
        AtmError, CredentialError: If folder or service cannot be used; run it again.
    """
    with contextlib.closing(client_of(settings)) as client, open_source(settings) as source:
        target = TargetService(client)
        records = source.records
        left: dict[str, str] = {}
        moved = 0
        for record in _shown("moving", records):
            with _naming(left, record):
                moved += _move(target, source.moving(record))
        verified = 0
        for record in _shown("verifying", records):
            if record.username not in left:
                with _naming(left, record):
                    verified += _verify(target, source.moving(record))
    there = len(records) - moved - len(left)
    print(f"customers: {len(records)}; moved now: {moved}; there before: {max(0, there)}")
    print(f"verified at the service, by digests: {verified}")
    for username, why in left.items():
        print(f"left: {username}: {why}")
    return NO if left else YES


def _move(target: TargetService, moving: Moving) -> bool:
    """Move one customer; False if they are there already."""
    found = target.digests(moving.record.username)
    if found is not None:
        if found != moving.digests():
            raise MigrationError(OTHER)
        return False
    target.move(moving)
    return True


def _verify(target: TargetService, moving: Moving) -> bool:
    """Compare what the service reads from its store with what the folder holds.

    Raises:
        MigrationError: If they differ.
    """
    if target.digests(moving.record.username) != moving.digests():
        raise MigrationError(CHANGED)
    return True


@contextlib.contextmanager
def _naming(left: dict[str, str], record: CredentialRecord) -> Iterator[None]:
    """Keep why this customer is left; what is wrong with all of them is raised."""
    try:
        yield
    except (MigrationError, DuplicateUserError, GalleryError) as error:
        left[record.username] = str(error)


def _shown(what: str, records: list[CredentialRecord]) -> Iterator[CredentialRecord]:
    """Yield *records*, with one line on standard error that says how far it is."""
    for number, record in enumerate(records):
        print(f"\r{what}: {number} of {len(records)}", end="", file=sys.stderr, flush=True)
        yield record
    print(f"\r{what}: {len(records)} of {len(records)}", file=sys.stderr)
