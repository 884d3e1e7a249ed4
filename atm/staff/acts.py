"""Acts of staff on customers and on other staff; every act is logged with the names."""

import contextlib
import threading
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

from atm.accounts.accounts import Hold, LedgerError
from atm.enrolment import refused
from atm.enrolment.hash_and_capture import CaptureFace, EnrolmentError, plain_errors
from atm.errors import AtmError
from atm.liveness_policy import checked_excuses
from atm.people import Customer, KnownCustomer, Signatures, StaffMember, names_of
from atm.ports import Accounts, AttemptCounters, Commit, Faces, Log
from atm.staff.refusals import Refusal, refusal
from atm.staff.registry import SHORTEST_STAFF_PIN, StaffRegistry
from credentials.attempts import Standing
from credentials.credential_record import ATTENDED, CredentialRecord
from credentials.errors import UnknownUserError
from credentials.hashing import PinHasher
from credentials.policy import check_pin, normalise_username
from credentials.store import CredentialStore

SEARCH_LIMIT = 50

_REFUSALS = ("decision", refused.KIND, f"kiosk {refused.KIND}")
"""Kinds of the log's entries that may be refusals; the last is a copy at the service."""
_STATES = {Standing.FREE: "active", Standing.WAITING: "waiting", Standing.LOCKED: "locked"}


class BalanceError(AtmError):
    """The account is not empty, so the customer is not deleted."""

    def __init__(self, balance_minor: int) -> None:
        """Keep the balance, in minor units."""
        super().__init__("The account is not empty; pay it out first, or let two sign.")
        self.balance_minor = balance_minor


