"""Account of one admitted customer, kept by the service; a `Session` uses it like a ledger.

The kiosk makes the reference of a withdrawal, so that a step whose answer was lost can be repeated.
If the service does not answer when a hold must be booked or released, the call is repeated in the
background until it does.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from atm.accounts.accounts import (
    Hold,
    LedgerError,
    SettledHoldError,
    Transaction,
    UnknownHoldError,
    Withdrawal,
    random_reference,
)
from atm.errors import AtmError, ServiceUnavailable
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.wire_errors import SESSION_S
from atm.fleet.wire_values import (
    hold_from_json,
    hold_to_json,
    transaction_from_json,
    withdrawal_from_json,
)

RETRY_S: Final = 1.0
SETTLED_AFTER_S: Final = 10.0
"""The service ends every call sooner than this: a hold that is still unknown was never made."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PendingSettlement:
    """Settlement of a hold that the service has not confirmed yet.

    Attributes:
        act: ``book`` or ``release``.
        hold: The hold.
        since: When the first try failed, by the clock.
    """

    act: str
    hold: Hold
    since: float


class RemoteAccounts:
    """Account and PIN of one customer during one session."""

    def __init__(
        self,
        client: ServiceClient,
        session: str,
        customer_id: str,
        currency: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Act for the customer *customer_id*, whose token is *session*, in this kiosk's *currency*.

        The service refuses amounts in another currency than that of its accounts.
        """
        self._client = client
        self._session = session
        self._customer_id = customer_id
        self._currency = currency
        self._clock = clock

    def available(self, customer_id: str) -> int:
        """Return the balance less what is on hold, in minor units."""
        return int(self._call("available", idempotent=True)["available_minor"])

    def transactions(self, customer_id: str, limit: int = 5) -> list[Transaction]:
        """Return the last *limit* transactions, newest first."""
        found = self._call("transactions", idempotent=True, limit=limit)["transactions"]
        return [transaction_from_json(each) for each in found]

    @contextlib.contextmanager
    def paying_out(self) -> Any:
        """Do nothing: the service lets staff settle no hold that is younger than two minutes."""
        yield

    def check_withdrawal(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
    ) -> None:
        """Accept an amount that could be held now.

        Raises:
            LedgerError: If the account does not allow it.
            ServiceUnavailable: If the service does not answer.
        """
        self._call(
            "check",
            idempotent=True,
            currency=self._currency,
            amount_minor=amount_minor,
            smallest_note_minor=smallest_note_minor,
            day_limit_minor=day_limit_minor,
        )

    def hold(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        smallest_note_minor: int,
        day_limit_minor: int,
        reference: str | None = None,
    ) -> Hold:
        """Set *amount_minor* aside.

        Raises:
            LedgerError: If the account does not allow it.
            ServiceUnavailable: If the service does not answer; the hold is released later.
        """
        reference = reference or random_reference()
        try:
            found = self._call(
                "hold",
                idempotent=True,
                reference=reference,
                currency=self._currency,
                amount_minor=amount_minor,
                smallest_note_minor=smallest_note_minor,
                day_limit_minor=day_limit_minor,
            )
        except ServiceUnavailable:
            lost = Hold(0, customer_id, amount_minor, datetime.now(UTC), reference)
            self._settle_later(PendingSettlement("release", lost, self._clock()))
            raise
        return hold_from_json(found, customer_id)

    def book(self, hold: Hold) -> Withdrawal:
        """Book the hold: the notes were paid out.

        Raises:
            UnavailableError: If the service does not answer; the call is repeated later.
        """
        try:
            return withdrawal_from_json(self._end("book", hold))
        except ServiceUnavailable as error:
            self._settle_later(PendingSettlement("book", hold, self._clock()))
            raise UnavailableError from error

    def release(self, hold: Hold) -> None:
        """Release the hold: no notes were paid out.

        Raises:
            UnavailableError: If the service does not answer; the call is repeated later.
        """
        try:
            self._end("release", hold)
        except ServiceUnavailable as error:
            self._settle_later(PendingSettlement("release", hold, self._clock()))
            raise UnavailableError from error

    def save_pin(self, pin: str) -> None:
        """Change the customer's PIN; the service allows it within a minute of the admission.

        Raises:
            PolicyError: If *pin* is not allowed.
            SessionEndedError: If the admission is too long ago.
            ServiceUnavailable: If it could not be saved.
        """
        self._call("pin", idempotent=False, pin=pin)

    def _call(self, act: str, *, idempotent: bool, **body: Any) -> dict[str, Any]:
        return self._client.call(
            f"sessions/{act}", idempotent=idempotent, session=self._session, **body
        )

    def _end(self, act: str, hold: Hold) -> dict[str, Any]:
        return self._call(act, idempotent=True, hold=hold_to_json(hold))

    def _settle_later(self, pending: PendingSettlement) -> None:
        threading.Thread(
            target=self._settle, args=(pending,), name="settlement", daemon=True
        ).start()

    def _settle(self, pending: PendingSettlement) -> None:
        """Repeat the call until the service confirms it or the session's time is over."""
        while not self._client.closed and self._clock() - pending.since < SESSION_S:
            time.sleep(RETRY_S)
            try:
                self._end(pending.act, pending.hold)
                return
            except ServiceUnavailable:
                continue
            except UnknownHoldError:
                if self._clock() - pending.since >= SETTLED_AFTER_S:
                    return
            except SettledHoldError:
                return
            except AtmError as error:
                _log.error("Staff must settle hold %s: %s", pending.hold.reference, error)
                return


class UnavailableError(ServiceUnavailable, LedgerError):
    """The service does not answer, for callers that expect a ledger's errors."""
