"""Tests of what only the service keeps: kiosks, begun logins, schema, and the face search."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from atm.accounts.accounts import DayLimitError, PayingOutError
from atm.errors import AtmError
from atm.fleet.service.store import migrate
from atm.fleet.service.store.kiosks import KioskError
from atm.fleet.service.store.schema import METADATA
from atm.fleet.service.store.stores import ServiceStores
from benchmarks.fleet.postgres import OWNER, PostgresServer
from face_auth.errors import GalleryError
from face_auth.gallery.duplicates import FaceIndex, Thresholds, Whitening
from tests.fleet.contract.banks import KIOSK, NETWORK, Bank, face

ONE, OTHER = "ab" * 32, "cd" * 32
MIGRATIONS = Path(migrate.__file__).parent / "migrations" / "versions"


def test_a_kiosk_is_known_by_its_certificate_until_it_is_revoked(stores: ServiceStores) -> None:
    made = stores.kiosks.add("Branch 1", ":".join(["AB"] * 32))
    assert stores.kiosks.known(ONE) == made
    assert (made.name, made.fingerprint, made.revoked) == ("Branch 1", ONE, False)
    assert stores.kiosks.known(OTHER) is stores.kiosks.known("") is None
    stores.kiosks.revoke("branch 1")
    assert stores.kiosks.known(ONE) is None
    assert [each.revoked for each in stores.kiosks.all()] == [True]


def test_a_kiosk_gets_a_new_certificate_and_a_revoked_one_never_comes_back(
    stores: ServiceStores,
) -> None:
    first = stores.kiosks.add("branch", ONE)
    stores.kiosks.revoke("branch")
    with pytest.raises(KioskError, match="revoked"):
        stores.kiosks.add("branch", ONE)
    again = stores.kiosks.add("Branch", OTHER)
    assert again.kiosk_id == first.kiosk_id
    assert stores.kiosks.known(OTHER) == again
    assert stores.kiosks.known(ONE) is None
    with pytest.raises(KioskError, match="another kiosk"):
        stores.kiosks.add("hall", OTHER)


@pytest.mark.parametrize("fingerprint", ["", "ab", "xy" * 32, ONE + "0"])
def test_a_fingerprint_must_be_one(stores: ServiceStores, fingerprint: str) -> None:
    with pytest.raises(KioskError, match="64"):
        stores.kiosks.add("branch", fingerprint)
    with pytest.raises(KioskError, match="no kiosk"):
        stores.kiosks.revoke("branch")


def test_a_login_ends_once_and_at_its_kiosk(stores: ServiceStores) -> None:
    ada, bob = stores.new_id("ada"), stores.new_id("bob")
    login = stores.tickets.open(ada, KIOSK)
    assert not stores.tickets.end(bob, login, KIOSK)
    assert not stores.tickets.end(ada, "f" * 32, KIOSK)
    assert not stores.tickets.end(ada, login, "2" * 32)
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.append(stores.tickets.end(ada, login, KIOSK)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]


def test_a_hold_that_may_just_be_paid_out_is_not_settled_by_staff(stores: ServiceStores) -> None:
    ada = stores.new_id("ada")
    stores.ledger.open_account(ada, 5000)
    hold = stores.ledger.hold(ada, 1000, smallest_note_minor=1000, day_limit_minor=5000)
    with pytest.raises(PayingOutError):
        stores.ledger.settle(hold, paid=False)
    assert stores.ledger.available(ada) == 4000


def test_a_clock_that_goes_back_gives_no_new_day(bank: Bank) -> None:
    ada = bank.enrol(opening_minor=90000).customer_id
    limits = {"smallest_note_minor": 1000, "day_limit_minor": 5000}
    bank.ledger.hold(ada, 5000, **limits)
    bank.clock.leap(-86400)
    with pytest.raises(DayLimitError):
        bank.ledger.hold(ada, 1000, **limits)
    bank.clock.leap(2 * 86400)
    bank.ledger.hold(ada, 5000, **limits)


def test_everybody_is_found_over_several_pages(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("records", "attempts"):
        monkeypatch.setattr(f"atm.fleet.service.store.{module}._PAGE", 2)
    names = ["eve", "ada", "dan", "bob", "cleo"]
    ids = [bank.enrol(name).customer_id for name in names]
    bank.attempts.lock(ids[3])
    assert [record.username for record in bank.store.all()] == names
    locked = [each for each, standing in bank.attempts.standings(ids).items() if standing != "free"]
    assert locked == [ids[3]]


def test_nothing_is_left_of_a_customer_who_was_deleted(bank: Bank, cluster: PostgresServer) -> None:
    ada = bank.enrol("Ada Lovelace").customer_id
    bank.store.remove(ada)
    with cluster.connect() as connection:
        rows = connection.execute("SELECT * FROM customers").fetchall()
    (row,) = rows
    assert [value for value in row[1:-1] if value is not None] == []


def test_the_tables_are_those_that_the_program_knows(cluster: PostgresServer) -> None:
    engine = create_engine(cluster.url(OWNER))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    assert differences == []


def test_a_schema_that_is_up_to_date_is_left_as_it_is(
    cluster: PostgresServer, stores: ServiceStores
) -> None:
    migrate.migrate(cluster.url(OWNER))
    stores.check()
    with cluster.connect() as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        try:
            with pytest.raises(AtmError, match="another version"):
                stores.check()
        finally:
            connection.execute(
                "UPDATE alembic_version SET version_num = %s", [migrate.newest_version()]
            )


def test_a_database_that_does_not_answer_is_not_migrated(cluster: PostgresServer) -> None:
    with pytest.raises(AtmError, match="not changed"):
        migrate.migrate(cluster.url("nobody"))


def test_every_table_goes_by_one_first_column_and_leans_on_no_other() -> None:
    first = {name: table.primary_key.columns[0].name for name, table in METADATA.tables.items()}
    customers = {"customers", "attempts", "logins", "faces", "accounts", "transactions", "holds"}
    assert {name for name, column in first.items() if column == "customer_id"} == customers
    for table in METADATA.tables.values():
        assert not table.foreign_keys
        for index in table.indexes:
            if index.unique:
                assert index.columns[0].name == first[table.name]
    statements = "".join(path.read_text() for path in MIGRATIONS.glob("*.py")).upper()
    for word in ("SERIAL", "SEQUENCE", "IDENTITY", "REFERENCES", "FOREIGN KEY", "EXCLUDE"):
        assert not re.search(rf"\b{word}\b", statements)


@pytest.fixture
def search(stores: ServiceStores, monkeypatch: pytest.MonkeyPatch):
    """Return a search by made-up cohort and thresholds, and a `FaceIndex` by the same."""
    cohort = np.random.default_rng(1).normal(size=(600, 512)).astype(np.float32)
    cohort /= np.linalg.norm(cohort, axis=1, keepdims=True)
    whitening, thresholds = Whitening(cohort), Thresholds({1: 0.5, 1000: 0.6})
    monkeypatch.setattr(stores.search, "_measures", (NETWORK, whitening, thresholds))
    return stores.search, FaceIndex(NETWORK, whitening, thresholds)


def test_the_search_finds_whom_the_index_in_memory_finds(
    stores: ServiceStores, search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atm.fleet.service.store.faces._PAGE", 3)  # ten faces are four pages
    database, index = search
    for number in range(10):
        name, owner = f"customer {number}", stores.new_id(f"customer {number}")
        template, captures = face(name, owner)
        stores.gallery.save("t", template, captures)
        index.add(owner, "t", template.embeddings)
    for number in range(10):
        owner = stores.new_id(f"customer {number}")
        probe = face(f"customer {number}", owner)[0].embeddings[:2]
        found, wanted = database.closest(probe), index.closest(probe)
        assert found.customer_id == wanted.customer_id == owner
        assert found.similarity == pytest.approx(wanted.similarity, abs=1e-3)
        assert database.closest(probe, besides=owner) is None
    stranger = face("stranger", "f" * 32)[0].embeddings
    assert database.closest(stranger) is index.closest(stranger) is None


def test_nobody_is_found_among_nobody_or_who_was_removed(stores: ServiceStores, search) -> None:
    database, _ = search
    template, captures = face("ada", stores.new_id("ada"))
    assert database.closest(template.embeddings) is None
    stores.gallery.save("t", template, captures)
    assert database.closest(template.embeddings).customer_id == stores.new_id("ada")
    stores.gallery.remove("t", stores.new_id("ada"))
    assert database.closest(template.embeddings) is None


def test_faces_of_another_network_are_not_compared(stores: ServiceStores, search) -> None:
    from dataclasses import replace

    database, _ = search
    template, captures = face("ada", stores.new_id("ada"))
    stores.gallery.save("t", replace(template, network_sha256="cd" * 32), captures)
    assert database.closest(template.embeddings) is None


def test_a_mean_that_was_put_in_anothers_place_stops_the_search(
    stores: ServiceStores, search, cluster: PostgresServer
) -> None:
    database, _ = search
    for name in ("ada", "bob"):
        stores.gallery.save("t", *face(name, stores.new_id(name)))
    with cluster.connect() as connection:
        connection.execute(
            "UPDATE faces SET mean = (SELECT mean FROM faces WHERE customer_id = %s)",
            [stores.new_id("ada")],
        )
    with pytest.raises(GalleryError):
        database.closest(face("ada", "f" * 32)[0].embeddings)
