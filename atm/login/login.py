"""One login: a PIN thread and a face thread at once -> one decision, counted and logged."""

import contextlib
import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from atm.accounts.session import Session
from atm.answer_thread import ThreadResult
from atm.errors import AtmError
from atm.login import pin_check
from atm.login.decision import Decision, Outcome, PinResult, decide, reason
from atm.login.pause import Pause
from atm.people import Customer
from atm.ports import AttemptCounters, Log
from credentials.hashing import PinHasher
from credentials.store import CredentialRecord, CredentialStore
from face_auth.types import FaceResult, Frame

if TYPE_CHECKING:
    from face_auth.gallery import Template
    from face_auth.recogniser import Recogniser

GRACE_S = 1.0
"""How long after the limit the threads may take to notice it before they count as dead; as long
again may counting, logging and opening the account take."""
REFUSE_AFTER_S = 2.0
"""A refusal leaves this long after the press, or twice as long and so on: never sooner for one
reason than for another."""
FOLLOW_UP_DELAY_S = 0.5
"""Seconds from the answer to the follow-up work, so that this work cannot delay the answer."""

_log = logging.getLogger(__name__)


_P = TypeVar("_P")
_C = TypeVar("_C")
CheckFace = Callable[[_C, float, float], FaceResult]
"""Given who is claimed, the time of the press and the time at which no frame counts any more,
both by the clock, verifies the face; called on a thread of its own."""
FollowUp = Callable[[], object]
"""Work that is done once the customer has the answer."""


class LoginAnswers(NamedTuple, Generic[_P]):
    """What both threads of one login came to.

    Attributes:
        pin: The PIN thread's answer, what it raised, or None if it never answered.
        face: The same of the face thread.
        elapsed_s: Seconds from the press to the later answer.
        latest: By the clock; nobody waits for the answer after it.
    """

    pin: _P | BaseException | None
    face: FaceResult | BaseException | None
    elapsed_s: float
    latest: float


class ClaimedFace(NamedTuple):
    """What the face of one login is judged by.

    Attributes:
        template: The claimed customer's, or nobody's where there is no such customer.
        excused: Movements that they cannot follow, as `CredentialRecord.excused`.
        frames: The frames to judge.
    """

    template: "Template"
    excused: str | None
    frames: Iterator[Frame]


Claim = Callable[["Recogniser", Iterator[Frame]], ClaimedFace]
"""Given the models and the frames since the press, waits for the bank and returns whose face it
should be; called on the face thread."""


