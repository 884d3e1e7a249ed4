"""Recovery of the staff needs the backup of the key and the present auditor, and no staff."""

import io
import json
from pathlib import Path
from unittest import mock

import pytest

from atm.__main__ import main
from atm.audit.__main__ import main as audit
from atm.stores import STAFF, STAFF_ATTEMPTS
from atm.terminal import ERROR, YES
from credentials.hashing import PinHasher

PASSPHRASE, PIN, NEW_PIN = "correct horse battery staple", "482913", "739164"


def run(*arguments: str, lines: tuple[str, ...] = ()) -> int:
    with mock.patch("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines))):
        return main(arguments)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose only member of staff nobody knows any more, with backup and verifier."""
    for name in ("data", "key", "anchor"):
        monkeypatch.setenv(f"ATM_{name.upper()}_DIR", str(tmp_path / name))
    assert run("init", "--kind", "test", lines=("ruiz", PIN)) == YES
    for number in (1, 2):
        assert audit(["init", "--verifier", str(tmp_path / f"{number}.verifier")]) == YES
    backup = str(tmp_path / "key.backup")
    done = run("keys", "backup", "--file", backup, lines=("ruiz", PIN, PASSPHRASE))
    assert done == YES
    return tmp_path


def recover(folder: Path, verifier: str = "2.verifier", passphrase: str = PASSPHRASE) -> int:
    return run(
        "recover", "chen", "--file", str(folder / "key.backup"),
        "--verifier", str(folder / verifier), lines=(passphrase, NEW_PIN),
    )  # fmt: skip


@pytest.mark.parametrize("put_back", [None, STAFF_ATTEMPTS, STAFF])
def test_a_new_member_takes_the_place_of_all(folder: Path, put_back: str | None) -> None:
    if put_back is not None:
        (folder / "data" / put_back).write_bytes(b"damage")
    assert recover(folder) == YES
    assert run("staff", "list", lines=("ruiz", PIN)) != YES
    assert run("staff", "list", lines=("chen", NEW_PIN)) == YES
    assert audit(["verify", "--verifier", str(folder / "2.verifier")]) == YES
    entries = [json.loads(each) for each in (folder / "data/audit.jsonl").read_text().splitlines()]
    told = [each for each in entries if each.get("act") == "recover"]
    assert [each["step"] for each in told] == ["begun", "done"]
    assert told[-1]["removed"] == ([] if put_back == STAFF else ["ruiz"])


def test_counters_that_were_put_back_are_replaced_above_what_the_log_remembers(
    folder: Path,
) -> None:
    file = folder / "data" / STAFF_ATTEMPTS
    before = file.read_bytes()
    assert run("staff", "list", lines=("ruiz", NEW_PIN)) != YES
    file.write_bytes(before)
    assert run("staff", "list", lines=("ruiz", PIN)) == ERROR
    assert recover(folder) == YES
    assert run("staff", "list", lines=("chen", NEW_PIN)) == YES


@pytest.mark.parametrize(
    ("verifier", "passphrase"),
    [
        ("1.verifier", PASSPHRASE),  # of an auditor who has handed over
        ("key.backup", PASSPHRASE),
        ("2.verifier", "correct horse battery stable"),
    ],
)
def test_one_of_the_two_is_not_enough(folder: Path, verifier: str, passphrase: str) -> None:
    before = (folder / "data" / STAFF).read_bytes()
    with mock.patch.object(PinHasher, "hash", side_effect=AssertionError("nobody was to be made")):
        assert recover(folder, verifier, passphrase) == ERROR
    assert (folder / "data" / STAFF).read_bytes() == before
    assert run("staff", "list", lines=("ruiz", PIN)) == YES


def test_an_altered_log_is_no_ground_for_a_recovery(folder: Path) -> None:
    log = folder / "data" / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"ruiz", b"ruis"))
    assert recover(folder) == ERROR


def test_the_backup_of_a_former_key_recovers_nobody(folder: Path) -> None:
    assert run("keys", "rotate", lines=("ruiz", PIN)) == YES
    assert recover(folder) == ERROR
