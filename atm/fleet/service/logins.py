"""Logins at the service: begun with name and PIN, finished with the result of the face check.

The attempt is counted before the PIN is checked. The result of the PIN check is sealed in the token
until the result of the face check arrives. An attempt that a kiosk never finishes stays counted.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from atm.errors import ServiceUnavailable
from atm.fleet import sealed_box
from atm.fleet.kiosk_kind import KioskReport
from atm.fleet.service.decoys import Decoys
from atm.fleet.service.store.kiosks import Kiosk
from atm.fleet.service.store.stores import ServiceStores
from atm.fleet.service.store.tickets import account_owner
from atm.fleet.service.tokens import TokenError, Tokens
from atm.fleet.wire_errors import LOGIN_S, SESSION_S, SessionEndedError
from atm.fleet.wire_faces import ClaimedTemplate, pack_claimed
from atm.login import pin_check
from atm.login.decision import Decision, Outcome, PinReason, PinResult, decide
from atm.people import Customer
from credentials.credential_record import CredentialRecord
from credentials.errors import PolicyError
from credentials.policy import username_key
from face_auth.errors import GalleryError
from face_auth.types import FaceResult

ANSWER_EVERY_S: Final = 0.1
"""`begin` answers a multiple of this time after the request, so that its duration tells nothing."""
HASHES_AT_ONCE: Final = 2 * (os.cpu_count() or 1)
"""PIN hashes computed at the same time; Argon2id takes 64 MiB for each."""
WAIT_FOR_TURN_S: Final = 2.0
RENEW_AFTER_S: Final = 0.5

_PURPOSE = "login"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BegunAttempt:
    """Answer to the beginning of a login.

    Attributes:
        attempt: Token of the attempt, for `Logins.finish`.
        sealed: The template, sealed for the kiosk's key of this attempt.
    """

    attempt: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Admission:
    """The admitted customer, and the token of their session."""

    customer: Customer
    session: str


class Logins:
    """Begins and finishes logins of all kiosks."""

    def __init__(
        self,
        stores: ServiceStores,
        tokens: Tokens,
        decoys: Decoys,
        network_sha256: str,
        *,
        answer_every_s: float = ANSWER_EVERY_S,
    ) -> None:
        """Use *stores* and *tokens*; *decoys* are for the network *network_sha256*."""
        self._stores = stores
        self._tokens = tokens
        self._decoys = decoys
        self._network = network_sha256
        self._answer_every_s = answer_every_s
        self._turn = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self.told: Callable[[Decision], object] = lambda decision: None
        """Told of each decision that was counted and logged."""
        self._behind = ThreadPoolExecutor(1, "renew-hash")
        _ = stores.hasher.decoy  # so that the first unknown name costs no more

    def begin(
        self,
        kiosk: Kiosk,
        username: str,
        pin: str,
        public_key: bytes,
        network_sha256: str,
        report: KioskReport,
    ) -> BegunAttempt:
        """Count the attempt, check the PIN, and return one template, sealed for the kiosk.

        Args:
            kiosk: The kiosk that asks.
            username: As typed.
            pin: As typed.
            public_key: The kiosk's key of this attempt, 32 bytes.
            network_sha256: SHA-256 of the network that the kiosk runs.
            report: What the kiosk says of itself; it is bound to the attempt.

        Raises:
            KioskKindError: If the kiosk is less than what staff registered.
            ServiceUnavailable: If the kiosk runs another network, or the service is too busy.
            SealedBoxError: If *public_key* is not a public key.
            Exception: The error of a store.
        """
        arrived = time.monotonic()
        report.check(kiosk.allowed)
        if network_sha256 != self._network:
            _log.error("Kiosk %s runs another face network", kiosk.name)
            raise ServiceUnavailable
        username = _possible(username)
        record = pin_check.claimed(self._stores.credentials, username)
        decoy = self._decoys.of(username_key(username))
        made_up = self._stores.new_id(username)
        key = made_up if record is None else record.customer_id
        if not self._turn.acquire(timeout=WAIT_FOR_TURN_S):
            raise ServiceUnavailable
        try:
            remember = self._stores.log(kiosk.kiosk_id).remember
            result = pin_check.judge(
                record, pin, self._stores.hasher, self._stores.attempts, remember
            )
        finally:
            self._turn.release()
        given = self._claimed(record) if record is not None else None
        if given is None or not result.reserved:
            result = PinResult(result.customer_id, False, result.reason)
        login_id = self._stores.tickets.open(key, kiosk.kiosk_id)
        attempt = self._tokens.make(
            _PURPOSE,
            kiosk.kiosk_id,
            LOGIN_S,
            {
                "key": key,
                "login": login_id,
                "known": result.customer_id is not None,
                "right": result.accepted,
                "reason": result.reason.value,
                "reserved": result.reserved,
                **report.to_json(),
            },
        )
        sealed = sealed_box.seal(pack_claimed(given or decoy), public_key, attempt.encode("ascii"))
        if result.accepted and record is not None:
            self._renew_later(kiosk, record, pin)
        self._wait(arrived)
        return BegunAttempt(attempt, sealed)

    def finish(self, kiosk: Kiosk, attempt: str, face: FaceResult) -> Admission | None:
        """Decide once for each attempt; count and log the decision as a single machine does.

        Args:
            kiosk: The kiosk that asks, which must have begun the login.
            attempt: The token from `begin`.
            face: Result of the kiosk's face check; its customer id is ignored.

        Returns:
            The admission; None for a refusal, which gives no reason.

        Raises:
            SessionEndedError: If the attempt is finished, is too old, or is another kiosk's.
            AuditError: If the decision cannot be logged; then nobody is admitted.
        """
        try:
            says = self._tokens.open(_PURPOSE, kiosk.kiosk_id, attempt)
        except TokenError as error:
            raise SessionEndedError from error
        report = KioskReport.from_json(says)
        report.check(kiosk.allowed)  # which staff may have changed since
        customer_id = says["key"] if says["known"] else None
        pin = PinResult(customer_id, says["right"], PinReason(says["reason"]), says["reserved"])
        face = FaceResult(
            customer_id or "", face.accepted and _is_live(face, report), face.score,
            face.threshold, face.frames,
            liveness=face.liveness,
        )  # fmt: skip
        decision = decide(pin, face, elapsed_s=0.0, limit_s=LOGIN_S)

        def end() -> None:
            if not self._stores.tickets.end(says["key"], says["login"], kiosk.kiosk_id):
                raise SessionEndedError
            pin_check.settle(self._stores.attempts, decision, pin, face)

        self._stores.commit(end)
        log = self._stores.log(kiosk.kiosk_id)
        pin_check.log_attack(log, decision, face)
        pin_check.log_decision(log, decision, face, kiosk=list(report.to_json().values()))
        self.told(decision)
        return self._admitted(kiosk, decision, report)

    def _admitted(self, kiosk: Kiosk, decision: Decision, report: KioskReport) -> Admission | None:
        if decision.outcome is not Outcome.GRANTED:
            return None
        record = self._stores.credentials.by_id(decision.customer_id or "")
        if record is None:
            raise SessionEndedError  # deleted during the login
        customer = Customer(record.customer_id, record.username, record.full_name)
        ticket = self._stores.tickets.open(account_owner(record.customer_id), kiosk.kiosk_id)
        token = self._tokens.make(
            "session",
            kiosk.kiosk_id,
            SESSION_S,
            {"customer": record.customer_id, "ticket": ticket, **report.to_json()},
        )
        return Admission(customer, token)

    def _claimed(self, record: CredentialRecord) -> ClaimedTemplate | None:
        """Return the template for the kiosk; None if it cannot be used there."""
        assert record.template_id is not None
        try:
            template = self._stores.gallery.load(record.template_id, record.customer_id)
        except GalleryError:
            _log.exception("A template cannot be read")
            return None
        if template.network_sha256 != self._network:
            _log.error("A template was made by another network")
            return None
        return ClaimedTemplate(template.network_sha256, template.svm, record.excused)

    def _renew_later(self, kiosk: Kiosk, record: CredentialRecord, pin: str) -> None:
        """Hash a right PIN again after a change of keys; later, so that no answer takes longer."""
        stores = self._stores
        if record.pin_hash is None or not stores.hasher.is_outdated(record.pin_hash):
            return

        def renew() -> None:
            time.sleep(RENEW_AFTER_S)
            pin_check.renew_hash(
                stores.credentials,
                stores.hasher,
                stores.log(kiosk.kiosk_id),
                record.customer_id,
                pin,
            )

        self._behind.submit(renew)

    def _wait(self, arrived: float) -> None:
        passed = time.monotonic() - arrived
        time.sleep(-passed % self._answer_every_s)


def _is_live(face: FaceResult, report: KioskReport) -> bool:
    """Return whether *face* comes with the liveness check that the kiosk reports."""
    return report.liveness == "off" or (face.liveness is not None and face.liveness.passed)


def _possible(username: str) -> str:
    """Return *username*, or a name that nobody has if it is not a possible username."""
    try:
        username_key(username)
    except PolicyError:
        digest = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
        return f"nobody {digest[:32]}"
    return username
