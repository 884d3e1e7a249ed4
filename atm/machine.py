"""The machine: a data folder with its camera and models, over the bank that keeps its customers."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from atm.accounts.session import Session
from atm.bank import Bank
from atm.camera.registered_camera import RegisteredCamera
from atm.camera.registration import CameraIdentity
from atm.enrolment import refused
from atm.enrolment.enrolment import ConfirmDuplicate
from atm.enrolment.hash_and_capture import CaptureFace
from atm.errors import AtmError, NotApprovedError
from atm.folder import Kind, check_camera
from atm.liveness_policy import LivenessPolicy, excuses, spoken_s
from atm.login.decision import FACE, Decision, Outcome
from atm.login.login import Claim
from atm.maintenance.first_day import check_prepared
from atm.maintenance.health import Health, read_health
from atm.pace import Pace
from atm.people import Application, Customer, Signatures, StaffMember
from atm.receipts import ReceiptPrinter
from credentials.policy import check_pin
from credentials.store import ATTENDED
from face_auth.camera import Camera
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.gallery import Capture, Template
from face_auth.models import Threshold
from face_auth.types import EnrolProgress, FaceResult, Frame, LoginProgress

if TYPE_CHECKING:
    from atm.login.attended import Attendance, AttendedLogins
    from atm.staff.card_acts import CardActs
    from face_auth.liveness.challenge import Speaking
    from face_auth.presence import Presence
    from face_auth.recogniser import Recogniser
    from face_auth.recognition.quality import Quality

PICTURES_LIMIT_S = 45.0
"""Time limit for the five pictures of an enrolment."""


_log = logging.getLogger(__name__)


class Machine:
    """One data folder, open; made by `atm.opening.open_machine`.

    Neither models nor camera are touched before `warm_up` and `camera`.
    """

    def __init__(self, bank: Bank, held: contextlib.ExitStack) -> None:
        """Assemble a machine over *bank*, whose stores are open.

        Args:
            bank: Keeps the customers.
            held: Locks and handles that `close` releases.
        """
        settings = self.settings = bank.settings
        self.bank = bank
        self.folder = bank.stores.folder
        self.kind: Kind = self.folder.kind
        self.audit = bank.audit
        self.staff = bank.staff
        self.office = bank.office
        self._liveness = LivenessPolicy(settings, bank.models)
        self._pace = Pace(self._log_pace)
        self._recogniser: Recogniser | None = None
        self._warming = threading.Lock()
        self._registered_camera = RegisteredCamera(
            self.kind, settings.camera, bank.stores.registration, self.audit
        )
        self._held = held
        printer = settings.receipt_printer
        self.receipts = ReceiptPrinter(printer) if printer != "off" else None
        """The receipt printer; None where there is none."""
        self.cards = bank.cards
        """The customers' cards; None where no card is asked of anybody."""
        self.told: Callable[[Decision, float, str], None] | None = None
        """Told of each login: the decision, its seconds, and "face" or "attended"."""
        self.more_notes: tuple[str, ...] = ()
        """Notes of the health page about what is outside the machine."""

    @property
    def camera(self) -> Camera:
        """The camera of the settings, started at the first call; see `RegisteredCamera.camera`."""
        return self._registered_camera.camera

    @property
    def camera_state(self) -> str:
        """State of the camera, which is not started for it; see `RegisteredCamera.state`."""
        return self._registered_camera.state

    @property
    def camera_problem(self) -> str:
        """Why the camera of a live data folder may not be used; "" when it may.

        Nobody is captured either before two have approved a kiosk that nothing outside its disk
        remembers (`Approvals.problem`).
        """
        return self._registered_camera.problem or self._unsigned

    @property
    def _unsigned(self) -> str:
        return self.bank.stores.approvals.problem(self.settings)

    def _allowed_camera(self) -> Camera:
        camera = self._registered_camera.allowed()
        if self._unsigned:
            raise NotApprovedError(self._unsigned)
        return camera

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        return self._recogniser is not None

    @property
    def has_customers(self) -> bool:
        """Whether any customer is enrolled; see `Bank.has_customers`."""
        return self.bank.has_customers

    @property
    def threshold(self) -> Threshold | None:
        """Threshold of the face score with its error rates; None before the models are loaded."""
        return None if self._recogniser is None else self._recogniser.threshold

    @property
    def liveness_network(self) -> bool | None:
        """Whether the published liveness network takes part; None before the models are loaded."""
        return self._liveness.has_network

    def use_camera(self, spec: str) -> None:
        """Switch to another camera; see `RegisteredCamera.use`."""
        self._registered_camera.use(spec)

    def register_camera(self, *, staff: StaffMember) -> CameraIdentity:
        """Register the present camera; see `RegisteredCamera.register`."""
        return self._registered_camera.register(staff)

    @property
    def terms(self) -> str:
        """What staff must confirm to approve the settings; see `Approvals.terms`."""
        return self.bank.stores.approvals.terms(self.settings)

    def first_staff(self, name: str, pin: str, *, confirmed: str = "") -> StaffMember:
        """Add the first member of staff; see `Bank.first_staff`."""
        return self.bank.first_staff(name, pin, confirmed=confirmed)

    def warm_up(self) -> Recogniser:
        """Load the models once and log their error rates; blocks until that is done.

        Raises:
            ModelError: If a model file is missing or is not the right one.
            AuditError: If the log cannot be written: then nobody could be admitted.
        """
        from face_auth.recogniser import Recogniser

        with self._warming:
            if self._recogniser is None:
                loaded = Recogniser.load(
                    self.settings.network, self.settings.security, self.bank.models
                )
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

    def assess(self, frame: Frame) -> Quality:
        """Return the quality of *frame*, for guidance before the press."""
        return self.warm_up().assess(frame.image)

    def login(
        self,
        username: str,
        pin: str,
        *,
        progress: Callable[[LoginProgress], None] | None = None,
        cancel: threading.Event | None = None,
        speaking: Speaking | None = None,
    ) -> Decision:
        """Check PIN, face and card at once, on threads, and decide; it blocks and never raises.

        Args:
            username: As typed.
            pin: As typed.
            progress: Called on the face thread after each frame.
            cancel: Set it to end the attempt without a decision.
            speaking: Called on the face thread: whether a movement is still being asked for in
                words; the login may take `SPOKEN_S` longer then. None where nobody listens.
        """

        def check_face(claim: Claim, pressed: float, deadline: float) -> FaceResult:
            from face_auth.verification import verify

            camera = self._allowed_camera()
            recogniser = self.warm_up()
            frames = camera.frames(after=pressed, until=deadline, cancel=cancel)
            claimed = claim(recogniser, self._registered_camera.checked(frames))
            check = self._liveness.check(excuses(claimed.excused), speaking=speaking)
            with (
                self._liveness.prompting(camera, progress, speaking) as report,
                contextlib.closing(self._pace.watched(claimed.frames)) as judged,
            ):
                return verify(recogniser, judged, claimed.template, liveness=check, progress=report)

        more_s = spoken_s(speaking)
        return self._timed(FACE, lambda: self.bank.login(username, pin, check_face, more_s=more_s))

    def login_attended(self, username: str, pin: str, attendance: Attendance | None) -> Decision:
        """Judge the PIN of a marked customer beside staff; see `AttendedLogins.login`.

        Raises:
            FaceNeededError: If the setting does not allow it.
        """
        logins = self.attended
        return self._timed(ATTENDED, lambda: logins.login(username, pin, attendance))

    def _timed(self, way: str, login: Callable[[], Decision]) -> Decision:
        begun = time.monotonic()
        decision = login()
        if self.told is not None:
            try:
                self.told(decision, time.monotonic() - begun, way)
            except Exception:  # whoever counts logins stops none
                _log.exception("A login was not counted")
        return decision

    @property
    def pace(self) -> float | None:
        """Pictures a second in the last face checks; None after too few checks."""
        return self._pace.rate

    @property
    def attended(self) -> AttendedLogins:
        """Logins without the face; FaceNeededError where they are not allowed."""
        return self.bank.attended

    @property
    def card_acts(self) -> CardActs:
        """Acts of staff on customers' cards; NoCardsError where there are none."""
        return self.bank.card_acts

    def presence_of(self, session: Session) -> Presence:
        """Return a presence check for the customer of *session*.

        Raises:
            AtmError: If the customer was deleted meanwhile, has logged out, or is served without
                the face.
        """
        if session.attended:
            raise AtmError("This customer is served without the face.")
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
        speaking: Speaking | None = None,
    ) -> Decision:
        """Change the PIN of the customer of an open *session*, after a check of old PIN and face.

        The attempt counts like a login. Only a granted decision has changed the PIN.

        Raises:
            AtmError: If the customer is served without the face.
            PolicyError: If *new_pin* is not allowed; nothing was counted then.
            AtmError, CredentialError: If it could not be saved; the old PIN holds.
        """
        if session.attended:
            raise AtmError("Ask staff for a new PIN.")
        check_pin(new_pin)
        username = session.customer.username
        decision = self.login(
            username, old_pin, progress=progress, cancel=cancel, speaking=speaking
        )
        if decision.outcome is Outcome.GRANTED:
            assert decision.session is not None
            try:
                decision.session.save_pin(new_pin)
            finally:
                decision.session.close()
        return decision

    def check_username(self, username: str, *, staff: StaffMember) -> str:
        """Return *username*, normalised, if it is free; see `Enrolments.check_username`.

        Raises:
            UnpreparedError: If a live folder is not ready for its first customer.
        """
        check_prepared(self.settings, self.bank.stores)
        return self.bank.enrolment.check_username(username, staff=staff)

    def needs_two(self, application: Application) -> bool:
        """Return whether two members of staff must sign *application*; see `Enrolments`."""
        return self.bank.enrolment.needs_two(application)

    def excused_movements(self, username: str, *, staff: StaffMember) -> tuple[str, ...]:
        """Return the movements that a customer cannot follow; *staff* is who asks.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        return excuses(self.office.known(username, staff=staff).excused)

    def served_without_face(self, username: str, *, staff: StaffMember) -> bool:
        """Return whether a customer may be served without the face; *staff* is who asks.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        return self.office.known(username, staff=staff).attended

    def enrol(
        self,
        application: Application,
        *,
        staff: StaffMember | Signatures,
        ask: ConfirmDuplicate | None = None,
        progress: Callable[[EnrolProgress], None] | None = None,
        cancel: threading.Event | None = None,
        camera: DrawnCamera | None = None,
    ) -> Customer:
        """Enrol a customer, with PIN and face on two threads at once; it blocks.

        Args:
            application: The typed data.
            staff: Who signs: two where `needs_two` says so.
            ask: Called when the face is close to another customer's.
            progress: Called on the face thread after each frame.
            cancel: Set it to stop.
            camera: A drawn person instead of the machine's camera; a live folder takes none.

        Raises:
            SecondSignatureError: If one signed where two must.
            UnpreparedError: If a live folder is not ready for its first customer.
            AtmError, CredentialError, FaceAuthError: Nothing was saved; the text says why.
        """
        if camera is not None:
            check_camera(self.kind, camera.spec)
        check_prepared(self.settings, self.bank.stores)
        capture = self._capturing(progress, application.excused, camera)
        with refused.logged(self.audit, staff, None):
            return self.bank.enrolment.enrol(application, staff, capture, ask=ask, cancel=cancel)

    def enrol_attended(self, application: Application, *, signed: Signatures) -> Customer:
        """Enrol a customer who is served without the face; see `Enrolments.enrol_attended`.

        Raises:
            FaceNeededError: If the setting does not allow it.
            UnpreparedError: If a live folder is not ready for its first customer.
            AtmError, CredentialError: Nothing was saved; the text says why.
        """
        _ = self.attended
        check_prepared(self.settings, self.bank.stores)
        with refused.logged(self.audit, signed, None):
            return self.bank.enrolment.enrol_attended(application, signed)

    def new_face(
        self,
        username: str,
        *,
        signed: Signatures,
        progress: Callable[[EnrolProgress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Capture a customer's face again; see `Office.new_face`. It blocks."""
        known = self.office.known(username, staff=signed.first)
        capture = self._capturing(progress, excuses(known.excused))
        with refused.logged(self.audit, signed, known.customer.customer_id):
            self.office.new_face(username, capture, signed=signed, cancel=cancel)

    def health(self) -> Health:
        """Return the state of the machine, with its bank's notes."""
        found = read_health(
            self.settings, self.folder, self.bank.stores, self._registered_camera, self._liveness,
            self.pace,
        )  # fmt: skip
        printer = self.receipts.note if self.receipts is not None else ""
        reader = self.cards.reader.problem if self.cards is not None else ""
        devices = filter(None, [printer, reader])
        notes = (*found.notes, *self.bank.notes(), *devices, *self.more_notes)
        return replace(found, notes=notes)

    def close(self) -> None:
        """Stop the camera and close log and bank."""
        self._registered_camera.close()
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
    ) -> CaptureFace:
        def capture(customer_id: str, stop: threading.Event) -> tuple[Template, list[Capture]]:
            from face_auth.enrolment import enrol_face

            camera = drawn or self._allowed_camera()
            recogniser = self.warm_up()
            now = time.monotonic()
            frames = self._registered_camera.checked(
                camera.frames(after=now, until=now + PICTURES_LIMIT_S, cancel=stop)
            )
            check = self._liveness.check(excused, enrols=True)
            with (
                self._liveness.prompting(camera, progress) as report,
                contextlib.closing(self._pace.watched(frames)) as judged,
            ):
                return enrol_face(recogniser, judged, customer_id, liveness=check, progress=report)

        return capture
