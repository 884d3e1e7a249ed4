"""The machine: everything that one data folder needs, wired once for window and command line."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from atm.audit import AuditLog
from atm.decision import Decision
from atm.enrolment import Application, EnrolmentDesk
from atm.errors import AtmError
from atm.folder import DataFolder, Kind, check_camera, open_folder
from atm.keys import Keys
from atm.ledger import Ledger
from atm.login import LoginDesk
from atm.session import Customer, Session
from atm.settings import Settings
from atm.staff import STAFF_LIMIT, StaffMember, StaffRegistry
from credentials.attempts import Attempts
from credentials.errors import CredentialError, UnknownUserError
from credentials.hashing import PinHasher
from credentials.store import CredentialRecord, JsonStore
from face_auth.camera import Camera, Frame

if TYPE_CHECKING:
    from face_auth.enrolment import EnrolProgress
    from face_auth.gallery import Capture, Template
    from face_auth.models import Threshold
    from face_auth.quality import Quality
    from face_auth.recogniser import Recogniser
    from face_auth.verification import FaceResult

PICTURES_LIMIT_S = 45.0
"""How long an enrolment waits for its five pictures."""


class Machine:
    """One data folder, open. `open` touches neither models nor camera; `warm_up` does."""

    def __init__(self, settings: Settings, folder: DataFolder, keys: Keys) -> None:
        """Wire the parts; use `Machine.open`."""
        from face_auth.gallery import Gallery

        self.settings = settings
        self.kind: Kind = folder.kind
        path = folder.path
        self.audit = AuditLog(path / "audit.jsonl")
        self.ledger = Ledger(path / "ledger.sqlite")
        self._hasher = PinHasher(keys.pin_pepper)
        self.staff = StaffRegistry(
            path / "staff.json",
            self._hasher,
            Attempts(path / "staff-attempts.sqlite", limit=STAFF_LIMIT),
        )
        self._credentials = path / "credentials.json"
        self.store = JsonStore(self._credentials)
        self._attempts = Attempts(path / "attempts.sqlite")
        self._gallery = Gallery(
            path / "gallery", template_key=keys.template_key, capture_key=keys.capture_key
        )
        self._enrolment = EnrolmentDesk(
            store=self.store,
            hasher=self._hasher,
            gallery=self._gallery,
            ledger=self.ledger,
            audit=self.audit,
            lock=path / "enrolment.lock",
        )
        self._logins = LoginDesk(
            store=self.store,
            hasher=self._hasher,
            attempts=self._attempts,
            audit=self.audit,
            open_session=self._open_session,
            limit_s=settings.login_limit_s,
        )
        self._recogniser: Recogniser | None = None
        self._warming = threading.Lock()
        self._camera: Camera | None = None

    @classmethod
    def open(cls, settings: Settings) -> "Machine":
        """Open the data folder that *settings* name, making it where there is none.

        Raises:
            AtmError: If it must not be opened; the text is a sentence for staff.
        """
        try:
            folder = open_folder(settings.data_dir, settings.kind)
            machine = cls(settings, folder, Keys.open(settings.key_dir, folder))
            machine._check_complete()
            machine._enrolment.remove_orphans()
        except (CredentialError, OSError) as error:
            raise AtmError(str(error)) from error
        return machine

    @property
    def camera(self) -> Camera:
        """The camera of the settings, started at the first call.

        Raises:
            FolderError: If this kind of data folder does not take it.
        """
        if self._camera is None:
            self.use_camera(self.settings.camera)
        assert self._camera is not None
        return self._camera

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        return self._recogniser is not None

    @property
    def threshold(self) -> "Threshold | None":
        """What a face must reach and which error rates that means; None before the models are."""
        return None if self._recogniser is None else self._recogniser.threshold

    def use_camera(self, spec: str) -> None:
        """Take another camera; the old one is closed.

        Raises:
            FolderError: If this kind of data folder does not take it.
            ValueError: If *spec* names no camera.
        """
        check_camera(self.kind, spec)
        new = Camera(spec)
        old, self._camera = self._camera, new
        if old is not None:
            old.close()
        new.start()

    def warm_up(self) -> "Recogniser":
        """Load the models, once, and log at which error rates they decide; blocks meanwhile.

        Raises:
            ModelError: If a model file is missing or is not the right one.
            AuditError: If the log cannot be written: then nobody could be admitted.
        """
        from face_auth.recogniser import Recogniser

        with self._warming:
            if self._recogniser is None:
                _ = self._hasher.decoy  # made once, so that the first unknown name costs no more
                loaded = Recogniser.load(self.settings.network, self.settings.security)
                self.audit.append(
                    "models",
                    network=loaded.network.name,
                    fmr=loaded.threshold.fmr,
                    fnmr=loaded.threshold.fnmr,
                    provisional=loaded.threshold.provisional,
                )
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
        progress: Callable[[int, int], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Decision:
        """Check PIN and face at once, on two threads, and decide. Blocks; never raises.

        Args:
            username: As typed.
            pin: As typed.
            progress: Called on the face thread with (frames scored, frames wanted).
            cancel: Set it to end the attempt without a decision.
        """

        def check_face(
            record: CredentialRecord | None, pressed: float, deadline: float
        ) -> "FaceResult":
            from face_auth.verification import verify

            recogniser = self.warm_up()
            template = recogniser.decoy() if record is None else self._template(record)
            frames = self.camera.frames(after=pressed, until=deadline, cancel=cancel)
            return verify(recogniser, frames, template, progress=progress)

        return self._logins.login(username, pin, check_face)

    def check_username(self, username: str) -> str:
        """Return *username* as it will be kept; see `EnrolmentDesk.check_username`."""
        return self._enrolment.check_username(username)

    def enrol(
        self,
        application: Application,
        *,
        staff: StaffMember,
        progress: "Callable[[EnrolProgress], None] | None" = None,
        cancel: threading.Event | None = None,
    ) -> Customer:
        """Make a customer: PIN record and face on two threads at once. Blocks.

        Raises:
            AtmError, CredentialError, FaceAuthError: Nothing was saved; the text says why.
        """

        def capture(customer_id: str, stop: threading.Event) -> "tuple[Template, list[Capture]]":
            from face_auth.enrolment import enrol_face

            recogniser = self.warm_up()
            now = time.monotonic()
            frames = self.camera.frames(after=now, until=now + PICTURES_LIMIT_S, cancel=stop)
            return enrol_face(recogniser, frames, customer_id, progress=progress)

        return self._enrolment.enrol(application, staff.name, capture, cancel=cancel)

    def customers(self) -> list[tuple[Customer, str]]:
        """Return every customer with `active`, `locked` or `pending`, by username."""
        return [
            (
                Customer(record.customer_id, record.username, record.full_name),
                "pending"
                if record.pending
                else "locked"
                if self._attempts.locked(record.customer_id)
                else "active",
            )
            for record in sorted(self.store.all(), key=lambda r: r.username)
        ]

    def unlock(self, username: str, *, staff: StaffMember) -> None:
        """Clear the counter of wrong PINs.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        record = self._known(username)
        self.audit.append("unlock", customer=record.customer_id, staff=staff.name)
        self._attempts.clear(record.customer_id)

    def delete(self, username: str, *, staff: StaffMember) -> int:
        """Delete a customer with PIN, face and account; returns the balance that was on it.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        record = self._known(username)
        balance = 0 if record.pending else self.ledger.balance(record.customer_id)
        self._enrolment.delete(record, staff.name)
        self._attempts.clear(record.customer_id)
        return balance

    def close(self) -> None:
        """Stop the camera; the stores hold nothing open."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _open_session(self, customer: Customer) -> Session:
        return Session(
            customer,
            self.ledger,
            smallest_note=self.settings.smallest_note,
            day_limit=self.settings.day_limit,
        )

    def _template(self, record: CredentialRecord) -> "Template":
        assert record.template_id is not None
        return self._gallery.load(record.template_id, record.customer_id)

    def _known(self, username: str) -> CredentialRecord:
        record = self.store.get(username)
        if record is None:
            raise UnknownUserError(f"There is no customer named {username}.")
        return record

    def _check_complete(self) -> None:
        """Refuse a folder whose credential file is gone while what it names is still there."""
        customers = self._gallery.ids() or self.ledger.customer_ids()
        if customers and not self._credentials.exists():
            raise AtmError(
                f"{self._credentials} is missing although customers exist; "
                "put it back from a backup before starting."
            )
