"""The face checks of a machine: its camera, its models and the liveness check, over the bank."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from atm.accounts.session import Session
from atm.bank import Bank
from atm.camera.registered_camera import RegisteredCamera
from atm.camera.registration import CameraIdentity
from atm.enrolment.hash_and_capture import CaptureFace
from atm.errors import AtmError, NotApprovedError
from atm.folder import Kind
from atm.liveness_policy import LivenessPolicy, excuses
from atm.login.login import Claim
from atm.pace import Pace
from atm.people import StaffMember
from face_auth.camera import Camera
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.gallery import Capture, Template
from face_auth.models import Threshold
from face_auth.types import EnrolProgress, FaceResult, Frame, LoginProgress

if TYPE_CHECKING:
    from face_auth.liveness.challenge import Speaking
    from face_auth.presence import Presence
    from face_auth.recogniser import Recogniser
    from face_auth.recognition.quality import Quality

PICTURES_LIMIT_S = 45.0
"""Time limit for the five pictures of an enrolment."""


class FaceChecks:
    """Camera, models and liveness check of one data folder.

    Neither models nor camera are touched before `warm_up` and `camera`.
    """

    def __init__(self, bank: Bank) -> None:
        """Prepare the checks for the customers of *bank*, whose stores are open."""
        settings = self.settings = bank.settings
        self.bank = bank
        self.folder = bank.stores.folder
        self.kind: Kind = self.folder.kind
        self.audit = bank.audit
        self._liveness = LivenessPolicy(settings, bank.models)
        self._pace = Pace(self._log_pace)
        self._recogniser: Recogniser | None = None
        self._warming = threading.Lock()
        self._registered_camera = RegisteredCamera(
            self.kind, settings.camera, bank.stores.registration, self.audit
        )

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

    @property
    def pace(self) -> float | None:
        """Pictures a second in the last face checks; None after too few checks."""
        return self._pace.rate

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

    def _face_check(
        self,
        progress: Callable[[LoginProgress], None] | None,
        cancel: threading.Event | None,
        speaking: Speaking | None,
    ) -> Callable[[Claim, float, float], FaceResult]:
        """Return the face check of one login, for the face thread."""

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

        return check_face

    def _log_pace(self, rate: float, enough: bool) -> None:
        with contextlib.suppress(AtmError):  # whoever is admitted meanwhile needs the log anyway
            self.audit.append("pace", pictures_per_s=round(rate, 1), enough=enough)

    def _capturing(
        self,
        progress: Callable[[EnrolProgress], None] | None,
        excused: tuple[str, ...],
        drawn: DrawnCamera | None = None,
    ) -> CaptureFace:
        """Return what takes the pictures of one enrolment, for the face thread."""

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
