"""The door of every command that runs without an open machine: checked stores, and who may sign."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from atm.folder import DataFolder
from atm.keys.keys import Keys
from atm.ports import MachineLog, SignIn
from atm.settings import Settings
from atm.stores import KioskStores, Stores


@dataclass(frozen=True, slots=True)
class Opened:
    """A data folder behind the door.

    Attributes:
        stores: Its stores, compared with the audit log; `Stores` where it keeps its own customers.
        staff: The members of staff: of this folder, or of the bank's service.
        log: The audit log, with its copy at the service if there is one.
    """

    stores: KioskStores
    staff: SignIn
    log: MachineLog


@contextlib.contextmanager
def opened(
    settings: Settings, folder: DataFolder, *, replaced: Collection[str] = ()
) -> Iterator[Opened]:
    """Open *folder* through the door; the log is closed at the end.

    Args:
        settings: The folder's.
        folder: The data folder, which the caller holds.
        replaced: As for `KioskStores.open`.

    Raises:
        AtmError, CredentialError: If a store is old, was altered or cannot be used.
    """
    keys = Keys.open(settings.key_dir, folder)
    if not settings.store:
        stores = Stores.open(folder, keys, settings, replaced=replaced)
        with contextlib.closing(stores.audit):
            yield Opened(stores, stores.staff, stores.audit)
        return
    from atm.fleet.kiosk.client import client_of  # httpx with it
    from atm.fleet.kiosk.log import KioskLog
    from atm.fleet.kiosk.staff import RemoteStaff

    own = KioskStores.open(folder, keys, settings, replaced=replaced)
    with (
        contextlib.closing(client_of(settings)) as client,
        contextlib.closing(KioskLog(own.audit, client)) as log,
        contextlib.closing(RemoteStaff(client)) as staff,
    ):
        yield Opened(own, staff, log)
