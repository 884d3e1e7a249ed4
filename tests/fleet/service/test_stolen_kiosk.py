"""Attack test: a stolen kiosk with all its keys, and a dump of the database, reveal no PIN.

The attacker is given what makes it easiest: cheap hashes, and the right PINs to try keys by. A key
that verifies a right PIN would find every PIN; none that lies in what was stolen does.
"""

import base64
import random
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from atm.errors import ServiceUnavailable
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.sealed_box import Recipient
from atm.fleet.service.store import keys as service_keys
from atm.fleet.service.store.schema import METADATA
from atm.fleet.service.store.stores import ServiceStores
from atm.folder import FOLDER_FILE
from atm.machine import Machine
from benchmarks.fleet.postgres import PostgresServer
from credentials.credential_record import CredentialRecord
from credentials.errors import PolicyError
from credentials.hashing import PinHasher, made_with, pepper_name
from credentials.policy import check_pin
from face_auth.models import load_card
from tests.fleet.service.cheap_service import CHEAP
from tests.fleet.service.fleet import REPORT, Fleet, enrol, sign_in

pytestmark = pytest.mark.faces

CUSTOMERS = 1_000
TRIED_ONLINE = 20
OWN_FACE = {"accepted": True, "score": 9.0, "threshold": 0.5, "frames": 3, "liveness": None}
HEX = re.compile(rb"[0-9a-fA-F]{64}")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{43,}")


@pytest.fixture(scope="module")
def kiosk(fleet: Fleet, people: list[tuple[Path, Path]]) -> Machine:
    """The kiosk that is to be stolen; Ada was enrolled there, and has used it."""
    machine = fleet.kiosk("stolen", people[0][0])
    enrol(machine, "ada", "4071")
    machine.use_camera(str(people[0][1]))
    session = machine.login("ada", "4071").session
    assert session is not None
    session.withdraw(1_000)
    return machine


@pytest.fixture(scope="module")
def pins(fleet: Fleet, kiosk: Machine) -> dict[str, tuple[str, str]]:
    """A thousand customers: their ids, each with username and a PIN of four digits."""
    rng = random.Random(20261123)
    allowed = [pin for pin in (f"{n:04}" for n in range(10_000)) if _allowed(pin)]
    stores = ServiceStores.open(
        fleet.environment["ATM_SERVICE_DATABASE"], fleet.keys, lambda: load_card("bundled"),
        costs=CHEAP,
    )  # fmt: skip
    found = {}
    for number in range(CUSTOMERS):
        name, pin = f"customer{number}", rng.choice(allowed)
        customer_id = stores.new_id(name)
        now = datetime.now(UTC).isoformat()
        pin_hash = stores.hasher.hash(customer_id, pin)
        stores.credentials.add(
            CredentialRecord(customer_id, name, name, pin_hash, "x" * 8, now, now)
        )
        found[customer_id] = (name, pin)
    stores.close()
    return found


def _allowed(pin: str) -> bool:
    try:
        check_pin(pin)
    except PolicyError:
        return False
    return True


@pytest.fixture(scope="module")
def dump(server: PostgresServer, pins: dict[str, tuple[str, str]]) -> list[bytes]:
    """Every value of every row of every table."""
    values: list[bytes] = []
    with server.connect() as connection:
        for table in METADATA.tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                values += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return values


def disk(fleet: Fleet, kiosk: Machine) -> list[bytes]:
    """Every file of the kiosk: data folder, key folder, certificate and its key."""
    settings = kiosk.settings
    assert (settings.data_dir / FOLDER_FILE).exists() and any(settings.key_dir.iterdir())
    files = [path for folder in (settings.data_dir, settings.key_dir)
             for path in folder.rglob("*") if path.is_file()]  # fmt: skip
    files += [path for path in (settings.store_ca, settings.store_cert, settings.store_key) if path]
    return [path.read_bytes() for path in files]


def candidates(stolen: Iterable[bytes]) -> Iterator[bytes]:
    """Return every 32 bytes that may be a key: at each place, and what text stands for."""
    yield from (bytes(32), b"\xff" * 32)
    for data in stolen:
        for place in range(min(len(data), 40_000) - 31):
            yield data[place : place + 32]
        for found in HEX.finditer(data):
            yield bytes.fromhex(found[0].decode())
        for found in BASE64.finditer(data):
            text = found[0][:43].replace(b"-", b"+").replace(b"_", b"/") + b"="
            yield base64.b64decode(text)


def derived(key: bytes) -> Iterator[bytes]:
    """Return *key*, and the peppers that this program would derive from it."""
    yield key
    yield service_keys._derive(key, "pin pepper")
    yield HKDF(SHA256(), 32, salt=None, info=b"two-factor-atm pin pepper").derive(key)


