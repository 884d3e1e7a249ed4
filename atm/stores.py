"""Opens all stores of a data folder and detects one that was rolled back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from atm.accounts.ledger import Ledger
from atm.approval import APPROVAL_FILE, Approvals
from atm.audit import AuditLog
from atm.camera.registration import REGISTRATION_FILE, Registration
from atm.errors import AtmError
from atm.folder import DataFolder
from atm.keys.keys import Keys
from atm.login.pause import Pause, counted
from atm.settings import Settings
from atm.staff.registry import StaffRegistry
from atm.staff.staff_file import Staff, staff_file
from credentials.attempts import Attempts
from credentials.hashing import PinHasher
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal
from credentials.staff_attempts import WrongPins
from credentials.store import JsonStore

if TYPE_CHECKING:
    from face_auth.gallery import Gallery


CREDENTIALS: Final = "credentials.json"
STAFF: Final = "staff.json"
ATTEMPTS: Final = "attempts.sqlite"
PAUSE: Final = "pause.sqlite"
STAFF_ATTEMPTS: Final = "staff-attempts.sqlite"
LEDGER: Final = "ledger.sqlite"

SEALED_RECORDS: Final = (CREDENTIALS, STAFF, APPROVAL_FILE, REGISTRATION_FILE)
SEALED_DATABASES: Final = (ATTEMPTS, PAUSE, STAFF_ATTEMPTS, LEDGER)


class StaleStoreError(AtmError):
    """A store is older than the log says: an earlier copy was put in its place."""


@dataclass(frozen=True, slots=True)
class KioskStores:
    """The open stores that every kiosk has, also one whose customers are at the service."""

    folder: DataFolder
    seal: Seal
    pause: Pause
    registration: Registration
    approvals: Approvals
    audit: AuditLog

    @classmethod
    def open(cls, folder: DataFolder, keys: Keys, settings: Settings) -> Self:
        """Open all stores; missing SQLite files and a missing log are made.

        Raises:
            AtmError, CredentialError: If one cannot be used, or was altered.
        """
        stores: list[Self] = []
        own = _own(folder, keys, settings, lambda: stores[0].generations() if stores else {})
        stores.append(cls(**own))
        return stores[0]

    def generations(self) -> dict[str, int]:
        """Return the generation of each store, for the log."""
        return {
            "pause": self.pause.generation,
            "camera": self.registration.generation,
            "approval": self.approvals.generation,
        }

    def refresh(self) -> None:
        """Read generations again that another process may have changed."""
        self.pause.refresh()

    def check(self) -> None:
        """Check the stores at start against the log.

        Raises:
            StaleStoreError: If one is older than the log says.
            AtmError, CredentialError: If the log or a store is not as it was left.
        """
        self.audit.check()
        known = self.audit.head_stores()
        self.refresh()  # what another process changed and logged meanwhile is not old
        now = self.generations()
        for name, generation in known.items():
            if now.get(name, 0) < generation:
                raise _stale(name, self.folder)


@dataclass(frozen=True, slots=True)
class Stores(KioskStores):
    """The open stores of a machine that keeps its own customers."""

    hasher: PinHasher
    credentials: JsonStore
    attempts: Attempts
    staff_pins: WrongPins
    staff_list: RecordFile[Staff]
    staff: StaffRegistry
    ledger: Ledger
    gallery: "Gallery"

    @classmethod
    def open(cls, folder: DataFolder, keys: Keys, settings: Settings) -> Self:
        """Open all stores; missing SQLite files and a missing log are made.

        Raises:
            AtmError, CredentialError: If one cannot be used, or was altered.
        """
        from face_auth.gallery import Gallery

        path, seal = folder.path, keys.seal
        hasher = PinHasher(keys.pin_pepper, older=keys.older_peppers)
        staff_list = staff_file(path / STAFF, seal)
        staff_pins = WrongPins(path / STAFF_ATTEMPTS, seal)
        stores: list[Self] = []
        own = _own(folder, keys, settings, lambda: stores[0].generations() if stores else {})
        pause, audit = own["pause"], own["audit"]
        made = cls(
            **own,
            hasher=hasher,
            credentials=JsonStore(path / CREDENTIALS, seal),
            attempts=Attempts(path / ATTEMPTS, seal),
            staff_pins=staff_pins,
            staff_list=staff_list,
            staff=StaffRegistry(
                staff_list, hasher, staff_pins, log=audit, counted=partial(counted, pause, audit)
            ),
            ledger=Ledger(path / LEDGER, seal),
            gallery=Gallery(
                path / "gallery", template_key=keys.template_key, capture_key=keys.capture_key
            ),
        )
        stores.append(made)
        return made

    def generations(self) -> dict[str, int]:
        """Return the generation of each store, for the log."""
        return {
            **KioskStores.generations(self),
            "credentials": self.credentials.generation,
            "attempts": self.attempts.generation,
            "staff-attempts": self.staff_pins.generation,
            "staff": self.staff_list.generation,
            "ledger": self.ledger.generation,
        }

    def refresh(self) -> None:
        """Read generations again that another process may have changed."""
        for store in (self.attempts, self.pause, self.staff_pins, self.ledger):
            store.refresh()

    def check(self) -> None:
        """Check the stores at start against the log, and that the accounts add up.

        Raises:
            StaleStoreError: If one is older than the log says.
            AtmError, CredentialError: If the log or a store is not as it was left.
        """
        KioskStores.check(self)
        self.ledger.check()


def _own(
    folder: DataFolder,
    keys: Keys,
    settings: Settings,
    generations: Callable[[], Mapping[str, int]],
) -> dict[str, Any]:
    """Return the fields of `KioskStores`, opened."""
    return {
        "folder": folder,
        "seal": keys.seal,
        "pause": Pause(folder.path / PAUSE, keys.seal),
        "registration": Registration(folder.path / REGISTRATION_FILE, keys.seal),
        "approvals": Approvals(folder, keys.seal),
        "audit": AuditLog.of(folder, settings.key_dir, settings.anchor_dir, stores=generations),
    }


def open_staff(folder: DataFolder, keys: Keys, settings: Settings) -> StaffRegistry:
    """Open only the staff list, for a sign-in when another store cannot be opened.

    Raises:
        StaleStoreError: If their counters are older than the log remembers: nobody signs in then.
        CredentialError: If their counters cannot be used.
    """
    hasher = PinHasher(keys.pin_pepper, older=keys.older_peppers)
    pins = WrongPins(folder.path / STAFF_ATTEMPTS, keys.seal)
    audit = AuditLog.of(
        folder, settings.key_dir, settings.anchor_dir,
        stores=lambda: {"staff-attempts": pins.generation},
    )  # fmt: skip
    if pins.generation < audit.remembered().get("staff-attempts", 0):
        raise _stale("staff-attempts", folder)
    members = staff_file(folder.path / STAFF, keys.seal)
    return StaffRegistry(members, hasher, pins, log=_LogOrMemory(audit))


def _stale(name: str, folder: DataFolder) -> StaleStoreError:
    what = "two members of staff must restore it: run “python -m atm restore”."
    if name in ("staff", "staff-attempts"):  # then nobody of them can sign for a restore
        what = (
            "whoever keeps the key backup and the auditor must replace the staff: run"
            " “python -m atm recover”."
        )
    return StaleStoreError(
        f"The store “{name}” in {folder.path} is older than the log says; {what}"
    )


class _LogOrMemory:
    """Log of sign-ins while the log itself may be out of order: then their count is remembered."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self.remember, self.tail, self.entries = audit.remember, audit.tail, audit.entries

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        """Add an entry; where that fails, see to it that the counters cannot be put back."""
        try:
            self._audit.append(kind, anchor=anchor, **fields)
        except AtmError:
            self._audit.remember()
