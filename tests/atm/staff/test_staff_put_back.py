"""Wrong PINs of staff that somebody puts back after a kill win no guess, wherever staff sign in."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atm.audit import AuditError
from atm.folder import Kind, open_folder
from atm.keys.keys import Keys
from atm.people import StaffSignInError
from atm.settings import Settings
from atm.staff.registry import StaffRegistry
from atm.stores import STAFF_ATTEMPTS, StaleStoreError, Stores, open_staff

PIN, WRONG = "482913", "739164"
PROCESSES = multiprocessing.get_context("fork")


def settings_of(root: Path) -> Settings:
    return Settings(data_dir=root / "data", key_dir=root / "keys", kind=Kind.TEST)


def stores_of(root: Path) -> Stores:
    settings = settings_of(root)
    folder = open_folder(settings.data_dir, settings.kind)
    return Stores.open(folder, Keys.open(settings.key_dir, folder), settings)


def staff_alone(root: Path) -> StaffRegistry:
    """Open the staff as the out-of-service page and the restore do."""
    settings = settings_of(root)
    folder = open_folder(settings.data_dir, settings.kind)
    return open_staff(folder, Keys.open(settings.key_dir, folder), settings, {})


def checked_staff(root: Path) -> StaffRegistry:
    """Open the staff as a start of the kiosk does."""
    stores = stores_of(root)
    stores.check()
    return stores.staff


WAYS: dict[str, Callable[[Path], StaffRegistry]] = {"start": checked_staff, "alone": staff_alone}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    stores = stores_of(tmp_path)
    stores.staff.add_first("ruiz", PIN)
    stores.audit.append("start")
    return tmp_path


def guess_and_die(opened: Callable[[Path], StaffRegistry], root: Path) -> None:
    """Guess until the PIN is being judged; then the plug is pulled."""
    staff = opened(root)

    def verify(*_: Any) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return False

    staff._hasher.verify = verify  # type: ignore[method-assign]
    staff.sign_in("ruiz", WRONG)


@pytest.mark.parametrize("guessed", WAYS)
@pytest.mark.parametrize("opened", WAYS)
def test_a_counter_that_is_put_back_after_a_kill_signs_nobody_in(
    root: Path, guessed: str, opened: str
) -> None:
    staff_alone(root)  # makes the file
    file = root / "data" / STAFF_ATTEMPTS
    before = file.read_bytes()
    process = PROCESSES.Process(target=guess_and_die, args=(WAYS[guessed], root))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    WAYS[opened](root)
    file.write_bytes(before)
    with pytest.raises(StaleStoreError, match="recover"):
        WAYS[opened](root)


def test_a_damaged_log_hides_no_guess(root: Path) -> None:
    """Who breaks the log on purpose still finds the count at the out-of-service page."""
    staff_alone(root)
    file = root / "data" / STAFF_ATTEMPTS
    before = file.read_bytes()
    (root / "data" / "audit.jsonl").write_bytes(b"damage")
    with pytest.raises(StaffSignInError):
        staff_alone(root).sign_in("ruiz", WRONG)
    assert staff_alone(root).sign_in("ruiz", PIN).name == "ruiz"
    file.write_bytes(before)
    with pytest.raises(StaleStoreError):
        staff_alone(root)


def test_nobody_signs_in_where_the_count_cannot_be_remembered(root: Path) -> None:
    staff = staff_alone(root)
    for each in (root / "keys").glob("*.audit"):
        each.unlink()
    with pytest.raises(AuditError):
        staff.sign_in("ruiz", PIN)
