"""PIN check of a login, with its counting and logging; machine and service share it."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

from atm.errors import AtmError
from atm.login.decision import Decision, Outcome, PinReason, PinResult
from atm.ports import AttemptCounters, Log
from credentials.attempts import Ending, Standing
from credentials.credential_record import CredentialRecord
from credentials.errors import CredentialError
from credentials.hashing import PinHasher
from credentials.store import CredentialStore
from face_auth.errors import TooFewPicturesError
from face_auth.types import FaceResult


def claimed(store: CredentialStore, username: str) -> CredentialRecord | None:
    """Return the record of *username*, as typed; None if nobody can log in with it."""
    record = store.get(username)
    return None if record is None or record.pending else record


def judge(
    record: CredentialRecord | None,
    pin: str,
    hasher: PinHasher,
    attempts: AttemptCounters,
    remember: Callable[[], None],
) -> PinResult:
    """Count the attempt and verify the PIN; the hashing work is the same for every name.

    *remember* is called between the two: it sees to it that the count cannot be put back.
    """
    if record is None or record.pin_hash is None:
        remember()
        hasher.verify(hasher.decoy, "", pin)
        return PinResult(None, False, PinReason.UNKNOWN)
    standing = attempts.reserve(record.customer_id)
    remember()
    if standing is not Standing.FREE:
        hasher.verify(hasher.decoy, "", pin)
        reason = PinReason.LOCKED if standing is Standing.LOCKED else PinReason.WAITING
        return PinResult(record.customer_id, False, reason)
    right = hasher.verify(record.pin_hash, record.customer_id, pin)
    reason = PinReason.RIGHT if right else PinReason.WRONG
    return PinResult(record.customer_id, right, reason, reserved=True)


def counts_as_refused(decision: Decision, face: object) -> bool:
    """Return whether a login counts toward the pause of the kiosk.

    So does one that was cancelled or showed no face: it holds a customer's attempt too. What the
    machine could not judge does not.
    """
    if decision.outcome is Outcome.NO_FACE:
        return not isinstance(face, TooFewPicturesError)
    return decision.outcome is Outcome.REFUSED


def settle(attempts: AttemptCounters, decision: Decision, pin: object, face: object) -> None:
    """End the attempt that `judge` reserved, if its outcome is clear; else it stays reserved."""
    if not (isinstance(pin, PinResult) and pin.reserved and pin.customer_id is not None):
        return
    ending = _ending(decision, pin, face)
    if ending is not None:
        attempts.settle(pin.customer_id, ending)


def log_attack(audit: Log, decision: Decision, face: object) -> None:
    """Log a suspected presentation attack, if there is one."""
    if isinstance(face, FaceResult) and face.liveness is not None and face.attack_suspected:
        audit.append(
            "presentation attack suspected",
            customer=decision.customer_id,
            reasons=list(face.liveness.reasons),
            liveness=round(face.liveness.score, 3),
        )


def log_decision(audit: Log, decision: Decision, face: object, **more: object) -> None:
    """Log the decision, with the fields *more*; nobody is admitted unless this returns."""
    audit.append(
        "decision",
        anchor=decision.outcome is Outcome.GRANTED,
        outcome=decision.outcome.value,
        customer=decision.customer_id,
        reasons=list(decision.reasons),
        score=round(face.score, 4) if isinstance(face, FaceResult) else None,
        **more,
    )


def renew_hash(
    store: CredentialStore, hasher: PinHasher, audit: Log, customer_id: str, pin: str
) -> None:
    """Hash the right *pin* again if its hash has a former pepper or other cost parameters."""
    record = store.by_id(customer_id)
    if record is None or record.pin_hash is None or not hasher.is_outdated(record.pin_hash):
        return
    pin_hash = hasher.hash(customer_id, pin)
    with contextlib.suppress(CredentialError, AtmError):  # the next good login will do it
        audit.append("pin", step="begun", act="rehash", customer=customer_id)
        store.replace(replace(record, pin_hash=pin_hash), instead_of=record)
        mac = store.record_mac(customer_id)
        audit.append("pin", step="done", act="rehash", customer=customer_id, record=mac)


def _ending(decision: Decision, pin: PinResult, face: object) -> Ending | None:
    """Return how the attempt counts; None leaves it reserved."""
    if decision.outcome is Outcome.GRANTED:
        return Ending.ADMITTED
    if decision.outcome is Outcome.NO_FACE and isinstance(face, TooFewPicturesError):
        return Ending.NOT_JUDGED
    if decision.outcome is not Outcome.REFUSED or not isinstance(face, FaceResult):
        return None
    if not face.accepted:
        return Ending.FOREIGN_FACE
    return None if pin.accepted else Ending.WRONG_PIN
