"""Request bodies that the service accepts; any other field or type is refused."""

import base64
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from atm.fleet.kiosk_kind import LONGEST_CAMERA


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("base64 is text")
    return base64.b64decode(text, validate=True)


Text = Annotated[str, Field(max_length=1000)]
Token = Annotated[str, Field(max_length=1800)]
Pin = Annotated[str, Field(max_length=100)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
CustomerId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Reference = Annotated[str, Field(max_length=20)]
Moment = Annotated[str, Field(max_length=40)]
Minor = Annotated[int, Field(ge=-(2**53), le=2**53)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Base64 = Annotated[bytes, BeforeValidator(_decoded)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Staff = Annotated[list[Token], Field(min_length=1, max_length=2)]


class Body(BaseModel):
    """A JSON object with these fields, of these types, and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def __repr__(self) -> str:
        """Show no value, because PINs are among them."""
        return type(self).__name__

    __str__ = __repr__


class EmptyBody(Body):
    """A request without fields."""


class ReportBody(Body):
    """What a kiosk says of itself; see `KioskReport`."""

    kind: Literal["live", "test", "demo"]
    liveness: Literal["challenge", "passive", "off"]
    camera: Annotated[str, Field(max_length=LONGEST_CAMERA)]


class BeginLoginBody(Body):
    """Beginning of a login."""

    report: ReportBody
    username: Text
    pin: Pin
    public_key: Base64 = Field(min_length=32, max_length=32)
    network_sha256: Digest


class LivenessSeen(Body):
    """Result of the kiosk's liveness check."""

    passed: bool
    score: Finite
    reasons: list[Text] = Field(max_length=20)


class FaceSeen(Body):
    """Result of the kiosk's face check."""

    accepted: bool
    score: Finite
    threshold: Finite
    frames: int = Field(ge=0, le=1000)
    liveness: LivenessSeen | None


class FinishLoginBody(Body):
    """End of a login."""

    attempt: Token
    face: FaceSeen


class SessionBody(Body):
    """A request in a customer's session."""

    session: Token


class TransactionsBody(SessionBody):
    """The last transactions of the account."""

    limit: int = Field(ge=0, le=100)


class CheckWithdrawalBody(SessionBody):
    """Question whether an amount could be put on hold."""

    currency: Currency
    amount_minor: Minor
    smallest_note_minor: int = Field(ge=1, le=2**53)
    day_limit_minor: int = Field(ge=0, le=2**53)


class HoldBody(CheckWithdrawalBody):
    """Hold on an amount; the kiosk makes the reference, so that it can repeat the request."""

    reference: Reference


class HoldSent(Body):
    """A hold, as the service sent it."""

    hold_id: int = Field(ge=0, le=2**53)
    amount_minor: Minor
    at: Moment
    reference: Reference


class EndHoldBody(SessionBody):
    """Booking or release of a hold."""

    hold: HoldSent


class OwnPinBody(SessionBody):
    """A customer's own change of PIN."""

    pin: Pin


class SignInBody(Body):
    """Sign-in of a member of staff."""

    name: Text
    pin: Pin
    place: Literal["screen", "command line"] = "screen"


class StaffPinBody(Body):
    """A member of staff's own change of PIN."""

    name: Text
    old: Pin
    new: Pin
    place: Literal["screen", "command line"] = "screen"


class StaffBody(Body):
    """A staff act, with the tokens of one or two members of staff."""

    staff: Staff


class NameBody(StaffBody):
    """A staff act on one customer or member of staff."""

    name: Text


class SearchBody(StaffBody):
    """Search for customers by part of their names."""

    text: Text


class NewPinBody(NameBody):
    """A new PIN for a customer, or a new member of staff with a PIN."""

    pin: Pin


class ExcuseBody(NameBody):
    """Movements that a customer cannot make."""

    requests: list[Text] = Field(max_length=20)


class DeleteBody(NameBody):
    """Deletion of a customer; two signatures override a balance that is left."""

    override: bool


class NewFaceBody(NameBody):
    """A new enrolment of a customer's face."""

    face: Base64


class EnrolBody(NewFaceBody):
    """Enrolment of a new customer."""

    full_name: Text
    currency: Currency
    opening_minor: Minor
    pin: Pin
    consent_at: Moment
    excused: list[Text] = Field(max_length=20)
    alike: bool  # whether the second member of staff saw a customer with a face alike


class MoveBody(NameBody):
    """Move of a customer from a single machine, with everything that is kept of them."""

    full_name: Text
    pin_hash: Annotated[str, Field(max_length=256)] | None
    consent_at: Moment | None
    created_at: Moment
    excused: Text | None
    face: Base64 | None
    currency: Currency
    balance_minor: Minor | None
    locked: bool


class RefusalsBody(StaffBody):
    """Request for the last refused logins."""

    number: int = Field(ge=1, le=200)


class SettleBody(StaffBody):
    """Settlement of a withdrawal whose outcome is unknown."""

    customer_id: CustomerId
    hold: HoldSent
    paid: bool


class LogEntry(Body):
    """One entry of a kiosk's log."""

    kind: Annotated[str, Field(min_length=1, max_length=100)]
    anchor: bool
    fields: dict[str, Any]


class LogEntriesBody(Body):
    """Entries of a kiosk's log, oldest first; without any, the question for the newest one."""

    folder: Annotated[str, Field(pattern="^[0-9a-z]{0,32}$")] = ""
    entries: list[LogEntry] = Field(max_length=100)
