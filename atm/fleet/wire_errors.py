"""Wire format of errors between kiosk and service, and the limits that both sides keep.

An error that the service raises is raised again at the kiosk, as the same class with the same
attributes. An error that is not in `ERRORS` is sent as "unavailable", without its details.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from atm.accounts import accounts
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.errors import AtmError, ServiceUnavailable
from atm.fleet.kiosk_kind import KioskKindError
from atm.liveness_policy import ExcuseError
from atm.people import SecondSignatureError, StaffError, StaffSignInError
from atm.staff.acts import BalanceError
from credentials.errors import (
    DuplicateUserError,
    PolicyError,
    StaleRecordError,
    UnknownUserError,
)

VERSION: Final = "/v1"
CALL_S: Final = 4.5
"""How long a kiosk waits for one answer, retries included: people see a result within five seconds.
The service stops its own work sooner."""
LARGEST_BYTES: Final = 64 * 1024
"""Largest request without a face or log entries."""
LARGEST_LOG_BYTES: Final = 4 * 2**20
"""Largest request with log entries: fifty of 64 KiB."""
LARGEST_FACE_BYTES: Final = 16 * 2**20
"""Largest request with a new face: a template and the pictures it was made from."""
LOGIN_S: Final = 60.0
"""How long after its beginning a login may be finished: 32 s of face check, 15 s of words where the
customer listens, plus the calls."""
STAFF_S: Final = 600.0
SESSION_S: Final = 900.0
"""How long a sign-in and an open account last at most."""
FRESH_S: Final = 60.0
"""How long after an admission the customer may change the PIN."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """Wire form of one class of errors.

    Attributes:
        code: The error's name in JSON.
        status: The HTTP status.
        error: The class.
        takes: The attributes that its constructor takes, in order; "sentence" is its text.
    """

    code: str
    status: int
    error: type[Exception]
    takes: tuple[str, ...] = ()


class SignedOutError(StaffError):
    """The staff sign-in has expired, or was made at another kiosk."""

    sentence = "You are signed out. Please sign in again."


class SessionEndedError(AtmError):
    """The login attempt or the customer's session has ended."""

    sentence = "You are logged out. Please log in again."


class DuplicateFaceError(AtmError):
    """The new face is close to another customer's; a second member of staff must compare and sign.

    Attributes:
        username: The other customer's.
        customer_id: The other customer's.
        new_face, other_face: As `face_wire.pack_image` packs them, in base64.
    """

    def __init__(self, username: str, customer_id: str, new_face: str, other_face: str) -> None:
        """Keep the other customer and both pictures."""
        super().__init__("This face is close to another customer's.")
        self.username = username
        self.customer_id = customer_id
        self.new_face = new_face
        self.other_face = other_face


class MigrationError(AtmError):
    """This customer, or this folder, cannot be moved to the service as it is."""


class PepperError(AtmError):
    """The service lacks the key that a moved PIN hash was made with."""

    sentence = (
        "The service lacks the key of these PINs; back the machine's key up and run"
        " “python -m atm.fleet.service keys adopt” with that backup first."
    )


class NotAllowedError(AtmError):
    """This kiosk is not registered at the service, or its certificate was revoked."""


ERRORS: Final = (
    ErrorCode("policy", 422, PolicyError, ("code", "sentence")),
    ErrorCode("duplicate_user", 409, DuplicateUserError, ("username",)),
    ErrorCode("unknown_user", 404, UnknownUserError, ("who",)),
    ErrorCode("stale_record", 409, StaleRecordError, ("sentence",)),
    ErrorCode("enrolment", 409, EnrolmentError, ("code", "sentence")),
    ErrorCode(
        "duplicate_face",
        409,
        DuplicateFaceError,
        ("username", "customer_id", "new_face", "other_face"),
    ),
    ErrorCode("balance", 409, BalanceError, ("balance_minor",)),
    ErrorCode("excuse", 422, ExcuseError, ("sentence",)),
    ErrorCode("staff_sign_in", 401, StaffSignInError),
    ErrorCode("signed_out", 401, SignedOutError),
    ErrorCode("second_signature", 403, SecondSignatureError),
    ErrorCode("staff", 409, StaffError, ("sentence",)),
    ErrorCode("over", 401, SessionEndedError),
    ErrorCode("migration", 409, MigrationError, ("sentence",)),
    ErrorCode("pepper", 409, PepperError),
    ErrorCode("unknown_account", 404, accounts.UnknownAccountError),
    ErrorCode("account_exists", 409, accounts.AccountExistsError),
    ErrorCode("open_hold", 409, accounts.OpenHoldError),
    ErrorCode("invalid_amount", 422, accounts.InvalidAmountError),
    ErrorCode("not_a_multiple", 409, accounts.NotAMultipleError, ("smallest_note_minor",)),
    ErrorCode("insufficient_funds", 409, accounts.InsufficientFundsError, ("available_minor",)),
    ErrorCode("day_limit", 409, accounts.DayLimitError, ("remaining_minor",)),
    ErrorCode("unknown_hold", 404, accounts.UnknownHoldError),
    ErrorCode("settled_hold", 409, accounts.SettledHoldError),
    ErrorCode("invalid_reference", 422, accounts.InvalidReferenceError),
    ErrorCode("paying_out", 409, accounts.PayingOutError),
    ErrorCode("ledger", 409, accounts.LedgerError, ("sentence",)),
    ErrorCode("kiosk_kind", 403, KioskKindError, ("sentence",)),
    ErrorCode("not_allowed", 403, NotAllowedError, ("sentence",)),
    ErrorCode("unavailable", 503, ServiceUnavailable),
)
_BY_CLASS: Final = {each.error: each for each in ERRORS}
_BY_CODE: Final = {each.code: each for each in ERRORS}


def encode_error(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return HTTP status and JSON body for *error*; an unknown class becomes "unavailable"."""
    coded = _BY_CLASS.get(type(error)) or _BY_CLASS[ServiceUnavailable]
    sentence = str(error) if coded.error is type(error) else str(ServiceUnavailable())
    fields = {name: getattr(error, name) for name in coded.takes if name != "sentence"}
    return coded.status, {"error": coded.code, "sentence": sentence, "fields": fields}


def decode_error(body: object) -> Exception:
    """Return the error that *body* describes; `ServiceUnavailable` if it describes none."""
    if not isinstance(body, Mapping):
        return ServiceUnavailable()
    try:
        coded = _BY_CODE[body["error"]]
        given = {**body["fields"], "sentence": body["sentence"]}
        return coded.error(*(given[name] for name in coded.takes))
    except (KeyError, TypeError, ValueError):
        return ServiceUnavailable()
