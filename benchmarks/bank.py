"""Data folders to measure on: one real customer with the drawn face, and any number made up."""

import json
import shutil
import uuid
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from atm.enrolment import Application
from atm.folder import Kind
from atm.machine import Machine
from atm.settings import Settings
from atm.staff import StaffMember
from credentials import files
from credentials.store import CredentialRecord

USERNAME: Final = "bench"
PIN: Final = "493817"
STAFF: Final = StaffMember("Benchmark")


def demo_settings(folder: Path, camera: str = "demo") -> Settings:
    """Return settings of a demonstration under *folder*, its keys beside its data."""
    return Settings(
        data_dir=folder / "data", key_dir=folder / "keys", kind=Kind.DEMO, camera=camera
    )


def enrol_customer(machine: Machine) -> None:
    """Enrol the face before the machine's camera as USERNAME with PIN; takes some seconds."""
    now = datetime.now(UTC)
    application = Application(USERNAME, "Made Up For Measuring", 100_000, PIN, now)
    machine.enrol(application, staff=STAFF)


def fill(settings: Settings, customers: int) -> None:
    """Add made-up records until there are *customers*, with a template and an account each.

    They share the bytes of the first customer's template, under ids of their own, and its PIN
    hash; so nobody can log in as one of them, while files, records and rows are as many and as
    large as real ones.
    """
    data = settings.data_dir
    document = json.loads((data / "credentials.json").read_text("utf-8"))
    first = CredentialRecord(**document["records"][0])
    made = [
        replace(
            first,
            customer_id=uuid.uuid4().hex,
            username=f"made.up.{number}",
            full_name=f"Made Up {number}",
            template_id=uuid.uuid4().hex,
        )
        for number in range(len(document["records"]), customers)
    ]
    for record in made:
        for kind in ("template", "captures"):
            source = data / "gallery" / f"{first.template_id}.{kind}"
            shutil.copyfile(source, data / "gallery" / f"{record.template_id}.{kind}")
    document["records"] += [asdict(record) for record in made]
    files.write_whole(data / "credentials.json", json.dumps(document).encode("utf-8"))
    _open_accounts(settings, [record.customer_id for record in made])


def _open_accounts(settings: Settings, customers: list[str]) -> None:
    """Put the accounts into the ledger in one transaction; one each would take minutes."""
    from atm.ledger import Ledger

    ledger = Ledger(settings.data_dir / "ledger.sqlite")
    now = datetime.now(UTC)
    with ledger._database.transaction() as connection:
        for customer_id in customers:
            opened = connection.execute(
                "INSERT INTO transactions (customer_id, kind, amount_minor, balance_minor, at, day,"
                " reference) VALUES (?, 'opening', 100, 100, ?, ?, ?)",
                (customer_id, now.isoformat(), now.date().isoformat(), customer_id[:16]),
            ).lastrowid
            connection.execute("INSERT INTO accounts VALUES (?, 100, ?)", (customer_id, opened))
