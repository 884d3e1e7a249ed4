"""Tests of the service's keys: outside the database, several at once, rotated during logins."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from atm.fleet.service.store.database import Database
from atm.fleet.service.store.key_rotation import reseal, rotate
from atm.fleet.service.store.keys import KeyRing, ServiceKeysError, add_key, make_keys
from atm.fleet.service.store.stores import NO_KIOSK, ServiceStores
from benchmarks.fleet.postgres import PostgresServer
from credentials.attempt_rules import Ending, Standing
from tests.fleet.contract.banks import CHEAP, PIN, Bank
from tests.patience import until


def test_keys_are_made_once_and_closed_to_others(keys: Path) -> None:
    assert keys.stat().st_mode & 0o777 == 0o600
    before = keys.read_bytes()
    with pytest.raises(ServiceKeysError, match="never replaced"):
        make_keys(keys)
    assert keys.read_bytes() == before


def replacing(old: str, new: str) -> Callable[[Path], object]:
    """Return what replaces a text in a file."""
    return lambda path: path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.chmod(0o604), "Others may read"),
        (lambda path: path.write_text("{}"), "damaged"),
        (replacing('"root": "', '"root": "00'), "damaged"),
        (replacing('"version": 1', '"version": 2'), "damaged"),
        (replacing("+00:00", ""), "damaged"),
    ],
)
def test_keys_that_are_not_as_they_must_be_are_refused(
    keys: Path, change: Callable[[Path], object], sentence: str
) -> None:
    change(keys)
    with pytest.raises(ServiceKeysError, match=sentence):
        KeyRing(keys)


def test_a_customers_id_follows_from_the_name_and_the_bank(keys: Path, tmp_path: Path) -> None:
    make_keys(tmp_path / "other.keys")
    ring, other = KeyRing(keys), KeyRing(tmp_path / "other.keys")
    assert ring.customer_id("Ada") == ring.customer_id(" aDA") == KeyRing(keys).customer_id("ada")
    assert len({ring.customer_id("ada"), ring.customer_id("bob"), other.customer_id("ada")}) == 3


def test_a_new_key_opens_at_once_and_seals_when_its_time_has_come(keys: Path) -> None:
    now = [time.time()]
    ring = KeyRing(keys, clock=lambda: now[0])
    old = ring.current()
    mac = old.mac("row", 1)
    add_key(keys, 60)
    with_both = KeyRing(keys, clock=lambda: now[0])
    assert with_both.current().newest == old.newest
    now[0] += 120
    new = with_both.current()
    assert new.newest != old.newest
    assert new.check(mac, "row", 1)
    assert not new.check(mac, "row", 2)
    assert new.token_keys[1] == old.token_keys[0]
    assert new.decoy_key == old.decoy_key
    assert new.hasher.verify(old.hasher.hash("ada", PIN), "ada", PIN)
    assert not old.check(new.mac("row", 1), "row", 1)


def test_a_running_service_reads_a_new_key_by_itself(keys: Path) -> None:
    ring = KeyRing(keys)
    old = ring.current().newest
    add_key(keys, 0)
    until(lambda: ring.current().newest != old)


def test_another_banks_keys_are_not_taken_while_running(keys: Path, tmp_path: Path) -> None:
    ring = KeyRing(keys)
    make_keys(tmp_path / "other.keys")
    (tmp_path / "other.keys").replace(keys)
    with pytest.raises(ServiceKeysError, match="another bank"):
        until(lambda: ring.current() is None)


def test_rows_of_another_banks_keys_are_refused(
    cluster: PostgresServer, bank: Bank, tmp_path: Path
) -> None:
    from tests.fleet.contract.banks import Clock, database_bank

    ada = bank.enrol()
    other = database_bank(cluster, tmp_path / "other.keys", Clock())
    with pytest.raises(Exception, match="altered"):
        other.store.by_id(ada.customer_id)
    other.close()


def test_everything_comes_under_the_new_key_while_customers_log_in(
    cluster: PostgresServer, bank: Bank, keys: Path
) -> None:
    ids = [bank.enrol(f"customer {number}").customer_id for number in range(4)]
    ruiz = bank.staff.add_first("ruiz", "746195")
    for number in ids:
        bank.attempts.reserve(number)
    over, refused = threading.Event(), []

    def log_in() -> None:
        while not over.is_set():
            for number in ids[:2]:
                record = bank.store.by_id(number)
                bank.gallery.load(record.template_id, number)
                if bank.attempts.reserve(number) is not Standing.FREE:
                    refused.append(number)
                bank.attempts.settle(number, Ending.ADMITTED)

    thread = threading.Thread(target=log_in)
    thread.start()
    database = Database(cluster.url())
    try:
        rows = rotate(database, keys, seals_after_s=2.0)
    finally:
        over.set()
        thread.join()
    assert refused == []
    assert rows >= 3 * 4 + 2 + 1  # records, accounts, faces; attempts of who slept; staff
    ring = KeyRing(keys)
    newest = ring.current().newest
    for table in ("customers", "attempts", "accounts", "staff"):
        query = text(f"SELECT DISTINCT substr(mac, 1, 4) FROM {table}")
        (found,) = database.run(lambda c, query=query: c.execute(query).scalars().all())
        assert bytes(found) == newest
    assert reseal(database, ring) == 0
    database.close()
    document = json.loads(keys.read_text())
    del document["keys"][0]
    document["keys"][0]["from"] = datetime.now(UTC).isoformat()
    keys.write_text(json.dumps(document))
    alone = ServiceStores.open(cluster.url(), keys, lambda: None, costs=CHEAP)
    record = alone.credentials.by_id(ids[0])
    assert alone.gallery.load(record.template_id, ids[0]).customer_id == ids[0]
    assert alone.gallery.load_captures(record.template_id, ids[0])
    assert alone.staff(NO_KIOSK).known("RUIZ") == ruiz.name
    alone.close()
