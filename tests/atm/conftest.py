"""Fixtures: real stores in a temporary folder, cheap hashing, and a staged face result."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from argon2 import PasswordHasher
from sqlcipher3 import dbapi2 as sqlite3

from atm.accounts.dispenser import SimulatedDispenser
from atm.accounts.ledger import Ledger
from atm.accounts.session import Session
from atm.audit import AuditLog
from atm.enrolment.crash_cleanup import remove_unfinished_enrolments
from atm.enrolment.duplicate_face import DuplicateFaceCheck, DuplicateQuestion
from atm.enrolment.enrolment import Enrolments
from atm.enrolment.hash_and_capture import LockedCommit
from atm.login.login import LocalLogins
from atm.login.pause import Pause, counted
from atm.people import Customer
from atm.staff.acts import Office
from atm.staff.registry import StaffRegistry
from atm.staff.staff_file import staff_file
from credentials.attempts import Attempts
from credentials.boot_clock import Moment
from credentials.hashing import PinHasher
from credentials.sealed.database import Database
from credentials.sealed.seal import Seal
from credentials.staff_attempts import WrongPins
from credentials.store import JsonStore
from face_auth.gallery import Capture, Gallery, Template
from face_auth.recognition.classifier import CustomerSvm

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SEAL = Seal(b"s" * 32)


class BootClock:
    """A machine that was started a while ago, and waits for nobody."""

    boot, seconds = "first", 1000.0

    def __call__(self) -> Moment:
        return Moment(self.boot, self.seconds)


@dataclass
class Bank:
    """The stores of one data folder."""

    folder: Path
    store: JsonStore
    hasher: PinHasher
    attempts: Attempts
    pause: Pause
    clock: BootClock
    gallery: Gallery
    ledger: Ledger
    staff: StaffRegistry
    audit: AuditLog
    alike: DuplicateQuestion | None = None

    def question(self, template: Template, captures: list[Capture]) -> DuplicateQuestion | None:
        """Stand in for the search through all customers."""
        return self.alike

    def enrolment(self, *, opening_limit_minor: int | None = None) -> Enrolments:
        return Enrolments(
            store=self.store,
            hasher=self.hasher,
            gallery=self.gallery,
            ledger=self.ledger,
            audit=self.audit,
            duplicate_check=cast(DuplicateFaceCheck, self),
            commit=self.commit(),
            opening_limit_minor=opening_limit_minor,
        )

    def commit(self) -> LockedCommit:
        return LockedCommit(self.folder / "enrolment.lock")

    def remove_unfinished_enrolments(self) -> int:
        return remove_unfinished_enrolments(
            self.store, self.gallery, self.ledger, self.audit, self.commit()
        )

    def office(self) -> Office:
        return Office(
            store=self.store,
            hasher=self.hasher,
            gallery=self.gallery,
            ledger=self.ledger,
            attempts=self.attempts,
            audit=self.audit,
            staff=self.staff,
            commit=self.commit(),
        )

    def login_parts(self) -> dict[str, Any]:
        return {
            "store": self.store,
            "hasher": self.hasher,
            "attempts": self.attempts,
            "pause": self.pause,
            "audit": self.audit,
            "open_session": self.session,
            "suspect": lambda customer_id, face: None,
            "limit_s": 60.0,
        }

    def logins(self, **others: Any) -> LocalLogins:
        return LocalLogins(**({**self.login_parts(), "refuse_after_s": 0.001} | others))

    def session(self, customer: Customer) -> Session:
        return Session(
            customer, self.ledger, SimulatedDispenser(),
            smallest_note_minor=1_000, day_limit_minor=100_000, record=self.audit.append,
            template=lambda: self.template_of(customer),
            save_pin=lambda pin: self.office().set_pin(
                self.office().record(customer.username), pin, []
            ),
        )  # fmt: skip

    def template_of(self, customer: Customer) -> Template:
        record = self.store.by_id(customer.customer_id)
        assert record is not None and record.template_id is not None
        return self.gallery.load(record.template_id, customer.customer_id)


def open_at(folder: Path, clock: BootClock) -> Bank:
    """Open the stores in *folder*, as a start does."""
    hasher = PinHasher(b"p" * 32, CHEAP)
    staff_pins = WrongPins(folder / "staff-attempts.sqlite", SEAL, clock)
    audit = AuditLog(
        folder / "audit.jsonl", folder / "keys" / "test.audit", folder / "keys" / "test.anchor"
    )
    pause = Pause(folder / "pause.sqlite", SEAL, clock)
    return Bank(
        folder=folder,
        store=JsonStore(folder / "credentials.json", SEAL),
        hasher=hasher,
        staff=StaffRegistry(
            staff_file(folder / "staff.json", SEAL), hasher, staff_pins,
            log=audit, counted=partial(counted, pause, audit),
        ),
        attempts=Attempts(folder / "attempts.sqlite", SEAL, clock),
        pause=pause,
        clock=clock,
        gallery=Gallery(folder / "gallery", template_key=b"t" * 32, capture_key=b"c" * 32),
        ledger=Ledger(folder / "ledger.sqlite", SEAL),
        audit=audit,
    )  # fmt: skip


@pytest.fixture
def no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for the disk, where a test is not about power cuts."""
    connect = Database._connect

    def quick(self: Database, path: Path | None = None) -> sqlite3.Connection:
        connection = connect(self, path)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    monkeypatch.setattr(Database, "_connect", quick)
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda handle: None)


@pytest.fixture
def make_bank() -> Callable[[Path], Bank]:
    """Open stores in any folder."""
    return lambda folder: open_at(folder, BootClock())


@pytest.fixture
def open_bank(tmp_path: Path) -> Callable[[], Bank]:
    """Open the same folder again and again, as a restart does."""
    clock = BootClock()
    return lambda: open_at(tmp_path, clock)


@pytest.fixture
def bank(open_bank: Callable[[], Bank]) -> Iterator[Bank]:
    """The stores of a fresh data folder."""
    yield open_bank()


@pytest.fixture
def face() -> Callable[[str], tuple[Template, list[Capture]]]:
    """Make what a successful capture gives, for a customer id."""

    def make(customer_id: str) -> tuple[Template, list[Capture]]:
        rng = np.random.default_rng(7)
        embeddings = rng.normal(size=(5, 512)).astype(np.float32)
        svm = CustomerSvm(embeddings[0], 0.25)
        image = rng.integers(0, 255, (40, 30, 3), dtype=np.uint8)
        capture = Capture(image, (5.0, 5.0, 20.0, 25.0), np.ones((5, 2), np.float32))
        return Template(customer_id, "bundled", "ab" * 32, embeddings, svm), [capture] * 5

    return make
