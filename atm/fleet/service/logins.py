"""One login at the service: begun with name and PIN, finished with what the camera saw.

The attempt is counted before the PIN is judged, and the verdict stays here, sealed in the token,
until the face's answer comes. A kiosk that never finishes has used the attempt up.
"""

import hashlib
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from atm.errors import ServiceUnavailable
from atm.fleet import sealed_box
from atm.fleet.service.decoys import Decoys
from atm.fleet.service.store.kiosks import Kiosk
from atm.fleet.service.store.stores import ServiceStores
from atm.fleet.service.tokens import TokenError, Tokens
from atm.fleet.wire_errors import LOGIN_S, SESSION_S, SessionEndedError
from atm.fleet.wire_faces import ClaimedTemplate, pack_claimed
from atm.login import pin_check
from atm.login.decision import Decision, Outcome, PinReason, PinResult, decide
from atm.people import Customer
from credentials.errors import PolicyError
from credentials.policy import username_key
from credentials.store import CredentialRecord
from face_auth.errors import GalleryError
from face_auth.types import FaceResult

ANSWER_EVERY_S: Final = 0.1
"""An answer to `begin` leaves at a multiple of this after the request, whatever took how long."""
HASHES_AT_ONCE: Final = 2 * (os.cpu_count() or 1)
"""Argon2id takes 64 MiB each."""
WAIT_FOR_TURN_S: Final = 2.0
RENEW_AFTER_S: Final = 0.5

_PURPOSE = "login"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BegunAttempt:
    """What the kiosk gets.

    Attributes:
        attempt: A token, for `Logins.finish`.
        sealed: The template, sealed for the kiosk's key of this attempt.
    """

    attempt: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was let in, and the token of their open account."""

    customer: Customer
    session: str


class Logins:
    """Begins and finishes logins."""

    def __init__(
        self,
        stores: ServiceStores,
        tokens: Tokens,
        decoys: Decoys,
        network_sha256: str,
        *,
        answer_every_s: float = ANSWER_EVERY_S,
    ) -> None:
        """Take the stores, and what *network_sha256*'s embeddings are scored by for nobody."""
        self._stores = stores
        self._tokens = tokens
        self._decoys = decoys
        self._network = network_sha256
        self._answer_every_s = answer_every_s
        self._turn = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._behind = ThreadPoolExecutor(1, "renew-hash")
        _ = stores.hasher.decoy  # so that the first unknown name costs no more

    def begin(
        self, kiosk: Kiosk, username: str, pin: str, public_key: bytes, network_sha256: str
    ) -> BegunAttempt:
        """Count the attempt, judge the PIN, and give one template for it.

        Args:
            kiosk: Who asks.
            username: As typed.
            pin: As typed.
            public_key: The kiosk's key of this attempt, 32 bytes.
            network_sha256: Of the network that the kiosk runs.

        Raises:
            ServiceUnavailable: If the kiosk runs another network, or too much is going on.
            SealedBoxError: If *public_key* is none.
            Exception: What a store raises.
        """
        arrived = time.monotonic()
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
            result = pin_check.judge(record, pin, self._stores.hasher, self._stores.attempts)
        finally:
            self._turn.release()
        given = self._claimed(record) if record is not None and result.reserved else None
        if given is None:
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
            },
        )
        sealed = sealed_box.seal(pack_claimed(given or decoy), public_key, attempt.encode("ascii"))
        if result.accepted and record is not None:
            self._renew_later(kiosk, record, pin)
        self._wait(arrived)
        return BegunAttempt(attempt, sealed)

    def finish(self, kiosk: Kiosk, attempt: str, face: FaceResult) -> Admission | None:
        """Decide, once for each attempt; count and log it as the machine itself does.

        Args:
            kiosk: Who asks; who began it.
            attempt: What `begin` gave.
            face: What the kiosk saw; its customer id says nothing.

        Returns:
            None for a refusal, which says no more.

        Raises:
            SessionEndedError: If the attempt is finished, is too old, or is another kiosk's.
            AuditError: If the decision cannot be logged: then it is no admission.
        """
        try:
            says = self._tokens.open(_PURPOSE, kiosk.kiosk_id, attempt)
        except TokenError as error:
            raise SessionEndedError from error
        customer_id = says["key"] if says["known"] else None
        pin = PinResult(customer_id, says["right"], PinReason(says["reason"]), says["reserved"])
        face = FaceResult(
            customer_id or "", face.accepted, face.score, face.threshold, face.frames,
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
        pin_check.log_decision(log, decision, face)
        return self._admitted(kiosk, decision)

    def _admitted(self, kiosk: Kiosk, decision: Decision) -> Admission | None:
        if decision.outcome is not Outcome.GRANTED:
            return None
        record = self._stores.credentials.by_id(decision.customer_id or "")
        if record is None:
            raise SessionEndedError  # deleted during the login
        customer = Customer(record.customer_id, record.username, record.full_name)
        token = self._tokens.make(
            "session", kiosk.kiosk_id, SESSION_S, {"customer": record.customer_id}
        )
        return Admission(customer, token)

    def _claimed(self, record: CredentialRecord) -> ClaimedTemplate | None:
        """Return what is needed to judge the face; None where the kiosk cannot judge it."""
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
        """Hash a right PIN again after a change of keys: behind the answer, which must not tell."""
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


def _possible(username: str) -> str:
    """Return *username*, or another one that nobody has where it never could be one."""
    try:
        username_key(username)
    except PolicyError:
        digest = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
        return f"nobody {digest[:32]}"
    return username
