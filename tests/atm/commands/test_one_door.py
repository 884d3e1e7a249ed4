"""Nobody signs by an old list of staff, whatever the command; the log is no exception."""

from collections.abc import Callable

import pytest

from tests.atm.commands.branch import OKAFOR, RUIZ, TANAKA, WORDS, Branch, branch

__all__ = ["branch"]

COMMANDS: dict[str, Callable[[Branch], int]] = {
    "approve": lambda b: b.atm("approve", lines=(*TANAKA, *RUIZ)),
    "rebuild": lambda b: b.atm("rebuild", "bundled", lines=(*RUIZ, *TANAKA)),
    "keys backup": lambda b: b.atm(
        "keys", "backup", "--file", b.elsewhere / "copy", lines=(*TANAKA, *RUIZ, WORDS, WORDS)
    ),
    "keys rotate": lambda b: b.atm(
        "keys", "rotate", "--file", b.elsewhere / "copy", lines=(*TANAKA, *RUIZ, WORDS)
    ),
    "restore": lambda b: b.atm("restore", lines=(*RUIZ, *TANAKA, "restore")),
    "audit show": lambda b: b.audit("show", lines=TANAKA),
    "audit init": lambda b: b.audit("init", "--verifier", b.elsewhere / "file", lines=TANAKA),
    "list": lambda b: b.atm("list", lines=TANAKA),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_who_was_removed_signs_nothing_by_yesterdays_list(branch: Branch, command: str) -> None:
    branch.born("test").remove_tanaka()
    before = branch.key.read_bytes()
    assert COMMANDS[command](branch) == 2
    assert "“staff”" in branch.err and "older than the log says" in branch.err
    assert branch.key.read_bytes() == before
    assert not list(branch.elsewhere.iterdir())


def test_a_log_that_lost_its_key_still_knows_the_newest_list_of_staff(branch: Branch) -> None:
    branch.born("test").remove_tanaka()
    branch.log_key.unlink()
    file = branch.elsewhere / "file"
    aside = ("init", "--set-aside", "--verifier", file)
    assert branch.audit(*aside, lines=(*RUIZ, *TANAKA)) == 2
    assert "older than the log says" in branch.err
    assert not file.exists()


def test_the_counters_of_wrong_staff_pins_are_compared_too(branch: Branch) -> None:
    branch.born("test")
    counters = branch.data / "staff-attempts.sqlite"
    before = counters.read_bytes()
    assert branch.atm("list", lines=(RUIZ[0], "000000")) == 1
    assert branch.atm("list", lines=RUIZ) == 0
    counters.write_bytes(before)
    assert branch.atm("restore", lines=(*RUIZ, *OKAFOR, "restore")) == 2
    assert "“staff-attempts”" in branch.err


def test_an_old_approval_is_what_approve_mends(branch: Branch) -> None:
    branch.born("test")
    approval = branch.data / "approval.json"
    before = approval.read_bytes()
    assert branch.atm("approve", lines=RUIZ) == 0
    for content in (before, b"altered"):
        approval.write_bytes(content)
        assert branch.atm("list", lines=RUIZ) == 2
        assert branch.atm("approve", lines=RUIZ) == 0, branch.err
        assert branch.atm("list", lines=RUIZ) == 0


def test_out_of_service_nobody_signs_in_by_an_old_list(branch: Branch) -> None:
    from atm.opening import open_staff_sign_in
    from atm.settings import Settings
    from atm.stores import StaleStoreError

    branch.born("test").remove_tanaka()
    with pytest.raises(StaleStoreError):
        open_staff_sign_in(Settings(data_dir=branch.data, key_dir=branch.keys))