class Office:
    """Staff acts; callers pass members whom `StaffRegistry` signed in."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        hasher: PinHasher,
        gallery: Faces,
        ledger: Accounts,
        attempts: AttemptCounters,
        audit: Log,
        staff: StaffRegistry,
        commit: Commit,
        forget: Callable[[str], object] = lambda customer_id: None,
    ) -> None:
        """Use every store, and the *commit* that they share, like `Enrolments`.

        *forget* removes what else is kept of a deleted customer.
        """
        self._store = store
        self._hasher = hasher
        self._gallery = gallery
        self._ledger = ledger
        self._attempts = attempts
        self._audit = audit
        self._staff = staff
        self._commit = commit
        self._forget = forget

    def customers(self, *, staff: StaffMember) -> list[tuple[Customer, str]]:
        """Return every customer with `active`, `waiting`, `locked` or `pending`, by username.

        *staff* is who asks, here and below; reading customers is not logged.
        """
        return self._with_states(sorted(self._store.all(), key=lambda record: record.username))

    def search(self, text: str, *, staff: StaffMember) -> list[tuple[Customer, str]]:
        """Return the first `SEARCH_LIMIT` customers whose username or full name contains *text*.

        Case is ignored; the empty text matches all. The result is as of `customers`.
        """
        return self._with_states(self._store.find(text, SEARCH_LIMIT))

    def unlock(self, username: str, *, staff: StaffMember) -> None:
        """Unlock a customer: delete wrong PINs, waits and reserved attempts.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        record = self.record(username)
        with self._logged("unlock", customer=record.customer_id, staff=[staff.name]):
            self._attempts.clear(record.customer_id)

    def new_pin(self, username: str, pin: str, *, signed: Signatures) -> None:
        """Set the PIN that a customer has just typed, and unlock them.

        Raises:
            UnknownUserError: If there is no such customer.
            PolicyError: If the PIN is not allowed.
            StaleRecordError: If the record was changed meanwhile.
        """
        self.set_pin(self.record(username), pin, signed.names)
        self._attempts.clear(self.record(username).customer_id)

    def set_pin(self, record: CredentialRecord, pin: str, by: list[str]) -> None:
        """Save a new PIN in *record*; *by* are the signers' names for the log.

        Raises:
            PolicyError: If the PIN is not allowed.
            StaleRecordError: If the record was changed meanwhile.
        """
        check_pin(pin)
        pin_hash = self._hasher.hash(record.customer_id, pin)
        with self._logged("pin", customer=record.customer_id, staff=by) as fields:
            self._store.replace(replace(record, pin_hash=pin_hash), instead_of=record)
            fields["record"] = self._store.record_mac(record.customer_id)

    def new_face(
        self,
        username: str,
        enrol_face: CaptureFace,
        *,
        signed: Signatures,
        cancel: threading.Event | None = None,
    ) -> None:
        """Capture the face of an enrolled customer again; PIN and account stay.

        Raises:
            UnknownUserError: If there is no such customer.
            EnrolmentError: If the face could not be captured.
            StaleRecordError: If the record was changed meanwhile.
            AtmError: If it could not be saved; the old face is kept then.
        """
        record = self.record(username)
        stop = cancel or threading.Event()
        with plain_errors():
            template, captures = enrol_face(record.customer_id, stop)
        if stop.is_set():
            raise EnrolmentError("cancelled", "Nothing was saved.")
        new_id = uuid.uuid4().hex
        new = replace(record, template_id=new_id)
        entry: dict[str, Any] = {"customer": record.customer_id, "staff": signed.names}

        def save() -> None:
            self._gallery.save(new_id, template, captures)
            self._audit.append("face", step="begun", **entry)
            self._store.replace(new, instead_of=record)
            if record.template_id is not None:
                self._gallery.remove(record.template_id, record.customer_id)
            mac = self._store.record_mac(record.customer_id)
            self._audit.append("face", step="done", record=mac, anchor=True, **entry)

        def undo() -> None:
            if self._store.by_id(record.customer_id) != new:
                self._gallery.remove(new_id, record.customer_id)

        self._commit(save, undo)

    def delete(
        self, username: str, *, staff: StaffMember, override: Signatures | None = None
    ) -> int:
        """Delete a customer: first the record (the commit), then face, account and counters.

        Returns:
            The account's balance in minor units: zero, unless two members overrode the check.

        Raises:
            UnknownUserError: If there is no such customer.
            BalanceError: If the account is not empty and nobody overrides that.
            LedgerError: If money of the account is on hold.
        """
        record = self.record(username)
        names = override.names if override else [staff.name]
        return self._commit(lambda: self._delete(record, names, any_balance=override is not None))

    def excuse(self, username: str, movements: Collection[str], *, signed: Signatures) -> None:
        """Set the movements that a customer cannot make; an empty set clears them.

        Args:
            username: The customer's.
            movements: Values of `face_auth.types.Movement`; two must remain.
            signed: Who checked this: with fewer movements a recording fits more easily.

        Raises:
            UnknownUserError: If there is no such customer.
            ExcuseError: If a movement is unknown, or fewer than two remain.
        """
        excused = checked_excuses(movements)
        record = self.record(username)
        with self._logged(
            "excuse", customer=record.customer_id, staff=signed.names, requests=excused
        ) as fields:
            new = replace(record, excused=",".join(excused) or None)
            self._store.replace(new, instead_of=record)
            fields["record"] = self._store.record_mac(record.customer_id)

    def serve_without_face(self, username: str, wanted: bool, *, signed: Signatures) -> None:
        """Mark a customer as served without the face, or take the mark back.

        Raises:
            UnknownUserError: If there is no such customer.
            StaleRecordError: If the record was changed meanwhile.
        """
        record = self.record(username)
        with self._logged(
            "without face", customer=record.customer_id, staff=signed.names, wanted=wanted
        ) as fields:
            new = replace(record, without_face=ATTENDED if wanted else None)
            self._store.replace(new, instead_of=record)
            fields["record"] = self._store.record_mac(record.customer_id)

    def members(self, *, staff: StaffMember) -> list[tuple[str, bool]]:
        """Return the name of every member of staff, and whether they have to wait.

        Raises:
            StaffError: If the list or the counters cannot be used.
        """
        return self._staff.names()

    def add_staff(self, name: str, pin: str, *, signed: StaffMember | Signatures) -> StaffMember:
        """Add a member of staff; two must sign, except for the second member.

        Raises:
            PolicyError: If *name* or *pin* is not allowed.
            StaffError: If the name is taken, or two must sign.
        """
        name = normalise_username(name)
        check_pin(pin, shortest=SHORTEST_STAFF_PIN)
        with self._logged("staff", act="add", name=name, staff=names_of(signed)):
            return self._staff.add(name, pin, signed=signed)

    def remove_staff(self, name: str, *, signed: Signatures) -> None:
        """Remove a member of staff, never the last.

        Raises:
            StaffError: If there is no such name, or it is the last.
        """
        name = self._staff.known(name)
        with self._logged("staff", act="remove", name=name, staff=signed.names):
            self._staff.remove(name, signed=signed)

    def unlock_staff(self, name: str, *, signed: Signatures) -> None:
        """End the wait of a member of staff: delete their wrong PINs.

        Raises:
            StaffError: If there is no such name.
        """
        name = self._staff.known(name)
        with self._logged("staff", act="unlock", name=name, staff=signed.names):
            self._staff.unlock(name)

    def refusals(self, n: int = 20, *, staff: StaffMember) -> list[Refusal]:
        """Return the last *n* logins and enrolments that were refused, newest first.

        This reading is logged.

        Raises:
            AuditError: If the log cannot be read, or an entry was altered.
        """
        self._audit.append("audit read", staff=[staff.name], what="refusals")
        entries = [
            entry
            for entry in self._audit.tail(20 * n, *_REFUSALS)
            if entry.get("outcome") != "granted"
        ][::-1][:n]
        names = self._store.usernames({str(entry.get("customer")) for entry in entries})
        return [refusal(entry, names) for entry in entries]

    def holds(self, *, staff: StaffMember) -> list[tuple[Hold, str | None]]:
        """Return the open holds, each with its customer's username."""
        holds = self._ledger.open_holds()
        names = self._store.usernames({hold.customer_id for hold in holds})
        return [(hold, names.get(hold.customer_id)) for hold in holds]

    def settle(self, hold: Hold, paid: bool, *, staff: StaffMember) -> None:
        """Settle a hold: book it (*paid*) or release it.

        Raises:
            LedgerError: If it was settled meanwhile, or a withdrawal is being paid out.
        """
        amounts = {each.hold_id: each.amount_minor for each in self._ledger.open_holds()}
        fields = {
            "customer": hold.customer_id,
            "reference": hold.reference,
            "paid": paid,
            "amount_minor": amounts.get(hold.hold_id),
        }
        with self._logged("settle", staff=[staff.name], **fields):
            self._ledger.settle(hold, paid)

    def known(self, username: str, *, staff: StaffMember) -> KnownCustomer:
        """Return the data of *username* that staff may see.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        record = self.record(username)
        return KnownCustomer(_customer(record), record.excused, record.attended)

    def record(self, username: str) -> CredentialRecord:
        """Return the record of *username*.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        record = self._store.get(username)
        if record is None:
            raise UnknownUserError(username)
        return record

    def _delete(self, record: CredentialRecord, names: list[str], *, any_balance: bool) -> int:
        customer_id = record.customer_id
        has_account = self._ledger.has_account(customer_id)
        balance = self._ledger.balance(customer_id) if has_account else 0
        if balance and not any_balance:
            raise BalanceError(balance)
        if has_account and self._ledger.available(customer_id) != balance:
            raise LedgerError("Money of this account is on hold; settle it first.")
        entry: dict[str, Any] = {"customer": customer_id, "staff": names, "amount_minor": balance}
        self._audit.append("delete", step="begun", **entry)
        self._store.remove(customer_id)
        if record.template_id:
            self._gallery.remove(record.template_id, customer_id)
        if has_account:
            self._ledger.remove_account(customer_id)
        self._attempts.clear(customer_id)
        self._forget(customer_id)
        self._audit.append("delete", step="done", anchor=True, **entry)
        return balance

    def _with_states(self, records: list[CredentialRecord]) -> list[tuple[Customer, str]]:
        standings = self._attempts.standings(record.customer_id for record in records)
        return [
            (
                _customer(record),
                "pending"
                if record.pending and not record.attended
                else _STATES[standings[record.customer_id]],
            )
            for record in records
        ]

    @contextlib.contextmanager
    def _logged(self, kind: str, **fields: Any) -> Iterator[dict[str, Any]]:
        """Log an act before and after it; the body may add fields to the second entry."""
        self._audit.append(kind, step="begun", **fields)
        yield fields
        self._audit.append(kind, step="done", anchor=True, **fields)


def _customer(record: CredentialRecord) -> Customer:
    return Customer(record.customer_id, record.username, record.full_name)
