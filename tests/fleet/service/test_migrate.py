"""A machine's customers come to the bank whole, once each, with their PINs; its folder stays."""

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

from atm.envelope import Reader
from atm.folder import Kind, open_folder
from atm.key_backup import backup
from atm.keys import Keys
from atm.migration import open_source
from atm.remote.client import ServiceClient
from atm.remote.machine import client_of
from atm.remote.staff import Badge, RemoteStaff
from atm.settings import Settings
from atm.stores import Stores
from atm.wire import SignedOutError
from credentials.store import CredentialRecord
from face_auth.gallery import Capture
from face_auth.models import load_card
from tests.fleet.contract.banks import face
from tests.fleet.postgres import Cluster
from tests.fleet.service.cheap_service import CHEAP
from tests.fleet.service.fleet import ROOT, STAFF, Fleet

CUSTOMERS = 20
LOCKED, TWICE, HELD, NOBODY = 3, 7, 11, 13
PASSPHRASE = "correct horse battery"
TABLES = ("customers", "accounts", "faces")
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


@pytest.fixture(scope="module")
def machine(fleet: Fleet) -> Settings:
    """A machine with customers of its own, stopped; its settings know the way to the bank."""
    own = Settings(
        data_dir=fleet.folder / "old" / "data", key_dir=fleet.folder / "old" / "keys",
        kind=Kind.TEST,
    )  # fmt: skip
    folder = open_folder(own.data_dir, Kind.TEST)
    with mock.patch("credentials.hashing.PasswordHasher", lambda: CHEAP), mock.patch("os.fsync"):
        stores = Stores.open(folder, Keys.open(own.key_dir, folder), own)
        for number in range(CUSTOMERS):
            make_customer(stores, number)
        stores.attempts.lock(f"{LOCKED:032x}")
        booked = stores.ledger.hold(
            f"{TWICE:032x}", 2000, smallest_note_minor=1000, day_limit_minor=10**6
        )
        stores.ledger.book(booked)
        stores.audit.append("start", anchor=True)
        stores.audit.close()
    (fleet.folder / "stick").mkdir()
    backup(own.key_dir, open_folder(own.data_dir), fleet.folder / "stick" / "key", PASSPHRASE)
    kiosk = fleet.authority.issue("old")
    fleet.register("old", kiosk)
    return fleet.settings("old", kiosk, Path("demo"), data_dir=own.data_dir, key_dir=own.key_dir)


@pytest.fixture(scope="module")
def client(fleet: Fleet, machine: Settings) -> Iterator[ServiceClient]:
    """The machine's way to the bank, which has two members of staff."""
    made = client_of(machine)
    ruiz = RemoteStaff(made, Badge()).sign_in("ruiz", STAFF["ruiz"])
    made.call("staff/add", staff=[ruiz.token], name="okafor", pin=STAFF["okafor"])
    yield made
    made.close()


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
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def photographed(*folders: Path) -> dict[str, str]:
    """Return the digest of every file in *folders*."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for folder in folders
        for path in folder.rglob("*")
    }


def rows(server: Cluster, query: str) -> list[tuple[object, ...]]:
    with server.connect() as connection:
        return connection.execute(query).fetchall()


def log_in(client: ServiceClient, username: str, pin: str) -> dict[str, object]:
    """Return the answer to a login whose face is the right one."""
    key = base64.b64encode(Reader().public).decode("ascii")
    begun = client.call(
        "logins", username=username, pin=pin, public_key=key,
        network_sha256=load_card("bundled").sha256,
    )  # fmt: skip
    seen = {"accepted": True, "score": 1.0, "threshold": 0.5, "frames": 3, "liveness": None}
    return client.call("logins/finish", attempt=begun["attempt"], face=seen)


def test_without_the_machine_s_key_no_pin_is_moved(machine: Settings, client) -> None:
    code, _, err = run(machine)
    assert code == 2 and "keys adopt" in err


def test_killed_on_the_way_and_begun_again_everybody_is_there_once(
    fleet: Fleet, server: Cluster, machine: Settings, client: ServiceClient
) -> None:
    stick = str(fleet.folder / "stick" / "key")
    fleet.command("keys", "adopt", "--file", stick, typed=PASSPHRASE + "\n")
    before = photographed(machine.data_dir, machine.key_dir)
    time.sleep(1.5)  # every copy looks at the file of keys once a second
    count = "SELECT count(*) FROM customers"
    process = begin(machine)
    latest = time.monotonic() + 60
    while rows(server, count)[0][0] < 6:
        assert time.monotonic() < latest and process.poll() is None, process.communicate()
        time.sleep(0.01)
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
    machine: Settings, client: ServiceClient
) -> None:
    staff = RemoteStaff(client, Badge())
    tokens = [staff.sign_in(name, pin).token for name, pin in STAFF.items()]
    with open_source(machine) as source:
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
    server: Cluster, machine: Settings, client: ServiceClient
) -> None:
    hashed = "SELECT pin_hash FROM customers WHERE username = 'person5'"
    assert f"@{5:032x}$" in str(rows(server, hashed)[0][0])
    assert log_in(client, "person5", pin_of(6))["granted"] is False
    assert log_in(client, "person5", pin_of(5))["granted"] is True
    latest = time.monotonic() + 20
    while "@" in str(rows(server, hashed)[0][0]):
        assert time.monotonic() < latest
        time.sleep(0.1)
    assert log_in(client, "person5", pin_of(5))["granted"] is True


def test_who_was_locked_is_locked_and_who_had_no_pin_has_none(client: ServiceClient) -> None:
    assert log_in(client, f"person{LOCKED}", pin_of(LOCKED))["granted"] is False
    assert log_in(client, f"person{NOBODY}", pin_of(NOBODY))["granted"] is False


def test_who_differs_is_named_and_left_and_so_is_money_on_hold(
    server: Cluster, machine: Settings, client: ServiceClient
) -> None:
    folder = open_folder(machine.data_dir)
    stores = Stores.open(folder, Keys.open(machine.key_dir, folder), machine)
    stores.ledger.hold(f"{HELD:032x}", 1000, smallest_note_minor=1000, day_limit_minor=10**6)
    before = rows(server, "SELECT mac FROM customers ORDER BY customer_id")
    code, out, _ = run(machine)
    assert code == 1
    left = {line.split(": ")[1] for line in out.splitlines() if line.startswith("left: ")}
    assert left == {"person5", f"person{HELD}"}  # 5 got another hash by logging in
    assert f"digests: {CUSTOMERS - 2}\n" in out
    assert rows(server, "SELECT mac FROM customers ORDER BY customer_id") == before


def test_one_signature_is_not_enough_and_a_running_kiosk_is_not_moved(
    machine: Settings, client: ServiceClient
) -> None:
    ruiz = RemoteStaff(client, Badge()).sign_in("ruiz", STAFF["ruiz"])
    with pytest.raises(Exception, match=r"second|two|Two"):
        client.call("migration/digests", staff=[ruiz.token], name="person1")
    with pytest.raises(SignedOutError):
        client.call("migration/digests", staff=["nobody", "else"], name="person1")
    with open_folder(machine.data_dir).held():
        code, _, err = run(machine)
    assert code == 2 and "in use" in err
