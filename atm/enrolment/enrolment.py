"""Enrolment of a customer: PIN hash and face capture at once, then one commit or nothing.

The order on disk is: gallery files under a fresh id, account, log, credential record, log. The
record names the id; its atomic rename is the commit. `atm.enrolment.crash_cleanup` deletes what a
crash leaves before it, at the next start. A database saves all of it in one transaction.
"""

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from atm.accounts.money import to_minor
from atm.card.result import CardError
from atm.enrolment.duplicate_face import DuplicateFaceCheck, DuplicateQuestion
from atm.enrolment.hash_and_capture import LIMIT_S, CaptureFace, EnrolmentError, hash_and_capture
from atm.folder import Kind
from atm.liveness_policy import checked_excuses
from atm.people import (
    Application,
    Customer,
    SecondSignatureError,
    Signatures,
    StaffMember,
    first_of,
    names_of,
)
from atm.ports import Accounts, Commit, Faces, Log
from atm.settings import Settings
from credentials.credential_record import ATTENDED, CredentialRecord
from credentials.errors import DuplicateUserError
from credentials.hashing import PinHasher
from credentials.policy import check_pin, normalise_full_name, normalise_username
from credentials.store import CredentialStore
from face_auth.gallery import Capture, Template

if TYPE_CHECKING:
    from atm.card.cards import Cards

ConfirmDuplicate = Callable[[DuplicateQuestion], StaffMember | None]
"""Shows both pictures to a second member of staff; returns who signed, None for a refusal."""


def random_id(username: str) -> str:
    """Return a new random customer id, independent of *username*."""
    return uuid.uuid4().hex


def opening_limit_minor(settings: Settings, kind: Kind) -> int | None:
    """Return the largest opening balance that one may sign, in minor units; None: no limit."""
    limit = settings.opening_limit
    if limit is None:
        return 0 if kind is Kind.LIVE else None
    return to_minor(limit, settings.currency)


