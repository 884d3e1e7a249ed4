"""Accounts that nobody has used for long: listed for staff, and deleted as the consent says.

An account is used by a login that is granted. It is counted from the last one, from the enrolment,
or from the day on which this machine began to count, whichever is the latest. The days that the
customer's own consent names decide, whatever the setting says later; it is listed `NOTICE_DAYS`
earlier, so that staff can write to its owner. It is deleted only by staff who sign for it, and
never while there is money on it, a withdrawal on hold, or a consent that names no days.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from atm.consent import ConsentVersion
from atm.errors import AtmError
from atm.people import Customer, StaffMember
from atm.ports import Accounts, Log
from atm.staff.acts import Office
from credentials.credential_record import CredentialRecord
from credentials.last_use import LastUse
from credentials.store import CredentialStore

NOTICE_DAYS: Final = 30
"""Days from the listing of an account to the day from which it may be deleted."""


class NotInactiveError(AtmError):
    """The account is not one that may be deleted for want of use."""

    sentence = "This account is not due to be deleted."


class KeptForeverError(AtmError):
    """Unused accounts are not looked for here."""

    sentence = (
        "Unused accounts are kept: the setting keep_inactive_days is 0. A bank's service does not"
        " delete them yet."
    )


class Kept(StrEnum):
    """Reason why an unused account is not deleted; `DUE` is none."""

    DUE = "due"
    EARLY = "early"
    MONEY = "money"
    HOLD = "hold"
    NO_CONSENT = "no consent"


@dataclass(frozen=True, slots=True)
class Inactive:
    """Account that was not used for long.

    Attributes:
        customer: Whose it is.
        since: Day from which it is counted as unused, in UTC.
        due: Day from which it may be deleted, in UTC, if nothing else keeps it.
        kept: Why it is not deleted, or `Kept.DUE`.
    """

    customer: Customer
    since: date
    due: date
    kept: Kept


class Inactivity:
    """Lists and deletes unused accounts."""

    def __init__(
        self,
        *,
        keep_days: int,
        store: CredentialStore,
        ledger: Accounts,
        last_use: LastUse,
        audit: Log,
        office: Office,
    ) -> None:
        """Use these stores; *keep_days* holds for customers whose consent names no days."""
        self._keep_days = keep_days
        self._store = store
        self._ledger = ledger
        self._last_use = last_use
        self._audit = audit
        self._office = office

    def listed(self, *, staff: StaffMember) -> list[Inactive]:
        """Return the accounts that staff must know of, the longest unused first; *staff* asks."""
        began, days = self._last_use.days()
        held = {hold.customer_id for hold in self._ledger.open_holds()}
        notice = self._last_use.today + timedelta(NOTICE_DAYS)
        found = []
        for record in self._store.all():
            since = max(began, days.get(record.customer_id, began), _enrolled(record))
            due = since + timedelta(_named(record) or self._keep_days)
            if due <= notice:
                customer = Customer(record.customer_id, record.username, record.full_name)
                found.append(Inactive(customer, since, due, self._kept(record, due, held)))
        return sorted(found, key=lambda each: (each.since, each.customer.username))

    def delete(self, username: str, *, staff: StaffMember) -> None:
        """Delete an account that is due; the log says since when it was unused.

        Raises:
            NotInactiveError: If it is not due: it was used meanwhile, or something keeps it.
            UnknownUserError, BalanceError, LedgerError: As `Office.delete`.
        """
        record = self._office.record(username)
        due = {
            each.customer.customer_id: each
            for each in self.listed(staff=staff)
            if each.kept is Kept.DUE
        }
        found = due.get(record.customer_id)
        if found is None:
            raise NotInactiveError
        self._audit.append(
            "unused account", customer=record.customer_id, staff=[staff.name],
            since=found.since.isoformat(), consent=record.consent_version,
        )  # fmt: skip
        self._office.delete(username, staff=staff)

    def _kept(self, record: CredentialRecord, due: date, held: Collection[str]) -> Kept:
        customer_id = record.customer_id
        if customer_id in held:
            return Kept.HOLD
        if self._ledger.has_account(customer_id) and self._ledger.balance(customer_id):
            return Kept.MONEY
        if not _named(record):
            return Kept.NO_CONSENT
        return Kept.DUE if due <= self._last_use.today else Kept.EARLY


def _enrolled(record: CredentialRecord) -> date:
    return datetime.fromisoformat(record.created_at).astimezone(UTC).date()


def _named(record: CredentialRecord) -> int:
    """Return the days that the customer's consent names, 0 for none."""
    consent = ConsentVersion.read(record.consent_version)
    return 0 if consent is None else consent.keep_days
