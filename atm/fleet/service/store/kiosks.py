"""Register of the bank's kiosks in the shared store, by their certificates."""

import re
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from atm.errors import AtmError
from atm.fleet.kiosk_kind import USUAL, KioskKind
from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import KIOSKS
from atm.fleet.service.store.sealed_table import Row, SealedTable
from credentials.policy import normalise_username, username_key

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A registered kiosk.

    Attributes:
        kiosk_id: 32 lower-case hexadecimal digits.
        name: The bank's name for it.
        fingerprint: SHA-256 of its certificate (DER), 64 lower-case hexadecimal digits.
        revoked: Whether the service refuses it.
        allowed: What it may be at least.
    """

    kiosk_id: str
    name: str
    fingerprint: str
    revoked: bool
    allowed: KioskKind = USUAL


class KioskError(AtmError):
    """The register of kiosks was altered, or refuses the change."""


class KioskRows:
    """Register of kiosks in the database."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        """Keep the register in *database*, sealed with the keys of *ring*."""
        self._database = database
        self._ring = ring
        self._table = SealedTable(KIOSKS, ring, KioskError)

    def known(self, fingerprint: str) -> Kiosk | None:
        """Return the kiosk with this certificate; None if there is none or it is revoked.

        Raises:
            KioskError: If its row was altered.
        """
        found = [kiosk for kiosk in self._of(fingerprint) if not kiosk.revoked]
        return found[0] if len(found) == 1 else None

    def all(self) -> list[Kiosk]:
        """Return every kiosk, revoked ones included, by name."""
        rows = self._database.run(lambda connection: self._table.select(connection, select(KIOSKS)))
        return sorted((_kiosk(row) for row in rows), key=lambda kiosk: kiosk.name)

    def add(self, name: str, fingerprint: str, allowed: KioskKind = USUAL) -> Kiosk:
        """Register a kiosk; a known *name* gets a new certificate.

        Args:
            name: As a username: 1 to 64 visible characters.
            fingerprint: SHA-256 of its certificate (DER), hexadecimal, with or without colons.
            allowed: What it may be at least; for anything below `USUAL` the caller has checked the
                signatures of two members of staff.

        Raises:
            PolicyError: If *name* is not allowed.
            KioskError: If *fingerprint* is malformed, is another kiosk's, or was revoked.
        """
        name = normalise_username(name)
        fingerprint = fingerprint.replace(":", "").lower()
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise KioskError("A fingerprint has 64 hexadecimal digits.")
        kiosk_id = self._id(name)

        def work(connection: Connection) -> Kiosk:
            query = select(KIOSKS).where(KIOSKS.c.fingerprint == fingerprint)
            for row in self._table.select(connection, query):
                if row["kiosk_id"] != kiosk_id or row["revoked_at"] is not None:
                    raise KioskError("This certificate is another kiosk's, or was revoked.")
            found = self._table.get(connection, kiosk_id)
            allows = None if allowed == USUAL else str(allowed)
            changes = {
                "name": name, "fingerprint": fingerprint, "revoked_at": None, "allows": allows,
            }  # fmt: skip
            if found is None:
                return _kiosk(self._table.insert(connection, kiosk_id=kiosk_id, **changes))
            return _kiosk(self._table.update(connection, found, **changes))

        return self._database.run(work)

    def revoke(self, name: str) -> None:
        """Revoke the kiosk *name*: the service refuses it from now on.

        Raises:
            KioskError: If there is no such kiosk.
        """

        def work(connection: Connection) -> None:
            row = self._table.get(connection, self._id(name))
            if row is None:
                raise KioskError(f"There is no kiosk {name}.")
            if row["revoked_at"] is None:
                now = connection.execute(select(func.now())).scalar_one()
                self._table.update(connection, row, revoked_at=now)

        self._database.run(work)

    def _of(self, fingerprint: str) -> list[Kiosk]:
        query = select(KIOSKS).where(KIOSKS.c.fingerprint == fingerprint)
        rows = self._database.run(lambda connection: self._table.select(connection, query))
        return [_kiosk(row) for row in rows]

    def _id(self, name: str) -> str:
        return uuid.uuid5(self._ring.namespace, f"kiosk\0{username_key(name)}").hex


def _kiosk(row: Row) -> Kiosk:
    allowed = KioskKind(*row["allows"].split(" ")) if row["allows"] else USUAL
    return Kiosk(
        row["kiosk_id"], row["name"], row["fingerprint"], row["revoked_at"] is not None, allowed
    )
