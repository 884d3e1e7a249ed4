"""The account of one admitted customer, kept by the service: what `Session` calls on a ledger.

A withdrawal's reference is made here, so that a step whose answer was lost can be asked for again.
What the service cannot be told at once, that notes came out or that none did, is told as soon as
it answers again.
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
"""The service gives every call up sooner: a hold that is unknown then will not come any more."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PendingSettlement:
    """What the service has not been told yet.

    Attributes:
        act: ``book`` or ``release``.
        hold: Which hold.
        since: When it came about, by the clock.
    """

    act: str
    hold: Hold
    since: float


class RemoteAccounts:
    """One customer's account and PIN, for as long as their session lasts."""

    def __init__(
        self,
        client: ServiceClient,
        session: str,
        customer_id: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Speak for the customer to whom *session*, a token, belongs."""
        self._client = client
        self._session = session
        self._customer_id = customer_id
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
        """Do nothing: staff settle no hold that is a moment old."""
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
            ServiceUnavailable: If nobody can say.
        """
        self._call(
            "check",
            idempotent=True,
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
            ServiceUnavailable: If nobody can say; the money is let go of as soon as that can be.
        """
        reference = reference or random_reference()
        try:
            found = self._call(
                "hold",
                idempotent=True,
                reference=reference,
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
        """Take what is on hold from the account: the money is out.

        Raises:
            UnavailableError: If the service cannot be told now; it is told later.
        """
        try:
            return withdrawal_from_json(self._end("book", hold))
        except ServiceUnavailable as error:
            self._settle_later(PendingSettlement("book", hold, self._clock()))
            raise UnavailableError from error

    def release(self, hold: Hold) -> None:
        """Let go of what is on hold: no money came out.

        Raises:
            UnavailableError: If the service cannot be told now; it is told later.
        """
        try:
            self._end("release", hold)
        except ServiceUnavailable as error:
            self._settle_later(PendingSettlement("release", hold, self._clock()))
            raise UnavailableError from error

    def save_pin(self, pin: str) -> None:
        """Give the customer another PIN; only within a minute of their admission.

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
        """Try again until the service knows, or this session is over: then staff settle it."""
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
                _log.error("Staff settle %s: %s", pending.hold.reference, error)
                return


class UnavailableError(ServiceUnavailable, LedgerError):
    """The service does not answer: for who expects what a ledger raises."""
