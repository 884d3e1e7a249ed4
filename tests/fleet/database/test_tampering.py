"""Tests of tampering: somebody with the database but no key changes nothing unnoticed."""

import psycopg
import pytest

from atm.accounts.accounts import LedgerError
from atm.audit import AuditError
from atm.errors import AtmError
from atm.fleet.service.store.kiosks import KioskError
from atm.fleet.service.store.stores import ServiceStores
from atm.people import StaffError
from benchmarks.fleet.postgres import PostgresServer
from credentials.attempt_rules import Ending
from credentials.errors import CredentialError
from tests.fleet.contract.banks import KIOSK, Bank

HOLD = {"smallest_note_minor": 1000, "day_limit_minor": 100000}


@pytest.fixture
def intruder(cluster: PostgresServer) -> psycopg.Connection:
    """Return a connection as the database's owner."""
    with cluster.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    "change",
    [
        "full_name = 'Eve'", "pin_hash = (SELECT pin_hash FROM customers WHERE username = 'bob')",
        "excused = 'look_up'", "template_id = NULL", "username = 'eve'",
        "mac = (SELECT mac FROM customers WHERE username = 'bob')",
    ],
)  # fmt: skip
def test_no_record_is_changed(bank: Bank, intruder: psycopg.Connection, change: str) -> None:
    bank.enrol("ada")
    bank.enrol("bob")
    intruder.execute(f"UPDATE customers SET {change} WHERE username = 'ada'")
    for look in (lambda: bank.store.get("ada"), lambda: bank.store.record_mac(bank.new_id("ada"))):
        with pytest.raises(CredentialError, match="altered"):
            look()
    assert bank.store.get("bob") is not None


def test_no_record_takes_anothers_place(bank: Bank, intruder: psycopg.Connection) -> None:
    ada, bob = bank.enrol("ada"), bank.enrol("bob")
    intruder.execute("DELETE FROM customers WHERE customer_id = %s", [ada.customer_id])
    intruder.execute("UPDATE customers SET customer_id = %s", [ada.customer_id])
    assert bank.store.get("bob") is None
    with pytest.raises(CredentialError, match="altered"):
        bank.store.get("ada")
    assert bob.customer_id != ada.customer_id


@pytest.mark.parametrize("column", ["wrong_forgiven", "foreign_faces_forgiven", "open_forgiven"])
def test_nothing_is_forgiven_by_hand(bank: Bank, intruder: psycopg.Connection, column: str) -> None:
    ada = bank.enrol().customer_id
    for ending in (Ending.WRONG_PIN, Ending.WRONG_PIN, Ending.FOREIGN_FACE):
        bank.attempts.reserve(ada)
        bank.attempts.settle(ada, ending)
    counter = column.removesuffix("_forgiven")
    intruder.execute(f"UPDATE attempts SET {counter} = {counter} + 1, {column} = {column} + 1")
    for look in (bank.attempts.reserve, bank.attempts.standing, bank.attempts.clear):
        with pytest.raises(CredentialError, match="altered"):
            look(ada)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE accounts SET balance_minor = balance_minor + 1",
        "UPDATE accounts SET held_minor = 0",
        "UPDATE accounts SET day = '', day_minor = 0",
        "UPDATE accounts SET customer_id = customer_id, opened_by = NULL",
    ],
)
def test_no_account_is_changed(bank: Bank, intruder: psycopg.Connection, change: str) -> None:
    ada = bank.enrol(opening_minor=9000).customer_id
    hold = bank.ledger.hold(ada, 2000, **HOLD)
    intruder.execute(change)
    for look in (
        lambda: bank.ledger.balance(ada),
        lambda: bank.ledger.hold(ada, 1000, **HOLD),
        lambda: bank.ledger.book(hold),
        lambda: bank.ledger.has_account(ada),
    ):
        with pytest.raises(LedgerError, match="altered"):
            look()


@pytest.mark.parametrize("change", ["amount_minor = 1", "day = ''", "n = 9"])
def test_no_hold_is_changed(bank: Bank, intruder: psycopg.Connection, change: str) -> None:
    ada = bank.enrol(opening_minor=9000).customer_id
    hold = bank.ledger.hold(ada, 2000, **HOLD)
    intruder.execute(f"UPDATE holds SET {change}")
    for look in (lambda: bank.ledger.book(hold), lambda: bank.ledger.release(hold)):
        with pytest.raises(LedgerError, match="altered"):
            look()
    assert bank.ledger.available(ada) == 7000


