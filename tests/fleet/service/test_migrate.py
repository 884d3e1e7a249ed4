"""Tests of the move to the bank: each customer completely and once, and the folder stays."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from atm.fleet.kiosk.client import ServiceClient, client_of
from atm.fleet.kiosk.staff import RemoteStaff
from atm.fleet.migration import open_migration_source
from atm.fleet.sealed_box import Recipient
from atm.fleet.wire_errors import SignedOutError
from atm.folder import Kind, open_folder
from atm.keys.key_backup import backup
from atm.keys.keys import Keys
from atm.settings import Settings
from atm.stores import Stores
from benchmarks.fleet.postgres import PostgresServer
from credentials.credential_record import CredentialRecord
from face_auth.gallery import Capture
from face_auth.models import load_card
from tests.fleet.contract.banks import face
from tests.fleet.service.cheap_service import CHEAP
from tests.fleet.service.fleet import REPORT, ROOT, STAFF, Fleet
from tests.patience import until

CUSTOMERS = 20
LOCKED, OLD, CHANGED, TWICE, HELD, NOBODY = 3, 5, 6, 7, 11, 13
PASSPHRASE = "correct horse battery"
TABLES = ("customers", "accounts", "faces")
ALL_OF_A_CUSTOMER = (*TABLES, "attempts", "logins", "transactions", "holds")
TYPED = "".join(f"{name}\n{pin}\n" for name, pin in STAFF.items())


def pin_of(number: int) -> str:
    return str(4071 + 13 * number)


def make_customer(stores: Stores, number: int) -> None:
    """Keep a customer with a face of a true one's size, as an enrolment does."""
    customer_id, template_id = f"{number:032x}", f"{number:x}face"
    template, captures = face(f"person{number}", customer_id)
    pictures = np.random.default_rng(number).integers(0, 256, (5, 200, 180, 3), np.uint8)
    stores.gallery.save(
        template_id,
        replace(template, network_sha256=load_card("bundled").sha256),
        [Capture(p, c.box, c.landmarks) for p, c in zip(pictures, captures, strict=True)],
    )
    stores.ledger.open_account(customer_id, 1000 * number)
    now = datetime.now(UTC).isoformat()
    stores.credentials.add(
        CredentialRecord(
            customer_id,
            f"person{number}",
            f"Pérson {number}",
            None if number == NOBODY else stores.hasher.hash(customer_id, pin_of(number)),
            template_id,
            now,
            now,
            "look_up" if number == TWICE else None,
        )
    )


def machine_with(fleet: Fleet, name: str, customers: range) -> Settings:
    """Make a machine with customers of its own, stopped, that knows the way to the bank."""
    own = Settings(
        data_dir=fleet.folder / name / "data", key_dir=fleet.folder / name / "keys",
        kind=Kind.TEST,
    )  # fmt: skip
    folder = open_folder(own.data_dir, Kind.TEST)
    with mock.patch("credentials.hashing.PasswordHasher", lambda: CHEAP), mock.patch("os.fsync"):
        stores = Stores.open(folder, Keys.open(own.key_dir, folder), own)
        for number in customers:
            make_customer(stores, number)
        if LOCKED in customers:
            stores.attempts.lock(f"{LOCKED:032x}")
        if TWICE in customers:
            booked = stores.ledger.hold(
                f"{TWICE:032x}", 2000, smallest_note_minor=1000, day_limit_minor=10**6
            )
            stores.ledger.book(booked)
        stores.audit.append("start", anchor=True)
        stores.audit.close()
    kiosk = fleet.authority.issue(name)
    fleet.register(name, kiosk)
    return fleet.settings(name, kiosk, Path("demo"), data_dir=own.data_dir, key_dir=own.key_dir)


@pytest.fixture(scope="module")
def machine(fleet: Fleet) -> Settings:
    """A machine with twenty customers, whose key the bank has adopted."""
    made = machine_with(fleet, "old", range(CUSTOMERS))
    stick = fleet.folder / "stick" / "key"
    stick.parent.mkdir()
    backup(made.key_dir, open_folder(made.data_dir), stick, PASSPHRASE)
    fleet.command("keys", "adopt", "--file", str(stick), typed=PASSPHRASE + "\n")
    time.sleep(1.5)  # every copy looks at the file of keys when its last look was a second ago
    return made


