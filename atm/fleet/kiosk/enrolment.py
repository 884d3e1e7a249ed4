"""Enrolment at a kiosk of the bank: the kiosk takes pictures, the service saves the customer."""

import threading
from datetime import UTC
from typing import Any, NoReturn

from atm.enrolment.duplicate_face import DuplicateQuestion
from atm.enrolment.enrolment import ConfirmDuplicate
from atm.enrolment.hash_and_capture import LIMIT_S, CaptureFace, EnrolmentError, hash_and_capture
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.kiosk.staff import tokens_of
from atm.fleet.wire_errors import DuplicateFaceError
from atm.fleet.wire_faces import pack_face, unpack_image
from atm.fleet.wire_values import customer_from_json, from_base64, to_base64
from atm.liveness_policy import checked_excuses
from atm.login.attended import FaceNeededError
from atm.people import Application, Customer, Signatures, StaffMember, first_of
from credentials.policy import check_pin, normalise_full_name, normalise_username


class RemoteEnrolment:
    """Makes customers of the bank, whole or not at all: the same methods as `Enrolments`."""

    def __init__(
        self,
        client: ServiceClient,
        currency: str,
        *,
        limit_s: float = LIMIT_S,
        opening_limit_minor: int | None = None,
    ) -> None:
        """Enrol through *client*, with opening balances in *currency*.

        Taking the pictures may last *limit_s* seconds. The service has an opening limit of its own
        and decides; *opening_limit_minor* is what this kiosk asks a second signature above.
        """
        self._client = client
        self._currency = currency
        self._limit_s = limit_s
        self._opening_limit_minor = opening_limit_minor

    def needs_two(self, application: Application) -> bool:
        """Return whether two members of staff are asked to sign *application* here."""
        return application.needs_two(self._opening_limit_minor)

    def check_username(self, username: str, *, staff: StaffMember) -> str:
        """Return *username* as it will be stored; *staff* is the member of staff who asks.

        Raises:
            PolicyError: If it is not allowed.
            DuplicateUserError: If it is taken.
            SignedOutError: If *staff* signed in too long ago.
        """
        name = normalise_username(username)
        found = self._client.call(
            "enrolments/username", idempotent=True, staff=tokens_of(staff), name=name
        )
        return str(found["username"])

    def enrol_attended(self, application: Application, signed: Signatures) -> NoReturn:
        """Refuse: the service needs the face.

        Raises:
            FaceNeededError: Always.
        """
        raise FaceNeededError

    def enrol(
        self,
        application: Application,
        signed: StaffMember | Signatures,
        enrol_face: CaptureFace,
        *,
        ask: ConfirmDuplicate | None = None,
        cancel: threading.Event | None = None,
    ) -> Customer:
        """Take the pictures, then let the service save everything or nothing.

        Args:
            application: As typed.
            signed: Who signs: two for excuses and for a balance above the service's limit.
            enrol_face: Called on a thread of its own.
            ask: Called when the face is close to another customer's; without it the
                enrolment is refused.
            cancel: Set it to stop; it is set by itself once the pictures are done.

        Raises:
            PolicyError, SecondSignatureError, DuplicateUserError, EnrolmentError, AtmError: As
                `Enrolments.enrol`.
        """
        full_name = normalise_full_name(application.full_name)
        check_pin(application.pin)
        excused = checked_excuses(application.excused)
        stop = cancel or threading.Event()
        username, (template, captures) = hash_and_capture(
            lambda: self.check_username(application.username, staff=first_of(signed)),
            lambda: enrol_face("", stop),
            stop,
            self._limit_s,
        )
        body: dict[str, Any] = {
            "name": username,
            "full_name": full_name,
            "currency": self._currency,
            "opening_minor": application.opening_minor,
            "pin": application.pin,
            "consent_at": application.consent_at.astimezone(UTC).isoformat(),
            "excused": excused,
            "face": to_base64(pack_face(template, captures)),
        }
        try:
            found = self._client.call("enrolments", staff=tokens_of(signed), alike=False, **body)
        except DuplicateFaceError as error:
            second = ask(_question(error)) if ask is not None else None
            if second is None:
                raise EnrolmentError(
                    "duplicate_face",
                    "This face is close to another customer's;"
                    " a second member of staff must look at both and sign.",
                ) from error
            both = tokens_of(Signatures(first_of(signed), second))
            found = self._client.call("enrolments", staff=both, alike=True, **body)
        return customer_from_json(found["customer"])


def _question(error: DuplicateFaceError) -> DuplicateQuestion:
    return DuplicateQuestion(
        unpack_image(from_base64(error.new_face)),
        unpack_image(from_base64(error.other_face)),
        error.username,
        error.customer_id,
    )
