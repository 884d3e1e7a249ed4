"""One login: a PIN thread and a face thread at once -> one decision.

`decide` is pure: what it is given is all that counts. Everything that is not a clear yes from both
threads, for the same customer and inside the time limit, is a denial.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from atm.audit import AuditLog
from atm.errors import AtmError
from atm.session import Customer, Session
from credentials.attempts import Attempts
from credentials.hashing import PinHasher
from credentials.policy import PolicyError
from credentials.store import CredentialRecord, CredentialStore
from face_auth.errors import AcquisitionError
from face_auth.verification import FaceResult

T = TypeVar("T")

GRACE_S = 1.0
"""How long after the limit the threads may take to notice it before they count as dead."""


class Outcome(StrEnum):
    """What the customer is told."""

    GRANTED = "granted"
    REFUSED = "refused"
    NO_FACE = "no_face"
    FAULT = "fault"


class PinReason(StrEnum):
    """Why the PIN thread said yes or no; for the log alone."""

    RIGHT = "right_pin"
    WRONG = "wrong_pin"
    LOCKED = "locked"
    UNKNOWN = "unknown_name"
    PENDING = "pending_record"


@dataclass(frozen=True, slots=True)
class PinResult:
    """The answer of the PIN factor.

    Attributes:
        customer_id: The customer whose record was judged; None for an unknown name.
        accepted: Whether the PIN is that customer's and the record is not locked.
        reason: Why; never shown.
        reserved: Whether an attempt was counted for this, to be settled after the decision.
    """

    customer_id: str | None
    accepted: bool
    reason: PinReason
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The end of one login.

    Attributes:
        outcome: What the customer is told.
        customer_id: Who was claimed, where the name is known; for the log.
        reasons: Why, in the log's words; never shown to the customer.
        session: The open account, if and only if *outcome* is `GRANTED`.
    """

    outcome: Outcome
    customer_id: str | None = None
    reasons: tuple[str, ...] = ()
    session: Session | None = None


def decide(
    pin: PinResult | BaseException | None,
    face: FaceResult | BaseException | None,
    *,
    elapsed_s: float,
    limit_s: float,
) -> Decision:
    """Return the decision on the answers of both threads.

    Args:
        pin: The PIN thread's answer, what it raised, or None if it never answered.
        face: The same of the face thread.
        elapsed_s: Seconds from the press to the later answer.
        limit_s: Seconds after which no answer counts.
    """
    customer_id = pin.customer_id if isinstance(pin, PinResult) else None
    reasons = (f"pin: {_reason(pin)}", f"face: {_reason(face)}")
    if isinstance(face, AcquisitionError) and isinstance(pin, PinResult):
        return Decision(Outcome.NO_FACE, customer_id, reasons)
    if not (isinstance(pin, PinResult) and isinstance(face, FaceResult)):
        return Decision(Outcome.FAULT, customer_id, reasons)
    if elapsed_s > limit_s:
        return Decision(Outcome.NO_FACE, customer_id, (*reasons, f"late: {elapsed_s:.2f} s"))
    same = pin.customer_id is not None and pin.customer_id == face.customer_id
    if pin.accepted is True and face.accepted is True and same:
        return Decision(Outcome.GRANTED, customer_id, reasons)
    return Decision(Outcome.REFUSED, customer_id, reasons)


