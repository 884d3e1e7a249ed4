"""Stores that are older than the log says are refused; what another process did is not old."""

from pathlib import Path

import pytest

from atm.folder import Kind, open_folder
from atm.keys import Keys
from atm.settings import Settings
from atm.stores import LEDGER, StaleStoreError, Stores


def opened(root: Path) -> Stores:
    settings = Settings(data_dir=root / "data", key_dir=root / "keys", kind=Kind.TEST)
    folder = open_folder(settings.data_dir, settings.kind)
    return Stores.open(folder, Keys.open(settings.key_dir, folder), settings)


def change_each(stores: Stores) -> None:
    stores.ledger.open_account("a" * 32, 100)
    stores.attempts.reserve("a" * 32)
    stores.staff_pins.reserve("ruiz")
    stores.pause.refused()
    stores.audit.append("start")


def test_what_another_process_changes_while_this_one_starts_is_not_old(tmp_path: Path) -> None:
    starting = opened(tmp_path)
    change_each(opened(tmp_path))
    starting.check()


def test_a_copy_of_yesterday_is_refused(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    yesterday = (tmp_path / "data" / LEDGER).read_bytes()
    change_each(stores)
    stores.check()
    (tmp_path / "data" / LEDGER).write_bytes(yesterday)
    with pytest.raises(StaleStoreError, match="“ledger”"):
        opened(tmp_path).check()
