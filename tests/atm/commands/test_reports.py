"""What staff read from a command: the same facts as text and as JSON, in 80 columns."""

import json
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from atm.commands import reports
from atm.machine import Machine
from atm.people import Customer
from atm.staff.refusals import Refusal
from tests.atm.commands.branch import OKAFOR, RUIZ, Branch, branch

__all__ = ["branch"]

AT = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC)
REFUSALS = [
    Refusal(AT, "maria", "refused", ("pin: wrong", "face: score -0.41 below 0.33"), 3),
    Refusal(AT, None, "fault", ("face: CameraError: " + "no folder at /srv/pictures; " * 9,), 1),
]
HOLD = SimpleNamespace(reference="BCDEFGHI", amount_minor=12050, at=AT)


class Office:
    """An office with two refusals, one open withdrawal and one customer."""

    def __init__(self, *, empty: bool = False) -> None:
        self.settled: list[bool] = []
        self._empty = empty

    def _some(self, found: Sequence[Any]) -> Sequence[Any]:
        return [] if self._empty else found

    def refusals(self, n: int, *, staff: object) -> Sequence[Refusal]:
        return self._some(REFUSALS[:n])

    def holds(self, *, staff: object) -> Sequence[tuple[Any, str | None]]:
        return self._some([(HOLD, "maria")])

    def customers(self, *, staff: object) -> Sequence[tuple[Customer, str]]:
        return self._some([(Customer("1", "maria", "Maria Löpez"), "locked")])

    def settle(self, hold: object, paid: bool, *, staff: object) -> None:
        self.settled.append(paid)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a report for staff who have signed in; return what it prints."""
    monkeypatch.setattr(reports, "sign_in", lambda staff: "ruiz")

    def run(report: Any, *, empty: bool = False, **options: Any) -> str:
        machine = SimpleNamespace(
            staff=None, office=Office(empty=empty), settings=SimpleNamespace(currency="EUR")
        )
        given = Namespace(**{"json": False, "number": 20, "reference": None, **options})
        assert report(cast(Machine, machine), given) == 0
        return str(capsys.readouterr().out)

    return run


def test_refusals_say_the_same_as_text_and_as_json(told: Any) -> None:
    text = told(reports.refusals)
    found = json.loads(told(reports.refusals, json=True))["refusals"]
    assert [each["times"] for each in found] == [3, 1]
    for each in found:
        assert (each["username"] or "-") in text and each["outcome"] in text
        assert f"{datetime.fromisoformat(each['at']).astimezone():%Y-%m-%d %H:%M:%S}" in text
        for reason in each["reasons"]:
            assert "".join(reason.split()) in "".join(text.split())
    assert "x3" in text and "x1" not in text


def test_refusals_fit_in_80_columns_and_each_reason_has_its_own_line(told: Any) -> None:
    lines = told(reports.refusals).splitlines()
    assert max(map(len, lines)) <= 80
    assert "    pin: wrong" in lines
    assert sum(not line.startswith(" ") for line in lines) == len(REFUSALS)


def test_holds_and_customers_say_the_same_as_text_and_as_json(told: Any) -> None:
    (hold,) = json.loads(told(reports.holds, json=True))["holds"]
    assert hold == {
        "reference": "BCDEFGHI", "username": "maria", "amount": "120.50 EUR", "at": str(AT),
    }  # fmt: skip
    assert told(reports.holds).rstrip("\n").split("\t") == list(hold.values())
    (customer,) = json.loads(told(reports.customers, json=True))["customers"]
    assert customer == {"username": "maria", "full_name": "Maria Löpez", "state": "locked"}
    assert told(reports.customers).rstrip("\n").split("\t") == list(customer.values())


@pytest.mark.parametrize("report", [reports.customers, reports.holds, reports.refusals])
def test_an_empty_list_says_none(told: Any, report: Any) -> None:
    assert told(report, empty=True) == "none\n"
    (found,) = json.loads(told(report, empty=True, json=True)).values()
    assert found == []


def test_json_is_refused_where_a_withdrawal_is_settled(branch: Branch) -> None:
    branch.born("test")
    assert branch.atm("holds", "BCDEFGHI", "--paid", "--json", lines=RUIZ) == 2
    assert branch.err == "--json goes with the list alone, without a REFERENCE.\n"


def test_health_says_the_same_as_text_and_as_json(branch: Branch) -> None:
    branch.born("test")
    assert branch.atm("health", lines=RUIZ) == 1
    text = branch.out
    assert branch.atm("health", "--json", lines=RUIZ) == 1
    found = json.loads(branch.out)
    rows = dict(line.split("\t") for line in text.splitlines() if "\t" in line)
    assert rows["disk"] == f"{found['disk_free_share']:.0%} free"
    assert rows["model"].startswith(f"{found['network']}, approved") and found["approved"]
    assert rows["liveness"].startswith(found["liveness"])
    assert "last backup never" in rows["keys"] and found["last_backup"] is None
    assert "in a file" in rows["keys"] and not found["key_in_tpm"]
    assert [line for line in text.splitlines() if "\t" not in line] == found["notes"]
    assert datetime.fromisoformat(found["clock"]).tzinfo


def test_the_log_is_shown_in_80_columns_and_as_json_lines(branch: Branch) -> None:
    branch.born("test")
    assert branch.audit("show", "--json", lines=RUIZ) == 0
    entries = [json.loads(line) for line in branch.out.splitlines()]
    assert branch.audit("show", lines=OKAFOR) == 0
    lines = branch.out.splitlines()
    assert max(map(len, lines)) <= 80
    heads = [line for line in lines if line[:3].strip()]
    shown = [(int(n), kind) for n, _, _, kind in (head.split()[:4] for head in heads)]
    assert shown[: len(entries)] == [(each["n"], each["kind"].split()[0]) for each in entries]
    assert f"{entries[0]['at'][:10]} {entries[0]['at'][11:19]}Z" in heads[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("logn", "ada"), "There is no command “logn”. Did you mean “login”?"),
        (("xyzzy",), "There is no command “xyzzy”. See"),
        (("login", "ada", "--camra", "demo"), "no option “--camra”. Did you mean “--camera”?"),
        (("--verson",), "no option “--verson”. Did you mean “--version”?"),
        (("approve", "--liveness", "pasive"), "cannot be “pasive”"),
        (("unlock", "a", "b"), "“b” is not expected here."),
        (("login", "ada"), "The following arguments are required: --camera."),
    ],
)
def test_a_slip_is_one_sentence_with_the_nearest_name(
    branch: Branch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        branch.atm(*arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1 and "--help”" in error


def test_a_misspelt_setting_is_told_with_the_nearest_one(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATM_DAY_LIMT", "100")
    assert branch.atm("list") == 2
    assert branch.err.endswith("Did you mean “day_limit”?\n")
    monkeypatch.delenv("ATM_DAY_LIMT")
    monkeypatch.setenv("ATM_XYZZY", "100")
    assert branch.atm("list") == 2
    assert "Did you mean" not in branch.err


@pytest.mark.parametrize(
    ("camera", "says"),
    [
        ("missing.mp4", "There is no file or folder missing.mp4 to take as the camera.\n"),
        ("missing/", "There is no file or folder missing/ to take as the camera.\n"),
        ("/dev/video250", "There is no camera at /dev/video250.\n"),
        ("250", "There is no camera at /dev/video250.\n"),
    ],
)
def test_a_missing_camera_is_named(branch: Branch, camera: str, says: str) -> None:
    branch.born("test")
    assert branch.atm("login", "ada", "--camera", camera, lines=("4071",)) == 2
    assert (branch.out, branch.err) == ("", says)
    assert not branch.entries("decision")  # nobody was judged
