"""The machine: everything that one data folder needs, wired once for window and command line."""

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from atm.decision import Decision, Outcome
from atm.desks import Enrolment, Logins, MachineLog, OfficeDesk, StaffDesk
from atm.enrolment import Asking
from atm.errors import AtmError
from atm.folder import (
    DataFolder,
    FolderError,
    Kind,
    check_camera,
    check_private,
    open_folder,
    remove_partials,
)
from atm.health import Health, look
from atm.import_plain import ImportReport
from atm.liveness import Excused, LivenessDesk
from atm.pace import Pace
from atm.people import Application, Customer, Signatures, StaffMember
from atm.registered_camera import RegisteredCamera
from atm.registration import CameraIdentity
from atm.session import Session
from atm.settings import Settings
from atm.stores import KioskStores
from credentials.errors import CredentialError
from face_auth.camera import Camera
from face_auth.types import Frame

if TYPE_CHECKING:
    from face_auth.drawn_camera import DrawnCamera
    from face_auth.gallery import Capture, Template
    from face_auth.models import Threshold
    from face_auth.presence import Presence
    from face_auth.quality import Quality
    from face_auth.recogniser import Recogniser
    from face_auth.types import EnrolProgress, FaceResult, LoginProgress

PICTURES_LIMIT_S = 45.0
"""How long an enrolment waits for its five pictures."""


class Machine(ABC):
    """One data folder, open. `open` touches neither models nor camera; `warm_up` does.

    Whoever keeps the customers, its own files or a bank's service, is behind the desks.
    """

    staff: StaffDesk
    office: OfficeDesk
    _enrolment: Enrolment
    _logins: Logins

    def __init__(
        self,
        settings: Settings,
        folder: DataFolder,
        stores: KioskStores,
        audit: MachineLog,
    ) -> None:
        """Wire what every kiosk has; use `Machine.open`."""
        self.settings = settings
        self._own = stores
        self.folder = folder
        self.kind: Kind = folder.kind
        self.audit = audit
        self._liveness = LivenessDesk(settings.liveness, settings.minifas)
        self._pace = Pace(self._log_pace)
        self._recogniser: Recogniser | None = None
        self._warming = threading.Lock()
        self._eye = RegisteredCamera(folder.kind, settings.camera, stores.registration, audit)
        self._held = contextlib.ExitStack()

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the data folder that *settings* name, making it where there is none.

        Raises:
            AtmError: If it must not be opened; the text is a sentence for staff.
        """
        if cls is Machine:
            return cast(Self, _chosen(settings).open(settings))
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
            with (
                self._liveness.asking(camera, progress) as told,
                contextlib.closing(self._pace.watched(frames)) as judged,
            ):
                return verify(recogniser, judged, template, liveness=check, progress=told)

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
        camera: "DrawnCamera | None" = None,
    ) -> Customer:
        """Make a customer: PIN record and face on two threads at once. Blocks.

        Args:
            application: What was typed.
            staff: Who signed in.
            ask: Called when the face is close to another customer's.
            progress: Called on the face thread after each frame.
            cancel: Set it to stop.
            camera: A drawn person instead of the machine's camera; a live folder takes none.

        Raises:
            AtmError, CredentialError, FaceAuthError: Nothing was saved; the text says why.
        """
        if camera is not None:
            check_camera(self.kind, camera.spec)
        capture = self._capturing(progress, application.excused, camera)
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

    def health(self) -> Health:
        """Return how the machine is."""
        rate = self._pace.rate
        return look(self.settings, self.folder, self._own, self._eye, self._liveness, rate)

    def close(self) -> None:
        """Stop the camera and end the log; the stores hold nothing open."""
        self._eye.close()
        with contextlib.suppress(AtmError):  # the log was out of order before: staff were told
            self.audit.append("stop")
        self.audit.close()
        self._held.close()

    def _log_pace(self, rate: float, enough: bool) -> None:
        with contextlib.suppress(AtmError):  # whoever is admitted meanwhile needs the log anyway
            self.audit.append("pace", pictures_per_s=round(rate, 1), enough=enough)

    def _capturing(
        self,
        progress: "Callable[[EnrolProgress], None] | None",
        excused: tuple[str, ...] = (),
        drawn: "DrawnCamera | None" = None,
    ) -> "Callable[[str, threading.Event], tuple[Template, list[Capture]]]":
        def capture(customer_id: str, stop: threading.Event) -> "tuple[Template, list[Capture]]":
            from face_auth.enrolment import enrol_face

            camera = drawn or self._eye.allowed()
            recogniser = self.warm_up()
            now = time.monotonic()
            frames = camera.frames(after=now, until=now + PICTURES_LIMIT_S, cancel=stop)
            record = self._enrolled(customer_id)
            check = self._liveness.check(record, enrols=True, excused=excused)
            with (
                self._liveness.asking(camera, progress) as told,
                contextlib.closing(self._pace.watched(frames)) as judged,
            ):
                return enrol_face(recogniser, judged, customer_id, liveness=check, progress=told)

        return capture

    @classmethod
    @abstractmethod
    def _opened(cls, settings: Settings, folder: DataFolder) -> Self:
        """Open the stores in *folder*, accept them, and wire the parts over them."""

    @property
    @abstractmethod
    def has_customers(self) -> bool:
        """Whether anybody is enrolled, so that a login can succeed.

        Raises:
            CredentialError: If the records cannot be read.
        """

    @classmethod
    @abstractmethod
    def _staff_alone(cls, settings: Settings) -> StaffDesk:
        """Open nothing but the list of staff; make nothing."""

    @abstractmethod
    def first_staff(self, name: str, pin: str) -> StaffMember:
        """Make the first member of staff, and approve models and settings in that name."""

    @abstractmethod
    def export(self, username: str, *, staff: StaffMember) -> dict[str, object]:
        """Return what is kept of a customer; see `atm.export.export`."""

    @abstractmethod
    def import_names(self, file: Path, *, staff: StaffMember) -> ImportReport:
        """Bring in the prototype's names as pending records; see `import_plain`."""

    @abstractmethod
    def _tidy(self) -> None:
        """Remove what a crash left half-made."""

    @abstractmethod
    def _prepare(self) -> None:
        """Begin what the first customers would else wait for."""

    @abstractmethod
    def _check_approved(self) -> None:
        """Accept models and settings; NotApprovedError if they are not what staff approved."""

    @abstractmethod
    def _claimed(
        self, claimed: Any, frames: Iterator[Frame]
    ) -> "tuple[Excused | None, Template, Iterator[Frame]]":
        """Return who is claimed, their template and the frames to judge, on the face thread."""

    @abstractmethod
    def _admitted(self, session: Session) -> "Template":
        """Return the template of the customer of *session*."""

    @abstractmethod
    def _save_pin(self, session: Session, pin: str) -> None:
        """Give the customer of a *session* that was just granted another PIN."""

    @abstractmethod
    def _enrolled(self, customer_id: str) -> Excused | None:
        """Return the customer whose face is taken, None for a new one."""


def staff_alone(settings: Settings) -> StaffDesk:
    """Return who may sign in although the machine of *settings* does not open.

    Raises:
        AtmError, CredentialError: If nobody can, for that store cannot be used either.
    """
    return _chosen(settings)._staff_alone(settings)


def _chosen(settings: Settings) -> type[Machine]:
    if settings.store:
        from atm.remote.machine import RemoteMachine

        return RemoteMachine
    from atm.local_machine import LocalMachine

    return LocalMachine
