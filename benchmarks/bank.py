"""Data folders for measurements: one customer with the drawn face, and many made-up ones."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from unittest import mock

import numpy as np

from atm.accounts.ledger import Ledger
from atm.folder import Kind, open_folder
from atm.keys.keys import Keys
from atm.local_bank import LocalBank
from atm.machine import Machine
from atm.people import Application, StaffMember
from atm.settings import Liveness, Settings
from atm.stores import Stores

USERNAME: Final = "bench"
PIN: Final = "493817"
STAFF: Final = StaffMember("Benchmark")
FACE: Final = "demo:1"
"""The drawn person."""


def demo_settings(
    folder: Path, camera: str = FACE, liveness: Liveness = "off", network: str = "bundled"
) -> Settings:
    """Return settings of a demonstration under *folder*, with keys beside the data."""
    return Settings(
        data_dir=folder / "data",
        key_dir=folder / "keys",
        kind=Kind.DEMO,
        camera=camera,
        liveness=liveness,
        network=network,
    )


def bank_of(machine: Machine) -> LocalBank:
    """Return the bank of a *machine* that keeps its own customers."""
    assert isinstance(machine.bank, LocalBank)
    return machine.bank


def enrol_customer(machine: Machine) -> None:
    """Enrol the face before the machine's camera as USERNAME with PIN; takes some seconds."""
    now = datetime.now(UTC)
    application = Application(USERNAME, "Made Up For Measuring", 100_000, PIN, now)
    machine.enrol(application, staff=STAFF)


def fill(settings: Settings, customers: int) -> None:
    """Add made-up records until there are *customers*, with a template and an account each.

    They have the PIN hash of the first customer, which is bound to that customer's id, and random
    embeddings; so nobody can log in as one of them, while files, records and rows are as many and
    as large as real ones. Nothing is synced to the disk while they are written.
    """
    folder = open_folder(settings.data_dir, settings.kind)
    with mock.patch("os.fsync"):
        stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
        records = stores.credentials.all()
        first = records[0]
        assert first.template_id is not None
        template = stores.gallery.load(first.template_id, first.customer_id)
        captures = stores.gallery.load_captures(first.template_id, first.customer_id)
        rng = np.random.default_rng(customers)
        made = []
        for number in range(len(records), customers):
            record = replace(
                first,
                customer_id=uuid.uuid4().hex,
                username=f"made.up.{number}",
                full_name=f"Made Up {number}",
                template_id=uuid.uuid4().hex,
            )
            embeddings = rng.normal(size=template.embeddings.shape).astype(np.float32)
            embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
            own = replace(template, customer_id=record.customer_id, embeddings=embeddings)
            stores.gallery.save(str(record.template_id), own, captures)
            made.append(record)
        stores.credentials.rewrite([*records, *made], stores.credentials.generation + 1)
        _open_accounts(stores.ledger, [record.customer_id for record in made])
        stores.audit.append("benchmark")


def _open_accounts(ledger: Ledger, customers: list[str]) -> None:
    """Add all accounts in one transaction; one transaction each would take minutes."""
    with ledger._open() as rows:
        for customer_id in customers:
            number = rows.add(customer_id, "opening", 100, 100)
            rows.db.put("accounts", customer_id, 100, number)
