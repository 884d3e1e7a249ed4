"""The commands for customers who are served without the face, and what a live folder asks first."""

import json

import pytest

from tests.atm.commands.branch import OKAFOR, RUIZ, TANAKA, Branch, branch

__all__ = ["branch"]

BOTH = (*RUIZ, *OKAFOR)
OFF = "the setting without_face is off"


@pytest.fixture
def attended(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> Branch:
    branch.born("test")
    monkeypatch.setenv("ATM_WITHOUT_FACE", "attended")
    enrol = ("enrol-without-face", "maria", "--balance", "50")
    assert branch.atm(*enrol, lines=(*BOTH, "407163")) == 0, branch.err
    return branch


def test_the_version_of_the_consent_on_paper_is_kept(attended: Branch) -> None:
    version = f"1 de 365 {'4f' * 32}"
    enrol = ("enrol-without-face", "eve", "--consent")
    with pytest.raises(SystemExit):
        attended.atm(*enrol, version[:-1])
    assert attended.atm(*enrol, version, lines=(*BOTH, "407163")) == 0, attended.err
    kept = {}
    for name in ("eve", "maria"):
        assert attended.atm("export", name, lines=RUIZ) == 0, attended.err
        kept[name] = json.loads(attended.out)["text of the consent"]
    assert kept["eve"]["SHA-256"] == "4f" * 32
    assert kept["maria"] == "version unknown"


def test_it_is_off_by_default(branch: Branch) -> None:
    branch.born("test")
    for command in (("enrol-without-face", "maria"), ("without-face", "maria"), ("serve", "maria")):
        assert branch.atm(*command, lines=(*BOTH, "407163")) == 2
        assert OFF in branch.err


def test_a_marked_customer_is_served_beside_staff_and_counted_apart(attended: Branch) -> None:
    assert attended.atm("serve", "maria", lines=(*TANAKA, "407163")) == 0, attended.err
    assert attended.out == "granted\n"
    assert attended.atm("serve", "maria", lines=(*TANAKA, "407164")) == 1
    assert attended.atm("serve", "maria", lines=("tanaka", "000000", "407163")) == 1
    assert "Name or PIN is wrong" in attended.err
    assert attended.atm("health", "--json", lines=RUIZ) == 1
    health = json.loads(attended.out)
    assert (health["without_face"], health["admitted_attended"]) == ("attended", 1)
    assert health["admitted"] == 1
    assert attended.atm("health", lines=RUIZ) == 1
    assert "without face\tattended; 1 of the last 1 logins\n" in attended.out
    ways = [(each["way"], each["outcome"]) for each in attended.entries("decision")]
    assert ways == [("attended", "granted"), ("attended", "refused")]


def test_one_alone_marks_nobody_and_the_mark_is_taken_back(attended: Branch) -> None:
    assert attended.atm("without-face", "maria", lines=(*RUIZ, *RUIZ)) == 2
    assert "second member" in attended.err
    assert attended.atm("enrol-without-face", "eve", lines=(*RUIZ, *RUIZ, "407163")) == 2
    assert attended.atm("without-face", "maria", "--off", lines=BOTH) == 0
    assert attended.atm("serve", "maria", lines=(*TANAKA, "407163")) == 1
    assert attended.atm("without-face", "maria", lines=BOTH) == 0
    assert attended.out == "maria may be served without the face\n"
    assert attended.atm("serve", "maria", lines=(*TANAKA, "407163")) == 0


def test_the_setting_alone_decides(attended: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATM_WITHOUT_FACE", "off")
    assert attended.atm("serve", "maria", lines=(*TANAKA, "407163")) == 2
    assert OFF in attended.err
    assert not attended.entries("decision")


def test_two_approve_it_in_a_live_folder(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    branch.born("live")
    monkeypatch.setenv("ATM_WITHOUT_FACE", "attended")
    assert branch.atm("list", lines=RUIZ) == 2
    assert "without_face" in branch.err
    assert branch.atm("approve", lines=RUIZ) == 2
    assert branch.atm("approve", lines=BOTH) == 0, branch.err
    assert "customers may be served without the face" in branch.out
    assert branch.atm("list", lines=RUIZ) == 0, branch.err


def test_a_kiosk_of_a_bank_refuses_the_setting(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STORE_CA", "STORE_CERT", "STORE_KEY"):
        monkeypatch.setenv(f"ATM_{name}", "/nonexistent")
    monkeypatch.setenv("ATM_STORE", "https://bank.example:8443")
    monkeypatch.setenv("ATM_WITHOUT_FACE", "attended")
    assert branch.atm("list") == 2
    assert branch.err == "without_face must be off with store: the service needs the face.\n"
