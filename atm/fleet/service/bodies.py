"""What a kiosk may send, to the last field: whatever else comes is refused unread."""

import base64
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("base64 is text")
    return base64.b64decode(text, validate=True)


Text = Annotated[str, Field(max_length=1000)]
Token = Annotated[str, Field(max_length=1000)]
Pin = Annotated[str, Field(max_length=100)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
CustomerId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Reference = Annotated[str, Field(max_length=20)]
Moment = Annotated[str, Field(max_length=40)]
Minor = Annotated[int, Field(ge=-(2**53), le=2**53)]
Base64 = Annotated[bytes, BeforeValidator(_decoded)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Staff = Annotated[list[Token], Field(min_length=1, max_length=2)]


class Body(BaseModel):
    """A JSON object with these fields, of these types, and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def __repr__(self) -> str:
        """Show no value: there are PINs among them."""
        return type(self).__name__

    __str__ = __repr__


class EmptyBody(Body):
    """No fields."""


class BeginLoginBody(Body):
    """Begin a login."""

    username: Text
    pin: Pin
    public_key: Base64 = Field(min_length=32, max_length=32)
    network_sha256: Digest


class LivenessSeen(Body):
    """What the kiosk's liveness check found."""

    passed: bool
    score: Finite
    reasons: list[Text] = Field(max_length=20)


class FaceSeen(Body):
    """What the kiosk's camera saw."""

    accepted: bool
    score: Finite
    threshold: Finite
    frames: int = Field(ge=0, le=1000)
    liveness: LivenessSeen | None


class FinishLoginBody(Body):
    """Finish it."""

    attempt: Token
    face: FaceSeen


class SessionBody(Body):
    """An open account."""

    session: Token


class TransactionsBody(SessionBody):
    """Its last lines."""

    limit: int = Field(ge=0, le=100)


class CheckWithdrawalBody(SessionBody):
    """Ask whether an amount could be set aside."""

    amount_minor: Minor
    smallest_note_minor: int = Field(ge=1, le=2**53)
    day_limit_minor: int = Field(ge=0, le=2**53)


class HoldBody(CheckWithdrawalBody):
    """Set it aside; the kiosk makes the reference, so that it may ask again."""

    reference: Reference


class HoldSent(Body):
    """A hold, as the service told it."""

    hold_id: int = Field(ge=0, le=2**53)
    amount_minor: Minor
    at: Moment
    reference: Reference


class EndHoldBody(SessionBody):
    """Book it or let it go."""

    hold: HoldSent


class OwnPinBody(SessionBody):
    """The customer's own change of PIN."""

    pin: Pin


class SignInBody(Body):
    """A member of staff."""

    name: Text
    pin: Pin


class StaffPinBody(Body):
    """A member of staff's own change of PIN."""

    name: Text
    old: Pin
    new: Pin


class StaffBody(Body):
    """Whoever signed in."""

    staff: Staff


class NameBody(StaffBody):
    """An act on one customer or member of staff."""

    name: Text


class SearchBody(StaffBody):
    """Customers by part of their names."""

    text: Text


class NewPinBody(NameBody):
    """A new PIN for them."""

    pin: Pin


class ExcuseBody(NameBody):
    """Requests that they cannot follow."""

    requests: list[Text] = Field(max_length=20)


class DeleteBody(NameBody):
    """Their end; two signatures override what is on the account."""

    override: bool


class NewFaceBody(NameBody):
    """Their face anew."""

    face: Base64


class EnrolBody(NewFaceBody):
    """A new customer."""

    full_name: Text
    opening_minor: Minor
    pin: Pin
    consent_at: Moment
    excused: list[Text] = Field(max_length=20)


class MoveBody(NameBody):
    """A customer of a single machine, with all that is kept of them."""

    full_name: Text
    pin_hash: Annotated[str, Field(max_length=256)] | None
    consent_at: Moment | None
    created_at: Moment
    excused: Text | None
    face: Base64 | None
    balance_minor: Minor | None
    locked: bool


class RefusalsBody(StaffBody):
    """The last of them."""

    number: int = Field(ge=1, le=200)


class SettleBody(StaffBody):
    """A withdrawal that nobody knows the end of."""

    customer_id: CustomerId
    hold: HoldSent
    paid: bool


class LogEntry(Body):
    """One entry of a kiosk's log."""

    kind: Annotated[str, Field(min_length=1, max_length=100)]
    anchor: bool
    fields: dict[str, Any]


class LogEntriesBody(Body):
    """Some of them, oldest first."""

    entries: list[LogEntry] = Field(max_length=100)
