"""Banks for the contract tests: the same stores over files and over a database."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
from argon2 import PasswordHasher

from atm.accounts.ledger import Ledger
from atm.audit import AuditLog
from atm.enrolment.crash_cleanup import remove_unfinished_enrolments
from atm.enrolment.duplicate_face import DuplicateFaceCheck, DuplicateQuestion
from atm.enrolment.enrolment import Enrolments, random_id
from atm.enrolment.hash_and_capture import CaptureFace, LockedCommit
from atm.fleet.service.store.database import database_clock
from atm.fleet.service.store.keys import make_keys
from atm.fleet.service.store.stores import ServiceStores
from atm.people import Application, Customer, Signatures, StaffMember
from atm.ports import Accounts, AttemptCounters, Commit, Faces, Log
from atm.staff.acts import Office
from atm.staff.registry import StaffRegistry
from atm.staff.staff_file import staff_file
from benchmarks.fleet.postgres import PostgresServer
from credentials.attempts import Attempts
from credentials.boot_clock import Moment
from credentials.hashing import PinHasher
from credentials.sealed.seal import Seal
from credentials.staff_attempts import WrongPins
from credentials.store import CredentialStore, JsonStore
from face_auth.gallery import Capture, Gallery, Template
from face_auth.recognition.classifier import CustomerSvm

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
KIOSK = "0" * 31 + "1"
PIN = "4071"
RUIZ, OKAFOR = StaffMember("ruiz"), StaffMember("okafor")
TWO = Signatures(RUIZ, OKAFOR)
NETWORK = "ab" * 32


class Clock:
    """Clock of one bank; it begins at noon, so that no test meets midnight by chance."""

    def __init__(self) -> None:
        """Begin at noon of today."""
        self._ahead_s = 86400 - (time.time() + 43200) % 86400

    def leap(self, seconds: float) -> None:
        """Move the clock by so many seconds."""
        self._ahead_s += seconds

    def seconds(self, real: float | None = None) -> float:
        """Return seconds since the epoch."""
        return (time.time() if real is None else real) + self._ahead_s

    def moment(self) -> Moment:
        """Return the moment as the files count it."""
        return Moment("boot", self.seconds())


class NoDuplicates:
    """Stand-in for the duplicate check, which finds no similar face."""

    def question(self, template: Template, captures: list[Capture]) -> DuplicateQuestion | None:
        """Return None: no face is similar."""
        return None


@dataclass
class Bank:
    """The stores of one bank, over files or a database."""

    store: CredentialStore
    hasher: PinHasher
    attempts: AttemptCounters
    gallery: Faces
    ledger: Accounts
    staff: StaffRegistry
    log: Log
    commit: Commit
    new_id: Callable[[str], str]
    clock: Clock
    reopened: Callable[[], "Bank"]
    """Opens the same bank again."""
    tidy: Callable[[], None]
    """Does what a start does for what a crash left."""
    alter_name: Callable[[str], None]
    """Changes a customer's full name behind the program's back, given the customer's id."""
    alter_face: Callable[[str], None]
    """Changes one bit of a template behind the program's back, given its id."""
    swap_faces: Callable[[str, str], None]
    """Puts the first template, by id, in the second's place."""
    closing: list[Callable[[], None]] = field(default_factory=list)

    def enrolment(self, **others: Any) -> Enrolments:
        """Return the enrolment of customers; *others* replace its stores."""
        parts: dict[str, Any] = {
            "store": self.store, "hasher": self.hasher, "gallery": self.gallery,
            "ledger": self.ledger, "audit": self.log,
            "duplicate_check": cast(DuplicateFaceCheck, NoDuplicates()),
            "commit": self.commit, "new_id": self.new_id,
        }  # fmt: skip
        return Enrolments(**(parts | others))

    def office(self) -> Office:
        """Return the staff acts."""
        return Office(
            store=self.store, hasher=self.hasher, gallery=self.gallery, ledger=self.ledger,
            attempts=self.attempts, audit=self.log, staff=self.staff, commit=self.commit,
        )  # fmt: skip

    def enrol(self, username: str = "ada", opening_minor: int = 100000) -> Customer:
        """Enrol a customer with `PIN`."""
        application = Application(username, username.title(), opening_minor, PIN, now())
        return self.enrolment().enrol(application, RUIZ, capturing(username))

    def close(self) -> None:
        """Close everything."""
        for each in self.closing:
            each()


def now() -> datetime:
    """Return the time, for a consent."""
    return datetime.now(UTC)


