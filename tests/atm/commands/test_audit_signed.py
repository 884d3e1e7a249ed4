"""The audit log is shown, handed over and set aside by signature; a restore reads all logs."""

import pytest

from atm.audit import AuditLog
from atm.folder import open_existing
from tests.atm.commands.branch import OKAFOR, RUIZ, Branch, branch

__all__ = ["branch"]


def test_the_log_is_shown_to_who_signs_in_and_names_them(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.born("test")
    monkeypatch.setenv("LOGNAME", "okafor")
    assert branch.audit("show") == 2
    assert branch.out == ""
    assert branch.audit("show", lines=("ruiz", "000000")) == 1
    assert branch.out == ""
    assert branch.audit("show", lines=RUIZ) == 0
    assert "audit read" in branch.out
    assert [each["staff"] for each in branch.entries("audit read")] == [["ruiz"]]


def test_one_hands_the_log_over_and_two_do_it_again(branch: Branch) -> None:
    branch.born("test")
    first, second = branch.elsewhere / "first", branch.elsewhere / "second"
    assert branch.audit("init", "--verifier", first) == 2
    assert branch.audit("init", "--verifier", first, lines=("ruiz", "000000")) == 1
    assert not first.exists()
    assert branch.audit("init", "--verifier", first, lines=RUIZ) == 0, branch.err
    assert branch.audit("init", "--verifier", second, lines=RUIZ) == 2
    assert branch.audit("init", "--verifier", second, lines=(*RUIZ, *RUIZ)) == 2
    assert not second.exists()
    assert branch.audit("init", "--verifier", second, lines=(*RUIZ, *OKAFOR)) == 0, branch.err
    assert branch.entries("audit begin")[-1]["staff"] == ["ruiz", "okafor"]
    assert branch.audit("verify", "--verifier", first) == 0
    assert branch.audit("verify", "--verifier", second) == 0


ASIDE = ("init", "--set-aside", "--verifier")


def test_a_log_as_it_was_left_is_never_set_aside(branch: Branch) -> None:
    branch.born("test")
    file = branch.elsewhere / "file"
    assert branch.audit(*ASIDE, file, lines=(*RUIZ, *OKAFOR)) == 2
    assert "as it was left" in branch.err
    assert not file.exists() and not list(branch.data.glob("audit-set-aside-*"))


def test_one_alone_sets_no_log_aside_and_nobody_while_the_kiosk_runs(branch: Branch) -> None:
    branch.born("test")
    branch.log_key.unlink()
    file = branch.elsewhere / "file"
    assert branch.audit(*ASIDE, file) == 2
    assert branch.audit(*ASIDE, file, lines=(*RUIZ, *RUIZ)) == 2
    assert branch.audit(*ASIDE, file, lines=(*RUIZ, "okafor", "000000")) == 1
    with open_existing(branch.data).held():
        assert branch.audit(*ASIDE, file, lines=(*RUIZ, *OKAFOR)) == 2
        assert "stop the kiosk first" in branch.err
    assert not file.exists() and not list(branch.data.glob("audit-set-aside-*"))
    assert branch.audit(*ASIDE, file, lines=(*RUIZ, *OKAFOR)) == 0, branch.err
    assert branch.entries("audit begin")[-1]["staff"] == ["ruiz", "okafor"]
    assert branch.atm("list", lines=RUIZ) == 0, branch.err


@pytest.fixture
def yesterday(branch: Branch) -> Branch:
    """Ada and bob are imported, ada is deleted, and then the log loses its key."""
    branch.born("test")
    plain = branch.elsewhere / "names.json"
    plain.write_text('{"ada": "1", "bob": "2"}')
    assert branch.atm("import-plain", plain, lines=(*RUIZ, "no")) == 0, branch.err
    copy = branch.elsewhere / "records of yesterday"
    copy.write_bytes((branch.data / "credentials.json").read_bytes())
    assert branch.atm("delete", "ada", lines=RUIZ) == 0, branch.err
    branch.log_key.unlink()
    done = branch.audit(*ASIDE, branch.elsewhere / "file", lines=(*RUIZ, *OKAFOR))
    assert done == 0, branch.err
    return branch


def test_who_was_deleted_before_the_log_was_set_aside_does_not_come_back(
    yesterday: Branch,
) -> None:
    copy = yesterday.elsewhere / "records of yesterday"
    done = yesterday.atm("restore", "--file", copy, lines=(*RUIZ, *OKAFOR, "restore"))
    assert done == 0, yesterday.err
    assert yesterday.atm("list", lines=RUIZ) == 0, yesterday.err
    assert [line.split("\t")[0] for line in yesterday.out.splitlines()] == ["bob"]


def test_a_restore_says_if_a_log_that_was_set_aside_is_gone(yesterday: Branch) -> None:
    (aside,) = yesterday.data.glob("audit-set-aside-*")
    aside.rename(yesterday.elsewhere / "gone")
    assert yesterday.atm("restore", lines=(*RUIZ, *OKAFOR, "no")) == 1, yesterday.err
    assert "Entries of the audit log are missing" in yesterday.out


def test_the_entries_of_a_log_that_was_set_aside_come_first(yesterday: Branch) -> None:
    log = AuditLog.of(open_existing(yesterday.data), yesterday.keys)
    numbers = [int(str(entry["n"])) for entry in log.entries()]
    assert numbers == list(range(1, len(numbers) + 1))
