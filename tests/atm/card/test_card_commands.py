"""The commands for cards, and what a machine with cards asks first."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.atm.commands.branch import OKAFOR, RUIZ, TANAKA, Branch, branch
from tests.virtual_card import VirtualCard, VirtualReader

__all__ = ["branch"]

BOTH = (*RUIZ, *OKAFOR)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> VirtualReader:
    """The reader of each machine that opens, where pyscard is not installed."""
    made = VirtualReader([VirtualCard()])
    monkeypatch.setattr("atm.card.reader.attached", made.devices)
    monkeypatch.setattr("atm.settings.find_spec", lambda name: name)
    return made


def with_cards(branch: Branch, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    branch.born("test")
    monkeypatch.setenv("ATM_CARD", setting)
    monkeypatch.setenv("ATM_WITHOUT_FACE", "attended")


def serve(branch: Branch) -> int:
    return branch.atm("serve", "maria", lines=(*TANAKA, "407163"))


def test_a_lost_card_is_blocked_by_one_and_replaced_by_two(
    branch: Branch, reader: VirtualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_cards(branch, monkeypatch, "required")
    assert branch.atm("enrol-without-face", "maria", lines=(*BOTH, "407163")) == 0, branch.err
    assert serve(branch) == 0, branch.err
    assert branch.atm("card", "block", "maria", lines=RUIZ) == 0, branch.err
    assert branch.out == "the card of maria is blocked\n"
    assert serve(branch) == 1
    reader.cards = [VirtualCard()]
    assert branch.atm("card", "replace", "maria", lines=(*RUIZ, *RUIZ)) == 2
    assert "second member" in branch.err
    assert branch.atm("card", "replace", "maria", lines=BOTH) == 0, branch.err
    assert branch.atm("unlock", "maria", lines=RUIZ) == 0
    assert serve(branch) == 0, branch.err
    assert [each["act"] for each in branch.entries("card")] == ["block"] * 2 + ["replace"] * 2
    assert branch.atm("export", "maria", lines=RUIZ) == 0
    assert json.loads(branch.out)["customer"]["has a card"] is True


def test_optional_gives_a_card_to_who_wants_one(
    branch: Branch, reader: VirtualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_cards(branch, monkeypatch, "optional")
    for name, wants in (("maria", []), ("carla", ["--card"])):
        enrol = ("enrol-without-face", name, *wants)
        assert branch.atm(*enrol, lines=(*BOTH, "407163")) == 0, branch.err
    reader.cards = [VirtualCard()]
    assert serve(branch) == 0, branch.err
    assert branch.atm("serve", "carla", lines=(*TANAKA, "407163")) == 1
    assert branch.entries("decision")[-1]["reasons"][-1] == "card: other_card"


def test_where_cards_are_off_nothing_is_asked_and_no_package_is_loaded(branch: Branch) -> None:
    branch.born("test")
    for command in (("card", "block", "maria"), ("card", "replace", "maria")):
        assert branch.atm(*command, lines=BOTH) == 2
        assert branch.err == "This machine asks for no cards: the setting card is off.\n"
    code = f"""
import sys
from atm.__main__ import main
sys.argv[1:] = ["card", "block", "maria", "--data", {str(branch.data)!r}]
print(main(), sorted({{"fido2", "smartcard", "atm.card.reader"}} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert done.stdout == "2 []\n", done.stderr


def test_two_approve_a_change_of_the_setting_in_a_live_folder(
    branch: Branch, reader: VirtualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.born("live")
    monkeypatch.setenv("ATM_CARD", "required")
    assert branch.atm("list", lines=RUIZ) == 2
    assert "The setting card differs" in branch.err
    assert branch.atm("approve", lines=RUIZ) == 2
    assert branch.atm("approve", lines=BOTH) == 0, branch.err
    assert branch.atm("list", lines=RUIZ) == 0, branch.err
    monkeypatch.setenv("ATM_CARD", "off")
    assert branch.atm("approve", lines=RUIZ) == 2
