"""Restore of the credential records from an earlier copy, without undoing later acts.

The audit log tells the later acts: a deleted customer stays deleted, and a record that differs from
the logged one comes back without its PIN. Accounts and faces are not part of a restore.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from atm.card.result import RegisteredCard
from atm.errors import AtmError
from atm.login.card_record import COUNTER
from atm.people import Signatures
from credentials.credential_record import CredentialRecord
from credentials.errors import StoreError
from credentials.sealed import files
from credentials.sealed.record_file import PREVIOUS_SUFFIX
from credentials.sealed.seal import Seal
from credentials.store import JsonStore

Entry = Mapping[str, object]

_MAC_DIGITS = 16
_WORK_FOLDER = "restore.partial"


class RestoreError(AtmError):
    """There is no good copy, or the restore failed; nothing was changed."""


class Counters(Protocol):
    """Interface of a file with attempt counters."""

    @property
    def generation(self) -> int:
        """Number of changes of the file."""
        ...

    def lock(self, owner_id: str) -> None:
        """Lock *owner_id* until staff unlock."""
        ...


@dataclass(frozen=True, slots=True)
class CounterFile:
    """File of the customers' counters, which may be damaged or older than the log says.

    Attributes:
        path: The file.
        open: Opens it; raises StoreError if it is damaged.
        make: Makes a new one at a path of the same name in another folder, whose generation is
            above the number given.
    """

    path: Path
    open: Callable[[], Counters]
    make: Callable[[Path, int], Counters]


@dataclass(frozen=True, slots=True)
class Loss:
    """A customer who loses the PIN or the whole record by a restore.

    Attributes:
        customer_id: The customer's id.
        username: None if no readable file has it.
        comes_back: Whether the record comes back, without its PIN; otherwise it is lost.
    """

    customer_id: str
    username: str | None
    comes_back: bool


@dataclass(frozen=True, slots=True)
class RestorePreview:
    """Effects of a restore.

    Attributes:
        source: The file whose records come back.
        kept: Number of customers who come back unchanged.
        lost: The other customers, without deleted ones.
        generation: The store's new generation.
        all_locked: Whether the counters are replaced, with every customer locked.
        log_whole: Whether the audit log has all entries from the first on; otherwise it may lack a
            change of PIN, so every customer comes back without one.
    """

    source: Path
    kept: int
    lost: tuple[Loss, ...]
    generation: int
    all_locked: bool
    log_whole: bool

    @property
    def sentences(self) -> list[str]:
        """Sentences on the effects, for the two who sign."""
        said = [f"{self.kept} customers come back from {self.source.name}."]
        for loss in self.lost:
            who = loss.username or loss.customer_id
            said.append(
                f"{who} comes back without a PIN: type a new one."
                if loss.comes_back
                else f"{who} is lost: enrol this customer again."
            )
        if not self.log_whole:
            said.append("Entries of the audit log are missing, so no PIN is known to be the last.")
        if self.all_locked:
            said.append("The attempt counters are replaced; unlock each customer who comes.")
        said.append("Accounts are not restored here: compare the ledger with its own backup.")
        return said


@dataclass(slots=True)
class _LogSummary:
    """Facts of the audit log that a restore needs."""

    generation: int = 0
    counters: int = 0
    last: int = 0
    whole: bool = True
    deleted: set[str] = field(default_factory=set)
    enrolled: set[str] = field(default_factory=set)
    changes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By customer: kind of act and the MAC it left, empty if the act may be incomplete."""