class Logins(ABC, Generic[_P, _C]):
    """What every login has, whoever judges the PIN: two threads, a limit, one answer in time.

    `_P` is what the PIN thread answers, `_C` what the face thread is told of who is claimed.
    """

    def __init__(
        self,
        *,
        pause: Pause,
        limit_s: float,
        refuse_after_s: float = REFUSE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the kiosk's own *pause*, and how long a login may take."""
        self._pause = pause
        self._limit_s = limit_s
        self._refuse_after_s = refuse_after_s
        self._clock = clock
        self._sleep = sleep

    def login(self, username: str, pin: str, check_face: CheckFace[_C]) -> Decision:
        """Run both checks at once and decide. Never raises.

        It blocks for at most the limit and twice `GRACE_S`, whatever hangs; a refusal is held back
        until its fixed time after that, and nothing else is.

        Args:
            username: As typed.
            pin: As typed.
            check_face: Verifies the face.
        """
        pressed = self._clock()
        login = ThreadResult("login", lambda: self._decided(pressed, username, pin, check_face))
        with contextlib.suppress(RuntimeError):  # no thread to be had: no answer
            login.start()
            login.join(self._limit_s + 2 * GRACE_S)
        answer = login.result
        if not isinstance(answer, tuple):
            _log.error("A login came to no end: %s", reason(answer))
            return Decision(Outcome.FAULT, reasons=(f"login: {reason(answer)}",))
        decision, follow_up = answer
        leave = self._clock()
        if decision.outcome is Outcome.REFUSED:
            leave = pressed + self._refuse_after_s * max(
                1, math.ceil((leave - pressed) / self._refuse_after_s)
            )
        if follow_up is not None:  # its thread starts before the wait, for starting takes time too
            idle_s = leave - self._clock() + FOLLOW_UP_DELAY_S
            with contextlib.suppress(RuntimeError):
                ThreadResult("login-follow-up", lambda: _later(idle_s, follow_up)).start()
        self._sleep(max(0.0, leave - self._clock()))
        return decision

    def _decided(
        self, pressed: float, username: str, pin: str, check_face: CheckFace[_C]
    ) -> tuple[Decision, FollowUp | None]:
        """Return the decision, and what is to be done once the customer has the answer."""
        pause_s = self._pause.remaining()
        if pause_s:
            return Decision(Outcome.PAUSED, reasons=("paused",), pause_s=pause_s), None
        deadline = pressed + self._limit_s
        judge, claimed = self._begin(username, pin)
        pin_thread = ThreadResult("login-pin", judge, self._clock)
        face_thread = ThreadResult(
            "login-face", lambda: check_face(claimed(), pressed, deadline), self._clock
        )
        for thread in (pin_thread, face_thread):
            thread.start()
        for thread in (pin_thread, face_thread):
            thread.join(max(0.0, deadline + GRACE_S - self._clock()))
        answered = max(pin_thread.ended_at, face_thread.ended_at)
        answers = LoginAnswers(
            pin_thread.result, face_thread.result, answered - pressed, deadline + 2 * GRACE_S
        )
        return self._end(answers, pin)

    @abstractmethod
    def _begin(self, username: str, pin: str) -> tuple[Callable[[], _P], Callable[[], _C]]:
        """Return what the PIN thread does, and what the face thread asks for first."""

    @abstractmethod
    def _end(self, answers: LoginAnswers[_P], pin: str) -> tuple[Decision, FollowUp | None]:
        """Count, log and decide; nobody is admitted after `answers.latest`."""


class LocalLogins(Logins[PinResult, CredentialRecord | None]):
    """Runs logins over one store."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        hasher: PinHasher,
        attempts: AttemptCounters,
        pause: Pause,
        audit: Log,
        open_session: Callable[[Customer], Session],
        suspect: Callable[[str, FaceResult], None],
        limit_s: float,
        refuse_after_s: float = REFUSE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the PIN factor's parts, the log, and what opens an account.

        *suspect* is called after the answer, on a thread of its own, when the PIN was right and
        the face another's.
        """
        super().__init__(
            pause=pause, limit_s=limit_s, refuse_after_s=refuse_after_s, clock=clock, sleep=sleep
        )
        self._store = store
        self._hasher = hasher
        self._attempts = attempts
        self._audit = audit
        self._open_session = open_session
        self._suspect = suspect

    def _begin(
        self, username: str, pin: str
    ) -> tuple[Callable[[], PinResult], Callable[[], CredentialRecord | None]]:
        """Let both threads look the name up for themselves."""

        def judge() -> PinResult:
            record = pin_check.claimed(self._store, username)
            return pin_check.judge(record, pin, self._hasher, self._attempts)

        return judge, lambda: pin_check.claimed(self._store, username)

    def _end(self, answers: LoginAnswers[PinResult], pin: str) -> tuple[Decision, FollowUp | None]:
        decision = decide(
            answers.pin, answers.face, elapsed_s=answers.elapsed_s, limit_s=self._limit_s
        )
        try:
            decision = self._conclude(decision, answers.pin, answers.face, answers.latest)
        except Exception as error:
            reasons = (*decision.reasons, f"conclude: {reason(error)}")
            return Decision(Outcome.FAULT, decision.customer_id, reasons), None
        return decision, self._follow_up(decision, pin, answers.pin, answers.face)

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
        pin_check.settle(self._attempts, decision, pin, face)
        if decision.outcome is Outcome.REFUSED:
            pause_s = self._pause.refused()
            if pause_s:
                self._audit.append("pause", seconds=pause_s)
        pin_check.log_attack(self._audit, decision, face)
        granted = decision.outcome is Outcome.GRANTED
        if granted and self._clock() > latest:
            raise AtmError("The answer came too late.")
        pin_check.log_decision(self._audit, decision, face)
        if not granted:
            return decision
        record = self._store.by_id(decision.customer_id or "")
        if record is None:
            raise AtmError("The customer was deleted during the login.")
        customer = Customer(record.customer_id, record.username, record.full_name)
        session = self._open_session(customer)
        return replace(decision, session=session)

    def _follow_up(
        self, decision: Decision, pin: str, pin_answer: object, face: object
    ) -> FollowUp | None:
        """Return what is to be done after the answer, if anything."""
        customer_id = decision.customer_id
        if customer_id is None or not (isinstance(pin_answer, PinResult) and pin_answer.accepted):
            return None
        if decision.outcome is Outcome.GRANTED:
            return lambda: pin_check.renew_hash(
                self._store, self._hasher, self._audit, customer_id, pin
            )
        if isinstance(face, FaceResult) and not face.accepted:
            return lambda: self._suspect(customer_id, face)
        return None


def _later(seconds: float, work: FollowUp) -> None:
    time.sleep(max(0.0, seconds))
    work()
