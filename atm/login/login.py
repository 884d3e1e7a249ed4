"""Login: PIN, face and card on threads at once, then one decision, counted and logged."""

import contextlib
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from atm.accounts.session import Session
from atm.answer_thread import ThreadResult
from atm.card.result import CARDS_OFF, CardResult
from atm.errors import AtmError
from atm.login import card_record, pin_check
from atm.login.decision import (
    Decision,
    Outcome,
    PinResult,
    decide,
    pin_and_face_accept,
    reason,
)
from atm.login.paced import REFUSE_AFTER_S, PacedLogins
from atm.login.pause import Pause, Try
from atm.people import Customer
from atm.ports import AttemptCounters, Log
from credentials.credential_record import CredentialRecord
from credentials.hashing import PinHasher
from credentials.store import CredentialStore
from face_auth.types import FaceResult, Frame

if TYPE_CHECKING:
    from face_auth.gallery import Template
    from face_auth.recogniser import Recogniser

GRACE_S = 1.0
"""Time that the threads may take to end after the limit before they count as dead; counting,
logging and opening the account may take as long again."""
FOLLOW_UP_DELAY_S = 0.5
"""Seconds from the answer to the follow-up work, so that this work cannot delay the answer."""

_log = logging.getLogger(__name__)


_P = TypeVar("_P")
_C = TypeVar("_C")
CheckFace = Callable[[_C, float, float], FaceResult]
"""Verifies the face, on a thread of its own. Its arguments are the claimed customer, the time of
the press, and the time from which no frame counts, both by the clock."""
CheckCard = Callable[[CredentialRecord | None, threading.Event], CardResult]
"""Checks the claimed customer's card, on a thread of its own, until the event is set."""
FollowUp = Callable[[], object]
"""Work that is done once the customer has the answer."""


class LoginAnswers(NamedTuple, Generic[_P]):
    """Results of the threads of one login.

    Attributes:
        pin: The PIN thread's result, its exception, or None if it never ended.
        face: The same of the face thread.
        elapsed_s: Seconds from the press to the later result of PIN and face.
        limit_s: Seconds after which no result counts.
        latest: Time by the clock after which nobody waits for the answer.
        made: The try that was counted toward the kiosk's pause.
        card: The same of the card thread; `CARDS_OFF` where there is none.
    """

    pin: _P | BaseException | None
    face: FaceResult | BaseException | None
    elapsed_s: float
    limit_s: float
    latest: float
    made: Try
    card: CardResult | BaseException | None = CARDS_OFF


class ClaimedFace(NamedTuple):
    """Input of one login's face check.

    Attributes:
        template: The claimed customer's, or a decoy where there is no such customer.
        excused: Movements that they cannot make, as `CredentialRecord.excused`.
        frames: The frames to judge.
    """

    template: "Template"
    excused: str | None
    frames: Iterator[Frame]


Claim = Callable[["Recogniser", Iterator[Frame]], ClaimedFace]
"""Returns the claimed customer's face for the models and the frames since the press; called on the
face thread, where it may wait for the bank."""


