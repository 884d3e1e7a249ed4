"""Bank of a single machine, which keeps its customers in its own data folder."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from atm.accounts.dispenser import SIMULATED, Dispenser, SimulatedDispenser
from atm.accounts.money import to_minor
from atm.accounts.session import Session
from atm.approved_models import models_of
from atm.audit import AuditError, AuditLog
from atm.birth import begin_life, open_born
from atm.enrolment.crash_cleanup import remove_unfinished_enrolments
from atm.enrolment.duplicate_face import DuplicateFaceCheck, GallerySearch
from atm.enrolment.enrolment import Enrolments, opening_limit_minor
from atm.enrolment.hash_and_capture import LockedCommit
from atm.errors import AtmError
from atm.folder import DataFolder, check_dispenser
from atm.keys.keys import Keys
from atm.liveness_policy import challenge_s
from atm.login.attended import AttendedLogins, FaceNeededError
from atm.login.decision import Decision
from atm.login.login import CheckFace, Claim, ClaimedFace, LocalLogins
from atm.maintenance.export import export
from atm.maintenance.import_plain import ImportReport, import_plain
from atm.maintenance.rebuild import finish_rebuild
from atm.people import Customer, StaffMember
from atm.settings import Settings
from atm.staff.acts import Office
from atm.staff.card_acts import CardActs, NoCardsError
from atm.staff.inactivity import Inactivity, KeptForeverError
from atm.staff.registry import StaffRegistry
from atm.stores import Stores, open_staff
from credentials.credential_record import CredentialRecord
from face_auth.gallery import Template
from face_auth.models import load_card
from face_auth.types import FaceResult, Frame

if TYPE_CHECKING:
    from atm.card.cards import Cards
    from face_auth.recogniser import Recogniser


class LocalBank:
    """`atm.bank.Bank` over the files of one machine."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        """Wire the use cases over *stores*; use `open`."""
        self.settings = settings
        self.stores = stores
        self.audit = stores.audit
        self.staff = stores.staff
        self.models = models_of(settings)
        self._dispenser = _dispenser_of(settings)
        self.cards = _cards(settings, stores)
        check_card = None if self.cards is None else self.cards.check
        self._commit = LockedCommit(stores.folder.path / "enrolment.lock")
        search = GallerySearch(
            stores.credentials,
            stores.gallery,
            lambda: load_card(settings.network, self.models),
        )
        self._duplicate_check = DuplicateFaceCheck(
            stores.credentials, stores.gallery, stores.audit, search
        )
        self.enrolment = Enrolments(
            store=stores.credentials,
            hasher=stores.hasher,
            gallery=stores.gallery,
            ledger=stores.ledger,
            audit=stores.audit,
            duplicate_check=self._duplicate_check,
            commit=self._commit,
            cards=self.cards,
            opening_limit_minor=opening_limit_minor(settings, stores.folder.kind),
        )
        self.office = Office(
            store=stores.credentials,
            hasher=stores.hasher,
            gallery=stores.gallery,
            ledger=stores.ledger,
            attempts=stores.attempts,
            audit=stores.audit,
            staff=stores.staff,
            commit=self._commit,
            forget=stores.last_use.forget,
        )
        self._inactivity = Inactivity(
            keep_days=settings.keep_inactive_days,
            store=stores.credentials,
            ledger=stores.ledger,
            last_use=stores.last_use,
            audit=stores.audit,
            office=self.office,
        )
        self.logins = LocalLogins(
            store=stores.credentials,
            hasher=stores.hasher,
            attempts=stores.attempts,
            pause=stores.pause,
            audit=stores.audit,
            open_session=self._open_session,
            suspect=self._duplicate_check.suspect,
            limit_s=settings.login_limit_s + challenge_s(settings.liveness),
            check_card=check_card,
        )
        self._attended = AttendedLogins(
            store=stores.credentials,
            hasher=stores.hasher,
            attempts=stores.attempts,
            pause=stores.pause,
            audit=stores.audit,
            staff=stores.staff,
            open_session=lambda customer: self._open_session(customer, attended=True),
            check_card=check_card,
        )

    @property
    def attended(self) -> AttendedLogins:
        """Logins without the face; FaceNeededError where the setting does not allow them."""
        if self.settings.without_face == "off":
            raise FaceNeededError
        return self._attended

    @property
    def card_acts(self) -> CardActs:
        """Acts on customers' cards; NoCardsError where the setting does not allow them."""
        if self.cards is None:
            raise NoCardsError
        return CardActs(self.cards, self.stores.credentials, self.audit)

    @property
    def inactivity(self) -> Inactivity:
        """Unused accounts; KeptForeverError where the setting `keep_inactive_days` is 0."""
        if not self.settings.keep_inactive_days:
            raise KeptForeverError
        return self._inactivity

    @classmethod
    def open(cls, settings: Settings, folder: DataFolder) -> Self:
        """Open the stores in *folder* and check them.

        Raises:
            AtmError, CredentialError: If one cannot be used, was altered, or is an old copy.
        """
        check_dispenser(folder.kind, settings.dispenser)
        stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
        return cls(stores.approvals.in_effect(settings), stores)

    @property
    def has_customers(self) -> bool:
        """Whether any customer is enrolled."""
        return any(
            record.attended or not record.pending for record in self.stores.credentials.all()
        )

    def login(
        self, username: str, pin: str, check_face: CheckFace[Claim], *, more_s: float = 0.0
    ) -> Decision:
        """Check PIN and face at once and decide; never raises."""

        def check(record: CredentialRecord | None, pressed: float, deadline: float) -> FaceResult:
            def claim(recogniser: Recogniser, frames: Iterator[Frame]) -> ClaimedFace:
                if record is None:
                    return ClaimedFace(recogniser.decoy(), None, frames)
                return ClaimedFace(self._template(record), record.excused, frames)

            return check_face(claim, pressed, deadline)

        return self.logins.login(username, pin, check, more_s=more_s)

    def first_staff(self, name: str, pin: str, *, confirmed: str = "") -> StaffMember:
        """Add the first member of staff, and approve models and settings in that name.

        Args:
            name: As typed.
            pin: As typed.
            confirmed: The network's terms that they confirmed; see `Approvals.terms`.

        Raises:
            PolicyError: If *name* or *pin* is not allowed.
            AtmError: If there is one already, it cannot be saved, one member of staff may not
                approve these settings, or the terms were not confirmed.
        """
        first = self.staff.check_first(name, pin)
        # Staff without an approval could not start the kiosk.
        self.stores.approvals.approve(
            self.settings, [first], models=self.models, confirmed=confirmed
        )
        begin_life(self.settings, self.stores.folder)
        member = self.staff.add_first(name, pin)
        self.audit.append("staff", act="first", name=member.name, staff=[member.name], anchor=True)
        return member

    def export(self, username: str, *, staff: StaffMember) -> dict[str, object]:
        """Return all data kept about a customer; see `atm.maintenance.export.export`.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        record = self.office.record(username)
        self.audit.append("export", customer=record.customer_id, staff=[staff.name])
        return export(
            record, self.stores.ledger, self.stores.gallery, self.audit.entries,
            self.settings.currency, self.stores.last_use.days()[1].get(record.customer_id),
        )  # fmt: skip

    def import_names(self, file: Path, *, staff: StaffMember) -> ImportReport:
        """Import the prototype's names as pending records; see `import_plain`."""
        report = import_plain(file, self.stores.credentials)
        self.audit.append("import", names=len(report.imported), staff=staff.name)
        return report

    def check_approved(self) -> None:
        """Check models and settings against the approval; skipped before it and staff are there.

        A kiosk of a bank has no staff of its own: without the approval, whoever takes the setting
        `store` away would be its first member.

        Raises:
            NotApprovedError: If they are not what staff approved.
        """
        approvals = self.stores.approvals
        if not (self.staff.empty and approvals.last is None):
            approvals.check_service(self.settings)
            approvals.check(self.settings, models=self.models)

    def tidy(self) -> None:
        """Finish a change of the face network, and remove enrolments, that a crash interrupted."""
        stores = self.stores
        self._commit(lambda: finish_rebuild(stores))
        remove_unfinished_enrolments(
            stores.credentials, stores.gallery, stores.ledger, stores.audit, self._commit
        )

    def prepare(self) -> None:
        """Prepare the decoy hash of unknown names, and the index of the face search."""
        _ = self.stores.hasher.decoy  # so that the first unknown name costs no more
        threading.Thread(target=self._duplicate_check.prepare, name="faces", daemon=True).start()

    def notes(self) -> tuple[str, ...]:
        """Return the dispenser's note, if any: `atm.maintenance.health` checks the files."""
        return tuple(filter(None, [self._dispenser.note]))

    def close(self) -> None:
        """Close the log; the stores hold no open files."""
        self.audit.close()

    def _open_session(self, customer: Customer, *, attended: bool = False) -> Session:
        customer_id = customer.customer_id
        self.stores.last_use.mark(customer_id)

        def save_pin(pin: str) -> None:
            self.office.set_pin(self.office.record(customer.username), pin, [])

        def template() -> Template:
            record = self.stores.credentials.by_id(customer_id)
            if record is None:
                raise AtmError("The customer was deleted meanwhile.")
            return self._template(record)

        return Session(
            customer,
            self.stores.ledger,
            self._dispenser,
            smallest_note_minor=to_minor(self.settings.smallest_note, self.settings.currency),
            day_limit_minor=to_minor(self.settings.day_limit, self.settings.currency),
            record=lambda kind, **fields: self.audit.append(kind, anchor=True, **fields),
            template=template,
            save_pin=save_pin,
            attended=attended,
        )

    def _template(self, record: CredentialRecord) -> Template:
        assert record.template_id is not None
        return self.stores.gallery.load(record.template_id, record.customer_id)


