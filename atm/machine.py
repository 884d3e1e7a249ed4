"""The machine: one data folder, its camera and models, and the bank that keeps its customers."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from atm.accounts.session import Session
from atm.bank import Bank
from atm.camera.registered_camera import RegisteredCamera
from atm.camera.registration import CameraIdentity
from atm.enrolment.enrolment import Asking
from atm.enrolment.hash_and_capture import Capturing
from atm.errors import AtmError
from atm.folder import Kind, check_camera
from atm.liveness_policy import LivenessDesk, excuses
from atm.login.decision import Decision, Outcome
from atm.login.login import Claim
from atm.maintenance.health import Health, look
from atm.pace import Pace
from atm.people import Application, Customer, Signatures, StaffMember
from atm.settings import Settings
from credentials.policy import check_pin
from face_auth.camera import Camera
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.gallery import Capture, Template
from face_auth.models import Threshold
from face_auth.types import EnrolProgress, FaceResult, Frame, LoginProgress

if TYPE_CHECKING:
    from face_auth.presence import Presence
    from face_auth.recogniser import Recogniser
    from face_auth.recognition.quality import Quality

PICTURES_LIMIT_S = 45.0
"""How long an enrolment waits for its five pictures."""


class Machine:
    """One data folder, open; made by `atm.opening.open_machine`.

    Neither models nor camera are touched before `warm_up` and `camera`.
    """

    def __init__(self, settings: Settings, bank: Bank, held: contextlib.ExitStack) -> None:
        """Wire what every machine has over *bank*, whose stores are open.

        Args:
            settings: In effect.
            bank: Keeps the customers.
            held: What is let go of when the machine is closed: the folder.
        """
        self.settings = settings
        self.bank = bank
        self.folder = bank.stores.folder
        self.kind: Kind = self.folder.kind
        self.audit = bank.audit
        self.staff = bank.staff
        self.office = bank.office
        self._liveness = LivenessDesk(settings.liveness, settings.minifas)
        self._pace = Pace(self._log_pace)
        self._recogniser: Recogniser | None = None
        self._warming = threading.Lock()
        self._eye = RegisteredCamera(
            self.kind, settings.camera, bank.stores.registration, self.audit
        )
        self._held = held

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
    def has_customers(self) -> bool:
        """Whether anybody is enrolled; see `Bank.has_customers`."""
        return self.bank.has_customers

    @property
    def threshold(self) -> Threshold | None:
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
        """Make the first member of staff; see `Bank.first_staff`."""
        return self.bank.first_staff(name, pin)

    def warm_up(self) -> Recogniser:
        """Load the models, once, and log at which error rates they decide; blocks meanwhile.

        Raises:
            ModelError: If a model file is missing or is not the right one.
            AuditError: If the log cannot be written: then nobody could be admitted.
        """
        from face_auth.recogniser import Recogniser

        with self._warming:
            if self._recogniser is None:
                loaded = Recogniser.load(self.settings.network, self.settings.security)
                self.bank.check_approved()  # what was loaded, not what was there before
                self.audit.append(
                    "models",
                    network=loaded.network.name,
                    fmr=loaded.threshold.fmr,
                    fnmr=loaded.threshold.fnmr,
                    provisional=loaded.threshold.provisional,
                    liveness=self.settings.liveness,
                    liveness_network=self._liveness.load(),
                )
                self.bank.prepare()
                self._recogniser = loaded
            return self._recogniser

    def guide(self, frame: Frame) -> Quality:
        """Return what is to be said about *frame* before the press."""
        return self.warm_up().assess(frame.image)

    def login(
        self,
        username: str,
        pin: str,
        *,
        progress: Callable[[LoginProgress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Decision:
        """Check PIN and face at once, on two threads, and decide. Blocks; never raises.

        Args:
            username: As typed.
            pin: As typed.
            progress: Called on the face thread after each frame.
            cancel: Set it to end the attempt without a decision.
        """

        def check_face(claim: Claim, pressed: float, deadline: float) -> FaceResult:
            from face_auth.verification import verify

            camera = self._eye.allowed()
            recogniser = self.warm_up()
            frames = camera.frames(after=pressed, until=deadline, cancel=cancel)
            claimed = claim(recogniser, frames)
            check = self._liveness.check(excuses(claimed.excused))
            with (
                self._liveness.asking(camera, progress) as told,
                contextlib.closing(self._pace.watched(claimed.frames)) as judged,
            ):
                return verify(recogniser, judged, claimed.template, liveness=check, progress=told)

        return self.bank.login(username, pin, check_face)

    def watch(self, session: Session) -> Presence:
        """Return what watches whether the customer of *session* stays before the camera.

        Raises:
            AtmError: If the customer was deleted meanwhile, or has logged out.
        """
        from face_auth.presence import Presence

        return Presence(self.warm_up(), session.template())

    def change_pin(
        self,
        session: Session,
        old_pin: str,
        new_pin: str,
        *,
        progress: Callable[[LoginProgress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Decision:
        """Give the customer of an open *session* another PIN: by the old one and their face.

        The attempt counts like a login. Only a granted decision has changed the PIN.

        Raises:
            PolicyError: If *new_pin* is not allowed; nothing was counted then.
            AtmError, CredentialError: If it could not be saved; the old PIN holds.
        """
        check_pin(new_pin)
        username = session.customer.username
        decision = self.login(username, old_pin, progress=progress, cancel=cancel)
        if decision.outcome is Outcome.GRANTED:
            assert decision.session is not None
            try:
                decision.session.save_pin(new_pin)
            finally:
                decision.session.close()
        return decision

    def check_username(self, username: str, *, staff: StaffMember) -> str:
        """Return *username* as it will be kept; see `EnrolmentDesk.check_username`."""
        return self.bank.enrolment.check_username(username, staff=staff)

    def excused_movements(self, username: str, *, staff: StaffMember) -> tuple[str, ...]:
        """Return the movements that a customer cannot follow; *staff* ask.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        return excuses(self.office.known(username, staff=staff).excused)

    def enrol(
        self,
        application: Application,
        *,
        staff: StaffMember,
        ask: Asking | None = None,
        progress: Callable[[EnrolProgress], None] | None = None,
        cancel: threading.Event | None = None,
        camera: DrawnCamera | None = None,
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
        return self.bank.enrolment.enrol(application, staff, capture, ask=ask, cancel=cancel)

    def new_face(
        self,
        username: str,
        *,
        signed: Signatures,
        progress: Callable[[EnrolProgress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Take a customer's face anew; see `Office.new_face`. Blocks."""
        excused = self.excused_movements(username, staff=signed.first)
        capture = self._capturing(progress, excused)
        self.office.new_face(username, capture, signed=signed, cancel=cancel)

    def health(self) -> Health:
        """Return how the machine is, and what its bank adds to that."""
        found = look(
            self.settings, self.folder, self.bank.stores, self._eye, self._liveness,
            self._pace.rate,
        )  # fmt: skip
        return replace(found, notes=(*found.notes, *self.bank.notes()))

    def close(self) -> None:
        """Stop the camera and end the log; the stores hold nothing open."""
        self._eye.close()
        with contextlib.suppress(AtmError):  # the log was out of order before: staff were told
            self.audit.append("stop")
        self.bank.close()
        self._held.close()

    def _log_pace(self, rate: float, enough: bool) -> None:
        with contextlib.suppress(AtmError):  # whoever is admitted meanwhile needs the log anyway
            self.audit.append("pace", pictures_per_s=round(rate, 1), enough=enough)

    def _capturing(
        self,
        progress: Callable[[EnrolProgress], None] | None,
        excused: tuple[str, ...],
        drawn: DrawnCamera | None = None,
    ) -> Capturing:
        def capture(customer_id: str, stop: threading.Event) -> tuple[Template, list[Capture]]:
            from face_auth.enrolment import enrol_face

            camera = drawn or self._eye.allowed()
            recogniser = self.warm_up()
            now = time.monotonic()
            frames = camera.frames(after=now, until=now + PICTURES_LIMIT_S, cancel=stop)
            check = self._liveness.check(excused, enrols=True)
            with (
                self._liveness.asking(camera, progress) as told,
                contextlib.closing(self._pace.watched(frames)) as judged,
            ):
                return enrol_face(recogniser, judged, customer_id, liveness=check, progress=told)

        return capture
