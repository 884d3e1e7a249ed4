"""Kiosks for the contract tests: over files, over a database, over the service."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atm.accounts.dispenser import SimulatedDispenser
from atm.accounts.session import Session
from atm.audit import AuditLog
from atm.enrolment.duplicate_face import DuplicateFaceCheck, GallerySearch
from atm.enrolment.enrolment import ConfirmDuplicate, Enrolments
from atm.enrolment.hash_and_capture import CaptureFace
from atm.fleet.kiosk.accounts import RemoteAccounts
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.kiosk.enrolment import RemoteEnrolment
from atm.fleet.kiosk.log import KioskLog
from atm.fleet.kiosk.login import RemoteLogin
from atm.fleet.kiosk.office import RemoteOffice
from atm.fleet.kiosk.staff import RemoteStaff
from atm.fleet.kiosk_kind import KioskReport
from atm.fleet.service.store.keys import make_keys
from atm.fleet.service.store.stores import ServiceStores
from atm.login.decision import Decision
from atm.login.login import LocalLogins
from atm.login.pause import Pause
from atm.people import Application, Customer, Signatures, StaffMember
from atm.staff.acts import Office
from atm.staff.registry import StaffRegistry
from benchmarks.fleet.postgres import PostgresServer
from credentials.credential_record import CredentialRecord
from credentials.sealed.seal import Seal
from face_auth.gallery import Capture, Template
from face_auth.models import load_card
from face_auth.types import FaceResult
from tests.fleet.contract.banks import CHEAP, PIN, Bank, Clock, face, files_bank

CARD = load_card("bundled")
STAFF = {"ruiz": "746195", "okafor": "829461"}
REPORT = KioskReport("live", "off", "0000:00:14.0/1.2")
KIOSK = "0" * 31 + "1"
NOTE, DAY_LIMIT = 10, 1000


@dataclass
class Branch:
    """One kiosk, with the acts of its staff and customers."""

    staff: StaffRegistry | RemoteStaff
    office: Office | RemoteOffice
    enrolment: Enrolments | RemoteEnrolment
    logins: LocalLogins | RemoteLogin
    again: "Callable[[], Branch]"
    """Opens another kiosk of the same bank."""
    close: Callable[[], None] = lambda: None

    def sign_in(self, name: str = "ruiz") -> StaffMember:
        """Sign a member of staff in."""
        return self.staff.sign_in(name, STAFF[name])

    def two(self) -> Signatures:
        """Return the signatures of both members."""
        return Signatures(self.sign_in(), self.sign_in("okafor"))

    def enrol(
        self,
        username: str = "ada",
        opening_minor: int = 100_000,
        *,
        looks_like: str | None = None,
        ask: ConfirmDuplicate | None = None,
        pin: str = PIN,
    ) -> Customer:
        """Enrol a customer with a face made of *looks_like*; two sign the opening balance."""
        application = Application(username, username.title(), opening_minor, pin, datetime.now(UTC))
        return self.enrolment.enrol(
            application, self.two(), capturing(looks_like or username), ask=ask
        )

    def login(self, username: str = "ada", pin: str = PIN, *, own_face: bool = True) -> Decision:
        """Log in; the face's answer is staged."""

        def check_face(claimed: Any, pressed: float, deadline: float) -> FaceResult:
            if isinstance(claimed, Future):
                claimed.result()
                return FaceResult("", own_face, 1.0, 0.5, 3)
            assert claimed is None or isinstance(claimed, CredentialRecord)
            who = "" if claimed is None else claimed.customer_id
            return FaceResult(who, own_face and claimed is not None, 1.0, 0.5, 3)

        return self.logins.login(username, pin, check_face)

    def session(self, username: str = "ada", pin: str = PIN) -> Session:
        """Log in with the right PIN and face."""
        session = self.login(username, pin).session
        assert session is not None
        return session

    def customers(self) -> list[tuple[Customer, str]]:
        """Return all customers with their states, as staff see them."""
        return self.office.customers(staff=self.sign_in())

    def state(self, username: str) -> str:
        """Return a customer's state, as staff see it."""
        found = {customer.username: state for customer, state in self.customers()}
        return found[username]


def capturing(name: str) -> CaptureFace:
    """Return what captures the face of *name*, as the kiosks' network would embed it."""

    def capture(customer_id: str, stop: threading.Event) -> tuple[Template, list[Capture]]:
        template, captures = face(name, customer_id)
        return replace(template, network=CARD.name, network_sha256=CARD.sha256), captures

    return capture