def _dispenser_of(settings: Settings) -> Dispenser:
    if settings.dispenser == SIMULATED:
        return SimulatedDispenser()
    from atm.xfs4iot.dispenser import Xfs4iotDispenser  # websockets with it

    address = settings.dispenser.removeprefix("xfs4iot+")
    return Xfs4iotDispenser(address, settings.dispenser_ca, settings.currency)


def _cards(settings: Settings, stores: Stores) -> Cards | None:
    """Return the cards of *settings*; without them no package for cards is imported."""
    if settings.card == "off":
        return None
    from atm.card.cards import Cards
    from atm.card.reader import CardReader

    required = settings.card == "required"
    return Cards(stores.folder.folder_id, stores.credentials, CardReader(), required=required)


def open_folder_staff(settings: Settings) -> StaffRegistry:
    """Open only the staff list of a data folder; make no files.

    It is compared with the audit log. Where the log itself is what is damaged it is not: whoever
    signs in by it reads the reason and closes the kiosk, and signs nothing.

    Raises:
        AtmError, CredentialError: If there is none, it is old, or it cannot be used.
    """
    folder = open_born(replace(settings, kind=None))
    known: dict[str, int] = {}
    with contextlib.suppress(AuditError):
        known = AuditLog.of(folder, settings.key_dir, settings.anchor_dir).head_stores()
    return open_staff(folder, Keys.open(settings.key_dir, folder), settings, known)
