"""A machine that keeps its customers in its own data folder."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from atm.capturing import LockedCommit
from atm.desks import StaffDesk
from atm.dispenser import SimulatedDispenser
from atm.enrolment import EnrolmentDesk
from atm.errors import AtmError
from atm.export import export
from atm.folder import DataFolder, open_existing
from atm.import_plain import ImportReport, import_plain
from atm.keys import Keys
from atm.liveness import Excused, challenge_s
from atm.login import LoginDesk
from atm.machine import Machine
from atm.office import Office
from atm.one_face import GallerySearch, OneFace
from atm.orphans import remove_orphans
from atm.people import Customer, StaffMember
from atm.session import Session
from atm.settings import Settings
from atm.stores import Stores, staff_of
from credentials.store import CredentialRecord
from face_auth.types import Frame

if TYPE_CHECKING:
    from face_auth.gallery import Template
    from face_auth.models import ModelCard


class LocalMachine(Machine):
    """One machine alone; use `Machine.open`."""

    def __init__(self, settings: Settings, folder: DataFolder, stores: Stores) -> None:
        """Wire the parts; use `Machine.open`."""
        super().__init__(settings, folder, stores, stores.audit)
        self._stores = stores
        self.staff = stores.staff
        self.ledger = stores.ledger
        self.store = stores.credentials
        self.gallery = stores.gallery
        self._commit = LockedCommit(folder.path / "enrolment.lock")
        self._one_face = OneFace(
            stores.credentials,
            stores.gallery,
            stores.audit,
            GallerySearch(stores.credentials, stores.gallery, self._card),
        )
        self._enrolment = EnrolmentDesk(
            store=stores.credentials,
            hasher=stores.hasher,
            gallery=stores.gallery,
            ledger=stores.ledger,
            audit=stores.audit,
            one_face=self._one_face,
            commit=self._commit,
        )
        self.office = self._local_office = Office(
            store=stores.credentials,
            hasher=stores.hasher,
            gallery=stores.gallery,
            ledger=stores.ledger,
            attempts=stores.attempts,
            audit=stores.audit,
            staff=stores.staff,
            commit=self._commit,
        )
        self._logins = LoginDesk(
            store=stores.credentials,
            hasher=stores.hasher,
            attempts=stores.attempts,
            pause=stores.pause,
            audit=stores.audit,
            open_session=self._open_session,
            suspect=self._one_face.suspect,
            limit_s=settings.login_limit_s + challenge_s(settings.liveness),
        )

    @classmethod
    def _opened(cls, settings: Settings, folder: DataFolder) -> Self:
        """Open the stores in *folder*, accept them, and wire the parts over them."""
        stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
        machine = cls(settings, folder, stores)
        stores.check()
        return machine

    @property
    def has_customers(self) -> bool:
        """Whether anybody is enrolled."""
        return any(not record.pending for record in self.store.all())

    @classmethod
    def _staff_alone(cls, settings: Settings) -> StaffDesk:
        folder = open_existing(settings.data_dir)
        if folder.fresh:
            raise AtmError("There is no member of staff yet.")
        return staff_of(folder, Keys.open(settings.key_dir, folder))

    def first_staff(self, name: str, pin: str) -> StaffMember:
        """Make the first member of staff, and approve models and settings in that name.

        Raises:
            PolicyError: If *name* or *pin* is not allowed.
            AtmError: If there is one already, it cannot be saved, or one member of staff may not
                approve these settings.
        """
        first = self.staff.check_first(name, pin)
        self._stores.approvals.approve(self.settings, [first])  # staff without one could not start
        member = self.staff.add_first(name, pin)
        self.audit.append("staff", act="first", name=member.name, staff=[member.name], anchor=True)
        return member

    def export(self, username: str, *, staff: StaffMember) -> dict[str, object]:
        """Return what is kept of a customer; see `atm.export.export`.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        record = self._local_office.known(username)
        self.audit.append("export", customer=record.customer_id, staff=[staff.name])
        return export(record, self.ledger, self.gallery, self.audit.entries)

    def import_names(self, file: Path, *, staff: StaffMember) -> ImportReport:
        """Bring in the prototype's names as pending records; see `import_plain`."""
        report = import_plain(file, self.store)
        self.audit.append("import", names=len(report.imported), staff=staff.name)
        return report

    def _tidy(self) -> None:
        """Remove what a crash left half-made."""
        stores = self._stores
        remove_orphans(
            stores.credentials, stores.gallery, stores.ledger, stores.audit, self._commit
        )

    def _open_session(self, customer: Customer) -> Session:
        return Session(
            customer,
            self.ledger,
            SimulatedDispenser(),
            smallest_note=self.settings.smallest_note,
            day_limit=self.settings.day_limit,
            record=lambda kind, **fields: self.audit.append(kind, anchor=True, **fields),
        )

    def _claimed(
        self, record: Any, frames: Iterator[Frame]
    ) -> "tuple[Excused | None, Template, Iterator[Frame]]":
        """Return who is claimed, their template and the frames to judge, on the face thread."""
        template = self.warm_up().decoy() if record is None else self._template(record)
        return record, template, frames

    def _admitted(self, session: Session) -> "Template":
        """Return the template of the customer of *session*.

        Raises:
            AtmError: If the customer was deleted meanwhile.
        """
        record = self.store.by_id(session.customer.customer_id)
        if record is None:
            raise AtmError("The customer was deleted meanwhile.")
        return self._template(record)

    def _save_pin(self, session: Session, pin: str) -> None:
        """Give the customer of a *session* that was just granted another PIN."""
        self._local_office.set_pin(self._local_office.known(session.customer.username), pin, [])

    def _enrolled(self, customer_id: str) -> Excused | None:
        """Return the customer whose face is taken, None for a new one."""
        return self.store.by_id(customer_id)

    def _template(self, record: CredentialRecord) -> "Template":
        assert record.template_id is not None
        return self.gallery.load(record.template_id, record.customer_id)

    def _prepare(self) -> None:
        """Begin what the first customers would else wait for."""
        _ = self._stores.hasher.decoy  # so that the first unknown name costs no more
        threading.Thread(target=self._one_face.prepare, name="faces", daemon=True).start()

    def _check_approved(self) -> None:
        """Accept models and settings; without staff nobody can have approved them yet.

        Raises:
            NotApprovedError: If they are not what staff approved.
        """
        if not self.staff.empty:
            self._stores.approvals.check(self.settings)

    def _card(self) -> "ModelCard":
        from face_auth.models import load_card

        return load_card(self.settings.network)
