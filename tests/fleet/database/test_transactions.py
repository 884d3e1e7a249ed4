"""Tests of transactions: conflicting ones are retried, and related rows are read together."""

import threading

import pytest
from sqlalchemy import Connection, text

from atm.errors import ServiceUnavailable
from atm.fleet.service.store.database import Database
from benchmarks.fleet.postgres import OWNER, PostgresServer
from tests.fleet.contract.banks import RUIZ, Bank
from tests.patience import LIMIT_S

COUNT = text("SELECT count(*) FROM staff")
ADD = text("INSERT INTO staff (name_key, mac) VALUES (:name, '')")


@pytest.fixture
def database(cluster: PostgresServer):
    opened = Database(cluster.url(), pool=4)
    yield opened
    opened.close()


def test_two_that_conflict_are_both_done_one_of_them_twice(database: Database) -> None:
    """Each counts the rows and adds one that says how many: as if one had come after the other."""
    both_have_read = threading.Barrier(2)
    tries: list[int] = []

    def count_and_add(connection: Connection) -> None:
        (found,) = connection.execute(COUNT).one()
        tries.append(found)
        if len(tries) <= 2:
            both_have_read.wait(LIMIT_S)
        connection.execute(ADD, {"name": f"{found} before {threading.get_ident()}"})

    threads = [threading.Thread(target=database.run, args=(count_and_add,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tries == [0, 0, 1]
    names = database.run(lambda c: c.execute(text("SELECT name_key FROM staff")).scalars().all())
    assert sorted(name.split()[0] for name in names) == ["0", "1"]


def test_two_that_add_one_row_end_with_the_second_having_seen_it(database: Database) -> None:
    both_have_read = threading.Barrier(2)
    seen: list[int] = []

    def add_if_missing(connection: Connection) -> bool:
        (found,) = connection.execute(COUNT).one()
        seen.append(found)
        if len(seen) <= 2:
            both_have_read.wait(LIMIT_S)
        if not found:
            connection.execute(ADD, {"name": "ruiz"})
        return not found

    added: list[bool] = []
    threads = [
        threading.Thread(target=lambda: added.append(database.run(add_if_missing)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [False, True]
    assert seen == [0, 0, 1]


def test_who_adds_a_row_unseen_that_is_there_by_then_looks_again(database: Database) -> None:
    both_begin = threading.Barrier(2)
    tries: list[int] = []

    def add(connection: Connection) -> None:
        tries.append(1)
        if len(tries) <= 2:
            both_begin.wait(LIMIT_S)
        elif connection.execute(COUNT).scalar_one():
            return
        connection.execute(ADD, {"name": "ruiz"})

    threads = [threading.Thread(target=database.run, args=(add,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tries) == 3


def test_what_raises_changes_nothing_and_is_not_tried_again(database: Database) -> None:
    tries = []

    def work(connection: Connection) -> None:
        tries.append(connection.execute(ADD, {"name": "ruiz"}))
        raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        database.run(work)
    assert len(tries) == 1
    assert database.run(lambda c: c.execute(COUNT).scalar()) == 0


def test_a_conflict_without_end_ends_with_the_limit(cluster: PostgresServer) -> None:
    database = Database(cluster.url(), limit_s=0.5)

    def conflict(connection: Connection) -> None:
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(ServiceUnavailable):
        database.run(conflict)
    database.close()


def test_a_customer_is_seen_whole_or_not_at_all(bank: Bank) -> None:
    other = bank.reopened()
    customer_id = bank.new_id("ada")
    seen = []

    def look_then_go_on(step: str) -> None:
        seen.append((step, other.store.get("ada"), other.ledger.has_account(customer_id)))

    class Watching:
        def __getattr__(self, name: str):
            return getattr(store, name)

        def record_mac(self, of: str):
            look_then_go_on("before the end")
            return store.record_mac(of)

    store, bank.store = bank.store, Watching()
    bank.enrol()
    assert seen == [("before the end", None, False)]
    look_then_go_on("after")
    assert seen[1][1] is not None
    assert seen[1][2]
    other.close()


def test_a_commit_that_conflicts_is_done_again_whole(bank: Bank, cluster: PostgresServer) -> None:
    """A deletion that has read the counters meets a login that counts: both are done."""
    ada = bank.enrol(opening_minor=0)
    clear, met = bank.attempts.clear, []

    def clear_once_met(owner_id: str) -> None:
        if not met:
            thread = threading.Thread(target=lambda: met.append(other.attempts.reserve(owner_id)))
            bank.attempts.standing(owner_id)
            thread.start()
            thread.join()
        clear(owner_id)

    other = bank.reopened()
    other.attempts.reserve(ada.customer_id)
    bank.attempts.clear = clear_once_met
    bank.office().delete("ada", staff=RUIZ)
    assert len(met) == 1
    assert other.store.get("ada") is None
    with cluster.connect(OWNER) as connection:
        row = connection.execute("SELECT open, open_forgiven FROM attempts").fetchone()
    assert row == (2, 2)
    steps = [each["step"] for each in other.log.entries() if each["kind"] == "delete"]
    assert steps == ["begun", "begun", "done"]  # what the first try met ended it
    other.close()


def test_what_a_failing_statement_was_given_reaches_no_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = text("UPDATE staff SET pin_hash = :given WHERE no_such_column = 1")
    secret = "$".join(["k0123", "argon2id"])
    with pytest.raises(ServiceUnavailable) as caught:
        database.run(lambda connection: connection.execute(wrong, {"given": secret}))
    assert "no_such_column" in caplog.text
    assert secret not in caplog.text + str(caught.value.__cause__)


def test_what_is_lost_before_the_commit_is_done_again_and_in_it_is_not(
    database: Database, cluster: PostgresServer
) -> None:
    """Nobody knows whether a commit that was sent is done; what was not sent is not."""
    tries: list[str] = []

    def lose_the_connection(connection: Connection) -> None:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with cluster.connect() as owner:
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def lost_before(connection: Connection) -> None:
        tries.append("before")
        if len(tries) == 1:
            lose_the_connection(connection)
        connection.execute(ADD, {"name": "ruiz"})

    def lost_in_the_commit(connection: Connection) -> None:
        tries.append("in")
        connection.execute(ADD, {"name": "okafor"})
        lose_the_connection(connection)

    database.run(lost_before)
    with pytest.raises(ServiceUnavailable):
        database.run(lost_in_the_commit)
    assert tries == ["before", "before", "in"]
    assert database.run(lambda connection: connection.execute(COUNT).scalar()) == 1
