"""Tests of the service's database role: the acts that it may not do."""

import psycopg
import pytest
from psycopg import errors

from atm.fleet.service.store.migrate import ROLE
from atm.fleet.service.store.schema import METADATA
from benchmarks.fleet.postgres import PostgresServer
from credentials.attempts import Ending
from tests.fleet.contract.banks import KIOSK, PIN, RUIZ, Bank

FORBIDDEN = (errors.InsufficientPrivilege,)


@pytest.fixture
def thief(bank: Bank, cluster: PostgresServer) -> psycopg.Connection:
    """Return a connection of the service's role to a bank that has something in every table."""
    ada = bank.enrol(opening_minor=9000).customer_id
    for ending in (Ending.WRONG_PIN, Ending.FOREIGN_FACE):
        bank.attempts.reserve(ada)
        bank.attempts.settle(ada, ending)
    hold = {"smallest_note_minor": 1000, "day_limit_minor": 100000}
    bank.ledger.book(bank.ledger.hold(ada, 2000, **hold))
    bank.ledger.hold(ada, 1000, **hold)
    bank.staff.add_first("ruiz", "746195")
    with pytest.raises(Exception, match="wrong"):
        bank.staff.sign_in(RUIZ.name, PIN)
    with cluster.connect(ROLE) as connection:
        connection.execute(
            "INSERT INTO logins VALUES (%s, %s, %s, now(), now())", [ada, "1" * 32, KIOSK]
        )
        yield connection


@pytest.mark.parametrize("table", METADATA.tables)
def test_no_row_is_taken_away(thief: psycopg.Connection, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"DROP TABLE {table}"):
        with pytest.raises(FORBIDDEN):
            thief.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE attempts DROP COLUMN wrong",
        "ALTER TABLE attempts DISABLE TRIGGER ALL",
        "DROP TRIGGER attempts_keep ON attempts",
        "CREATE OR REPLACE FUNCTION attempts_keep() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NEW; END'",
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE attempts (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE another",
        "SET session_replication_role = replica",
        "GRANT DELETE ON attempts TO PUBLIC",
        "COPY customers TO '/tmp/customers'",
    ],
)
def test_the_schema_stays_as_it_is(thief: psycopg.Connection, statement: str) -> None:
    try:
        thief.execute(statement)
    except FORBIDDEN:
        return
    except psycopg.Error as error:
        raise AssertionError(statement) from error
    granted = "SELECT has_table_privilege('atm_service', 'attempts', 'DELETE')"
    assert statement.startswith("GRANT")  # only warned of
    assert thief.execute(granted).fetchone() == (False,)


@pytest.mark.parametrize(
    "column",
    [
        *(f"attempts.{name}" for name in ("wrong", "open", "foreign_faces", "waits")),
        *(f"attempts.{name}_forgiven" for name in ("wrong", "open", "foreign_faces", "waits")),
        "staff_attempts.wrong",
        "accounts.transactions",
        "accounts.holds",
    ],
)
def test_no_counter_is_lowered(
    thief: psycopg.Connection, cluster: PostgresServer, column: str
) -> None:
    table, name = column.split(".")
    with cluster.connect() as owner:  # so that there is something to lower
        for each in ("wrong", "open", "foreign_faces", "waits"):
            owner.execute(f"UPDATE attempts SET {each} = {each} + 2, {each}_forgiven = 2")
    thief.execute(f"UPDATE {table} SET {name} = {name}")
    with pytest.raises(psycopg.Error, match="a counter never falls"):
        thief.execute(f"UPDATE {table} SET {name} = {name} - 1")


def test_no_more_is_forgiven_than_was_counted(thief: psycopg.Connection) -> None:
    with pytest.raises(errors.CheckViolation):
        thief.execute("UPDATE attempts SET wrong_forgiven = wrong + 1")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transactions SET amount_minor = 1",
        "UPDATE transactions SET mac = mac",
        "UPDATE audit SET fields = '{}'",
        "UPDATE attempts SET customer_id = customer_id",
        "UPDATE holds SET amount_minor = 1",
        "UPDATE holds SET customer_id = customer_id",
        "UPDATE faces SET customer_id = customer_id",
        "UPDATE logins SET begun_at = now()",
    ],
)
def test_what_never_changes_cannot_be_changed(thief: psycopg.Connection, statement: str) -> None:
    with pytest.raises(FORBIDDEN):
        thief.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE holds SET state = 'open' WHERE state = 'booked'",
        "UPDATE holds SET state = 'released' WHERE state = 'booked'",
        "UPDATE logins SET ended_at = NULL",
    ],
)
def test_what_is_settled_stays_so(thief: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.Error, match="what is settled stays so"):
        thief.execute(statement)


def test_no_account_has_less_than_nothing(thief: psycopg.Connection) -> None:
    with pytest.raises(errors.CheckViolation):
        thief.execute("UPDATE accounts SET held_minor = balance_minor + 1")
