"""One enrolment: a PIN thread and a face thread at once -> one commit, or nothing.

The order on disk is: gallery files under a fresh id, account, credential record. The record names
the id and is written last; its atomic rename is the commit. What a crash leaves before it are
orphans, which `remove_orphans` deletes at the next start.
"""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from atm.audit import AuditLog
from atm.errors import AtmError
from atm.ledger import Ledger
from atm.session import Customer
from credentials.errors import DuplicateUserError
from credentials.hashing import PinHasher
from credentials.policy import check_pin, normalise_full_name, normalise_username
from credentials.store import CredentialRecord, CredentialStore
from face_auth.enrolment import NotOnePersonError
from face_auth.errors import AcquisitionError, CameraError
from face_auth.gallery import Capture, Gallery, Template


class EnrolmentError(AtmError):
    """Nothing was saved; the text says why and what to do.

    Attributes:
        code: `no_face_in_time`, `not_one_person`, `camera_lost` or `cancelled`.
    """

    def __init__(self, code: str, sentence: str) -> None:
        """Keep *code* for the window, which has its own words, and *sentence* for the log."""
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Application:
    """What staff and customer typed, and the customer's consent.

    Attributes:
        username: As typed.
        full_name: As typed.
        opening_minor: Opening balance in minor units, zero or more.
        pin: As the customer typed it.
        consent_at: When the customer said yes; aware.
    """

    username: str
    full_name: str
    opening_minor: int
    pin: str
    consent_at: datetime

    def __repr__(self) -> str:
        """Show the username alone: no PIN may reach a log or a traceback."""
        return f"Application(username={self.username!r})"


class EnrolmentDesk:
    """Makes customers, whole or not at all."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        hasher: PinHasher,
        gallery: Gallery,
        ledger: Ledger,
        audit: AuditLog,
        lock: Path,
    ) -> None:
        """Take every store a customer stands in, and the *lock* file that a commit holds."""
        self._store = store
        self._hasher = hasher
        self._gallery = gallery
        self._ledger = ledger
        self._audit = audit
        self._lock = FileLock(lock, mode=0o600)

    def check_username(self, username: str) -> str:
        """Return *username* as it will be kept.

        Raises:
            PolicyError: If it is not allowed.
            DuplicateUserError: If an enrolled customer has it; a pending record is none.
        """
        name = normalise_username(username)
        record = self._store.get(name)
        if record is not None and not record.pending:
            raise DuplicateUserError(f"The username {name} is taken.")
        return name

    def enrol(
        self,
        application: Application,
        staff: str,
        enrol_face: Callable[[str, threading.Event], tuple[Template, list[Capture]]],
        *,
        cancel: threading.Event | None = None,
    ) -> Customer:
        """Run both threads at once, then save everything or nothing.

        Args:
            application: Checked here once more before anything starts.
            staff: Name of the member of staff, for the log.
            enrol_face: Given the customer's id and an event that means "stop", captures the face;
                called on a thread of its own.
            cancel: Set it to stop; it is set by itself once the pictures are done.

        Raises:
            PolicyError: If username, full name or PIN are not allowed.
            DuplicateUserError: If the username is taken.
            EnrolmentError: If the face could not be captured.
            AtmError: If it could not be saved.
        """
        username = self.check_username(application.username)
        full_name = normalise_full_name(application.full_name)
        check_pin(application.pin)
        pending = self._store.get(username)
        customer_id = pending.customer_id if pending else uuid.uuid4().hex
        pin_hash, (template, captures) = self._both(
            application.pin, customer_id, enrol_face, cancel or threading.Event()
        )
        record = CredentialRecord(
            customer_id=customer_id,
            username=username,
            full_name=full_name,
            pin_hash=pin_hash,
            template_id=uuid.uuid4().hex,
            consent_at=application.consent_at.astimezone(UTC).isoformat(),
            created_at=datetime.now(UTC).isoformat(),
        )
        self._commit(record, application.opening_minor, template, captures, staff)
        return Customer(customer_id, username, full_name)

    def remove_orphans(self) -> int:
        """Delete what a crash left half-made; returns how many pieces. Call at start-up."""
        removed = 0
        with self._lock:
            records = self._store.all()
            for template_id in self._gallery.ids() - {r.template_id for r in records}:
                self._gallery.remove(template_id)
                removed += 1
            enrolled = {r.customer_id for r in records if not r.pending}
            for customer_id in self._ledger.customer_ids() - enrolled:
                self._ledger.remove_account(customer_id)
                removed += 1
        return removed

    def delete(self, record: CredentialRecord, staff: str) -> None:
        """Delete the customer: the record first, which is the commit, then all it named."""
        with self._lock:
            self._audit.append("delete", customer=record.customer_id, staff=staff)
            self._store.remove(record.customer_id)
            if record.template_id:
                self._gallery.remove(record.template_id)
            if not record.pending:
                self._ledger.remove_account(record.customer_id)

    def _both(
        self,
        pin: str,
        customer_id: str,
        enrol_face: Callable[[str, threading.Event], tuple[Template, list[Capture]]],
        stop: threading.Event,
    ) -> tuple[str, tuple[Template, list[Capture]]]:
        """Hash and capture on two threads; the first failure stops the other."""
        with ThreadPoolExecutor(2, "enrol") as pool:
            pin_thread = pool.submit(self._hasher.hash, customer_id, pin)
            face_thread = pool.submit(enrol_face, customer_id, stop)
            both: list[Future[Any]] = [pin_thread, face_thread]
            wait(both, return_when=FIRST_EXCEPTION)
            cancelled = stop.is_set()
            stop.set()
            try:
                if cancelled:
                    raise EnrolmentError("cancelled", "Nothing was saved.")
                return pin_thread.result(), face_thread.result()
            except NotOnePersonError as error:
                raise EnrolmentError(
                    "not_one_person", "The pictures did not all show one person. Try again."
                ) from error
            except AcquisitionError as error:
                raise EnrolmentError(
                    "no_face_in_time", "The camera took too few good pictures. Try again."
                ) from error
            except CameraError as error:
                raise EnrolmentError(
                    "camera_lost", "The camera stopped. Check it and try again."
                ) from error

    def _commit(
        self,
        record: CredentialRecord,
        opening_minor: int,
        template: Template,
        captures: list[Capture],
        staff: str,
    ) -> None:
        assert record.template_id is not None
        with self._lock:
            try:
                self._gallery.save(record.template_id, template, captures)
                self._ledger.open_account(record.customer_id, opening_minor)
                self._audit.append("enrolment", customer=record.customer_id, staff=staff)
                self._save_record(record)
            except BaseException:
                if self._store.by_id(record.customer_id) != record:
                    self._gallery.remove(record.template_id)
                    if record.customer_id in self._ledger.customer_ids():
                        self._ledger.remove_account(record.customer_id)
                raise

    def _save_record(self, record: CredentialRecord) -> None:
        if self._store.by_id(record.customer_id) is None:
            self._store.add(record)
        else:
            self._store.replace(record)
