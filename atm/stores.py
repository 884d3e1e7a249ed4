"""Opens all stores of a data folder and detects one that was rolled back.

`KioskStores.open` and `Stores.open` are the only door to the stores: they compare the generation of
each store with the audit log before anything is read from it, so nobody signs by an old list of
staff. `open_staff` is for the acts that mend what this door refuses.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

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
from credentials.last_use import LastUse
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
LAST_USE: Final = "last-use.sqlite"

SEALED_RECORDS: Final = (CREDENTIALS, STAFF, APPROVAL_FILE, REGISTRATION_FILE)
SEALED_DATABASES: Final = (ATTEMPTS, PAUSE, STAFF_ATTEMPTS, LEDGER, LAST_USE)


class Sealed(Protocol):
    """Interface of a store whose changes are counted."""

    @property
    def generation(self) -> int:
        """Number of changes so far."""
        ...


class StaleStoreError(AtmError):
    """A store is older than the log says: an earlier copy was put in its place."""


@dataclass(frozen=True, slots=True)
class KioskStores:
    """The open stores that every kiosk has, also one whose customers are at the service.

    Attributes:
        replaced: Names of the stores that the opener is about to write anew.
    """

    folder: DataFolder
    seal: Seal
    pause: Pause
    registration: Registration
    approvals: Approvals
    audit: AuditLog
    replaced: Collection[str]

    @classmethod
    def open(
        cls,
        folder: DataFolder,
        keys: Keys,
        settings: Settings,
        *,
        replaced: Collection[str] = (),
        log_of: DataFolder | None = None,
    ) -> Self:
        """Open all stores and check them; missing SQLite files and a missing log are made.

        Args:
            folder: The data folder.
            keys: Its keys.
            settings: Say where the log's key and anchor are.
            replaced: Names of stores that the caller writes anew, whatever they hold: they are
                neither read nor compared with the log.
            log_of: The folder with the log, where *folder* holds copies of its stores.

        Raises:
            StaleStoreError: If one is older than the log says.
            AtmError, CredentialError: If the log or a store cannot be used, or was altered.
        """
        stores: list[Self] = []
        own = _own(
            folder, keys, settings, lambda: stores[0].generations() if stores else {}, replaced,
            log_of or folder,
        )  # fmt: skip
        stores.append(cls(**own))
        stores[0].check()
        return stores[0]

    def generations(self) -> dict[str, int]:
        """Return the generation of each store that is not replaced, for the log."""
        return {
            name: store.generation
            for name, store in self.sealed().items()
            if name not in self.replaced
        }

    def sealed(self) -> dict[str, Sealed]:
        """Return the stores by the names that they have in the log."""
        return {"pause": self.pause, "camera": self.registration, "approval": self.approvals}

    def refresh(self) -> None:
        """Read generations again that another process may have changed."""
        self.pause.refresh()

    def check(self) -> None:
        """Check the stores against the log, as `open` does.

        Raises:
            StaleStoreError: If one is older than the log says.
            AtmError, CredentialError: If the log or a store is not as it was left.
        """
        self.audit.check()
        known = self.audit.head_stores()
        self.refresh()  # what another process changed and logged meanwhile is not old
        known = {name: known[name] for name in known if name not in self.replaced}
        _compare(self.folder, known, self.generations())


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
    last_use: LastUse
    gallery: "Gallery"

    @classmethod
    def open(
        cls,
        folder: DataFolder,
        keys: Keys,
        settings: Settings,
        *,
        replaced: Collection[str] = (),
        log_of: DataFolder | None = None,
    ) -> Self:
        """Open all stores and check them; see `KioskStores.open`.

        Raises:
            StaleStoreError: If one is older than the log says.
            AtmError, CredentialError: If the log or a store cannot be used, or was altered, or the
                accounts do not add up.
        """
        from face_auth.gallery import Gallery

        path, seal = folder.path, keys.seal
        hasher = PinHasher(keys.pin_pepper, older=keys.older_peppers)
        staff_list = staff_file(path / STAFF, seal)
        staff_pins = WrongPins(path / STAFF_ATTEMPTS, seal)
        stores: list[Self] = []
        own = _own(
            folder, keys, settings, lambda: stores[0].generations() if stores else {}, replaced,
            log_of or folder,
        )  # fmt: skip
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
            last_use=LastUse(path / LAST_USE, seal),
            gallery=Gallery(
                path / "gallery", template_key=keys.template_key, capture_key=keys.capture_key
            ),
        )
        stores.append(made)
        made.check()
        return made

    def sealed(self) -> dict[str, Sealed]:
        """Return the stores by the names that they have in the log."""
        return {
            **KioskStores.sealed(self),
            "credentials": self.credentials,
            "attempts": self.attempts,
            "staff-attempts": self.staff_pins,
            "staff": self.staff_list,
            "ledger": self.ledger,
            "last-use": self.last_use,
        }

    def refresh(self) -> None:
        """Read generations again that another process may have changed."""
        for store in (self.attempts, self.pause, self.staff_pins, self.ledger, self.last_use):
            store.refresh()

    def check(self) -> None:
        """Check the stores against the log, and that the accounts add up.

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
    replaced: Collection[str],
    log_of: DataFolder,
) -> dict[str, Any]:
    """Return the fields of `KioskStores`, opened."""
    return {
        "folder": folder,
        "seal": keys.seal,
        "pause": Pause(folder.path / PAUSE, keys.seal),
        "registration": Registration(folder.path / REGISTRATION_FILE, keys.seal),
        "approvals": Approvals(folder, keys.seal),
        "audit": AuditLog.of(log_of, settings.key_dir, settings.anchor_dir, stores=generations),
        "replaced": frozenset(replaced),
    }