@pytest.fixture(scope="module")
def client(fleet: Fleet, machine: Settings) -> Iterator[ServiceClient]:
    """The machine's way to the bank, which has two members of staff."""
    made = client_of(machine)
    yield made
    made.close()


@pytest.fixture
def moved(machine: Settings, client: ServiceClient) -> Settings:
    """The machine once all its customers are at the bank too."""
    _, out, err = run(machine)
    assert "digests: " in out, err
    return machine


def copies(machine: Settings) -> Path:
    """Return where the command copies the folder to while it reads it."""
    folder = machine.data_dir.parent / "temporary"
    folder.mkdir(exist_ok=True)
    return folder


def begin(machine: Settings) -> "subprocess.Popen[str]":
    """Start `python -m atm migrate` with both members of staff at the keyboard."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ATM_")},
        "TMPDIR": str(copies(machine)),
        "ATM_KEY_DIR": str(machine.key_dir),
        "ATM_STORE_CA": str(machine.store_ca),
        "ATM_STORE_CERT": str(machine.store_cert),
        "ATM_STORE_KEY": str(machine.store_key),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "atm", "migrate", "--from", machine.data_dir, "--to", machine.store],
        env=environment, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(TYPED)
    process.stdin.flush()
    return process


def run(machine: Settings) -> tuple[int, str, str]:
    """Run it to its end; returns its exit code and what it printed."""
    process = begin(machine)
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def photographed(*folders: Path) -> dict[str, str]:
    """Return the digest of every file in *folders*."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for folder in folders
        for path in folder.rglob("*")
    }


def rows(server: PostgresServer, query: str) -> list[tuple[object, ...]]:
    with server.connect() as connection:
        return connection.execute(query).fetchall()


def log_in(client: ServiceClient, username: str, pin: str) -> dict[str, object]:
    """Return the answer to a login whose face is the right one."""
    key = base64.b64encode(Recipient().public).decode("ascii")
    begun = client.call(
        "logins", report=REPORT, username=username, pin=pin, public_key=key,
        network_sha256=load_card("bundled").sha256,
    )  # fmt: skip
    seen = {"accepted": True, "score": 1.0, "threshold": 0.5, "frames": 3, "liveness": None}
    return client.call("logins/finish", attempt=begun["attempt"], face=seen)


def hash_of(server: PostgresServer, number: int) -> str:
    (row,) = rows(server, f"SELECT pin_hash FROM customers WHERE username = 'person{number}'")
    return str(row[0])


def rehash(server: PostgresServer, client: ServiceClient, number: int) -> None:
    """Log a customer in, and wait until their PIN has a hash of the bank's own."""
    assert log_in(client, f"person{number}", pin_of(number))["granted"] is True
    until(lambda: "@" not in hash_of(server, number))


def test_without_the_machine_s_key_no_pin_is_moved(
    fleet: Fleet, server: PostgresServer, client: ServiceClient
) -> None:
    code, _, err = run(machine_with(fleet, "another", range(100, 102)))
    assert code == 2 and "keys adopt" in err
    assert rows(server, "SELECT 1 FROM customers WHERE username LIKE 'person10_'") == []