class LoginDesk:
    """Runs logins over one store."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        hasher: PinHasher,
        attempts: Attempts,
        audit: AuditLog,
        open_session: Callable[[Customer], Session],
        limit_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the PIN factor's parts, the log, and what opens an account."""
        self._store = store
        self._hasher = hasher
        self._attempts = attempts
        self._audit = audit
        self._open_session = open_session
        self._limit_s = limit_s
        self._clock = clock

    def login(
        self,
        username: str,
        pin: str,
        check_face: Callable[[CredentialRecord | None, float, float], FaceResult],
    ) -> Decision:
        """Run both checks at once and decide. Blocks for at most the limit and a second.

        Args:
            username: As typed.
            pin: As typed.
            check_face: Given the claimed record (None for an unknown name), the time of the press
                and the time at which no frame counts any more, both by the clock, verifies the
                face; called on a thread of its own.
        """
        pressed = self._clock()
        deadline = pressed + self._limit_s
        pin_thread = _Answer("login-pin", lambda: self._check_pin(username, pin), self._clock)
        face_thread = _Answer(
            "login-face",
            lambda: check_face(self._claimed(username), pressed, deadline),
            self._clock,
        )
        for thread in (pin_thread, face_thread):
            thread.start()
        for thread in (pin_thread, face_thread):
            thread.join(max(0.0, deadline + GRACE_S - self._clock()))
        answered = max(pin_thread.answered_at, face_thread.answered_at)
        pin_answer, face_answer = pin_thread.answer, face_thread.answer
        decision = decide(
            pin_answer, face_answer, elapsed_s=answered - pressed, limit_s=self._limit_s
        )
        try:
            return self._conclude(decision, pin_answer, face_answer)
        except Exception as error:
            reasons = (*decision.reasons, f"conclude: {_reason(error)}")
            return Decision(Outcome.FAULT, decision.customer_id, reasons)

    def _conclude(
        self, decision: Decision, pin: PinResult | BaseException | None, face: object
    ) -> Decision:
        """Settle the counter, write the log, open the account: in this order.

        Only a wrong PIN with the customer's own face stays counted: no other refusal tells
        anything about the PIN, so none may lock its owner out.
        """
        if isinstance(pin, PinResult) and pin.reserved and pin.customer_id is not None:
            own_face = isinstance(face, FaceResult) and face.accepted
            if decision.outcome is Outcome.GRANTED:
                self._attempts.clear(pin.customer_id)
            elif decision.outcome is not Outcome.REFUSED or pin.accepted or not own_face:
                self._attempts.refund(pin.customer_id)
        score = round(face.score, 4) if isinstance(face, FaceResult) else None
        self._audit.append(
            "decision",
            outcome=decision.outcome.value,
            customer=decision.customer_id,
            reasons=list(decision.reasons),
            score=score,
        )
        if decision.outcome is not Outcome.GRANTED:
            return decision
        record = self._store.by_id(decision.customer_id or "")
        if record is None:
            raise AtmError("The customer was deleted during the login.")
        customer = Customer(record.customer_id, record.username, record.full_name)
        session = self._open_session(customer)
        return Decision(decision.outcome, decision.customer_id, decision.reasons, session)

    def _claimed(self, username: str) -> CredentialRecord | None:
        try:
            record = self._store.get(username)
        except PolicyError:
            return None
        return None if record is None or record.pending else record

    def _check_pin(self, username: str, pin: str) -> PinResult:
        """Judge the PIN; the same hashing is done whoever is claimed."""
        record = self._claimed(username)
        if record is None or record.pin_hash is None:
            self._hasher.verify(self._hasher.decoy, "", pin)
            return PinResult(None, False, PinReason.UNKNOWN)
        reserved = self._attempts.reserve(record.customer_id)
        right = self._hasher.verify(record.pin_hash, record.customer_id, pin)
        if not reserved:
            return PinResult(record.customer_id, False, PinReason.LOCKED)
        reason = PinReason.RIGHT if right else PinReason.WRONG
        return PinResult(record.customer_id, right, reason, reserved=True)


class _Answer(threading.Thread, Generic[T]):
    """A thread that keeps what its work returned or raised, and when."""

    def __init__(self, name: str, work: Callable[[], T], clock: Callable[[], float]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._clock = clock
        self.answer: T | BaseException | None = None
        self.answered_at = float("inf")

    def run(self) -> None:
        try:
            answer: T | BaseException = self._work()
        except BaseException as error:
            answer = error
        self.answered_at = self._clock()
        self.answer = answer


def _reason(answer: object) -> str:
    if isinstance(answer, PinResult):
        return answer.reason.value
    if isinstance(answer, FaceResult):
        return "match" if answer.accepted else "no_match"
    if answer is None:
        return "no_answer"
    return f"{type(answer).__name__}: {answer}"
