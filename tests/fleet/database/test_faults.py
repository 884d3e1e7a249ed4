"""Tests of a database that is gone, stopped or full: a refusal now, and use again afterwards.

What is stopped stays so until the refusal is there: whoever waited for it would wait for ever.
"""

import contextlib
import signal
import socket
from contextlib import AbstractContextManager

import psycopg
import pytest
from sqlalchemy import text

from atm.errors import ServiceUnavailable
from atm.fleet.service.store.database import Database
from atm.fleet.service.store.migrate import ROLE
from benchmarks.fleet.postgres import PostgresServer
from tests.fleet.contract.banks import RUIZ, Bank


def refused() -> AbstractContextManager[object]:
    """Expect the sentence."""
    return pytest.raises(ServiceUnavailable, match="Service not available")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_server_that_was_stopped_is_used_again_once_it_runs(
    bank: Bank, cluster: PostgresServer, how: signal.Signals
) -> None:
    ada = bank.enrol()
    cluster.stop(how)
    try:
        for work in (
            lambda: bank.store.get("ada"),
            lambda: bank.attempts.reserve(ada.customer_id),
            lambda: bank.log.append("act"),
            lambda: bank.enrol("bob"),
            lambda: bank.office().delete("ada", staff=RUIZ),
        ):
            with refused():
                work()
    finally:
        cluster.start()
    assert bank.store.get("ada").customer_id == ada.customer_id
    assert bank.store.get("bob") is None
    bank.log.append("act")


def test_a_server_that_says_nothing_any_more_is_not_waited_for(
    bank: Bank, cluster: PostgresServer
) -> None:
    ada = bank.enrol()
    fresh = bank.reopened()  # without a connection yet
    with cluster.frozen():
        for each in (bank, fresh):
            with refused():
                each.ledger.available(ada.customer_id)
    assert bank.ledger.available(ada.customer_id) == 100000
    assert fresh.ledger.available(ada.customer_id) == 100000
    fresh.close()


def test_a_row_that_somebody_holds_is_not_waited_for_for_ever(
    bank: Bank, cluster: PostgresServer
) -> None:
    ada = bank.enrol()
    with cluster.connect() as other:
        other.execute("BEGIN")
        other.execute("UPDATE accounts SET mac = mac")
        with refused():
            bank.ledger.remove_account(ada.customer_id)
        other.execute("ROLLBACK")
    bank.ledger.remove_account(ada.customer_id)


def test_a_server_without_a_free_connection_refuses(cluster: PostgresServer, bank: Bank) -> None:
    bank.enrol()
    fresh = bank.reopened()
    taken = []
    try:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                taken.append(cluster.connect(ROLE))
        with refused():
            fresh.store.get("ada")
    finally:
        for each in taken:
            each.close()
    assert fresh.store.get("ada") is not None
    fresh.close()


def test_a_pool_without_a_free_connection_refuses(cluster: PostgresServer) -> None:
    database = Database(cluster.url(), pool=1)

    def nested(connection: object) -> None:
        other = Database(cluster.url(), pool=1)
        other._engine = database._engine  # the same pool, and no transaction to join
        other.run(lambda c: c.execute(text("SELECT 1")))

    with refused():
        database.run(nested)
    database.close()


def test_nobody_at_the_port_is_a_refusal(cluster: PostgresServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        database = Database(cluster.url(port=free.getsockname()[1]))
        with refused():
            database.run(lambda connection: connection.execute(text("SELECT 1")))


def test_a_server_that_accepts_and_says_nothing_is_a_refusal(cluster: PostgresServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        database = Database(cluster.url(port=mute.getsockname()[1]))
        with refused():
            database.run(lambda connection: connection.execute(text("SELECT 1")))
