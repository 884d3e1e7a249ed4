"""Counters that somebody puts back after a kill win no guess: the kiosk is out of service then."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from atm.audit import AuditError
from atm.folder import Kind, open_folder
from atm.keys.keys import Keys
from atm.login.login import LocalLogins
from atm.settings import Settings
from atm.stores import ATTEMPTS, PAUSE, StaleStoreError, Stores
from credentials.credential_record import CredentialRecord
from credentials.hashing import PinHasher
from tests.patience import LIMIT_S

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ADA = "a" * 32
PROCESSES = multiprocessing.get_context("fork")


def opened(root: Path) -> Stores:
    settings = Settings(data_dir=root / "data", key_dir=root / "keys", kind=Kind.TEST)
    folder = open_folder(settings.data_dir, settings.kind)
    return Stores.open(folder, Keys.open(settings.key_dir, folder), settings)


def logins(stores: Stores) -> LocalLogins:
    def nobody(*_: object) -> Any:
        raise AssertionError("nobody is admitted here")

    return LocalLogins(
        store=stores.credentials, hasher=PinHasher(bytes(32), CHEAP), attempts=stores.attempts,
        pause=stores.pause, audit=stores.audit, open_session=nobody, suspect=nobody, limit_s=60.0,
    )  # fmt: skip


def guess_and_die_judging(root: Path, judging: Event) -> None:
    """Log in until the PIN is being judged; then the plug is pulled."""
    flow = logins(opened(root))

    def verify(*_: object) -> bool:
        judging.set()
        os.kill(os.getpid(), signal.SIGKILL)
        return False

    flow._hasher.verify = verify  # type: ignore[method-assign]
    flow.login("ada", "0000", lambda record, pressed, deadline: None)  # type: ignore[arg-type, return-value]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    stores = opened(tmp_path)
    pin_hash = PinHasher(bytes(32), CHEAP).hash(ADA, "4071")
    stores.credentials.add(
        CredentialRecord(
            ADA, "ada", "Ada Lovelace", pin_hash, "b" * 32, None, datetime.now(UTC).isoformat()
        )
    )
    stores.audit.append("start")
    return tmp_path


@pytest.mark.parametrize("name", [ATTEMPTS, PAUSE])
def test_a_counter_that_is_put_back_after_a_kill_is_refused(root: Path, name: str) -> None:
    file = root / "data" / name
    before = file.read_bytes()
    judging = PROCESSES.Event()
    process = PROCESSES.Process(target=guess_and_die_judging, args=(root, judging))
    process.start()
    assert judging.wait(LIMIT_S)
    process.join()
    opened(root).check()
    file.write_bytes(before)
    with pytest.raises(StaleStoreError):
        opened(root).check()


def test_nothing_is_judged_while_the_count_cannot_be_remembered(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = opened(root)
    stores.audit.key_path.unlink()
    flow = logins(stores)
    monkeypatch.setattr(flow._hasher, "verify", lambda *_: pytest.fail("a PIN was judged"))
    decision = flow.login("ada", "0000", lambda record, pressed, deadline: None)  # type: ignore[arg-type, return-value]
    assert "AuditError" in " ".join(decision.reasons)
    with pytest.raises(AuditError):
        stores.audit.remember()


def test_what_is_remembered_outlives_entries_that_a_crash_left_behind(root: Path) -> None:
    stores = opened(root)
    key = stores.audit.key_path.read_bytes()
    stores.audit.append("start")
    stores.audit.key_path.write_bytes(key)  # as if the crash came before the key was kept
    stores.attempts.reserve(ADA)
    stores.audit.remember()
    again = opened(root)
    again.audit.append("start")
    assert again.audit.head_stores()["attempts"] == stores.attempts.generation
    again.check()
