"""Contract tests of credential records: look-up by name and id, unique names, exact content."""

from dataclasses import replace

import pytest

from credentials.credential_record import CredentialRecord
from credentials.errors import (
    DuplicateUserError,
    StaleRecordError,
    StoreError,
    UnknownUserError,
)
from tests.fleet.contract.banks import Bank, now


def record(bank: Bank, username: str = "Ada") -> CredentialRecord:
    return CredentialRecord(
        customer_id=bank.new_id(username), username=username, full_name=f"{username} Lovelace",
        pin_hash=bank.hasher.hash("x", "4071"), template_id="t1", consent_at=now().isoformat(),
        created_at=now().isoformat(), excused="look_up,look_down",
    )  # fmt: skip


def test_a_record_is_found_by_name_and_id_after_a_restart(bank: Bank) -> None:
    ada = record(bank)
    bank.store.add(ada)
    again = bank.reopened()
    assert again.store.get(" aDA ") == again.store.by_id(ada.customer_id) == ada
    assert again.store.all() == [ada]
    again.close()


def test_nobody_is_found_under_a_name_that_nobody_can_have(bank: Bank) -> None:
    bank.store.add(record(bank))
    for name in ("bob", "", "\u202e", "x" * 65):
        assert bank.store.get(name) is None
    assert bank.store.by_id("") is None
    assert bank.store.by_id("f" * 32) is None


def test_a_name_is_taken_whatever_its_case(bank: Bank) -> None:
    bank.store.add(record(bank))
    other = record(bank, "ADA")
    with pytest.raises(DuplicateUserError):
        bank.store.add(other)
    assert [each.username for each in bank.store.all()] == ["Ada"]


def test_a_change_is_refused_where_somebody_else_was_first(bank: Bank) -> None:
    ada = record(bank)
    bank.store.add(ada)
    bank.store.replace(replace(ada, excused=None), instead_of=ada)
    with pytest.raises(StaleRecordError):
        bank.store.replace(replace(ada, full_name="A"), instead_of=ada)
    assert bank.store.get("ada") == replace(ada, excused=None)


def test_nobody_is_changed_or_removed_who_is_not_there(bank: Bank) -> None:
    ada = record(bank)
    with pytest.raises(UnknownUserError):
        bank.store.replace(ada)
    with pytest.raises(UnknownUserError):
        bank.store.remove(ada.customer_id)
    bank.store.add(ada)
    bank.store.remove(ada.customer_id)
    assert bank.store.get("ada") is bank.store.by_id(ada.customer_id) is None
    assert bank.store.all() == []


def test_a_name_is_free_again_once_its_customer_is_deleted(bank: Bank) -> None:
    bank.store.add(record(bank))
    bank.store.remove(record_id(bank))
    again = replace(record(bank), full_name="Ada King")
    bank.store.add(again)
    assert bank.store.get("ada") == again


def record_id(bank: Bank) -> str:
    (found,) = bank.store.all()
    return found.customer_id


def test_a_record_that_no_program_of_ours_writes_is_not_kept(bank: Bank) -> None:
    for change in ({"template_id": "../x"}, {"created_at": "today"}, {"full_name": ""}):
        with pytest.raises(ValueError, match="field"):
            bank.store.add(replace(record(bank), **change))
    assert bank.store.all() == []


def test_every_change_of_a_record_shows_in_its_mac(bank: Bank) -> None:
    ada = record(bank)
    assert bank.store.record_mac(ada.customer_id) is None
    bank.store.add(ada)
    first = bank.store.record_mac(ada.customer_id)
    bank.store.replace(replace(ada, excused=None))
    second = bank.store.record_mac(ada.customer_id)
    bank.store.replace(ada)
    assert None not in (first, second)
    assert first != second
    assert first == bank.store.record_mac(ada.customer_id)


def test_a_record_that_another_program_altered_is_refused(bank: Bank) -> None:
    ada = record(bank)
    bank.store.add(ada)
    bank.alter_name(ada.customer_id)
    again = bank.reopened()
    for look in (lambda: again.store.get("ada"), again.store.all):
        with pytest.raises(StoreError, match="altered"):
            look()
    again.close()


def test_customers_are_found_by_a_part_of_either_name(bank: Bank) -> None:
    for name in ("Zoe", "ada", "Bob"):
        bank.store.add(record(bank, name))
    find = bank.store.find
    assert [each.username for each in find("OVEL", 2)] == ["Bob", "Zoe"]
    assert [each.username for each in find(" zO", 5)] == ["Zoe"]
    assert [each.username for each in find("", 5)] == ["Bob", "Zoe", "ada"]
    assert find("%", 5) == find("_", 5) == []


def test_usernames_are_known_by_id(bank: Bank) -> None:
    ada = record(bank)
    bank.store.add(ada)
    assert bank.store.usernames({ada.customer_id, "f" * 32, "None"}) == {ada.customer_id: "Ada"}
