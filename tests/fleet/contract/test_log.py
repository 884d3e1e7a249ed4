"""Contract tests of the audit log: entries keep their order and hold no secret."""

import threading

import pytest

from tests.fleet.contract.banks import Bank


def test_entries_are_kept_in_their_order(bank: Bank) -> None:
    for number in range(5):
        bank.log.append("act" if number % 2 else "look", number=number, names=["a", "ß"], none=None)
    again = bank.reopened()
    found = list(again.log.entries())
    assert [(each["n"], each["number"]) for each in found] == [(n + 1, n) for n in range(5)]
    assert (found[0]["kind"], found[0]["names"], found[0]["none"]) == ("look", ["a", "ß"], None)
    assert [each["number"] for each in again.log.tail(2)] == [3, 4]
    assert [each["number"] for each in again.log.tail(5, "act")] == [1, 3]
    again.close()


@pytest.mark.parametrize(
    "fields", [{"pin": "1"}, {"new_pin": "1"}, {"n": 1}, {"x": {}}, {"x": float("nan")}]
)
def test_what_must_not_be_logged_is_refused(bank: Bank, fields: dict) -> None:
    with pytest.raises(ValueError, match="field"):
        bank.log.append("act", **fields)
    assert list(bank.log.entries()) == []


def test_eight_threads_each_have_their_entry(bank: Bank) -> None:
    threads = [
        threading.Thread(target=lambda n=number: bank.log.append("act", number=n))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = list(bank.log.entries())
    assert sorted(each["number"] for each in found) == list(range(8))
    assert [each["n"] for each in found] == list(range(1, 9))
