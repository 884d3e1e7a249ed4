"""The machine: everything that one data folder needs, wired once for window and command line."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atm.capturing import LockedCommit
from atm.decision import Decision, Outcome
from atm.desks import Enrolment, Logins, MachineLog, OfficeDesk, StaffDesk
from atm.dispenser import SimulatedDispenser
from atm.enrolment import Application, Asking, EnrolmentDesk
from atm.errors import AtmError
from atm.export import export
from atm.folder import (
    DataFolder,
    FolderError,
    Kind,
    check_private,
    open_folder,
    remove_partials,
)
from atm.health import Health, look
from atm.import_plain import ImportReport, import_plain
from atm.keys import Keys
from atm.liveness import Excused, LivenessDesk, challenge_s
from atm.login import LoginDesk
from atm.office import Office
from atm.one_face import GallerySearch, OneFace
from atm.orphans import remove_orphans
from atm.registered_camera import RegisteredCamera
from atm.registration import CameraIdentity
from atm.session import Customer, Session
from atm.settings import Settings
from atm.signatures import Signatures, StaffMember
from atm.stores import KioskStores, Stores
from credentials.errors import CredentialError
from credentials.store import CredentialRecord
from face_auth.camera import Camera, Frame

if TYPE_CHECKING:
    from face_auth.enrolment import EnrolProgress
    from face_auth.gallery import Capture, Template
    from face_auth.models import ModelCard, Threshold
    from face_auth.presence import Presence
    from face_auth.quality import Quality
    from face_auth.recogniser import Recogniser
    from face_auth.verification import FaceResult, LoginProgress

PICTURES_LIMIT_S = 45.0
"""How long an enrolment waits for its five pictures."""


class Machine:
    """One data folder, open. `open` touches neither models nor camera; `warm_up` does."""

    staff: StaffDesk
    office: OfficeDesk
    _enrolment: Enrolment
    _logins: Logins

    def __init__(self, settings: Settings, folder: DataFolder, stores: Stores) -> None:
        """Wire the parts; use `Machine.open`."""
        self._begin(settings, folder, stores, stores.audit)
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

    def _begin(
        self,
        settings: Settings,
        folder: DataFolder,
        stores: KioskStores,
        audit: MachineLog,
    ) -> None:
        """Wire what every kiosk has, whoever keeps its customers."""
        self.settings = settings
        self.folder = folder
        self.kind: Kind = folder.kind
        self.audit = audit
        self._liveness = LivenessDesk(settings.liveness, settings.minifas)
        self._recogniser: Recogniser | None = None
        self._warming = threading.Lock()
        self._eye = RegisteredCamera(folder.kind, settings.camera, stores.registration, audit)
        self._held = contextlib.ExitStack()

    @classmethod
    def open(cls, settings: Settings) -> "Machine":
        """Open the data folder that *settings* name, making it where there is none.

        Raises:
            AtmError: If it must not be opened; the text is a sentence for staff.
        """
        if settings.store and cls is Machine:
            from atm.remote.machine import RemoteMachine

            return RemoteMachine.open(settings)
        held = contextlib.ExitStack()
        try:
            folder = open_folder(settings.data_dir, settings.kind)
            with contextlib.suppress(FolderError), folder.held(alone=True):
                remove_partials(folder)  # not while another process may be writing them
            held.enter_context(folder.held())
            check_private(folder)
            machine = cls._opened(settings, folder)
            machine._check_approved()
            machine._tidy()
            machine.audit.append("start")
            machine._held = held
        except (CredentialError, OSError) as error:
            held.close()
            raise AtmError(str(error)) from error
        except BaseException:
            held.close()
            raise
        return machine

    @classmethod
    def _opened(cls, settings: Settings, folder: DataFolder) -> "Machine":
        """Open the stores in *folder*, accept them, and wire the parts over them."""
        stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
        machine = cls(settings, folder, stores)
        stores.check()
        return machine

    def _tidy(self) -> None:
        """Remove what a crash left half-made."""
        stores = self._stores
        remove_orphans(
            stores.credentials, stores.gallery, stores.ledger, stores.audit, self._commit
        )

    @property
    def camera(self) -> Camera:
        """The camera of the settings, started at the first call; see `RegisteredCamera.camera`."""
        return self._eye.camera

    @property
    def camera_problem(self) -> str:
        """Why the camera of a live data folder may not be used; "" when it may."""
        return self._eye.problem

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        return self._recogniser is not None

    @property
    def threshold(self) -> "Threshold | None":
        """What a face must reach and which error rates that means; None before the models are."""
        return None if self._recogniser is None else self._recogniser.threshold

    @property
    def liveness_network(self) -> bool | None:
        """Whether the published liveness network takes part; None before the models are loaded."""
        return self._liveness.has_network

    def use_camera(self, spec: str) -> None:
        """Take another camera; see `RegisteredCamera.use`."""
        self._eye.use(spec)

    def register_camera(self, *, staff: StaffMember) -> CameraIdentity:
        """Take this camera only from now on; see `RegisteredCamera.register`."""
        return self._eye.register(staff)

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

    def warm_up(self) -> "Recogniser":
        """Load the models, once, and log at which error rates they decide; blocks meanwhile.

        Raises:
            ModelError: If a model file is missing or is not the right one.
            AuditError: If the log cannot be written: then nobody could be admitted.
        """
        from face_auth.recogniser import Recogniser

        with self._warming:
            if self._recogniser is None:
                loaded = Recogniser.load(self.settings.network, self.settings.security)
                self._check_approved()  # what was loaded, not what was there before
                self.audit.append(
                    "models",
                    network=loaded.network.name,
                    fmr=loaded.threshold.fmr,
                    fnmr=loaded.threshold.fnmr,
                    provisional=loaded.threshold.provisional,
                    liveness=self.settings.liveness,
                    liveness_network=self._liveness.load(),
                )
                self._prepare()
                self._recogniser = loaded
            return self._recogniser

    def guide(self, frame: Frame) -> "Quality":
        """Return what is to be said about *frame* before the press."""
        return self.warm_up().look(frame.image)

    def login(
        self,
        username: str,
        pin: str,
        *,
        progress: "Callable[[LoginProgress], None] | None" = None,
        cancel: threading.Event | None = None,
    ) -> Decision:
        """Check PIN and face at once, on two threads, and decide. Blocks; never raises.

        Args:
            username: As typed.
            pin: As typed.
            progress: Called on the face thread after each frame.
            cancel: Set it to end the attempt without a decision.
        """

        def check_face(claimed: Any, pressed: float, deadline: float) -> "FaceResult":
            from face_auth.verification import verify

            camera = self._eye.allowed()
            recogniser = self.warm_up()
            frames = camera.frames(after=pressed, until=deadline, cancel=cancel)
            record, template, frames = self._claimed(claimed, frames)
            check = self._liveness.check(record)
            with self._liveness.asking(camera, progress) as told:
                return verify(recogniser, frames, template, liveness=check, progress=told)

        return self._logins.login(username, pin, check_face)

    def watch(self, session: Session) -> "Presence":
        """Return what watches whether the customer of *session* stays before the camera.

        Raises:
            AtmError: If the customer was deleted meanwhile.
        """
        from face_auth.presence import Presence

        return Presence(self.warm_up(), self._admitted(session))

    def change_pin(
        self,
        session: Session,
        old_pin: str,
        new_pin: str,
        *,
        progress: "Callable[[LoginProgress], None] | None" = None,
        cancel: threading.Event | None = None,
    ) -> Decision:
        """Give the customer of an open *session* another PIN: by the old one and their face.

        The attempt counts like a login. Only a granted decision has changed the PIN.

        Raises:
            PolicyError: If *new_pin* is not allowed; nothing was counted then.
            AtmError, CredentialError: If it could not be saved; the old PIN holds.
        """
        from credentials.policy import check_pin

        check_pin(new_pin)
        username = session.customer.username
        decision = self.login(username, old_pin, progress=progress, cancel=cancel)
        if decision.outcome is Outcome.GRANTED:
            assert decision.session is not None
            try:
                self._save_pin(decision.session, new_pin)
            finally:
                decision.session.close()
        return decision

    def check_username(self, username: str) -> str:
        """Return *username* as it will be kept; see `EnrolmentDesk.check_username`."""
        return self._enrolment.check_username(username)

    def excused_requests(self, username: str) -> str | None:
        """Return from which requests a customer is excused, as `CredentialRecord.excused`.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        found: Excused = self.office.known(username)
        return found.excused

    def enrol(
        self,
        application: Application,
        *,
        staff: StaffMember,
        ask: Asking | None = None,
        progress: "Callable[[EnrolProgress], None] | None" = None,
        cancel: threading.Event | None = None,
    ) -> Customer:
        """Make a customer: PIN record and face on two threads at once. Blocks.

        Raises:
            AtmError, CredentialError, FaceAuthError: Nothing was saved; the text says why.
        """
        capture = self._capturing(progress)
        return self._enrolment.enrol(application, staff, capture, ask=ask, cancel=cancel)

    def new_face(
        self,
        username: str,
        *,
        signed: Signatures,
        progress: "Callable[[EnrolProgress], None] | None" = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Take a customer's face anew; see `Office.new_face`. Blocks."""
        self.office.new_face(username, self._capturing(progress), signed=signed, cancel=cancel)

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

    def health(self) -> Health:
        """Return how the machine is."""
        return look(self.settings, self.folder, self._stores, self._eye)

    def close(self) -> None:
        """Stop the camera and end the log; the stores hold nothing open."""
        self._eye.close()
        with contextlib.suppress(AtmError):  # the log was out of order before: staff were told
            self.audit.append("stop")
        self.audit.close()
        self._held.close()

    def _capturing(
        self, progress: "Callable[[EnrolProgress], None] | None"
    ) -> "Callable[[str, threading.Event], tuple[Template, list[Capture]]]":
        def capture(customer_id: str, stop: threading.Event) -> "tuple[Template, list[Capture]]":
            from face_auth.enrolment import enrol_face

            camera = self._eye.allowed()
            recogniser = self.warm_up()
            now = time.monotonic()
            frames = camera.frames(after=now, until=now + PICTURES_LIMIT_S, cancel=stop)
            check = self._liveness.check(self._enrolled(customer_id), enrols=True)
            with self._liveness.asking(camera, progress) as told:
                return enrol_face(recogniser, frames, customer_id, liveness=check, progress=told)

        return capture

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
