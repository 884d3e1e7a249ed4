"""The machine: logins, enrolments and health of one data folder, over the bank of its customers."""

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
from atm.enrolment import refused
from atm.enrolment.enrolment import ConfirmDuplicate
from atm.errors import AtmError
from atm.face_checks import FaceChecks
from atm.folder import check_camera
from atm.liveness_policy import excuses, spoken_s
from atm.login.decision import FACE, Decision, Outcome
from atm.maintenance.first_day import check_prepared
from atm.maintenance.health import Health, read_health
from atm.people import Application, Customer, Signatures, StaffMember
from atm.receipts import ReceiptPrinter
from credentials.credential_record import ATTENDED
from credentials.policy import check_pin
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.types import EnrolProgress, LoginProgress

if TYPE_CHECKING:
    from atm.login.attended import Attendance, AttendedLogins
    from atm.staff.card_acts import CardActs
    from face_auth.liveness.challenge import Speaking

_log = logging.getLogger(__name__)


class Machine(FaceChecks):
    """One data folder, open; made by `atm.opening.open_machine`.

    Neither models nor camera are touched before `warm_up` and `camera`.
    """

    def __init__(self, bank: Bank, held: contextlib.ExitStack) -> None:
        """Assemble a machine over *bank*, whose stores are open.

        Args:
            bank: Keeps the customers.
            held: Locks and handles that `close` releases.
        """
        super().__init__(bank)
        self.staff = bank.staff
        self.office = bank.office
        self._held = held
        printer = self.settings.receipt_printer
        self.receipts = ReceiptPrinter(printer) if printer != "off" else None
        """The receipt printer; None where there is none."""
        self.cards = bank.cards
        """The customers' cards; None where no card is asked of anybody."""
        self.told: Callable[[Decision, float, str], None] | None = None
        """Told of each login: the decision, its seconds, and "face" or "attended"."""
        self.more_notes: tuple[str, ...] = ()
        """Notes of the health page about what is outside the machine."""

    @property
    def has_customers(self) -> bool:
        """Whether any customer is enrolled; see `Bank.has_customers`."""
        return self.bank.has_customers

    @property
    def terms(self) -> str:
        """What staff must confirm to approve the settings; see `Approvals.terms`."""
        return self.bank.stores.approvals.terms(self.settings)

    def first_staff(self, name: str, pin: str, *, confirmed: str = "") -> StaffMember:
        """Add the first member of staff; see `Bank.first_staff`."""
        return self.bank.first_staff(name, pin, confirmed=confirmed)

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
        check = self._face_check(progress, cancel, speaking)
        more_s = spoken_s(speaking)
        return self._timed(FACE, lambda: self.bank.login(username, pin, check, more_s=more_s))

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
    def attended(self) -> AttendedLogins:
        """Logins without the face; FaceNeededError where they are not allowed."""
        return self.bank.attended

    @property
    def card_acts(self) -> CardActs:
        """Acts of staff on customers' cards; NoCardsError where there are none."""
        return self.bank.card_acts

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