class LoginFlow(PacedLogins, ABC, Generic[_P, _C]):
    """Base of the logins over files and over the service: two threads, a time limit, one answer.

    `_P` is the PIN thread's result, `_C` describes the claimed customer to the face thread.
    """

    def __init__(
        self,
        *,
        pause: Pause,
        log: Log,
        limit_s: float,
        refuse_after_s: float = REFUSE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use the kiosk's own *pause* and *log*; a login takes at most *limit_s*."""
        super().__init__(
            pause=pause, log=log, refuse_after_s=refuse_after_s, clock=clock, sleep=sleep
        )
        self._limit_s = limit_s

    def login(
        self, username: str, pin: str, check_face: CheckFace[_C], *, more_s: float = 0.0
    ) -> Decision:
        """Run both checks at once and decide; it never raises.

        It blocks for at most the limit and twice `GRACE_S`, whatever hangs; a refusal is held back
        until its fixed time after that, and nothing else is.

        Args:
            username: As typed.
            pin: As typed.
            check_face: Verifies the face.
            more_s: Seconds that this login may take beyond the limit of all.
        """
        pressed, limit_s = self._clock(), self._limit_s + more_s
        login = ThreadResult(
            "login", lambda: self._decided(pressed, limit_s, username, pin, check_face)
        )
        with contextlib.suppress(RuntimeError):  # no thread to be had: no answer
            login.start()
            login.join(limit_s + 2 * GRACE_S)
        answer = login.result
        if not isinstance(answer, tuple):
            _log.error("A login did not finish in time: %s", reason(answer))
            return Decision(Outcome.FAULT, reasons=(f"login: {reason(answer)}",))
        decision, follow_up = answer
        leave = self._leaves_at(decision, pressed)
        if follow_up is not None:  # its thread starts before the wait, for starting takes time too
            idle_s = leave - self._clock() + FOLLOW_UP_DELAY_S
            with contextlib.suppress(RuntimeError):
                ThreadResult("login-follow-up", lambda: _later(idle_s, follow_up)).start()
        self._sleep(max(0.0, leave - self._clock()))
        return decision

    def _decided(
        self, pressed: float, limit_s: float, username: str, pin: str, check_face: CheckFace[_C]
    ) -> tuple[Decision, FollowUp | None]:
        """Return the decision, and the work to do once the customer has the answer."""
        made, paused = self._reserve()
        if paused is not None:
            return paused, None
        deadline = pressed + limit_s
        judge, claimed = self._begin(username, pin)
        pin_thread = ThreadResult("login-pin", judge, self._clock)
        face_thread = ThreadResult(
            "login-face", lambda: check_face(claimed(), pressed, deadline), self._clock
        )
        stop = threading.Event()
        card_thread = self._card_thread(username, stop)
        pin_thread.start()
        face_thread.start()
        if card_thread is not None:
            card_thread.start()
        for thread in (pin_thread, face_thread):
            thread.join(max(0.0, deadline + GRACE_S - self._clock()))
        answered = max(pin_thread.ended_at, face_thread.ended_at)
        card: CardResult | BaseException | None = CARDS_OFF
        if card_thread is not None:
            awaited = pin_and_face_accept(pin_thread.result, face_thread.result)
            if awaited:  # else the time would tell whether there is a card
                card_thread.join(max(0.0, deadline - self._clock()))
            stop.set()
            if awaited:
                card_thread.join(max(0.0, deadline + GRACE_S - self._clock()))
            card = card_thread.result
        answers = LoginAnswers(
            pin_thread.result, face_thread.result, answered - pressed, limit_s,
            deadline + 2 * GRACE_S, made, card,
        )  # fmt: skip
        decision, follow_up = self._end(answers, pin)
        if decision.outcome is Outcome.FAULT:
            with contextlib.suppress(AtmError):
                self._pause.give_back(made)
        return decision, follow_up

    def _card_thread(self, username: str, stop: threading.Event) -> ThreadResult[CardResult] | None:
        """Return the card thread, which waits for the card until *stop*; None where there is none.

        The bank's service knows no cards.
        """
        return None

    @abstractmethod
    def _begin(self, username: str, pin: str) -> tuple[Callable[[], _P], Callable[[], _C]]:
        """Return the PIN thread's work, and the call that tells the face thread who is claimed."""

    @abstractmethod
    def _end(self, answers: LoginAnswers[_P], pin: str) -> tuple[Decision, FollowUp | None]:
        """Count, log and decide; nobody is admitted after `answers.latest`."""


class LocalLogins(LoginFlow[PinResult, CredentialRecord | None]):
    """LoginFlow over the stores of one machine."""

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
        check_card: CheckCard | None = None,
        refuse_after_s: float = REFUSE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use these stores and this log; *open_session* opens the session of a granted login.

        *suspect* is called after the answer, on a thread of its own, when the PIN was right and
        the face another's. *check_card* is None where no card is asked of anybody.
        """
        super().__init__(
            pause=pause, log=audit, limit_s=limit_s, refuse_after_s=refuse_after_s, clock=clock,
            sleep=sleep,
        )  # fmt: skip
        self._store = store
        self._hasher = hasher
        self._attempts = attempts
        self._audit = audit
        self._open_session = open_session
        self._suspect = suspect
        self._check_card = check_card

    def _card_thread(self, username: str, stop: threading.Event) -> ThreadResult[CardResult] | None:
        check = self._check_card
        if check is None:
            return None
        return ThreadResult(
            "login-card", lambda: check(pin_check.claimed(self._store, username), stop), self._clock
        )

    def _begin(
        self, username: str, pin: str
    ) -> tuple[Callable[[], PinResult], Callable[[], CredentialRecord | None]]:
        """Return work in which each thread looks the name up by itself."""

        def judge() -> PinResult:
            record = pin_check.claimed(self._store, username)
            remember = self._audit.remember
            return pin_check.judge(record, pin, self._hasher, self._attempts, remember)

        return judge, lambda: pin_check.claimed(self._store, username)

    def _end(self, answers: LoginAnswers[PinResult], pin: str) -> tuple[Decision, FollowUp | None]:
        decision = decide(
            answers.pin, answers.face, answers.card,
            elapsed_s=answers.elapsed_s, limit_s=answers.limit_s,
        )  # fmt: skip
        try:
            decision = self._conclude(decision, answers)
        except Exception as error:
            reasons = (*decision.reasons, f"conclude: {reason(error)}")
            return Decision(Outcome.FAULT, decision.customer_id, reasons), None
        return decision, self._follow_up(decision, pin, answers.pin, answers.face)

    def _conclude(self, decision: Decision, answers: LoginAnswers[PinResult]) -> Decision:
        """Settle the counters, write the log, open the session, in this order.

        Nobody is admitted after `answers.latest`, when nobody waits for the answer. An attempt that
        is no clear refusal stays reserved: it was cut short, and does not count yet.
        """
        face = answers.face
        pin_check.settle(self._attempts, decision, answers.pin, face)
        if decision.outcome is not Outcome.FAULT:
            self._count(decision, face, answers.made)
        pin_check.log_attack(self._audit, decision, face)
        granted = decision.outcome is Outcome.GRANTED
        card_record.log_set_back(self._audit, answers.card)
        if granted:
            card_record.keep_counter(self._store, self._audit, answers.card)
        if granted and self._clock() > answers.latest:
            raise AtmError("The answer came too late.")
        pin_check.log_decision(self._audit, decision, face)
        if not granted:
            return decision
        record = self._store.by_id(decision.customer_id or "")
        if record is None:
            raise AtmError("The customer was deleted during the login.")
        customer = Customer(record.customer_id, record.username, record.full_name)
        session = self._open_session(customer)
        session.by_card = isinstance(answers.card, CardResult) and answers.card.card is not None
        return replace(decision, session=session)

    def _follow_up(
        self, decision: Decision, pin: str, pin_answer: object, face: object
    ) -> FollowUp | None:
        """Return the work to do after the answer, if any."""
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