def test_a_hold_that_somebody_deletes_gives_no_money_back(
    bank: Bank, intruder: psycopg.Connection
) -> None:
    ada = bank.enrol(opening_minor=9000).customer_id
    bank.ledger.hold(ada, 2000, **HOLD)
    bank.ledger.check(ada)
    intruder.execute("DELETE FROM holds")
    assert bank.ledger.available(ada) == 7000
    with pytest.raises(LedgerError, match="does not add up"):
        bank.ledger.check(ada)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM transactions WHERE kind = 'withdrawal'",
        "DELETE FROM transactions WHERE kind = 'opening'",
        "DELETE FROM holds",
    ],
)
def test_an_account_adds_up_only_with_all_that_was_done(
    bank: Bank, intruder: psycopg.Connection, change: str
) -> None:
    ada = bank.enrol(opening_minor=9000).customer_id
    bank.ledger.book(bank.ledger.hold(ada, 2000, **HOLD))
    bank.ledger.release(bank.ledger.hold(ada, 1000, **HOLD))
    bank.ledger.check(ada)
    intruder.execute(change)
    with pytest.raises(LedgerError, match="does not add up"):
        bank.ledger.check(ada)


def test_no_transaction_is_changed(bank: Bank, intruder: psycopg.Connection) -> None:
    ada = bank.enrol(opening_minor=9000).customer_id
    intruder.execute("UPDATE transactions SET amount_minor = 1")
    for look in (bank.ledger.transactions, bank.ledger.check):
        with pytest.raises(LedgerError, match="altered"):
            look(ada)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE staff SET pin_hash = (SELECT pin_hash FROM staff WHERE name = 'okafor')"
        " WHERE name = 'ruiz'",
        "UPDATE staff_attempts SET wrong_forgiven = wrong",
    ],
)
def test_no_member_of_staff_is_changed(
    bank: Bank, intruder: psycopg.Connection, change: str
) -> None:
    ruiz = bank.staff.add_first("ruiz", "746195")
    bank.staff.add("okafor", "829461", signed=ruiz)
    with pytest.raises(StaffError, match="wrong"):
        bank.staff.sign_in("ruiz", "917385")
    intruder.execute(change)
    with pytest.raises(StaffError, match="altered"):
        bank.staff.sign_in("ruiz", "746195")


@pytest.mark.parametrize(
    "change", ["revoked_at = NULL", f"fingerprint = '{'cd' * 32}'", "name = 'hall'"]
)
def test_no_kiosk_is_let_in_by_hand(
    stores: ServiceStores, intruder: psycopg.Connection, change: str
) -> None:
    stores.kiosks.add("branch", "ab" * 32)
    stores.kiosks.revoke("branch")
    intruder.execute(f"UPDATE kiosks SET {change}")
    for fingerprint in ("ab" * 32, "cd" * 32):
        try:
            assert stores.kiosks.known(fingerprint) is None
        except KioskError as error:
            assert "altered" in str(error)
    with pytest.raises(KioskError, match="altered"):
        stores.kiosks.all()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET fields = '{}' WHERE n = 2",
        "UPDATE audit SET kind = 'x' WHERE n = 2",
        "UPDATE audit SET at = now() WHERE n = 2",
        "DELETE FROM audit WHERE n = 2",
        "DELETE FROM audit WHERE n = 1",
        "UPDATE audit SET n = 7 WHERE n = 2",
        "UPDATE audit SET kiosk_id = '22222222222222222222222222222222' WHERE n = 2",
    ],
)
def test_no_entry_of_the_log_is_changed_or_taken_away(
    bank: Bank, intruder: psycopg.Connection, change: str
) -> None:
    for number in range(3):
        bank.log.append("act", number=number)
    assert len(list(bank.log.entries())) == 3
    intruder.execute(change)
    with pytest.raises(AuditError):
        list(bank.log.entries())


def test_no_entry_of_another_past_is_put_behind_a_new_one(
    bank: Bank, intruder: psycopg.Connection
) -> None:
    for number in range(3):
        bank.log.append("act", number=number)
    row = intruder.execute("SELECT * FROM audit WHERE n = 3").fetchone()
    intruder.execute("DELETE FROM audit WHERE n > 1")
    bank.log.append("act", number=9)
    intruder.execute("INSERT INTO audit VALUES (%s, %s, %s, %s, %s, %s, %s)", row)
    with pytest.raises(AuditError, match="inserted"):
        list(bank.log.entries())


def test_no_entry_is_put_in_another_kiosks_log(
    stores: ServiceStores, intruder: psycopg.Connection
) -> None:
    other = "2" * 32
    stores.log(KIOSK).append("act")
    intruder.execute("UPDATE audit SET kiosk_id = %s", [other])
    assert list(stores.log(KIOSK).entries()) == []
    with pytest.raises(AtmError, match="altered"):
        list(stores.log(other).entries())