class Restore:
    """One restore of the credential records, previewed and then applied."""

    def __init__(
        self,
        path: Path,
        seal: Seal,
        log: Callable[[], Iterable[Entry]],
        *,
        counters: CounterFile | None = None,
        remembered: int = 0,
        source: Path | None = None,
    ) -> None:
        """Prepare a restore; nothing is read yet. The caller holds the folder alone until the end.

        Args:
            path: The credential file to be written.
            seal: Made the MACs of every copy.
            log: Gives the entries of the log, newest last, those of logs that were set aside
                included: their numbers `n`; `delete` with its customer; acts with
                a customer and the `record` (MAC) that they left, without one where they only
                began; `stores` (generations); and `rotate`, after which every record that the
                seal fits is newer than what was logged before.
            counters: The customers' counters; left alone where None.
            remembered: Their generation that the log remembers beside its entries.
            source: The copy to restore from, anywhere. Otherwise it is the newest good one of
                the file itself and its previous copy.
        """
        self._path = path
        self._seal = seal
        self._log = log
        self._counters = counters
        self._remembered = remembered
        self._source = source

    def preview(self) -> RestorePreview:
        """Return the effects that `apply` would have.

        Raises:
            RestoreError: If there is no good copy.
            AtmError: If the log cannot be read.
        """
        return self._plan()[0]

    def apply(self, signed: Signatures) -> RestorePreview:
        """Restore and return the effects; the caller logs *signed* before and after.

        Killed at any moment it can be called again: it ends in the same state.

        Raises:
            RestoreError: If there is no good copy, or the disk refuses.
            AtmError: If the log cannot be read.
        """
        if not isinstance(signed, Signatures):
            raise TypeError("two members of staff must sign a restore")
        plan, records = self._plan()
        try:
            if plan.all_locked and self._counters is not None:
                self._lock_all(self._counters, records)
            JsonStore(self._path, self._seal).rewrite(records, plan.generation)
        except StoreError as error:
            raise RestoreError(str(error)) from error
        return plan

    def _plan(self) -> tuple[RestorePreview, list[CredentialRecord]]:
        known = self._known()
        found = self._copies()
        wanted = [store for store in found if store.path == self._source] if self._source else found
        if not wanted:
            raise RestoreError("There is no good copy to restore from.")
        source = max(wanted, key=lambda store: store.generation)
        records, lost = [], []
        for record in source.all():
            if record.customer_id not in known.deleted:
                now = _up_to_date(record, str(source.record_mac(record.customer_id)), known)
                if not known.whole:
                    now = replace(now, pin_hash=None)
                records.append(now)
                if now.pin_hash != record.pin_hash:
                    lost.append(Loss(now.customer_id, now.username, comes_back=True))
        names = {each.customer_id: each.username for store in found for each in store.all()}
        gone = (known.enrolled | names.keys()) - known.deleted
        for customer_id in sorted(gone - {each.customer_id for each in records}):
            lost.append(Loss(customer_id, names.get(customer_id), comes_back=False))
        preview = RestorePreview(
            source=source.path,
            kept=len(records) - sum(loss.comes_back for loss in lost),
            lost=tuple(lost),
            generation=max(known.generation, *(store.generation for store in found)) + 1,
            all_locked=self._counters is not None and not _trusted(self._counters, known),
            log_whole=known.whole,
        )
        return preview, records

    def _known(self) -> _LogSummary:
        known = _read(self._log())
        known.counters = max(known.counters, self._remembered)
        return known

    def _copies(self) -> list[JsonStore]:
        """Return the copies with a valid seal."""
        previous = self._path.with_name(self._path.name + PREVIOUS_SUFFIX)
        good = []
        for path in {self._path, previous, self._source or previous}:
            store = JsonStore(path, self._seal, name=self._path.name)
            with contextlib.suppress(StoreError):
                if store.generation > 0:  # else there is no such file
                    good.append(store)
        return good

    def _lock_all(self, counters: CounterFile, records: Iterable[CredentialRecord]) -> None:
        """Lock every customer in a new counter file, then replace the old file."""
        folder = counters.path.with_name(_WORK_FOLDER)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            files.private_folder(folder)
            made = counters.make(folder / counters.path.name, self._known().counters)
            for record in records:
                made.lock(record.customer_id)
            # What a crash left to be rolled back into the old file must not go into this one.
            files.remove(counters.path.with_name(f"{counters.path.name}-journal"))
            (folder / counters.path.name).replace(counters.path)
            files.sync_folder(counters.path.parent)
        except OSError as error:
            raise RestoreError(
                f"The file {counters.path} cannot be written: {error.strerror}."
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _read(log: Iterable[Entry]) -> _LogSummary:
    known = _LogSummary()
    for entry in log:
        n = _number(entry.get("n"))
        known.whole = known.whole and n <= known.last + 1
        known.last = max(known.last, n)
        stores = entry.get("stores")
        if isinstance(stores, Mapping):
            known.generation = max(known.generation, _number(stores.get("credentials")))
            known.counters = max(known.counters, _number(stores.get("attempts")))
        kind, customer, record = (entry.get(name) for name in ("kind", "customer", "record"))
        if kind == "rotate":
            known.changes.clear()
        if not isinstance(kind, str) or not isinstance(customer, str):
            continue
        if kind == "delete":
            known.deleted.add(customer)
        elif isinstance(record, str):
            known.changes.setdefault(customer, []).append((kind, record[:_MAC_DIGITS]))
            known.enrolled.add(customer)
        elif kind in ("pin", "face", "without face", "card"):
            known.changes.setdefault(customer, []).append((kind, ""))
    return known


def _up_to_date(record: CredentialRecord, mac: str, known: _LogSummary) -> CredentialRecord:
    """Return *record* without parts that later acts in the log have replaced."""
    newer: list[str] = []
    for kind, left in known.changes.get(record.customer_id, []):
        newer = [] if left == mac[:_MAC_DIGITS] else [*newer, kind]
    if not set(newer) - {COUNTER}:  # an older signature counter lets nobody else in
        return record
    card = record.card
    if "card" in newer:  # this one may be lost; without one, a card was registered later
        old = RegisteredCard(b"-", b"-", 0) if card is None else RegisteredCard.parse(card)
        card = replace(old, blocked=True).text
    template_id = None if "face" in newer else record.template_id
    mark = None if "without face" in newer else record.without_face
    return replace(record, pin_hash=None, template_id=template_id, without_face=mark, card=card)


def _trusted(counters: CounterFile, known: _LogSummary) -> bool:
    try:
        return counters.open().generation >= known.counters
    except StoreError:
        return False


def _number(value: object) -> int:
    return value if type(value) is int else 0
