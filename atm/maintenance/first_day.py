"""What a live data folder needs before its first customer: camera, auditor's file, key backup."""

from atm.errors import AtmError
from atm.folder import Kind
from atm.keys.keys import last_backup
from atm.settings import Settings
from atm.stores import KioskStores


class UnpreparedError(AtmError):
    """A live data folder is not ready for customers yet; the text says what to do."""


def check_prepared(settings: Settings, stores: KioskStores) -> None:
    """Check that a live folder may take its first customer; the others may always.

    A kiosk of a bank keeps no customers, so the backup of its keys is not asked for.

    Raises:
        UnpreparedError: If the camera is not registered, the auditor has no file yet, or the keys
            were never backed up.
        AtmError: If a store cannot be read.
    """
    if stores.folder.kind is not Kind.LIVE:
        return
    missing = []
    if stores.registration.camera is None:
        missing.append("register the camera (“python -m atm register-camera”)")
    if not stores.audit.verifiable:
        missing.append("let the auditor run “python -m atm.audit init --verifier FILE”")
    if not settings.store and last_backup(settings.key_dir, stores.folder) is None:
        missing.append("back up the keys (“python -m atm keys backup --file FILE”)")
    if missing:
        raise UnpreparedError(f"Before the first customer: {'; '.join(missing)}.")