def files_branch(folder: Path, number: int = 0) -> Branch:
    """Open a kiosk over the files in *folder*."""
    clock = Clock()
    bank = files_bank(folder, clock)
    if bank.staff.empty:
        make_staff(bank.staff)
    search = GallerySearch(bank.store, bank.gallery, lambda: CARD)
    return stores_branch(bank, search, folder / f"pause{number}", lambda: files_branch(folder, 1))


def database_branch(cluster: PostgresServer, folder: Path, number: int = 0) -> Branch:
    """Open a kiosk over the database of *cluster*, with its own things in *folder*."""
    keys = folder / "service.keys"
    if not keys.exists():
        make_keys(keys)
    stores = ServiceStores.open(cluster.url(), keys, lambda: CARD, costs=CHEAP, paying_out_s=0.0)
    if stores.staff(KIOSK).empty:
        make_staff(stores.staff(KIOSK))
    bank = replace(
        files_bank(folder, Clock()),
        store=stores.credentials, hasher=stores.hasher, attempts=stores.attempts,
        gallery=stores.gallery, ledger=stores.ledger, staff=stores.staff(KIOSK),
        log=stores.log(KIOSK), commit=stores.commit, new_id=stores.new_id, closing=[stores.close],
    )  # fmt: skip
    return stores_branch(
        bank, stores.search, folder / f"pause{number}", lambda: database_branch(cluster, folder, 1)
    )


def make_staff(staff: Any) -> None:
    """Add both members of staff."""
    first = staff.add_first("ruiz", STAFF["ruiz"])
    staff.add("okafor", STAFF["okafor"], signed=first)


def stores_branch(bank: Bank, search: Any, pause: Path, again: Callable[[], Branch]) -> Branch:
    """Open a kiosk over the stores of *bank*."""
    duplicate_check = DuplicateFaceCheck(bank.store, bank.gallery, bank.log, search)

    def session(customer: Customer) -> Session:
        return Session(
            customer, bank.ledger, SimulatedDispenser(),
            smallest_note_minor=100 * NOTE,
            day_limit_minor=100 * DAY_LIMIT, record=bank.log.append,
            template=lambda: None, save_pin=lambda pin: None,
        )  # fmt: skip

    return Branch(
        staff=bank.staff,
        office=Office(
            store=bank.store, hasher=bank.hasher, gallery=bank.gallery, ledger=bank.ledger,
            attempts=bank.attempts, audit=bank.log, staff=bank.staff, commit=bank.commit,
        ),
        enrolment=Enrolments(
            store=bank.store, hasher=bank.hasher, gallery=bank.gallery, ledger=bank.ledger,
            audit=bank.log, duplicate_check=duplicate_check, commit=bank.commit, new_id=bank.new_id,
        ),
        logins=LocalLogins(
            store=bank.store, hasher=bank.hasher, attempts=bank.attempts,
            pause=Pause(pause, Seal(b"s" * 32)), audit=bank.log, open_session=session,
            suspect=lambda customer_id, seen: None, limit_s=30.0, refuse_after_s=0.001,
        ),
        again=again,
        close=bank.close,
    )  # fmt: skip


def service_branch(make_client: Callable[[], ServiceClient], folder: Path) -> Branch:
    """Open a kiosk over the service, with its own things in *folder*."""
    folder.mkdir()
    client = make_client()
    log = KioskLog(
        AuditLog(folder / "audit.jsonl", folder / "a.audit", folder / "a.anchor"), client
    )

    def session(customer: Customer, token: str, template: Template) -> Session:
        accounts = RemoteAccounts(client, token, customer.customer_id, "EUR")
        return Session(
            customer, accounts, SimulatedDispenser(), smallest_note_minor=100 * NOTE,
            day_limit_minor=100 * DAY_LIMIT,
            record=lambda kind, **fields: log.append(kind, anchor=True, **fields),
            template=lambda: template, save_pin=accounts.save_pin,
        )  # fmt: skip

    logins = RemoteLogin(
        client=client, pause=Pause(folder / "pause", Seal(b"s" * 32)), log=log,
        network=lambda: (CARD.name, CARD.sha256), report=lambda: REPORT,
        open_session=session, limit_s=30.0,
    )  # fmt: skip
    logins._refuse_after_s = 0.001

    def close() -> None:
        log.close()
        client.close()

    return Branch(
        staff=RemoteStaff(client),
        office=RemoteOffice(client),
        enrolment=RemoteEnrolment(client, "EUR"),
        logins=logins,
        again=lambda: service_branch(make_client, folder / "again"),
        close=close,
    )
