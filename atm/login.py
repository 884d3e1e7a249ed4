"""One login: a PIN thread and a face thread at once -> one decision, counted and logged."""

import contextlib
import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace

from atm.answer import Answer
from atm.audit import AuditLog
from atm.decision import Decision, Outcome, PinReason, PinResult, decide, reason
from atm.errors import AtmError
from atm.pause import Pause
from atm.session import Customer, Session
from credentials.attempts import Attempts, Ending, Standing
from credentials.errors import CredentialError
from credentials.hashing import PinHasher
from credentials.policy import PolicyError
from credentials.store import CredentialRecord, CredentialStore
from face_auth.verification import FaceResult

GRACE_S = 1.0
"""How long after the limit the threads may take to notice it before they count as dead; as long
again may counting, logging and opening the account take."""
REFUSE_AFTER_S = 2.0
"""A refusal leaves this long after the press, or twice as long and so on: never sooner for one
reason than for another."""
BEHIND_S = 0.5
"""What is done behind an answer begins so long after it, for its work would delay the answer."""

_log = logging.getLogger(__name__)


class LoginDesk:
    """Runs logins over one store."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        hasher: PinHasher,
        attempts: Attempts,
        pause: Pause,
        audit: AuditLog,
        open_session: Callable[[Customer], Session],
        suspect: Callable[[str, FaceResult], None],
        limit_s: float,
        refuse_after_s: float = REFUSE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the PIN factor's parts, the log, and what opens an account.

        *suspect* is called behind the answer, on a thread of its own, when the PIN was right and
        the face another's.
        """
        self._store = store
        self._hasher = hasher
        self._attempts = attempts
        self._pause = pause
        self._audit = audit
        self._open_session = open_session
        self._suspect = suspect
        self._limit_s = limit_s
        self._refuse_after_s = refuse_after_s
        self._clock = clock
        self._sleep = sleep

    def login(
        self,
        username: str,
        pin: str,
        check_face: Callable[[CredentialRecord | None, float, float], FaceResult],
    ) -> Decision:
        """Run both checks at once and decide. Never raises.

        It blocks for at most the limit and twice `GRACE_S`, whatever hangs; a refusal is held back
        until its fixed time after that, and nothing else is.

        Args:
            username: As typed.
            pin: As typed.
            check_face: Given the claimed record (None for an unknown name), the time of the press
                and the time at which no frame counts any more, both by the clock, verifies the
                face; called on a thread of its own.
        """
        pressed = self._clock()
        login = Answer("login", lambda: self._decided(pressed, username, pin, check_face))
        with contextlib.suppress(RuntimeError):  # no thread to be had: no answer
            login.start()
            login.join(self._limit_s + 2 * GRACE_S)
        answer = login.answer
        if not isinstance(answer, tuple):
            _log.error("A login came to no end: %s", reason(answer))
            return Decision(Outcome.FAULT, reasons=(f"login: {reason(answer)}",))
        decision, behind = answer
        leave = self._clock()
        if decision.outcome is Outcome.REFUSED:
            leave = pressed + self._refuse_after_s * max(
                1, math.ceil((leave - pressed) / self._refuse_after_s)
            )
        if behind is not None:  # its thread starts before the wait, for starting takes time too
            idle_s = leave - self._clock() + BEHIND_S
            with contextlib.suppress(RuntimeError):
                Answer("login-behind", lambda: _later(idle_s, behind)).start()
        self._sleep(max(0.0, leave - self._clock()))
        return decision

    def _decided(
        self,
        pressed: float,
        username: str,
        pin: str,
        check_face: Callable[[CredentialRecord | None, float, float], FaceResult],
    ) -> tuple[Decision, Callable[[], object] | None]:
        """Return the decision, and what is to be done once the customer has the answer."""
        pause_s = self._pause.remaining()
        if pause_s:
            return Decision(Outcome.PAUSED, reasons=("paused",), pause_s=pause_s), None
        deadline = pressed + self._limit_s
        pin_thread = Answer("login-pin", lambda: self._check_pin(username, pin), self._clock)
        face_thread = Answer(
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
            decision = self._conclude(decision, pin_answer, face_answer, deadline + 2 * GRACE_S)
        except Exception as error:
            reasons = (*decision.reasons, f"conclude: {reason(error)}")
            return Decision(Outcome.FAULT, decision.customer_id, reasons), None
        return decision, self._behind(decision, pin, pin_answer, face_answer)

    def _conclude(
        self,
        decision: Decision,
        pin: PinResult | BaseException | None,
        face: object,
        latest: float,
    ) -> Decision:
        """Settle the counter, write the log, open the account: in this order.

        Nobody is admitted after *latest*: nobody waits for the answer any more. What is no clear
        refusal stays reserved: it was cut short, and costs its owner nothing yet.
        """
        if isinstance(pin, PinResult) and pin.reserved and pin.customer_id is not None:
            ending = _ending(decision, pin, face)
            if ending is not None:
                self._attempts.settle(pin.customer_id, ending)
        if decision.outcome is Outcome.REFUSED:
            pause_s = self._pause.refused()
            if pause_s:
                self._audit.append("pause", seconds=pause_s)
        if isinstance(face, FaceResult) and face.liveness is not None and face.attack_suspected:
            self._audit.append(
                "presentation attack suspected",
                customer=decision.customer_id,
                reasons=list(face.liveness.reasons),
                liveness=round(face.liveness.score, 3),
            )
        score = round(face.score, 4) if isinstance(face, FaceResult) else None
        granted = decision.outcome is Outcome.GRANTED
        if granted and self._clock() > latest:
            raise AtmError("The answer came too late.")
        self._audit.append(
            "decision",
            anchor=granted,
            outcome=decision.outcome.value,
            customer=decision.customer_id,
            reasons=list(decision.reasons),
            score=score,
        )
        if not granted:
            return decision
        record = self._store.by_id(decision.customer_id or "")
        if record is None:
            raise AtmError("The customer was deleted during the login.")
        customer = Customer(record.customer_id, record.username, record.full_name)
        session = self._open_session(customer)
        return replace(decision, session=session)

    def _behind(
        self, decision: Decision, pin: str, pin_answer: object, face: object
    ) -> Callable[[], object] | None:
        """Return what is to be done behind the answer, if anything."""
        customer_id = decision.customer_id
        if customer_id is None or not (isinstance(pin_answer, PinResult) and pin_answer.accepted):
            return None
        if decision.outcome is Outcome.GRANTED:
            return lambda: self._renew_hash(customer_id, pin)
        if isinstance(face, FaceResult) and not face.accepted:
            return lambda: self._suspect(customer_id, face)
        return None

    def _renew_hash(self, customer_id: str, pin: str) -> None:
        """Hash the PIN again if that was done with a former key or at other costs."""
        record = self._store.by_id(customer_id)
        if (
            record is None
            or record.pin_hash is None
            or not self._hasher.is_outdated(record.pin_hash)
        ):
            return
        pin_hash = self._hasher.hash(customer_id, pin)
        with contextlib.suppress(CredentialError, AtmError):  # the next good login will do it
            self._audit.append("pin", step="begun", act="rehash", customer=customer_id)
            self._store.replace(replace(record, pin_hash=pin_hash), instead_of=record)
            mac = self._store.record_mac(customer_id)
            self._audit.append("pin", step="done", act="rehash", customer=customer_id, record=mac)

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
        standing = self._attempts.reserve(record.customer_id)
        if standing is not Standing.FREE:
            self._hasher.verify(self._hasher.decoy, "", pin)
            reason = PinReason.LOCKED if standing is Standing.LOCKED else PinReason.WAITING
            return PinResult(record.customer_id, False, reason)
        right = self._hasher.verify(record.pin_hash, record.customer_id, pin)
        reason = PinReason.RIGHT if right else PinReason.WRONG
        return PinResult(record.customer_id, right, reason, reserved=True)


def _later(seconds: float, work: Callable[[], object]) -> None:
    time.sleep(max(0.0, seconds))
    work()


def _ending(decision: Decision, pin: PinResult, face: object) -> Ending | None:
    """Return how the attempt is counted; None leaves it reserved."""
    if decision.outcome is Outcome.GRANTED:
        return Ending.ADMITTED
    if decision.outcome is not Outcome.REFUSED or not isinstance(face, FaceResult):
        return None
    if not face.accepted:
        return Ending.FOREIGN_FACE
    return None if pin.accepted else Ending.WRONG_PIN
