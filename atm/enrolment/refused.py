"""Log entries of enrolments that saved nothing, which staff read among the refusals."""

import contextlib
from collections.abc import Iterator

from atm.enrolment.hash_and_capture import EnrolmentError
from atm.people import Signatures, StaffMember, names_of
from atm.ports import Log

KIND = "enrolment refused"
"""Kind of the entries."""
CANCELLED = "cancelled"


@contextlib.contextmanager
def logged(audit: Log, staff: StaffMember | Signatures, customer_id: str | None) -> Iterator[None]:
    """Log an enrolment that fails for its face, with the reason; a cancelled one is not logged.

    Args:
        audit: The log.
        staff: Who signs.
        customer_id: The customer's, None for a new one.

    Raises:
        EnrolmentError: As it came.
        AuditError: If it cannot be logged.
    """
    try:
        yield
    except EnrolmentError as error:
        if error.code != CANCELLED:
            reasons = [error.code, *([str(error.__cause__)] if error.__cause__ else [])]
            if error.hindrance is not None:
                reasons.append(error.hindrance.reason)
            audit.append(
                KIND, outcome="refused", customer=customer_id, staff=names_of(staff),
                reasons=reasons,
            )  # fmt: skip
        raise