def capturing(name: str) -> CaptureFace:
    """Return a function that captures the face of *name*: always the same one."""
    return lambda customer_id, stop: face(name, customer_id)


def face(name: str, customer_id: str) -> tuple[Template, list[Capture]]:
    """Return a face made of *name*."""
    rng = np.random.default_rng(list(name.encode()))
    rows = rng.normal(size=(5, 512)) * 0.2 + rng.normal(size=512)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    svm = CustomerSvm(rng.normal(size=512).astype(np.float32), 0.25)
    pictures = rng.integers(0, 256, (5, 12, 10, 3), np.uint8)
    captures = [Capture(each, (1, 2, 7, 8), np.ones((5, 2), np.float32)) for each in pictures]
    return Template(customer_id, "made up", NETWORK, rows, svm), captures


def files_bank(folder: Path, clock: Clock) -> Bank:
    """Open the bank in *folder*."""
    seal, hasher = Seal(b"s" * 32), PinHasher(b"p" * 32, CHEAP)
    store = JsonStore(folder / "credentials.json", seal)
    gallery = Gallery(folder / "gallery", template_key=b"t" * 32, capture_key=b"c" * 32)
    ledger = Ledger(
        folder / "ledger.sqlite", seal, clock=lambda: datetime.fromtimestamp(clock.seconds(), UTC)
    )
    log = AuditLog(folder / "audit.jsonl", folder / "a.audit", folder / "a.anchor")
    commit = LockedCommit(folder / "enrolment.lock")
    wrong = WrongPins(folder / "staff-attempts.sqlite", seal, clock.moment)

    def alter_name(customer_id: str) -> None:
        document = json.loads(store.path.read_text())
        document["records"][0]["full_name"] = "Ada in clear"
        store.path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")

    def path(template_id: str) -> Path:
        return folder / "gallery" / f"{template_id}.template"

    return Bank(
        store=store, hasher=hasher, gallery=gallery, ledger=ledger, log=log, commit=commit,
        attempts=Attempts(folder / "attempts.sqlite", seal, clock.moment),
        staff=StaffRegistry(staff_file(folder / "staff.json", seal), hasher, wrong, log=log),
        new_id=random_id, clock=clock, reopened=lambda: files_bank(folder, clock),
        tidy=lambda: remove_unfinished_enrolments(store, gallery, ledger, log, commit) and None,
        alter_name=alter_name,
        alter_face=lambda each: path(each).write_bytes(flipped(path(each).read_bytes())),
        swap_faces=lambda one, other: path(other).write_bytes(path(one).read_bytes()) and None,
        closing=[log.close],
    )  # fmt: skip


def database_bank(cluster: PostgresServer, keys: Path, clock: Clock) -> Bank:
    """Open the bank in *cluster*, with the keys in the file *keys*, made if missing."""
    if not keys.exists():
        make_keys(keys)

    def no_card() -> Any:
        raise AssertionError("the contract searches no faces")

    stores = ServiceStores.open(
        cluster.url(), keys, no_card, clock=lambda c: clock.seconds(database_clock(c)),
        paying_out_s=0.0, costs=CHEAP, pool=8,
    )  # fmt: skip

    def execute(statement: str, *values: object) -> None:
        with cluster.connect() as connection:
            assert connection.execute(statement, values).rowcount == 1

    def alter_face(template_id: str) -> None:
        with cluster.connect() as connection:
            query = "SELECT template FROM faces WHERE template_id = %s"
            (sealed,) = connection.execute(query, [template_id]).fetchone() or ()
        change = "UPDATE faces SET template = %s WHERE template_id = %s"
        execute(change, flipped(sealed), template_id)

    return Bank(
        store=stores.credentials, hasher=stores.hasher, gallery=stores.gallery,
        ledger=stores.ledger, attempts=stores.attempts, staff=stores.staff(KIOSK),
        log=stores.log(KIOSK), commit=stores.commit, new_id=stores.new_id, clock=clock,
        reopened=lambda: database_bank(cluster, keys, clock), tidy=lambda: None,
        alter_name=lambda customer_id: execute(
            "UPDATE customers SET full_name = full_name || 'x' WHERE customer_id = %s", customer_id
        ),
        alter_face=alter_face,
        swap_faces=lambda one, other: execute(
            "UPDATE faces SET template = (SELECT template FROM faces WHERE template_id = %s)"
            " WHERE template_id = %s", one, other,
        ),
        closing=[stores.close],
    )  # fmt: skip


def flipped(data: bytes) -> bytes:
    """Return *data* with the lowest bit of its last byte changed."""
    return data[:-1] + bytes([data[-1] ^ 1])
