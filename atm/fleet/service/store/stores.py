"""All stores of the service, in one database and under one key file."""

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final, Self

from argon2 import PasswordHasher
from sqlalchemy import Connection, text

from atm.errors import AtmError
from atm.fleet.service.store.accounts import PAYING_OUT_S, AccountRows
from atm.fleet.service.store.attempts import AttemptRows
from atm.fleet.service.store.audit import AuditRows
from atm.fleet.service.store.database import POOL, Database, database_clock
from atm.fleet.service.store.face_search import DatabaseSearch
from atm.fleet.service.store.faces import FaceRows
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.kiosks import KioskRows
from atm.fleet.service.store.migrate import newest_version
from atm.fleet.service.store.records import CredentialRows
from atm.fleet.service.store.staff import StaffAttemptRows, StaffRows
from atm.fleet.service.store.tickets import LoginRows
from atm.ports import Commit
from atm.staff.registry import StaffRegistry
from credentials.hashing import PinHasher
from face_auth.models import ModelCard

NO_KIOSK: Final = "0" * 32
"""Stands for the service's own command line where a kiosk's id is asked for."""
LOG_POOL: Final = 4
"""Connections for the log: an entry is written while its transaction holds another one."""


class ServiceStores:
    """All stores of the service; safe to use from several threads.

    The keys may change while the service runs, so they are read again at each use.
    """

    def __init__(
        self,
        database: Database,
        log_database: Database,
        ring: KeyRing,
        card: Callable[[], ModelCard],
        *,
        zone: tzinfo = UTC,
        paying_out_s: float = PAYING_OUT_S,
    ) -> None:
        """Build the stores over *database*, and logs over *log_database*; use `open`."""
        self.ring = ring
        self._databases = (database, log_database)
        self._staff = StaffRows(database, ring)
        self.commit: Commit = database.commit
        self.credentials = CredentialRows(database, ring)
        self.attempts = AttemptRows(database, ring)
        self.gallery = FaceRows(database, ring)
        self.search = DatabaseSearch(self.gallery, card)
        self.ledger = AccountRows(database, ring, zone=zone, paying_out_s=paying_out_s)
        self.kiosks = KioskRows(database, ring)
        self.tickets = LoginRows(database)

    @classmethod
    def open(
        cls,
        url: str,
        keys: Path,
        card: Callable[[], ModelCard],
        *,
        zone: tzinfo = UTC,
        pool: int = POOL,
        clock: Callable[[Connection], float] = database_clock,
        paying_out_s: float = PAYING_OUT_S,
        costs: PasswordHasher | None = None,
    ) -> Self:
        """Use the database at *url* with the key file *keys*; it connects at the first transaction.

        Args:
            url: See `Database`.
            keys: See `KeyRing`.
            card: Returns the card of the network that the kiosks run, for the search.
            zone: Time zone of the days that the day limit counts.
            pool: Largest number of connections, besides those of the log.
            clock: See `Database`.
            paying_out_s: See `PAYING_OUT_S`.
            costs: Costs of PIN hashes, where tests need others than argon2-cffi's defaults.

        Raises:
            ServiceKeysError: If the keys cannot be used.
        """
        ring = KeyRing(keys, costs=costs)
        database = Database(url, pool=pool, clock=clock)
        log = Database(url, pool=LOG_POOL, clock=clock)
        return cls(database, log, ring, card, zone=zone, paying_out_s=paying_out_s)

    @property
    def hasher(self) -> PinHasher:
        """Hasher of PINs: makes hashes with the newest pepper, and checks those of all."""
        return self.ring.current().hasher

    @property
    def token_keys(self) -> Sequence[bytes]:
        """Keys of tokens, 32 bytes each, the newest first."""
        return self.ring.current().token_keys

    @property
    def decoy_key(self) -> bytes:
        """Key of decoys, 32 bytes; it never changes."""
        return self.ring.current().decoy_key

    def staff(self, kiosk_id: str) -> StaffRegistry:
        """Return the members of staff, with wrong PINs and log of the kiosk *kiosk_id*."""
        attempts = StaffAttemptRows(self._databases[0], self.ring, kiosk_id)
        return StaffRegistry(self._staff, self.hasher, attempts, log=self.log(kiosk_id))

    def new_id(self, username: str) -> str:
        """Return the customer id of *username*, whether or not that customer exists."""
        return self.ring.customer_id(username)

    def log(self, kiosk_id: str) -> AuditRows:
        """Return the audit log of a kiosk; *kiosk_id* has 32 hexadecimal digits."""
        return AuditRows(self._databases[1], self.ring, kiosk_id)

    def check(self) -> None:
        """Check that the database answers, has this version, and the keys can be read.

        Raises:
            ServiceUnavailable: If the database does not answer.
            AtmError: If it has another version, or the keys cannot be read.
        """
        self.ring.current()
        query = text("SELECT version_num FROM alembic_version")
        version = self._databases[0].run(lambda connection: connection.execute(query).scalar())
        if version != newest_version():
            raise AtmError(
                "The database has another version; run “python -m atm.fleet.service schema”."
            )

    def close(self) -> None:
        """Close all connections."""
        for database in self._databases:
            database.close()