class Enrolments:
    """Enrols customers, completely or not at all."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        hasher: PinHasher,
        gallery: Faces,
        ledger: Accounts,
        audit: Log,
        duplicate_check: DuplicateFaceCheck,
        commit: Commit,
        cards: "Cards | None" = None,
        new_id: Callable[[str], str] = random_id,
        limit_s: float = LIMIT_S,
        opening_limit_minor: int | None = None,
    ) -> None:
        """Use every store with data of a customer, and the *commit* that they share.

        *cards* registers the customers' cards, where there are any; *new_id* returns the id for the
        customer of a normalised username; above *opening_limit_minor* two must sign an opening
        balance (None: no limit).
        """
        self._store = store
        self._hasher = hasher
        self._gallery = gallery
        self._ledger = ledger
        self._audit = audit
        self._duplicate_check = duplicate_check
        self._commit = commit
        self._cards = cards
        self._new_id = new_id
        self._limit_s = limit_s
        self._opening_limit_minor = opening_limit_minor

    def needs_two(self, application: Application) -> bool:
        """Return whether two members of staff must sign *application*."""
        return application.needs_two(self._opening_limit_minor)

    def check_username(self, username: str, *, staff: StaffMember) -> str:
        """Return *username* in its normalised form, if it is free; *staff* is who asks.

        Raises:
            PolicyError: If it is not allowed.
            DuplicateUserError: If a customer has it who is enrolled, or was and lacks PIN or face
                now. A pending record of the import does not count.
        """
        name = normalise_username(username)
        record = self._store.get(name)
        if record is not None and record.consent_at is not None:
            raise DuplicateUserError(name)
        return name

    def enrol(
        self,
        application: Application,
        signed: StaffMember | Signatures,
        enrol_face: CaptureFace,
        *,
        ask: ConfirmDuplicate | None = None,
        cancel: threading.Event | None = None,
    ) -> Customer:
        """Hash the PIN and capture the face on two threads, then save everything or nothing.

        Args:
            application: Checked here again before anything starts.
            signed: Who signs, for the log: two for excuses and for a balance above the limit.
            enrol_face: Called on a thread of its own.
            ask: Called when the face is close to another customer's; without it that is a refusal.
            cancel: Set it to stop; it is also set here once the pictures are done.

        Raises:
            PolicyError: If username, full name or PIN are not allowed.
            SecondSignatureError: If one signed where two must.
            DuplicateUserError: If the username is taken.
            ExcuseError: If a movement is unknown, or fewer than two remain.
            EnrolmentError: If the face could not be captured, or is another customer's, or the
                card made no credential.
            AtmError: If it could not be saved.
        """
        if self.needs_two(application) and not isinstance(signed, Signatures):
            raise SecondSignatureError
        username = self.check_username(application.username, staff=first_of(signed))
        full_name = normalise_full_name(application.full_name)
        check_pin(application.pin)
        excused = checked_excuses(application.excused)
        pending = self._store.get(username)
        customer_id = pending.customer_id if pending else self._new_id(username)
        stop = cancel or threading.Event()
        card = self._card(application, customer_id, stop)
        pin_hash, (template, captures) = hash_and_capture(
            lambda: self._hasher.hash(customer_id, application.pin),
            lambda: enrol_face(customer_id, stop),
            stop,
            self._limit_s,
        )
        self._check_duplicate(template, captures, first_of(signed), ask)
        record = CredentialRecord(
            customer_id=customer_id,
            username=username,
            full_name=full_name,
            pin_hash=pin_hash,
            template_id=uuid.uuid4().hex,
            consent_at=application.consent_at.astimezone(UTC).isoformat(),
            created_at=datetime.now(UTC).isoformat(),
            excused=",".join(excused) or None,
            card=card,
            consent_version=_version(application),
        )
        face = template, captures
        self._save(record, pending, application.opening_minor, face, signed)
        return Customer(customer_id, username, full_name)

    def enrol_attended(self, application: Application, signed: Signatures) -> Customer:
        """Enrol a customer who is served without the face; nothing of the face is captured.

        Raises:
            PolicyError: If username, full name or PIN are not allowed.
            DuplicateUserError: If the username is taken.
            AtmError: If it could not be saved.
        """
        username = self.check_username(application.username, staff=signed.first)
        full_name = normalise_full_name(application.full_name)
        check_pin(application.pin)
        pending = self._store.get(username)
        customer_id = pending.customer_id if pending else self._new_id(username)
        record = CredentialRecord(
            customer_id=customer_id,
            username=username,
            full_name=full_name,
            pin_hash=self._hasher.hash(customer_id, application.pin),
            template_id=None,
            consent_at=application.consent_at.astimezone(UTC).isoformat(),
            created_at=datetime.now(UTC).isoformat(),
            consent_version=_version(application),
            without_face=ATTENDED,
            card=self._card(application, customer_id, threading.Event()),
        )
        self._save(record, pending, application.opening_minor, None, signed)
        return Customer(customer_id, username, full_name)

    def _card(
        self, application: Application, customer_id: str, stop: threading.Event
    ) -> str | None:
        """Have the card make its credential, before anything else: it may be the wrong card."""
        if self._cards is None or not (application.card or self._cards.required):
            return None
        try:
            return self._cards.register(customer_id, stop).text
        except CardError as error:
            raise EnrolmentError("cancelled" if stop.is_set() else "card", str(error)) from error

    def _check_duplicate(
        self,
        template: Template,
        captures: list[Capture],
        staff: StaffMember,
        ask: ConfirmDuplicate | None,
    ) -> None:
        question = self._duplicate_check.question(template, captures)
        if question is None:
            return
        second = ask(question) if ask is not None else None
        self._audit.append(
            "duplicate face",
            customer=template.customer_id,
            face_of=question.customer_id,
            staff=[staff.name] if second is None else Signatures(staff, second).names,
            outcome="refused" if second is None else "granted",
        )
        if second is None:
            raise EnrolmentError(
                "duplicate_face",
                "This face is close to another customer's;"
                " a second member of staff must look at both and sign.",
            )

    def _save(
        self,
        record: CredentialRecord,
        pending: CredentialRecord | None,
        opening_minor: int,
        face: tuple[Template, list[Capture]] | None,
        signed: StaffMember | Signatures,
    ) -> None:
        entry: dict[str, Any] = {
            "customer": record.customer_id,
            "staff": names_of(signed),
            "amount_minor": opening_minor,
        }
        if record.excused:
            entry["excused"] = record.excused.split(",")
        if record.without_face:
            entry["way"] = record.without_face

        def save() -> None:
            if face is not None and record.template_id is not None:
                self._gallery.save(record.template_id, *face)
            self._ledger.open_account(record.customer_id, opening_minor)
            self._audit.append("enrolment", step="begun", **entry)
            if pending is None:
                self._store.add(record)
            else:
                self._store.replace(record, instead_of=pending)
            mac = self._store.record_mac(record.customer_id)
            self._audit.append("enrolment", step="done", record=mac, anchor=True, **entry)

        self._commit(save, lambda: self._undo(record, pending))

    def _undo(self, record: CredentialRecord, pending: CredentialRecord | None) -> None:
        """Remove what was saved of *record*; the clean-up at the next start removes the rest."""
        if self._store.by_id(record.customer_id) == record:
            if pending is None:
                self._store.remove(record.customer_id)
            else:
                self._store.replace(pending, instead_of=record)
        if record.template_id is not None:
            self._gallery.remove(record.template_id, record.customer_id)
        if self._ledger.has_account(record.customer_id):
            self._ledger.remove_account(record.customer_id)


def _version(application: Application) -> str | None:
    return None if application.consent is None else str(application.consent)
