"""Invariants of a kiosk after a crash, derived from its tellers' reports."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from atm.accounts.ledger import Ledger
from atm.audit.verifier import read_verifier
from atm.audit.verify import verify
from atm.keys.keys import Keys
from atm.machine import Machine
from atm.opening import open_machine
from credentials.attempts import WRONG_LIMIT, Standing
from credentials.credential_record import CredentialRecord
from credentials.hashing import PinHasher
from credentials.sealed.database import Database
from face_auth.models import load_card
from tests.crash.place import cheap, journal_of, settings_of, verifier_of

_KINDS = {"enrol": "enrolment", "pin": "pin", "delete": "delete", "unlock": "unlock"}
_BEFORE = "ab" * 32
"""The network of the templates before a change of it."""


@dataclass
class Person:
    """What may be true of one customer; sets of one where it is known.

    Attributes:
        here: Whether they are enrolled.
        pins: The PIN.
        counts: How many attempts are taken up, up to three.
        opening_minor: What the account began with.
        wrong: How many wrong PINs were acknowledged and not forgotten since.
        before: What `counts` was before the last attempt.
    """

    here: set[bool]
    pins: set[str]
    counts: set[int]
    opening_minor: int
    wrong: int = 0
    before: set[int] = field(default_factory=set)


@dataclass
class Truth:
    """Everything that was said, put together.

    Attributes:
        people: By username.
        done: How often each act was acknowledged.
        paid: The references of acknowledged withdrawals.
        said: How many lines there were.
    """

    people: dict[str, Person] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    paid: set[str] = field(default_factory=set)
    said: int = 0

    def hear(self, lines: list[str]) -> None:
        """Take the next lines in; a line that was cut short was not said."""
        for line in lines:
            verb, act, username, *rest = line.split(" ")
            self.said += 1
            if act == "rebuild":
                self.done[act] += verb == "done"
            elif verb == "begin":
                self._begun(act, username, rest)
            elif verb == "done":
                self._done(act, username, rest)

    def _begun(self, act: str, username: str, rest: list[str]) -> None:
        """Whatever happens from here on, both must be reckoned with."""
        if act == "enrol":
            old = self.people.get(username)
            assert old is None or old.here == {False}
            self.people[username] = Person({False, True}, {rest[0]}, {0}, int(rest[1]))
            return
        person = self.people[username]
        person.before = set(person.counts)
        if act == "delete":
            person.here |= {False}
        if act in ("delete", "unlock"):
            person.counts |= {0}
            person.wrong = 0
        elif person.before != {WRONG_LIMIT}:
            person.counts |= {min(count + 1, WRONG_LIMIT) for count in person.counts}
            if act != "wrong":
                person.counts |= {0}
                person.wrong = 0
            if act == "pin":
                person.pins |= {rest[1]}

    def _done(self, act: str, username: str, rest: list[str]) -> None:
        person, answer = self.people[username], rest[-1]
        if act == "wrong":
            person.wrong += max(person.before) < WRONG_LIMIT
            person.counts = {min(count + 1, WRONG_LIMIT) for count in person.before}
            return
        if answer == "refused":
            assert WRONG_LIMIT in person.before, f"{username} was refused: {person}"
            person.counts = {WRONG_LIMIT}
            return
        if act in _KINDS:
            self.done[_KINDS[act]] += 1
        person.here = {act != "delete"}
        person.counts = {0}
        if act == "pin":
            person.pins = {rest[1]}
        elif act == "withdraw":
            self.paid.add(answer)


def check(root: Path, truth: Truth) -> None:
    """Start the kiosk in *root* as after any crash, and compare it with *truth*.

    Open holds are settled by the dispenser's journal. What *truth* left open is known afterwards.

    Raises:
        AssertionError: If something that was acknowledged is not there, or half of something is.
        AtmError: If the kiosk does not start.
    """
    machine = open_machine(settings_of(root))
    try:
        log = machine.audit
        parts = [(each.name, each.read_bytes()) for each in log.chain.log_files.all()]
        states = log.chain.states.read()
        report = verify(parts, read_verifier(verifier_of(root)), log.anchor.read(), states)
        assert report.problems == [], report.problems
        logged = Counter(e["kind"] for e in log.entries() if e.get("step") == "done")
        for kind, count in truth.done.items():
            assert logged[kind] >= count, f"{kind}: {logged[kind]} of {count} entries"
        _check_people(machine, root, truth)
        _check_money(machine.bank.stores.ledger, machine, root, truth)
        _check_files(root, truth)
    finally:
        machine.close()


def _check_people(machine: Machine, root: Path, truth: Truth) -> None:
    stores = machine.bank.stores
    hasher = cheap(Keys.open(settings_of(root).key_dir, machine.folder).pin_pepper)
    records = {record.username: record for record in stores.credentials.all()}
    assert records.keys() <= truth.people.keys(), "somebody whom nobody enrolled"
    assert stores.gallery.ids() == {record.template_id for record in records.values()}
    assert stores.ledger.customer_ids() == {record.customer_id for record in records.values()}
    approved = stores.approvals.last
    network = load_card("bundled").sha256 if approved is not None else _BEFORE
    attempts = stores.attempts
    for username, person in truth.people.items():
        record = records.get(username)
        assert (record is not None) in person.here, f"{username}: {person}"
        person.here = {record is not None}
        if record is None:
            continue
        assert record.template_id is not None
        template = stores.gallery.load(record.template_id, record.customer_id)
        assert template.network_sha256 == network, f"{username} is locked out by another network"
        assert len(stores.gallery.load_captures(record.template_id, record.customer_id)) == 5
        _check_pin(hasher, record, person)
        wrong, begun = _attempts(attempts._database, record.customer_id)
        count = min(wrong + begun, WRONG_LIMIT)
        assert count in person.counts, f"{username}: {count} attempts, not {person.counts}"
        assert wrong >= person.wrong, f"{username}: {wrong} wrong PINs, not {person.wrong}"
        locked = attempts.standing(record.customer_id) is Standing.LOCKED
        assert locked == (wrong >= WRONG_LIMIT)
        person.counts = {count}


def _check_pin(hasher: PinHasher, record: CredentialRecord, person: Person) -> None:
    assert record.pin_hash is not None
    right = {p for p in person.pins if hasher.verify(record.pin_hash, record.customer_id, p)}
    assert len(right) == 1, f"{record.username}: none of the PINs {person.pins}"
    person.pins = right


def _attempts(database: Database, customer_id: str) -> tuple[int, int]:
    """Return how many wrong PINs and how many attempts without an end are counted."""
    with database.transaction() as rows:
        found = rows.get("attempts", customer_id)
    return (0, 0) if found is None else (found[1], found[2])


def _check_money(ledger: Ledger, machine: Machine, root: Path, truth: Truth) -> None:
    paid: dict[str, tuple[int, str]] = {}
    for line in re.findall(r"(.*)\n", journal_of(root).read_text("ascii")):
        reference, amount, username = line.split()
        assert reference not in paid, "dispensed twice"
        paid[reference] = int(amount), username
    with ledger._database.transaction() as rows:
        booked = Counter(
            reference
            for (reference,) in rows.select(
                "SELECT reference FROM transactions WHERE kind = 'withdrawal'"
            )
        )
    holds = {hold.reference: hold for hold in ledger.open_holds()}
    for reference in paid:
        assert booked[reference] + (reference in holds) == 1, "dispensed, yet not kept once"
    assert booked.keys() <= paid.keys(), "booked, yet never dispensed"
    assert truth.paid <= booked.keys(), "acknowledged, yet not booked"
    for hold in holds.values():
        ledger.settle(hold, paid=hold.reference in paid)
    ledger.check()
    for record in machine.bank.stores.credentials.all():
        spent = sum(amount for amount, name in paid.values() if name == record.username)
        left = truth.people[record.username].opening_minor - spent
        assert ledger.balance(record.customer_id) == left == ledger.available(record.customer_id)


def _check_files(root: Path, truth: Truth) -> None:
    """Nobody who is gone may be found in a byte of the data folder, nor a writer's leavings."""
    gone = [f'"{name}"'.encode() for name, person in truth.people.items() if person.here == {False}]
    for path in (root / "data").rglob("*"):
        assert path.suffix not in (".partial", ".staged"), f"{path.name} was left behind"
        if path.is_file() and path.suffix != ".room":
            data = path.read_bytes()
            for name in gone:
                assert name not in data, f"{name.decode()} is gone, yet {path.name} tells"