def opened(hashes: dict[str, str], pins: dict[str, tuple[str, str]], keys: Iterable[bytes]) -> int:
    """Return how many PINs fall to *keys*: those whose hash one of them verifies the PIN by."""
    names = {made_with(each) for each in hashes.values()}
    peppers = {each for key in set(keys) for each in derived(key) if pepper_name(each) in names}
    found = set()
    for pepper in peppers:
        hasher = PinHasher(pepper, CHEAP)
        for customer_id, pin_hash in hashes.items():
            if made_with(pin_hash) == pepper_name(pepper) and hasher.verify(
                pin_hash, customer_id, pins[customer_id][1]
            ):
                found.add(customer_id)
    return len(found)


@pytest.fixture(scope="module")
def hashes(server: PostgresServer, pins: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The dump's hashes, by customer id."""
    with server.connect() as connection:
        rows = connection.execute("SELECT customer_id, pin_hash FROM customers")
        return {row[0].hex: row[1] for row in rows if row[0].hex in pins}


def test_no_key_in_kiosk_and_dump_opens_one_of_a_thousand_pins(
    fleet: Fleet,
    kiosk: Machine,
    pins: dict[str, tuple[str, str]],
    dump: list[bytes],
    hashes: dict[str, str],
) -> None:
    assert len(hashes) == CUSTOMERS
    short = [value for value in dump if len(value) < 4_096]
    assert opened(hashes, pins, candidates([*disk(fleet, kiosk), *set(short)])) == 0


def test_with_the_service_s_keys_the_same_attack_opens_all_of_them(
    fleet: Fleet, pins: dict[str, tuple[str, str]], hashes: dict[str, str]
) -> None:
    """The attack can succeed: what keeps it from it is where the keys are."""
    assert opened(hashes, pins, candidates([fleet.keys.read_bytes()])) == CUSTOMERS


def test_no_hash_is_of_the_pin_alone(
    pins: dict[str, tuple[str, str]], hashes: dict[str, str]
) -> None:
    from argon2.exceptions import VerifyMismatchError

    for customer_id, pin_hash in hashes.items():
        for text in (pins[customer_id][1], f"{customer_id}\0{pins[customer_id][1]}"):
            with pytest.raises(VerifyMismatchError):
                PasswordHasher().verify(pin_hash[9:], text)


def test_neither_pin_nor_name_nor_template_lies_on_the_kiosk_s_disk(
    fleet: Fleet, kiosk: Machine
) -> None:
    session = kiosk.login("ada", "4071").session
    assert session is not None
    template = session.template().svm.weights.tobytes()
    for data in disk(fleet, kiosk):
        assert template[:64] not in data and b'"ada"' not in data
        assert b"4071" not in re.sub(rb"[0-9a-f]{8,}|[A-Za-z0-9+/=]{20,}|\d+[.:]\d+", b"", data)


def test_three_wrong_pins_are_all_that_the_certificate_gives(
    kiosk: Machine, pins: dict[str, tuple[str, str]]
) -> None:
    settings = kiosk.settings
    thief = ServiceClient(
        settings.store, ca=settings.store_ca, certificate=settings.store_cert,
        key=settings.store_key,
    )  # fmt: skip

    def admitted(name: str, pin: str) -> bool:
        found = thief.call(
            "logins", report=REPORT, username=name, pin=pin,
            network_sha256=load_card("bundled").sha256,
            public_key=base64.b64encode(Recipient().public).decode(),
        )  # fmt: skip
        face = OWN_FACE  # a thief's kiosk says so of everybody
        answer = thief.call("logins/finish", attempt=found["attempt"], face=face)
        return bool(answer["granted"])

    for name, pin in list(pins.values())[:TRIED_ONLINE]:
        wrong = [f"{(int(pin) + step) % 10_000:04}" for step in (1, 2, 3)]
        assert not any(admitted(name, each) for each in wrong)
        assert not admitted(name, pin)  # locked by now, also to who knows the PIN
    thief.close()


def test_after_revocation_it_gets_nothing(
    fleet: Fleet, kiosk: Machine, people: list[tuple[Path, Path]]
) -> None:
    revoked = fleet.kiosk("revoked", people[0][1])
    staff = sign_in(revoked)
    session = revoked.login("ada", "4071").session
    assert session is not None
    fleet.command("kiosk", "revoke", "revoked")
    acts = [
        session.balance,
        lambda: session.withdraw(1_000),
        lambda: revoked.office.unlock("ada", staff=staff),
        lambda: revoked.office.customers(staff=staff),
        lambda: sign_in(revoked),
        lambda: revoked.check_username("new", staff=staff),
    ]
    for act in acts:
        with pytest.raises(ServiceUnavailable):
            act()
    assert revoked.login("ada", "4071").session is None