def open_staff(
    folder: DataFolder,
    keys: Keys,
    settings: Settings,
    known: Mapping[str, int],
    *,
    log_of: DataFolder | None = None,
    sets_log_aside: bool = False,
) -> StaffRegistry:
    """Open only the list of staff and their wrong PINs, where another store or the log is damaged.

    Args:
        folder: The data folder.
        keys: Its keys.
        settings: Where the log's keys and anchor are.
        known: The highest generations that the log, or what is left of it, knows.
        log_of: As for `KioskStores.open`.
        sets_log_aside: Whether they sign for a new log; then the key of this one may be gone, and
            their wrong PINs stand in their counters alone.

    Raises:
        StaleStoreError: If list or counters are older than that: nobody signs by an old list.
        CredentialError: If list or counters cannot be used.
    """
    hasher = PinHasher(keys.pin_pepper, older=keys.older_peppers)
    pins = WrongPins(folder.path / STAFF_ATTEMPTS, keys.seal)
    staff_list = staff_file(folder.path / STAFF, keys.seal)
    audit = AuditLog.of(
        log_of or folder, settings.key_dir, settings.anchor_dir,
        stores=lambda: {"staff-attempts": pins.generation},
    )  # fmt: skip
    remembered = audit.remembered()
    now = {"staff": staff_list.generation, "staff-attempts": pins.generation}
    expected = {name: max(known.get(name, 0), remembered.get(name, 0)) for name in now}
    _compare(folder, expected, now)
    return StaffRegistry(staff_list, hasher, pins, log=_LogOrMemory(audit, sets_log_aside))


_RECOVER = "key backup and auditor must replace the staff: run “python -m atm recover”."
_RESTORE = "two members of staff must restore it: run “python -m atm restore”."
_MENDED_BY = {
    "approval": "run “python -m atm approve”.",
    "credentials": _RESTORE,
    "attempts": _RESTORE,
    "staff": _RECOVER,  # nobody of them can sign
    "staff-attempts": _RECOVER,
}
"""What mends an old store; any other one must be put back as it was."""


def _compare(folder: DataFolder, known: Mapping[str, int], now: Mapping[str, int]) -> None:
    for name, generation in known.items():
        if now.get(name, 0) < generation:
            advice = _MENDED_BY.get(name, "put the newest copy back.")
            raise StaleStoreError(
                f"The store “{name}” in {folder.path} is older than the log says; {advice}"
            )


class _LogOrMemory:
    """Log of sign-ins while the log itself may be out of order: then their count is remembered."""

    def __init__(self, audit: AuditLog, may_be_lost: bool) -> None:
        self._audit = audit
        self._may_be_lost = may_be_lost
        self.tail, self.entries = audit.tail, audit.entries

    def remember(self) -> None:
        """Keep the generations beside the log's key; where it may be lost and is, nowhere."""
        if not self._may_be_lost or self._audit.chain.states.read() is not None:
            self._audit.remember()

    def append(self, kind: str, *, anchor: bool = False, **fields: object) -> None:
        """Add an entry; where that fails, see to it that the counters cannot be put back."""
        try:
            self._audit.append(kind, anchor=anchor, **fields)
        except AtmError:
            self.remember()
