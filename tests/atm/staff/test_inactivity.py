"""Unused accounts: when they are listed, what keeps them, and that only what is due is deleted."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from atm.consent import ConsentVersion
from atm.people import StaffMember
from atm.staff.acts import Office
from atm.staff.inactivity import Inactivity, Kept, NotInactiveError
from credentials.credential_record import CredentialRecord
from credentials.errors import UnknownUserError
from credentials.last_use import LastUse

CYD = StaffMember("Cyd")
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
ID = {"ada": "a" * 32, "bob": "b" * 32}
NAMED = str(ConsentVersion.of(1, "en", 100, ["May we?"]))
SILENT = str(ConsentVersion.of(1, "en", 0, ["May we?"]))


class Branch:
    """Real stores, a calendar, and a setting of 365 days."""

    def __init__(self, bank: Any) -> None:
        self.bank = bank
        self.now = FIRST
        self.last_use = LastUse(bank.folder / "last-use.sqlite", bank.store._file._seal, self.clock)
        self.last_use.days()  # it counts from here
        self.office = Office(
            store=bank.store, hasher=bank.hasher, gallery=bank.gallery, ledger=bank.ledger,
            attempts=bank.attempts, audit=bank.audit, staff=bank.staff, commit=bank.commit(),
            forget=self.last_use.forget,
        )  # fmt: skip
        self.accounts = Inactivity(
            keep_days=365, store=bank.store, ledger=bank.ledger, last_use=self.last_use,
            audit=bank.audit, office=self.office,
        )  # fmt: skip

    def clock(self) -> datetime:
        return self.now

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days)

    def enrol(self, name: str = "ada", consent: str | None = NAMED, minor: int = 0) -> None:
        record = CredentialRecord(
            ID[name], name, name.title(), None, None, FIRST.isoformat(), self.now.isoformat(),
            consent_version=consent,
        )  # fmt: skip
        self.bank.store.add(record)
        self.bank.ledger.open_account(ID[name], minor)

    def listed(self) -> list[tuple[str, Kept]]:
        return [(each.customer.username, each.kept) for each in self.accounts.listed(staff=CYD)]

    def delete(self, name: str = "ada") -> None:
        self.accounts.delete(name, staff=CYD)


@pytest.fixture
def branch(bank: Any, no_sync: None) -> Branch:
    return Branch(bank)


def test_it_is_listed_thirty_days_before_the_consent_s_day_and_due_on_it(branch: Branch) -> None:
    branch.enrol()
    branch.pass_days(69)
    assert branch.listed() == []
    branch.pass_days(1)
    assert branch.listed() == [("ada", Kept.EARLY)]
    branch.pass_days(29)
    assert branch.listed() == [("ada", Kept.EARLY)]
    branch.pass_days(1)
    (found,) = branch.accounts.listed(staff=CYD)
    assert (found.kept, found.since) == (Kept.DUE, date(2025, 1, 1))
    assert found.due == date(2025, 4, 11)


def test_a_login_begins_the_count_again(branch: Branch) -> None:
    branch.enrol()
    branch.pass_days(90)
    branch.last_use.mark(ID["ada"])
    branch.pass_days(69)
    assert branch.listed() == []
    branch.pass_days(31)
    assert branch.listed() == [("ada", Kept.DUE)]


def test_nobody_is_old_on_the_day_on_which_the_machine_begins_to_count(branch: Branch) -> None:
    branch.bank.store.add(
        CredentialRecord(
            ID["ada"],
            "ada",
            "Ada",
            None,
            None,
            FIRST.isoformat(),
            "2019-01-01T00:00:00+00:00",
            consent_version=NAMED,
        )
    )
    branch.pass_days(69)
    assert branch.listed() == []
    branch.pass_days(31)
    assert branch.listed() == [("ada", Kept.DUE)]


@pytest.mark.parametrize("consent", [None, "by letter", SILENT])
def test_a_consent_that_names_no_days_keeps_the_account_listed_by_the_setting(
    branch: Branch, consent: str | None
) -> None:
    branch.enrol(consent=consent)
    branch.pass_days(334)
    assert branch.listed() == []
    branch.pass_days(1000)
    assert branch.listed() == [("ada", Kept.NO_CONSENT)]
    with pytest.raises(NotInactiveError):
        branch.delete()
    assert branch.bank.store.get("ada") is not None


def test_money_and_an_open_withdrawal_keep_it(branch: Branch) -> None:
    branch.enrol("ada", minor=1)
    branch.enrol("bob", minor=2_000)
    branch.bank.ledger.hold(ID["bob"], 2_000, smallest_note_minor=1, day_limit_minor=9_999)
    branch.pass_days(200)
    assert branch.listed() == [("ada", Kept.MONEY), ("bob", Kept.HOLD)]
    for name in ID:
        with pytest.raises(NotInactiveError):
            branch.delete(name)
        assert branch.bank.store.get(name) is not None


def test_what_is_due_is_deleted_whole_by_whoever_signs_and_the_log_says_why(
    branch: Branch, face: Callable[[str], Any]
) -> None:
    branch.enrol()
    branch.last_use.mark(ID["ada"])
    branch.pass_days(100)
    branch.delete()
    assert branch.bank.store.get("ada") is None
    assert not branch.bank.ledger.has_account(ID["ada"])
    assert branch.last_use.days()[1] == {}
    entries = [each for each in branch.bank.audit.entries() if each.get("customer") == ID["ada"]]
    assert [each["kind"] for each in entries] == ["unused account", "delete", "delete"]
    assert entries[0]["since"] == "2025-01-01" and entries[0]["consent"] == NAMED
    assert all(each["staff"] == ["Cyd"] for each in entries)
    with pytest.raises(UnknownUserError):
        branch.delete()


def test_nothing_is_deleted_a_day_early_or_after_a_login_meanwhile(branch: Branch) -> None:
    branch.enrol()
    branch.pass_days(99)
    with pytest.raises(NotInactiveError):
        branch.delete()
    branch.pass_days(1)
    assert branch.listed() == [("ada", Kept.DUE)]
    branch.last_use.mark(ID["ada"])
    with pytest.raises(NotInactiveError):
        branch.delete()
    assert branch.bank.ledger.has_account(ID["ada"])
