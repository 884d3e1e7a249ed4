"""Times of login, enrolment and duplicate search at the service with one number of customers."""

import base64
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

from sqlalchemy import Engine, event

from atm.enrolment.duplicate_face import DuplicateFaceCheck, DuplicateQuestion
from atm.enrolment.enrolment import Enrolments
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.sealed_box import Recipient
from atm.fleet.service.bank_service import BankService
from atm.fleet.service.store.kiosks import Kiosk
from atm.fleet.service.store.stores import ServiceStores
from atm.fleet.wire_faces import pack_face
from atm.people import Application, Signatures, StaffMember
from benchmarks.fleet.bank import FILLED, OPENING_MINOR, PIN, MadeUpBank, Size
from benchmarks.fleet.kiosks import REPORT, log_in
from benchmarks.fleet.service import STAFF, KioskFiles
from benchmarks.results import Growth, Timing
from face_auth.gallery import Capture, Template
from face_auth.models import ModelCard
from face_auth.types import FaceResult

WARM_UP: Final = 2
PATIENT_S: Final = 600.0
"""How long an enrolment waits for its answer here; a kiosk stops sooner, without a figure."""

_numbers = itertools.count()


class NoDuplicates:
    """Stand-in for the duplicate check, which finds no similar face."""

    def question(self, template: object, captures: object) -> DuplicateQuestion | None:
        """Return None: no face is similar."""
        return None


def measure_stage(
    bank: MadeUpBank,
    stores: ServiceStores,
    kiosk: KioskFiles,
    captures: Sequence[Capture],
    network_sha256: str,
    runs: int,
) -> Growth:
    """Measure login, enrolment and search one after the other, with the current customers.

    Args:
        bank: The filled bank.
        stores: Its stores, in this process.
        kiosk: A kiosk that does nothing else meanwhile.
        captures: Pictures of a new customer.
        network_sha256: SHA-256 of the face network that the kiosks run.
        runs: Number of logins; a quarter as many enrolments, an eighth as many searches.
    """
    client = kiosk.client(PATIENT_S)
    try:
        log_in(client, bank.paying[0], network_sha256)
        names = itertools.cycle(bank.paying)
        login = _timed(runs, lambda: log_in(client, next(names), network_sha256))
        both = [client.call("staff/sign-in", name=name, pin=STAFF[name])["token"] for name in STAFF]
        few = max(2, runs // 4)
        saved = _timed(few, lambda: _save(stores, bank, captures))
        enrolled = _timed(
            max(2, runs // 8), lambda: _enrol(client, both, bank, captures), warm_up=0
        )
        stores.search.prepare()
        searched = _timed(
            max(2, runs // 8), lambda: stores.search.closest(bank.face("").embeddings), warm_up=1
        )
    finally:
        client.close()
    return Growth(
        bank.customers,
        {"login": login, "enrolment without the search": saved, "the search": searched,
         "enrolment through the service": enrolled},
    )  # fmt: skip


def bytes_a_customer(size: Size) -> dict[str, float]:
    """Return the bytes of one customer by table, if every customer has pictures."""
    found = {table.name: size.by_table[table.name] / size.customers for table in FILLED}
    return found | {"pictures of the face": size.pictures}


def bytes_a_login(before: Size, after: Size, logins: int) -> float:
    """Return the bytes that a login leaves: its row, log entries, the counters' old rows."""
    names = after.by_table.keys() - {table.name for table in FILLED}
    return sum(after.by_table[name] - before.by_table[name] for name in names) / max(1, logins)


def count_queries(
    stores: ServiceStores, card: ModelCard, kiosk: Kiosk, username: str
) -> dict[str, int]:
    """Return the number of statements and transactions of one login in the database.

    The login runs in this process, so that nothing else is counted: begin and finish, each with the
    look-up of the kiosk's certificate.
    """
    service = BankService(stores, card, "EUR", day_limit=1000, opening_limit=10**6)
    found = {"statements": 0, "transactions": 0}

    def login() -> None:
        stores.kiosks.known(kiosk.fingerprint)
        begun = service.logins.begin(kiosk, username, PIN, Recipient().public, card.sha256, REPORT)
        stores.kiosks.known(kiosk.fingerprint)
        admitted = service.logins.finish(kiosk, begun.attempt, FaceResult("", True, 1.0, 0.5, 3))
        if admitted is None:
            raise ValueError("the login that was to be counted was refused")

    login()  # connects, and reads versions
    with _counting(found):
        login()
    return found


@contextmanager
def _counting(found: dict[str, int]) -> Iterator[None]:
    def statement(*_: object) -> None:
        found["statements"] += 1

    def transaction(*_: object) -> None:
        found["transactions"] += 1

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "begin", transaction)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "begin", transaction)


def _save(stores: ServiceStores, bank: MadeUpBank, captures: Sequence[Capture]) -> None:
    """Enrol a customer in the service's stores, hash and commit, without the search."""
    log = stores.log("0" * 32)
    enrolment = Enrolments(
        store=stores.credentials, hasher=stores.hasher, gallery=stores.gallery,
        ledger=stores.ledger, audit=log, duplicate_check=cast(DuplicateFaceCheck, NoDuplicates()),
        commit=stores.commit, new_id=stores.new_id,
    )  # fmt: skip
    face = bank.face("")
    name, made = _new_name(bank), list(captures)

    def capture(customer_id: str, _stop: object) -> tuple[Template, list[Capture]]:
        return replace(face, customer_id=customer_id), made

    application = Application(name, "New", OPENING_MINOR, PIN, datetime.now(UTC))
    enrolment.enrol(application, Signatures(*map(StaffMember, STAFF)), capture)


def _enrol(
    client: ServiceClient, staff: Sequence[str], bank: MadeUpBank, captures: Sequence[Capture]
) -> None:
    """Enrol a customer through the service, with the search."""
    face = pack_face(bank.face(""), captures)
    client.call(
        "enrolments", staff=list(staff), name=_new_name(bank), full_name="New",
        opening_minor=OPENING_MINOR, pin=PIN, consent_at=datetime.now(UTC).isoformat(),
        excused=[], alike=False, currency="EUR",
        face=base64.b64encode(face).decode("ascii"),
    )  # fmt: skip


def _new_name(bank: MadeUpBank) -> str:
    return f"new.{bank.customers}.{next(_numbers)}"


def _timed(runs: int, work: Callable[[], object], warm_up: int = WARM_UP) -> Timing:
    samples = []
    for number in range(-warm_up, runs):
        begin = time.perf_counter()
        work()
        if number >= 0:
            samples.append((time.perf_counter() - begin) * 1000)
    return Timing.of(samples)