def test_killed_on_the_way_and_begun_again_everybody_is_there_once(
    server: PostgresServer, machine: Settings, client: ServiceClient
) -> None:
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(ALL_OF_A_CUSTOMER)}")
    before = photographed(machine.data_dir, machine.key_dir)
    count = "SELECT count(*) FROM customers"
    process = begin(machine)
    until(lambda: rows(server, count)[0][0] >= 6 or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    tables = ", ".join(f"(SELECT count(*) FROM {each})" for each in TABLES)
    time.sleep(1)  # the service finishes the one that it has
    (there, *others) = rows(server, f"SELECT {tables}")[0]
    assert 6 <= there < CUSTOMERS and set(others) == {there}

    code, out, err = run(machine)
    assert code == 0, err
    assert f"moved now: {CUSTOMERS - there}; there before: {there}" in out
    assert f"digests: {CUSTOMERS}\n" in out and f"moving: {CUSTOMERS} of {CUSTOMERS}" in err
    assert rows(server, f"SELECT {tables}") == [(CUSTOMERS,) * len(TABLES)]
    (total,) = rows(server, "SELECT sum(balance_minor)::bigint FROM accounts")
    assert total == (1000 * sum(range(CUSTOMERS)) - 2000,)

    code, out, _ = run(machine)
    assert code == 0 and f"moved now: 0; there before: {CUSTOMERS}" in out
    assert photographed(machine.data_dir, machine.key_dir) == before
    (killed,) = copies(machine).iterdir()  # of the killed run, and of no other
    root = next(machine.key_dir.glob("*.key")).read_bytes()
    assert not any(path.read_bytes() == root for path in killed.rglob("*") if path.is_file())


def test_the_digests_are_those_of_what_the_folder_holds(
    moved: Settings, client: ServiceClient
) -> None:
    staff = RemoteStaff(client)
    tokens = [staff.sign_in(name, pin).token for name, pin in STAFF.items()]
    with open_migration_source(moved) as source:
        moving = source.moving(source.records[TWICE])
    asked = client.call("migration/digests", staff=tokens, name=f"person{TWICE}")["digests"]
    assert asked == moving.digests()
    others = [
        replace(moving, balance_minor=moving.balance_minor + 1),
        replace(moving, captures=moving.captures[:4]),
        replace(moving, template=replace(moving.template, network="another")),
        replace(moving, record=replace(moving.record, excused=None)),
    ]
    for changed, name in zip(others, ("balance", "captures", "template", "record"), strict=True):
        differ = {each for each, digest in changed.digests().items() if digest != asked[each]}
        assert differ == {name}


def test_the_old_pin_admits_and_gets_a_hash_of_the_bank_s_own(
    server: PostgresServer, moved: Settings, client: ServiceClient
) -> None:
    assert f"@{OLD:032x}$" in hash_of(server, OLD)
    assert log_in(client, f"person{OLD}", pin_of(OLD + 1))["granted"] is False
    rehash(server, client, OLD)
    assert log_in(client, f"person{OLD}", pin_of(OLD))["granted"] is True


def test_who_was_locked_is_locked_and_who_had_no_pin_has_none(
    moved: Settings, client: ServiceClient
) -> None:
    assert log_in(client, f"person{LOCKED}", pin_of(LOCKED))["granted"] is False
    assert log_in(client, f"person{NOBODY}", pin_of(NOBODY))["granted"] is False


def test_who_differs_is_named_and_left_and_so_is_money_on_hold(
    server: PostgresServer, moved: Settings, client: ServiceClient
) -> None:
    rehash(server, client, CHANGED)
    folder = open_folder(moved.data_dir)
    ledger = Stores.open(folder, Keys.open(moved.key_dir, folder), moved).ledger
    hold = ledger.hold(f"{HELD:032x}", 1000, smallest_note_minor=1000, day_limit_minor=10**6)
    before = rows(server, "SELECT mac FROM customers ORDER BY customer_id")
    code, out, _ = run(moved)
    ledger.release(hold)
    assert code == 1
    left = {line.split(": ")[1] for line in out.splitlines() if line.startswith("left: ")}
    assert {f"person{CHANGED}", f"person{HELD}"} <= left
    assert left <= {f"person{CHANGED}", f"person{HELD}", f"person{OLD}"}  # who logged in before
    assert f"digests: {CUSTOMERS - len(left)}\n" in out
    assert rows(server, "SELECT mac FROM customers ORDER BY customer_id") == before


def test_one_signature_is_not_enough_and_a_running_kiosk_is_not_moved(
    machine: Settings, client: ServiceClient
) -> None:
    ruiz = RemoteStaff(client).sign_in("ruiz", STAFF["ruiz"])
    with pytest.raises(Exception, match=r"second|two|Two"):
        client.call("migration/digests", staff=[ruiz.token], name="person1")
    with pytest.raises(SignedOutError):
        client.call("migration/digests", staff=["nobody", "else"], name="person1")
    with open_folder(machine.data_dir).held():
        code, _, err = run(machine)
    assert code == 2 and "in use" in err
