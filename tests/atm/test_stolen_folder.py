"""A stolen data folder names nobody and tells no amount, as text or as binary."""

import contextlib
import dataclasses
import json
import random
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atm.accounts.accounts import LedgerError
from atm.accounts.money import to_minor
from atm.camera.registration import CameraIdentity
from atm.folder import Kind, open_folder
from atm.keys.keys import Keys
from atm.local_bank import LocalBank
from atm.people import Application, Customer, Signatures, StaffMember
from atm.settings import Settings
from atm.stores import Stores
from credentials.hashing import PinHasher
from face_auth.gallery import Capture, Template
from tests.atm.conftest import CHEAP

PEOPLE = 100
STAFF = ("Zerubbabel Ó Dubhthaigh", "Philippa Thistlewood")
SYLLABLES = ("Żó", "kwa", "þór", "ñu", "xq", "ŵyn", "lj", "ßen", "mba", "йцу", "漢字", "ʻok")
HEAD = 6
"""No pattern is shorter, so that none is found by chance."""

Face = Callable[[str], tuple[Template, list[Capture]]]


@dataclasses.dataclass(frozen=True)
class Secret:
    """One customer, as nobody else is called, with eight digits of money and a withdrawal."""

    username: str
    full_name: str
    opening: int
    taken: int


def secrets() -> list[Secret]:
    rng = random.Random(20)
    made = []
    for number in range(PEOPLE):
        first, last = ("".join(rng.sample(SYLLABLES, 3)).capitalize() for _ in range(2))
        username = f"{first}.quixote{number:02}"
        made.append(
            Secret(username, f"{first} {last}-Rosinante",
                   rng.randrange(90_000_000, 99_999_990), rng.randrange(5_000_000, 8_999_999) * 10)
        )  # fmt: skip
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.TEST, camera="demo",
        network="bundled", day_limit=99_999_999,
    )  # fmt: skip


@pytest.fixture
def bank(settings: Settings, no_sync: None) -> Iterator[LocalBank]:
    """A bank over the real stores of a data folder, with its staff; PINs are hashed cheaply."""
    folder = open_folder(settings.data_dir, settings.kind)
    keys = Keys.open(settings.key_dir, folder)
    stores = Stores.open(folder, keys, settings)
    opened = LocalBank(
        settings, dataclasses.replace(stores, hasher=PinHasher(keys.pin_pepper, CHEAP))
    )
    first = opened.first_staff(STAFF[0], "482913")
    second = opened.office.add_staff(STAFF[1], "739164", signed=first)
    stores.registration.register(CameraIdentity("usb/1", "HD", "7"), [first.name, second.name])
    yield opened
    opened.close()


def live_a_day(bank: LocalBank, face: Face, people: list[Secret]) -> None:
    """Enrol everybody; withdraw, leave a hold open, change a PIN, delete, export, refuse."""
    ruiz, okafor = map(StaffMember, STAFF)
    for number, person in enumerate(people):
        opening = to_minor(person.opening, "EUR")
        application = Application(
            person.username, person.full_name, opening, "407183", datetime.now(UTC)
        )
        made = bank.enrolment.enrol(
            application, ruiz, lambda customer_id, stop: face(customer_id),
            ask=lambda question: okafor,
        )  # fmt: skip
        session = bank._open_session(Customer(made.customer_id, made.username, made.full_name))
        session.withdraw(to_minor(person.taken, "EUR"))
        if number % 10 == 0:
            with contextlib.suppress(LedgerError):
                bank.stores.ledger.hold(
                    made.customer_id, 10 * number + 10, smallest_note_minor=1,
                    day_limit_minor=10**12,
                )  # fmt: skip
    signed = Signatures(ruiz, okafor)
    bank.office.new_pin(people[1].username, "618203", signed=signed)
    bank.office.delete(people[2].username, staff=ruiz, override=signed)
    bank.export(people[3].username, staff=ruiz)
    bank.login(people[4].username, "000111", lambda claim, pressed, deadline: None)  # type: ignore
    bank.audit.flush()


