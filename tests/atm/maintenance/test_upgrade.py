"""`python -m atm upgrade` opens a folder of the program as it was before, or changes nothing."""

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from atm.__main__ import main
from atm.audit import AuditError, AuditLog
from atm.audit.__main__ import main as audit
from atm.birth import open_born
from atm.commands.upgrade import upgrade_folder
from atm.errors import AtmError
from atm.folder import EarlierFolderError, open_earlier, open_existing
from atm.keys.keys import Keys
from atm.people import StaffSignInError
from atm.settings import Settings
from atm.stores import LEDGER, StaleStoreError, Stores
from credentials.errors import CredentialError
from tests.atm.test_stolen_folder import given_away

FIXTURE = Path(__file__).parents[2] / "fixtures" / "data_folder"
TWO = "ana\n864209\nben\n751306\n"
MOMENTS_APART = 1 if os.environ.get("LONG_TESTS") else 9
IN_CLEAR = {"José Núñez": "name", "Jos\\u00e9 N\\u00fa\\u00f1ez": "name"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of a folder of before and its keys, closed to others: git keeps no such modes."""
    return copied(FIXTURE, tmp_path / "copy")


@pytest.fixture
def settings(place: Path) -> Settings:
    return settings_of(place)


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return target


def settings_of(place: Path) -> Settings:
    return Settings(data_dir=place / "data", key_dir=place / "keys", camera="demo")


def upgrade(settings: Settings, typed: str = TWO) -> int:
    with mock.patch("sys.stdin", io.StringIO(typed)):
        return upgrade_folder(settings, argparse.Namespace())


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".lock") and path.name != "audit.room"
    }


def truth(settings: Settings) -> dict[str, Any]:
    """Everything that the folder's stores say."""
    folder = open_existing(settings.data_dir)
    stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
    stores.check()
    records = stores.credentials.all()
    ledger = stores.ledger
    return {
        "records": records,
        "macs": [stores.credentials.record_mac(each.customer_id) for each in records],
        "staff": sorted(stores.staff_list.read().values(), key=lambda each: each.name),
        "approval": stores.approvals.last,
        "accounts": {each: ledger.balance(each) for each in ledger.customer_ids()},
        "booked": {each: ledger.transactions(each, 99) for each in ledger.customer_ids()},
        "holds": ledger.open_holds(),
        "standing": stores.attempts.standings(each.customer_id for each in records),
    }


def test_every_command_names_the_upgrade(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(settings.data_dir)
    monkeypatch.setenv("ATM_KEY_DIR", str(settings.key_dir))
    for command in (["health"], ["list"], ["approve"], ["restore"], ["keys", "rotate"]):
        assert main([*command, "--data", str(settings.data_dir)]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "run “python -m atm upgrade”" in said
    assert contents(settings.data_dir) == before


def test_the_stores_say_the_same_and_nothing_of_it_stands_in_clear(
    settings: Settings, place: Path
) -> None:
    old = {line.split('"customer_id": "')[1][:32]: json.loads(line.rstrip(",")) for line in (
        settings.data_dir / "credentials.json"
    ).read_text().splitlines() if '"customer_id"' in line}  # fmt: skip
    with contextlib.closing(sqlite3.connect(place / "data" / LEDGER)) as ledger:
        balances = dict(ledger.execute("SELECT customer_id, balance_minor FROM accounts"))
    assert upgrade(settings) == 0
    found = truth(settings)
    assert {each.customer_id: each.full_name for each in found["records"]} == {
        customer_id: record["full_name"] for customer_id, record in old.items()
    }
    assert found["macs"] == [record["mac"] for record in old.values()]  # as the log remembers them
    assert found["accounts"] == balances and len(found["holds"]) == 1
    assert [each.name for each in found["staff"]] == ["ana", "ben"]
    wanted = {text.encode(): what for text, what in IN_CLEAR.items()}
    assert given_away(FIXTURE / "data", wanted) == {
        ("credentials.json", "name"), ("credentials.json.previous", "name")
    }  # fmt: skip
    assert given_away(settings.data_dir, wanted) == set()
    for path in settings.data_dir.glob("*.sqlite"):
        assert not path.read_bytes().startswith(b"SQLite format 3")
    assert not list(settings.data_dir.glob("upgrade*"))


def test_a_second_time_there_is_nothing_to_do(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade(settings)
    before = contents(settings.data_dir)
    assert upgrade(settings, "") == 0
    assert "of today's version already" in capsys.readouterr().out
    assert contents(settings.data_dir) == before


def test_the_log_goes_on_and_names_who_signed(
    settings: Settings, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(settings)
    monkeypatch.setenv("ATM_KEY_DIR", str(settings.key_dir))
    verify = ["verify", "--verifier", str(place / "auditor.verifier")]
    assert audit([*verify, "--data", str(settings.data_dir)]) == 0
    folder = open_existing(settings.data_dir)
    stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
    begun, done = stores.audit.tail(2)
    assert (begun["kind"], begun["step"], begun["staff"]) == ("upgrade", "begun", ["ana", "ben"])
    assert (done["kind"], done["step"]) == ("upgrade", "done")
    assert b'"ben"' not in stores.audit.path.read_bytes().splitlines()[-2]


@pytest.mark.parametrize(
    ("typed", "signed_in"),
    [("ana\n864209\nana\n864209\n", 2), ("ana\n864209\n", 1), ("", 0), ("ana\n1\n", 1)],
)
def test_without_two_signatures_the_folder_is_as_it_was(
    settings: Settings, typed: str, signed_in: int
) -> None:
    before = contents(settings.data_dir)
    with pytest.raises(AtmError):
        upgrade(settings, typed)
    after = contents(settings.data_dir)
    lines = before.pop("audit.jsonl")
    assert {name: after[name] for name in before} == before
    assert after["audit.jsonl"].startswith(lines)  # sign-ins are logged, right and wrong
    assert after["audit.jsonl"].count(b'"sign-in"') - lines.count(b'"sign-in"') == 2 * signed_in
    with pytest.raises(EarlierFolderError):
        open_existing(settings.data_dir)
    assert upgrade(settings) == 0


def test_attempts_at_the_upgrade_s_sign_in_are_counted_over_all_tries(settings: Settings) -> None:
    for _ in range(5):
        with pytest.raises(StaffSignInError):
            upgrade(settings, "ben\n000000\n")
    with pytest.raises(StaffSignInError):  # the right PIN: ben must wait
        upgrade(settings, "ben\n751306\nana\n864209\n")


def test_attempts_at_the_upgrade_s_sign_in_are_not_given_back_with_its_files(
    settings: Settings,
) -> None:
    with pytest.raises(StaffSignInError):
        upgrade(settings, "ben\n000000\n")
    made = settings.data_dir / "upgrade.partial"
    made.rename(made.with_name("kept"))
    with pytest.raises(StaleStoreError, match="where it was removed"):
        upgrade(settings)
    shutil.rmtree(made)
    made.with_name("kept").rename(made)
    assert upgrade(settings) == 0


def test_what_was_renamed_as_if_it_were_signed_is_signed_first(settings: Settings) -> None:
    with pytest.raises(StaffSignInError):
        upgrade(settings, "ana\n000001\n")
    (settings.data_dir / "upgrade.partial").rename(settings.data_dir / "upgrade.ready")
    with pytest.raises(AtmError, match="Standard input ended"):
        upgrade(settings, "")
    assert open_earlier(settings.data_dir).folder_id  # as it was
    with pytest.raises(EarlierFolderError):
        open_existing(settings.data_dir)
    assert upgrade(settings) == 0


def test_the_folder_and_its_key_are_of_today_in_whole(settings: Settings) -> None:
    folder_id = open_earlier(settings.data_dir).folder_id
    key = settings.key_dir / f"{folder_id}.key"
    assert json.loads(key.read_text())["version"] == 1
    clear = (settings.data_dir / "credentials.json").read_bytes()
    assert upgrade(settings) == 0
    document = json.loads(key.read_text())
    assert (document["life"], document["place"]) == ("living", str(settings.data_dir))
    folder = open_born(settings)
    stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
    assert stores.audit.head_stores() == stores.generations()
    (settings.data_dir / "credentials.json").write_bytes(clear)  # names in clear, of before
    with pytest.raises(StaleStoreError):
        Stores.open(folder, Keys.open(settings.key_dir, folder), settings)


def edit_balance(data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / LEDGER)) as ledger, ledger:
        ledger.execute("UPDATE accounts SET balance_minor = balance_minor + 100")


def edit_name(data: Path) -> None:
    path = data / "credentials.json"
    path.write_bytes(path.read_bytes().replace(b"maria", b"mario", 1))


def drop_records(data: Path) -> None:
    (data / "credentials.json").unlink()


def cut_log(data: Path) -> None:
    path = data / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def older_records(data: Path) -> None:
    """Leave the records of a moment ago, with a log that knows of one more change."""
    log = AuditLog.of(
        open_earlier(data), data.with_name("keys"), stores=lambda: {"credentials": 6}
    )  # fmt: skip
    log.append("pin", step="done")


@pytest.mark.parametrize(
    ("alter", "error"),
    [
        (edit_balance, CredentialError), (edit_name, CredentialError),
        (drop_records, StaleStoreError), (cut_log, AuditError), (older_records, StaleStoreError),
    ],
)  # fmt: skip
def test_an_altered_folder_is_not_upgraded(
    settings: Settings, alter: Callable[[Path], None], error: type[Exception]
) -> None:
    alter(settings.data_dir)
    before = contents(settings.data_dir)
    with pytest.raises(error):
        upgrade(settings)
    after = contents(settings.data_dir)
    assert {name: after[name] for name in before} == before
    assert not (settings.data_dir / "upgrade.ready").exists()


def dies_at(settings: Settings, moment: int) -> bool:
    """Upgrade in a child that is killed at its *moment*-th use of the file system, if it has it."""
    child = os.fork()
    if child == 0:
        left = moment

        def count(event: str, arguments: object) -> None:
            nonlocal left
            if event == "open" or event.startswith(("os.", "sqlite3.", "fcntl.", "shutil.")):
                left -= 1
                if left == -1:  # os.kill is such an event too
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            upgrade(settings)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def state(settings: Settings) -> str:
    """Return "before", "ready" (signed, and partly swapped) or "whole"; anything else raises."""
    try:
        truth(settings)
        return "whole"
    except EarlierFolderError:
        return "ready" if (settings.data_dir / "upgrade.ready").exists() else "before"


@pytest.mark.early
def test_killed_anywhere_it_is_the_folder_of_before_or_goes_on(
    tmp_path: Path, no_sync: None
) -> None:
    whole = settings_of(copied(FIXTURE, tmp_path / "whole"))
    assert upgrade(whole) == 0
    expected = truth(whole)
    seen: set[str] = set()
    moment = 0
    while True:
        place = copied(FIXTURE, tmp_path / str(moment))
        settings = settings_of(place)
        if not dies_at(settings, moment):
            break
        seen.add(state(settings))
        dies_at(settings, moment // 2)
        # Who has signed once is not asked again; before that nobody has signed.
        assert upgrade(settings, TWO if state(settings) == "before" else "") == 0
        assert truth(settings) == expected
        assert not [*settings.data_dir.rglob("*.partial"), *settings.data_dir.rglob("upgrade*")]
        shutil.rmtree(place)
        moment += MOMENTS_APART
    assert seen == {"before", "ready", "whole"}
    assert moment > 100
