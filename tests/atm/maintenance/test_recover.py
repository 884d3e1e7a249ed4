"""Recovery of the staff needs the backup of the key and the present auditor, and no staff."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

import pytest

from atm.__main__ import main
from atm.audit import AuditLog
from atm.audit.__main__ import main as audit
from atm.folder import open_existing
from atm.stores import STAFF, STAFF_ATTEMPTS
from atm.terminal import ERROR, YES
from credentials.hashing import PinHasher

PASSPHRASE, PIN, NEW_PIN = "correct horse battery staple", "482913", "739164"
RUIZ, OKAFOR = ("ruiz", PIN), ("okafor", "518206")


def run(
    *arguments: str,
    lines: tuple[str, ...] = (),
    program: Callable[[Sequence[str]], int] = main,
) -> int:
    with mock.patch("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines))):
        return program(arguments)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose two members of staff nobody knows any more, with backup and verifiers."""
    for name in ("data", "key", "anchor"):
        monkeypatch.setenv(f"ATM_{name.upper()}_DIR", str(tmp_path / name))
    assert run("init", "--kind", "test", lines=RUIZ) == YES
    assert run("staff", "add", "okafor", lines=(*RUIZ, OKAFOR[1])) == YES
    for number, signed in ((1, RUIZ), (2, (*RUIZ, *OKAFOR))):
        init = ["init", "--verifier", str(tmp_path / f"{number}.verifier")]
        assert run(*init, lines=signed, program=audit) == YES
    backup = str(tmp_path / "key.backup")
    done = run("keys", "backup", "--file", backup, lines=(*RUIZ, *OKAFOR, PASSPHRASE))
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
    log = AuditLog.of(open_existing(folder / "data"), folder / "key", folder / "anchor")
    told = [each for each in log.entries() if each.get("act") == "recover"]
    assert [each["step"] for each in told] == ["begun", "done"]
    assert sorted(told[-1]["removed"]) == ([] if put_back == STAFF else ["okafor", "ruiz"])


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
    before, _, after = log.read_bytes().rpartition(b"granted")
    log.write_bytes(before + b"refused" + after)
    assert recover(folder) == ERROR


def test_the_backup_of_a_former_key_recovers_nobody(folder: Path) -> None:
    new = str(folder / "new.backup")
    rotated = run("keys", "rotate", "--file", new, lines=(*RUIZ, *OKAFOR, PASSPHRASE))
    assert rotated == YES
    assert recover(folder) == ERROR
