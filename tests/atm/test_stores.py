"""Stores older than the log are refused; changes by another process are not."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from atm.approval import APPROVAL_FILE
from atm.folder import Kind, open_folder
from atm.keys.keys import Keys
from atm.people import StaffMember
from atm.settings import Settings
from atm.stores import (
    ATTEMPTS,
    CREDENTIALS,
    LAST_USE,
    LEDGER,
    PAUSE,
    STAFF,
    STAFF_ATTEMPTS,
    StaleStoreError,
    Stores,
)
from credentials.attempt_rules import Place
from credentials.credential_record import CredentialRecord

NOW = "2026-11-23T10:00:00+00:00"


def opened(root: Path) -> Stores:
    settings = Settings(data_dir=root / "data", key_dir=root / "keys", kind=Kind.TEST)
    folder = open_folder(settings.data_dir, settings.kind)
    return Stores.open(folder, Keys.open(settings.key_dir, folder), settings)


def change_each(stores: Stores) -> None:
    stores.ledger.open_account("a" * 32, 100)
    stores.attempts.reserve("a" * 32)
    stores.staff_pins.reserve("ruiz", Place.SCREEN)
    stores.pause.reserve()
    stores.last_use.mark("a" * 32)
    stores.audit.append("start")


def test_what_another_process_changes_while_this_one_starts_is_not_old(tmp_path: Path) -> None:
    starting = opened(tmp_path)
    starting.audit.append("start")
    change_each(opened(tmp_path))
    starting.check()


def change_staff(stores: Stores) -> None:
    name, pin = ("ruiz", "482913") if stores.staff.empty else ("okafor", "739164")
    if stores.staff.empty:
        stores.staff.add_first(name, pin)
    else:
        stores.staff.add(name, pin, signed=StaffMember("ruiz"))


def change_records(stores: Stores) -> None:
    number = len(stores.credentials.all())
    stores.credentials.add(
        CredentialRecord(f"{number:032x}", f"name {number}", "Ada", None, None, None, NOW)
    )


CHANGES: dict[str, Callable[[Stores], object]] = {
    ATTEMPTS: lambda stores: stores.attempts.reserve("a" * 32),
    PAUSE: lambda stores: stores.pause.reserve(),
    STAFF_ATTEMPTS: lambda stores: stores.staff_pins.reserve("ruiz", Place.SCREEN),
    LEDGER: lambda stores: stores.ledger.open_account(uuid.uuid4().hex, 100),
    LAST_USE: lambda stores: stores.last_use.mark(uuid.uuid4().hex),
    CREDENTIALS: change_records,
    STAFF: change_staff,
    APPROVAL_FILE: lambda stores: stores.approvals.approve(Settings(), ["ruiz"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_store_that_is_one_change_older_than_the_log_says_is_refused(
    tmp_path: Path, name: str
) -> None:
    stores = opened(tmp_path)
    CHANGES[name](stores)
    file = tmp_path / "data" / name
    before = file.read_bytes()
    CHANGES[name](stores)
    stores.audit.append("start")
    opened(tmp_path).check()
    file.write_bytes(before)
    with pytest.raises(StaleStoreError, match="older than the log says"):
        opened(tmp_path).check()
