"""Logins without the face: the PIN, beside a member of staff who signs in for each of them.

A customer who cannot or will not use the face needs a mark that two members of staff signed. A PIN
without staff is not even judged.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event, Lock, Timer
from typing import Final

from atm.accounts.session import Session
from atm.card.result import CARDS_OFF, CardResult
from atm.errors import AtmError
from atm.login import card_record, pin_check
from atm.login.decision import Decision, Outcome, PinReason, reason
from atm.login.login import CheckCard
from atm.login.paced import REFUSE_AFTER_S, PacedLogins
from atm.login.pause import Pause
from atm.people import Customer, SecondSignatureError
from atm.ports import AttemptCounters, Log, SignIn
from credentials.attempt_rules import Place
from credentials.attempts import Ending
from credentials.credential_record import ATTENDED, CredentialRecord
from credentials.errors import PolicyError
from credentials.hashing import PinHasher
from credentials.policy import username_key
from credentials.store import CredentialStore

ATTENDANCE_S: Final = 120.0
"""How long after the sign-in of staff the customer may finish typing."""
CARD_S: Final = 10.0
"""How long a login without the face waits for the card, once the PIN was right."""


class FaceNeededError(AtmError):
    """This machine serves nobody without the face."""

    sentence = (
        "This machine serves nobody without the face: the setting without_face is off. A bank's"
        " service does not do it yet."
    )


@dataclass(frozen=True, slots=True)
class Attendance:
    """A sign-in of a member of staff for one login of one customer.

    Attributes:
        staff: Their name.
        customer: The username that they signed in for, as usernames are compared.
        until: Time by the clock after which it is over.
        token: What makes it this one, and no other.
    """

    staff: str
    customer: str
    until: float
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)


class AttendedLogins(PacedLogins):
    """Logins of marked customers by PIN, each with an attendance of its own."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        hasher: PinHasher,
        attempts: AttemptCounters,
        pause: Pause,
        audit: Log,
        staff: SignIn,
        open_session: Callable[[Customer], Session],
        check_card: CheckCard | None = None,
        refuse_after_s: float = REFUSE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use these stores, this log and these members of staff, as `LocalLogins` does."""
        super().__init__(
            pause=pause, log=audit, refuse_after_s=refuse_after_s, clock=clock, sleep=sleep
        )
        self._store = store
        self._hasher = hasher
        self._attempts = attempts
        self._audit = audit
        self._staff = staff
        self._open_session = open_session
        self._check_card = check_card
        self._lock = Lock()
        self._attended: Attendance | None = None

    def attend(
        self, username: str, name: str, pin: str, *, place: Place = Place.SCREEN
    ) -> Attendance:
        """Sign the member of staff *name* in for one login of *username*.

        It replaces an attendance that was not used.

        Raises:
            StaffSignInError, SignInPausedError: If *name* and *pin* do not sign in.
            SecondSignatureError: If the member of staff has the customer's name.
            PolicyError: If *username* cannot be a username.
            AtmError: If the sign-in cannot be judged or logged.
        """
        customer = username_key(username)
        member = self._staff.sign_in(name, pin, place=place)
        if username_key(member.name) == customer:
            raise SecondSignatureError("Another member of staff must be present.")
        made = Attendance(member.name, customer, self._clock() + ATTENDANCE_S)
        with self._lock:
            self._attended = made
        return made

    def login(self, username: str, pin: str, attendance: Attendance | None) -> Decision:
        """Judge the PIN of a marked customer and decide; it blocks and never raises.

        Whatever comes of it, *attendance* is used up. A refusal is held back until a fixed time.
        """
        pressed = self._clock()
        try:
            decision = self._decided(username, pin, attendance)
        except Exception as error:
            return Decision(Outcome.FAULT, reasons=(f"attended: {reason(error)}",))
        self._sleep(max(0.0, self._leaves_at(decision, pressed) - self._clock()))
        return decision

    def _decided(self, username: str, pin: str, attendance: Attendance | None) -> Decision:
        lacking = self._use(username, attendance)
        if lacking or attendance is None:
            refused = Decision(Outcome.REFUSED, reasons=(f"staff: {lacking}",))
            pin_check.log_decision(self._audit, refused, None, way=ATTENDED)
            return refused
        made, paused = self._reserve()
        if paused is not None:
            return paused
        record = self._marked(username)
        answer = pin_check.judge(record, pin, self._hasher, self._attempts, self._audit.remember)
        right = record is not None and answer.accepted is True
        card = self._card(record) if right else CARDS_OFF
        same = card.accepted and card.customer_id == answer.customer_id
        granted = right and (card is CARDS_OFF or same)
        outcome = Outcome.GRANTED if granted else Outcome.REFUSED
        reasons: tuple[str, ...] = (f"pin: {reason(answer)}", "staff: present")
        if card is not CARDS_OFF:
            reasons = (*reasons, f"card: {reason(card)}")
        card_record.log_set_back(self._audit, card)
        if granted:
            card_record.keep_counter(self._store, self._audit, card)
        decision = Decision(outcome, answer.customer_id, reasons)
        if answer.reserved and answer.customer_id is not None and (granted or not right):
            wrong = answer.reason is PinReason.WRONG
            ending = Ending.WRONG_PIN if wrong else Ending.ADMITTED
            self._attempts.settle(answer.customer_id, ending)
        self._count(decision, None, made)
        pin_check.log_decision(self._audit, decision, None, way=ATTENDED, staff=[attendance.staff])
        if record is None or not granted:
            return decision
        customer = Customer(record.customer_id, record.username, record.full_name)
        session = self._open_session(customer)
        session.by_card = card.card is not None
        return replace(decision, session=session)

    def _card(self, record: CredentialRecord | None) -> CardResult:
        """Return the result of the card, for which it waits `CARD_S`."""
        if self._check_card is None:
            return CARDS_OFF
        stop = Event()
        over = Timer(CARD_S, stop.set)
        over.daemon = True
        over.start()
        try:
            return self._check_card(record, stop)
        finally:
            over.cancel()

    def _use(self, username: str, attendance: Attendance | None) -> str:
        """Use the attendance up; return what it lacks, "" if a member of staff is present."""
        with self._lock:
            open_one, self._attended = self._attended, None
        if attendance is None or open_one is None:
            return "nobody is present"
        if attendance.token != open_one.token:
            return "of another login"
        try:
            if username_key(username) != open_one.customer or attendance != open_one:
                return "for another customer"
        except PolicyError:
            return "for another customer"
        return "" if self._clock() <= open_one.until else "too long ago"

    def _marked(self, username: str) -> CredentialRecord | None:
        """Return the record of *username* if it is marked and has a PIN."""
        record = self._store.get(username)
        return record if record is not None and record.attended else None