def looked_for(people: list[Secret]) -> dict[bytes, str]:
    """What a thief would look for: the bytes, and what they give away."""
    found: dict[bytes, str] = {}
    for text in (*STAFF, *(each for p in people for each in (p.username, p.full_name))):
        for part in {text, *re.split("[ .-]", text)}:
            if len(part.encode("utf-8")) < HEAD:
                continue
            for form in (part, part.casefold(), part.upper(), json.dumps(part)[1:-1]):
                for coding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
                    found[form.encode(coding)] = "name"
    for person in people:
        for major in (person.opening, person.taken, person.opening - person.taken):
            minor = to_minor(major, "EUR")
            for text in (str(major), f"{major:,}", f"{major:,}".replace(",", "."), str(minor)):
                for coding in ("ascii", "utf-16-le"):
                    found[text.encode(coding)] = "amount as text"
            for number in (minor, -minor):  # SQLite writes them in six bytes
                for size, order in ((6, "big"), (8, "big"), (6, "little"), (8, "little")):
                    data = number.to_bytes(size, order, signed=True)  # type: ignore[arg-type]
                    found[data] = "amount as binary"
    return found


def given_away(folder: Path, wanted: dict[bytes, str]) -> set[tuple[str, str]]:
    """Return what the files of *folder* give away: the file's name and what stands in it."""
    by_head: dict[int, list[bytes]] = {}
    for each in wanted:
        by_head.setdefault(int.from_bytes(each[:HEAD], "little"), []).append(each)
    heads = np.array(sorted(by_head), np.uint64)
    found = set()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.name.encode() + b"\n" + path.read_bytes().rstrip(b"\0")
        read = np.frombuffer(data, np.uint8).astype(np.uint64)
        last = len(read) - HEAD + 1
        windows = sum(read[k : k + last] << np.uint64(8 * k) for k in range(HEAD))
        for at in np.flatnonzero(np.isin(windows, heads)):
            for each in by_head[int(windows[at])]:
                if data.startswith(each, at) and not _in_hexadecimal(data, int(at), each):
                    found.add((path.name, wanted[each]))
    return found


def _in_hexadecimal(data: bytes, at: int, found: bytes) -> bool:
    """Return whether digits stand in a MAC or an encrypted field, by chance."""
    around = data[max(0, at - 1) : at] + data[at + len(found) : at + len(found) + 1]
    return found.isdigit() and any(each in b"abcdef" for each in around)


def test_the_search_finds_what_stands_in_clear(tmp_path: Path) -> None:
    people = secrets()
    path = tmp_path / "plain.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as ledger, ledger:
        ledger.execute("CREATE TABLE t (balance INTEGER)")
        ledger.execute("INSERT INTO t VALUES (?)", (to_minor(people[7].opening, "EUR"),))
    (tmp_path / "plain.json").write_text(json.dumps({"name": people[8].full_name}))
    (tmp_path / "wide.txt").write_text(people[9].username, encoding="utf-16-le")
    (tmp_path / "log.jsonl").write_text(f'{{"amount_minor": {to_minor(people[5].taken, "EUR")}}}')
    assert given_away(tmp_path, looked_for(people)) == {
        ("plain.sqlite", "amount as binary"), ("plain.json", "name"), ("wide.txt", "name"),
        ("log.jsonl", "amount as text"),
    }  # fmt: skip


def test_a_stolen_data_folder_names_nobody_and_tells_no_amount(
    bank: LocalBank, settings: Settings, face: Face
) -> None:
    people = secrets()
    live_a_day(bank, face, people)
    names = {path.name for path in settings.data_dir.iterdir()}
    assert names >= {
        "credentials.json", "credentials.json.previous", "staff.json", "approval.json",
        "camera.json", "ledger.sqlite", "audit.jsonl", "attempts.sqlite",
    }  # fmt: skip
    assert given_away(settings.data_dir, looked_for(people)) == set()
    # The program itself reads all of it.
    ledger = bank.stores.ledger
    for person in (people[0], people[50], people[99]):
        record = bank.stores.credentials.get(person.username.upper())
        assert record is not None and record.full_name == person.full_name
        left = to_minor(person.opening - person.taken, "EUR")
        assert ledger.balance(record.customer_id) == left
    entries: list[dict[str, Any]] = list(bank.audit.entries())
    assert any(each.get("amount_minor") == to_minor(people[0].taken, "EUR") for each in entries)
    assert any(each.get("staff") == list(STAFF) for each in entries)
