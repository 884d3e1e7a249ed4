"""Setting up a kiosk of the bank: its folder, and staff's approval of its models and settings."""

import contextlib

from atm.approval import Approval
from atm.commands.terminal import sign_in, sign_two
from atm.folder import open_folder
from atm.keys import Keys
from atm.remote.log import KioskLog
from atm.remote.machine import client_of
from atm.remote.staff import Badge, RemoteStaff
from atm.settings import Settings
from atm.stores import KioskStores


def approve_kiosk(settings: Settings) -> Approval:
    """Approve models and settings as they are, in the name of staff whom the service signs in.

    Makes the data folder where there is none.

    Raises:
        AtmError: If that is not allowed, or the service does not answer; nothing is approved then.
    """
    folder = open_folder(settings.data_dir, settings.kind)
    with contextlib.ExitStack() as held:
        held.enter_context(folder.held())
        stores = KioskStores.open(folder, Keys.open(settings.key_dir, folder), settings)
        client = client_of(settings)
        held.callback(client.close)
        log = KioskLog(stores.audit, client)
        held.callback(log.close)
        staff = RemoteStaff(client, Badge())
        two = stores.approvals.needs_two(settings)
        names = sign_two(staff).names if two else [sign_in(staff).name]
        known = log.head_stores().get("approval", 0)
        log.append("approval", step="begun", staff=names, anchor=True)
        made = stores.approvals.approve(settings, names, after=known)
        log.append("approval", step="done", staff=names, liveness=settings.liveness, anchor=True)
        return made
