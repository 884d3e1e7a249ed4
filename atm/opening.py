"""Opens the machine of given settings, over its own files or over the bank's service."""

import contextlib

from atm.bank import Bank
from atm.birth import adopt, open_or_bear
from atm.errors import AtmError
from atm.folder import DataFolder, FolderError, check_private, remove_partials
from atm.local_bank import LocalBank, open_folder_staff
from atm.machine import Machine
from atm.ports import SignIn
from atm.settings import Settings
from credentials.errors import CredentialError


def open_machine(settings: Settings) -> Machine:
    """Open the machine of *settings*; make its folder if they ask for a new test or demo folder.

    Raises:
        NoFolderError: If there is no data folder yet, and they do not name such a kind.
        AtmError: If it must not be opened; the text is a sentence for staff.
    """
    held = contextlib.ExitStack()
    try:
        folder = open_or_bear(settings)
        with contextlib.suppress(FolderError), folder.held(alone=True):
            remove_partials(folder)  # not while another process may be writing them
        held.enter_context(folder.held())
        check_private(folder)
        adopt(settings, folder)
        bank = _open_bank(settings, folder)
        bank.check_approved()
        bank.tidy()
        bank.audit.append("start")
        return Machine(bank, held)
    except (CredentialError, OSError) as error:
        held.close()
        raise AtmError(str(error)) from error
    except BaseException:
        held.close()
        raise


def open_staff_sign_in(settings: Settings) -> SignIn:
    """Open only the sign-in of staff, for a machine of *settings* that does not open.

    Raises:
        AtmError, CredentialError: If the staff's store cannot be used either.
    """
    if not settings.store:
        return open_folder_staff(settings)
    from atm.fleet.kiosk.client import client_of  # httpx with it
    from atm.fleet.kiosk.staff import RemoteStaff

    return RemoteStaff(client_of(settings))


def _open_bank(settings: Settings, folder: DataFolder) -> Bank:
    """Open and check the stores in *folder* as the bank of *settings*."""
    if not settings.store:
        return LocalBank.open(settings, folder)
    from atm.fleet.kiosk.bank import RemoteBank  # httpx with it

    return RemoteBank.open(settings, folder)
