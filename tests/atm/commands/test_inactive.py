"""The command for unused accounts: off by default, text and JSON alike, and what it deletes."""

import json
from argparse import Namespace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from atm.commands import reports
from atm.machine import Machine
from atm.people import Customer
from atm.staff.inactivity import Inactive, Kept
from tests.atm.commands.branch import OKAFOR, RUIZ, TANAKA, Branch, branch

__all__ = ["branch"]

SINCE, DUE = date(2025, 1, 1), date(2025, 4, 11)
FOUND = [
    Inactive(Customer(str(n), name, name.title()), SINCE, DUE, kept)
    for n, (name, kept) in enumerate([("ada", Kept.DUE), ("bob", Kept.MONEY), ("cy", Kept.DUE)])
]


class Accounts:
    """Two accounts that are due, and one with money."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, object]] = []

    def listed(self, *, staff: object) -> list[Inactive]:
        return FOUND

    def delete(self, username: str, *, staff: object) -> None:
        self.deleted.append((username, staff))


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Accounts:
    monkeypatch.setattr(reports, "sign_in", lambda staff: "ruiz")
    return Accounts()


def run(accounts: Accounts, capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    machine = SimpleNamespace(staff=None, bank=SimpleNamespace(inactivity=accounts))
    given = Namespace(**{"json": False, "delete": False, **options})
    assert reports.inactive(cast(Machine, machine), given) == 0
    return capsys.readouterr().out


def test_the_list_says_the_same_as_text_and_as_json_and_deletes_nothing(
    accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = run(accounts, capsys).splitlines()
    assert lines[1] == "bob\t2025-01-01\t2025-04-11\tmoney"
    rows = json.loads(run(accounts, capsys, json=True))["inactive"]
    assert [row["kept"] for row in rows] == [None, "money", None]
    told = [[value or "due" for value in row.values()] for row in rows]
    assert [line.split("\t") for line in lines] == told
    assert accounts.deleted == []


def test_delete_takes_those_that_are_due_alone(
    accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(accounts, capsys, delete=True)
    assert accounts.deleted == [("ada", "ruiz"), ("cy", "ruiz")]
    assert told.splitlines()[0] == "deleted ada, unused since 2025-01-01"


def test_it_is_off_by_default_and_asks_for_no_pin_then(branch: Branch) -> None:
    branch.born("test")
    assert branch.atm("inactive") == 2
    assert "the setting keep_inactive_days is 0" in branch.err


def test_a_login_and_a_new_account_are_no_unused_ones(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.born("test")
    monkeypatch.setenv("ATM_KEEP_INACTIVE_DAYS", "60")
    monkeypatch.setenv("ATM_WITHOUT_FACE", "attended")
    both = (*RUIZ, *OKAFOR, "407163")
    assert branch.atm("enrol-without-face", "maria", lines=both) == 0, branch.err
    assert branch.atm("inactive", lines=RUIZ) == 0
    assert branch.out == "none\n"
    assert branch.atm("export", "maria", lines=RUIZ) == 0
    assert json.loads(branch.out)["customer"]["last used"] is None
    assert branch.atm("serve", "maria", lines=(*TANAKA, "407164")) == 1
    assert branch.atm("export", "maria", lines=RUIZ) == 0
    assert json.loads(branch.out)["customer"]["last used"] is None
    assert branch.atm("serve", "maria", lines=(*TANAKA, "407163")) == 0
    assert branch.atm("export", "maria", lines=RUIZ) == 0
    told = json.loads(branch.out)
    assert date.fromisoformat(told["customer"]["last used"]).year >= 2026
    assert told["text of the consent"] == "version unknown"
    assert branch.atm("export", "maria", "--print", lines=RUIZ) == 0
    assert "What this bank's machine keeps about you" in branch.out and "{" not in branch.out
    assert max(map(len, branch.out.splitlines())) <= 80
