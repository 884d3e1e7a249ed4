"""Decision on one login, as a pure function of the results of PIN, face and card.

Access is granted only if all threads accept the same customer within the time limit; everything
else is a denial. The card counts only where PIN and face would grant, so that it tells nothing to
somebody who lacks one of them.
"""

from dataclasses import dataclass
from enum import StrEnum

from atm.accounts.session import Session
from atm.card.result import CARDS_OFF, CardResult
from face_auth.errors import AcquisitionError, hindrance_of
from face_auth.types import FaceResult

FACE = "face"
"""The way of a login with the face; the other one is `credentials.credential_record.ATTENDED`."""
_ATTACK = "attack_suspected"


class Outcome(StrEnum):
    """Outcome of a login, as the customer is told."""

    GRANTED = "granted"
    REFUSED = "refused"
    NO_FACE = "no_face"
    FAULT = "fault"
    PAUSED = "paused"


class PinReason(StrEnum):
    """Reason of the PIN thread's result; for the log alone."""

    RIGHT = "right_pin"
    WRONG = "wrong_pin"
    LOCKED = "locked"
    WAITING = "waiting"
    UNKNOWN = "unknown_name"
    PENDING = "pending_record"


@dataclass(frozen=True, slots=True)
class PinResult:
    """Result of the PIN check.

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
    """Decision on one login.

    Attributes:
        outcome: What the customer is told.
        customer_id: The claimed customer, if the name is known; for the log.
        reasons: Why, in the log's words; never shown to the customer.
        session: The open account, if and only if *outcome* is `GRANTED`.
        pause_s: Seconds for which this kiosk refuses logins, if *outcome* is `PAUSED`.
    """

    outcome: Outcome
    customer_id: str | None = None
    reasons: tuple[str, ...] = ()
    session: Session | None = None
    pause_s: float = 0.0

    @property
    def attack_suspected(self) -> bool:
        """Whether the face was refused as a presentation attack."""
        return f"face: {_ATTACK}" in self.reasons


def decide(
    pin: PinResult | BaseException | None,
    face: FaceResult | BaseException | None,
    card: CardResult | BaseException | None = CARDS_OFF,
    *,
    elapsed_s: float,
    limit_s: float,
) -> Decision:
    """Return the decision on the results of all threads.

    Args:
        pin: The PIN thread's result, its exception, or None if it never ended.
        face: The same of the face thread.
        card: The same of the card thread; `CARDS_OFF` where no card is asked of anybody.
        elapsed_s: Seconds from the press to the later result of PIN and face.
        limit_s: Seconds after which no result counts.
    """
    customer_id = pin.customer_id if isinstance(pin, PinResult) else None
    reasons: tuple[str, ...] = (f"pin: {reason(pin)}", f"face: {reason(face)}")
    if (hindrance := hindrance_of(face)) is not None:
        reasons = (*reasons, hindrance.reason)
    if card is not CARDS_OFF:
        reasons = (*reasons, f"card: {reason(card)}")
    if isinstance(face, AcquisitionError) and isinstance(pin, PinResult):
        return Decision(Outcome.NO_FACE, customer_id, reasons)
    if not (isinstance(pin, PinResult) and isinstance(face, FaceResult)):
        return Decision(Outcome.FAULT, customer_id, reasons)
    if elapsed_s > limit_s:
        return Decision(Outcome.NO_FACE, customer_id, (*reasons, f"late: {elapsed_s:.2f} s"))
    if not pin_and_face_accept(pin, face):
        return Decision(Outcome.REFUSED, customer_id, reasons)
    if card is CARDS_OFF:
        return Decision(Outcome.GRANTED, customer_id, reasons)
    if not isinstance(card, CardResult):
        return Decision(Outcome.FAULT, customer_id, reasons)
    if card.accepted is True and card.customer_id == customer_id:
        return Decision(Outcome.GRANTED, customer_id, reasons)
    return Decision(Outcome.REFUSED, customer_id, reasons)


def pin_and_face_accept(pin: object, face: object) -> bool:
    """Return whether both accept the same customer, so that only the card may still be missing."""
    if not (isinstance(pin, PinResult) and isinstance(face, FaceResult)):
        return False
    same = pin.customer_id is not None and pin.customer_id == face.customer_id
    return pin.accepted is True and face.accepted is True and not face.attack_suspected and same


def reason(answer: object) -> str:
    """Return the reason of a thread's result, in the log's words."""
    if isinstance(answer, PinResult | CardResult):
        return answer.reason.value
    if isinstance(answer, FaceResult):
        if answer.attack_suspected:
            return _ATTACK
        return "match" if answer.accepted else "no_match"
    if answer is None:
        return "no_answer"
    return f"{type(answer).__name__}: {answer}"
