"""JSON forms of the values that kiosk and service exchange: two functions for each value."""

import base64
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from atm.accounts.accounts import Hold, Transaction, Withdrawal
from atm.people import Customer
from atm.staff.refusals import Refusal
from face_auth.types import FaceResult, LivenessResult

Json = Mapping[str, Any]

_FACE = ("accepted", "score", "threshold", "frames")


def to_base64(data: bytes) -> str:
    """Return *data* in base64."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return the bytes in *text*; ValueError if it is not base64."""
    return base64.b64decode(text, validate=True)


def customer_to_json(customer: Customer) -> dict[str, Any]:
    """Return *customer* for the wire."""
    return asdict(customer)


def customer_from_json(found: Json) -> Customer:
    """Return the customer in *found*, which may have more fields."""
    return Customer(found["customer_id"], found["username"], found["full_name"])


def hold_to_json(hold: Hold) -> dict[str, Any]:
    """Return *hold* for the wire, without the customer's id, which each side knows."""
    return {
        "hold_id": hold.hold_id,
        "amount_minor": hold.amount_minor,
        "at": hold.at.isoformat(),
        "reference": hold.reference,
    }


def hold_from_json(found: Json, customer_id: str) -> Hold:
    """Return the hold in *found* as one of *customer_id*; ValueError if its time is malformed."""
    at = datetime.fromisoformat(found["at"])
    return Hold(found["hold_id"], customer_id, found["amount_minor"], at, found["reference"])


def transaction_to_json(transaction: Transaction) -> dict[str, Any]:
    """Return *transaction* for the wire."""
    return asdict(transaction) | {"at": transaction.at.isoformat()}


def transaction_from_json(found: Json) -> Transaction:
    """Return the transaction in *found*."""
    return Transaction(**{**found, "at": datetime.fromisoformat(found["at"])})


def withdrawal_to_json(withdrawal: Withdrawal) -> dict[str, Any]:
    """Return *withdrawal* for the wire."""
    return asdict(withdrawal)


def withdrawal_from_json(found: Json) -> Withdrawal:
    """Return the withdrawal in *found*."""
    return Withdrawal(**found)


def refusal_to_json(refusal: Refusal) -> dict[str, Any]:
    """Return *refusal* for the wire."""
    return asdict(refusal) | {"at": refusal.at.isoformat(), "reasons": list(refusal.reasons)}


def refusal_from_json(found: Json) -> Refusal:
    """Return the refusal in *found*."""
    at, reasons = datetime.fromisoformat(found["at"]), tuple(found["reasons"])
    return Refusal(**{**found, "at": at, "reasons": reasons})


def face_to_json(face: FaceResult) -> dict[str, Any]:
    """Return *face* for the wire, without the claimed id and the embedding."""
    liveness = face.liveness
    found = {name: getattr(face, name) for name in _FACE}
    seen = None
    if liveness is not None:
        reasons = list(liveness.reasons)
        seen = {"passed": liveness.passed, "score": liveness.score, "reasons": reasons}
    return found | {"liveness": seen}


def face_from_json(found: Json) -> FaceResult:
    """Return the face in *found* without a customer id; the service knows who is claimed."""
    seen = found["liveness"]
    liveness = None
    if seen is not None:
        liveness = LivenessResult(seen["passed"], seen["score"], tuple(seen["reasons"]))
    return FaceResult("", **{name: found[name] for name in _FACE}, liveness=liveness)
