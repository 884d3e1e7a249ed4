"""Login at a kiosk of the bank: the service checks the PIN while the kiosk checks the face.

The service's first answer holds one template, for this attempt only, whatever the PIN was; frames
are collected meanwhile. Its answer to the result of the face check is granted or refused.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np

from atm.accounts.session import Session
from atm.errors import AtmError, ServiceUnavailable
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.kiosk.log import KioskLog
from atm.fleet.kiosk_kind import KioskReport
from atm.fleet.sealed_box import Recipient, SealedBoxError
from atm.fleet.wire_faces import FaceWireError, unpack_claimed
from atm.fleet.wire_values import customer_from_json, face_to_json, from_base64, to_base64
from atm.login.decision import Decision, Outcome, reason
from atm.login.login import FollowUp, LoginAnswers, LoginFlow
from atm.login.pause import Pause, Try
from atm.people import Customer
from face_auth.errors import AcquisitionError, NoFaceError
from face_auth.gallery import Template
from face_auth.types import FaceResult, Frame

GATHERED = 8
"""The newest frames that are kept while the service is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class BegunLogin:
    """The service's answer at the beginning of a login.

    Attributes:
        attempt: Token of the attempt, for the end of the login.
        template: The claimed customer's, or a decoy; the kiosk cannot tell which.
        excused: Movements that the customer cannot make, as `CredentialRecord.excused`.
    """

    attempt: str
    template: Template
    excused: str | None


_Answers = LoginAnswers[BegunLogin]
Awaited = Future[BegunLogin]
"""The answer that the face thread waits for."""


class RemoteLogin(LoginFlow[BegunLogin, Awaited]):
    """Runs logins whose decision the service takes."""

    def __init__(
        self,
        *,
        client: ServiceClient,
        pause: Pause,
        log: KioskLog,
        network: Callable[[], tuple[str, str]],
        report: Callable[[], KioskReport],
        open_session: Callable[[Customer, str, Template], Session],
        limit_s: float,
    ) -> None:
        """Use the service's *client* and the kiosk's own *pause* and *log*.

        *network* returns name and SHA-256 of the face network in use, and *report* what the kiosk
        is; *open_session* is given the customer, the service's token and the template that the
        face was judged by.
        """
        super().__init__(pause=pause, log=log, limit_s=limit_s)
        self._client = client
        self._log = log
        self._network = network
        self._report = report
        self._open_session = open_session

    def _begin(
        self, username: str, pin: str
    ) -> tuple[Callable[[], BegunLogin], Callable[[], Awaited]]:
        claim: Awaited = Future()

        def judge() -> BegunLogin:
            try:
                begun = self._ask(username, pin)
            except BaseException as error:
                claim.set_exception(error)
                raise
            claim.set_result(begun)
            return begun

        return judge, lambda: claim

    def _end(self, answers: LoginAnswers[BegunLogin], pin: str) -> tuple[Decision, FollowUp | None]:
        begun, face = answers.pin, answers.face
        reasons = (
            "service: asked" if isinstance(begun, BegunLogin) else f"service: {reason(begun)}",
            f"face: {reason(face)}",
        )
        outcome = Outcome.FAULT
        if isinstance(begun, BegunLogin) and isinstance(face, AcquisitionError):
            outcome = Outcome.NO_FACE
        elif isinstance(begun, BegunLogin) and isinstance(face, FaceResult):
            if answers.elapsed_s <= answers.limit_s:
                return self._finish(begun, face, reasons, answers), None
            outcome = Outcome.NO_FACE
        decision = self._counted(Decision(outcome, reasons=reasons), face, answers.made)
        return self._logged(decision, self._log.append), None

    def _counted(self, decision: Decision, face: object, made: Try) -> Decision:
        """Count *decision* toward the pause and return it; where that fails it is a fault."""
        try:
            if decision.outcome is not Outcome.FAULT:
                self._count(decision, face, made)
        except Exception as error:
            return Decision(Outcome.FAULT, reasons=(*decision.reasons, f"pause: {reason(error)}"))
        return decision

    def _finish(
        self, begun: BegunLogin, face: FaceResult, reasons: tuple[str, ...], answers: _Answers
    ) -> Decision:
        """Let the service decide, and log its decision; nobody is admitted without the entry."""
        try:
            found = self._client.call(
                "logins/finish", attempt=begun.attempt, face=face_to_json(face)
            )
            if found["granted"] is not True:
                decision = Decision(Outcome.REFUSED, reasons=reasons)
                self._count(decision, face, answers.made)
                return self._logged(decision, self._log.local.append)
            if self._clock() > answers.latest:
                raise AtmError("The answer came too late.")
            customer = customer_from_json(found["customer"])
            decision = Decision(Outcome.GRANTED, customer.customer_id, reasons)
            self._count(decision, face, answers.made)
            decision = self._logged(decision, self._log.local.append)
            if decision.outcome is not Outcome.GRANTED:
                return decision
            session = self._open_session(customer, str(found["session"]), begun.template)
            return replace(decision, session=session)
        except Exception as error:
            decision = Decision(Outcome.FAULT, reasons=(*reasons, f"finish: {reason(error)}"))
            return self._logged(decision, self._log.append)

    def _logged(self, decision: Decision, append: Callable[..., None]) -> Decision:
        """Log *decision* and return it; a decision that cannot be logged becomes a fault."""
        try:
            append(
                "decision",
                anchor=decision.outcome is Outcome.GRANTED,
                outcome=decision.outcome.value,
                customer=decision.customer_id,
                reasons=list(decision.reasons),
            )
        except Exception as error:
            reasons = (*decision.reasons, f"log: {reason(error)}")
            return Decision(Outcome.FAULT, decision.customer_id, reasons)
        return decision

    def _ask(self, username: str, pin: str) -> BegunLogin:
        self._log.remember()
        recipient = Recipient()
        name, sha256 = self._network()
        found = self._client.call(
            "logins",
            username=username,
            pin=pin,
            public_key=to_base64(recipient.public),
            network_sha256=sha256,
            report=self._report().to_json(),
        )
        try:
            attempt = str(found["attempt"])
            opened = recipient.open(from_base64(found["sealed"]), attempt.encode("ascii"))
            claimed = unpack_claimed(opened)
        except (SealedBoxError, FaceWireError, KeyError, TypeError, ValueError) as error:
            raise ServiceUnavailable from error
        template = Template(
            customer_id="",
            network=name,
            network_sha256=claimed.network_sha256,
            embeddings=np.empty((0, len(claimed.svm.weights)), np.float32),
            svm=claimed.svm,
        )
        return BegunLogin(attempt, template, claimed.excused)


def gather(frames: Iterator[Frame], claim: Awaited) -> tuple[BegunLogin, Iterator[Frame]]:
    """Return the service's answer and *frames*, led by the newest ones that came before it.

    Raises:
        NoFaceError: If the frames ended first.
        Exception: What the call to the service raised.
    """
    waiting: deque[Frame] = deque(maxlen=GATHERED)
    for frame in frames:
        waiting.append(frame)
        if claim.done():
            return claim.result(), itertools.chain(waiting, frames)
    raise NoFaceError("the frames ended before the service answered")
