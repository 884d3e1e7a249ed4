"""`python -m atm upgrade`: bring a data folder of an earlier version to today's."""

import argparse
import contextlib

from atm.birth import open_born
from atm.folder import EarlierFolderError, open_earlier
from atm.maintenance.upgrade import remove_rest, upgrade
from atm.ports import SignIn
from atm.settings import Settings
from atm.staff.registry import StaffRegistry
from atm.terminal import YES, sign_in, sign_two


def upgrade_folder(settings: Settings, options: argparse.Namespace) -> int:
    """Upgrade the data folder of *settings*; an interrupted upgrade is finished."""
    try:
        found = open_born(settings)
    except EarlierFolderError:
        folder = open_earlier(settings.data_dir)
    else:
        remove_rest(found)
        print(f"{found.path} is of today's version already")
        return YES
    with folder.held(alone=True), contextlib.ExitStack() as held:

        def sign(staff: StaffRegistry | None) -> list[str]:
            if staff is None:
                return sign_two(_staff_of_service(settings, held)).names
            members = len(staff.names())
            if members > 1:
                return sign_two(staff).names
            return [sign_in(staff).name] if members else []

        upgrade(folder, settings, sign)
    print(f"{folder.path} was upgraded")
    return YES


def _staff_of_service(settings: Settings, held: contextlib.ExitStack) -> SignIn:
    from atm.fleet.kiosk.client import client_of  # httpx with it
    from atm.fleet.kiosk.staff import RemoteStaff

    client = held.enter_context(contextlib.closing(client_of(settings)))
    return held.enter_context(contextlib.closing(RemoteStaff(client)))
