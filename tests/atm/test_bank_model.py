"""Random sequences of acts, crashes and clocks, against a model of the rules.

The model knows the rules as the project states them and none of the code: no difference may show.
Nothing here waits for the disk; what a power cut leaves is tested elsewhere. `pytest -m long` runs
10,000 sequences.
"""

import contextlib
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

import atm.login.login
from atm.accounts.accounts import LedgerError
from atm.accounts.ledger import Ledger
from atm.enrolment.enrolment import Enrolments
from atm.errors import AtmError
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.people import Application, Signatures, StaffMember
from atm.staff.acts import BalanceError
from credentials.attempts import Standing
from credentials.errors import DuplicateUserError, PolicyError, UnknownUserError
from face_auth.errors import NoFaceError
from face_auth.gallery import Capture, Template
from face_auth.recognition.classifier import CustomerSvm
from face_auth.types import FaceResult
from tests.atm.conftest import SEAL, Bank, BootClock, open_at
from tests.atm.faults import Faults, raising

RUIZ, OKAFOR = StaffMember("ruiz"), StaffMember("okafor")
TWO = Signatures(RUIZ, OKAFOR)
NAMES = ("ada", "Zoë")
PINS = ("4071", "8315", "2963")
WEAK = "1234"
NOTE, DAY_LIMIT = 1000, 100_000


@dataclass
class Account:
    """A customer by the rules."""

    pin: str
    balance: int
    customer_id: str
    wrong: int = 0
    strangers: int = 0
    unended: int = 0
    last_begun: tuple[int, float] = (0, 0.0)
    waits: int = 0
    wait_s: float = 0.0
    wait_from: tuple[int, float] = (0, 0.0)
    withdrawn: dict[int, int] = field(default_factory=dict)
    holds: list[tuple[int, int]] = field(default_factory=list)  # (amount, day)

    def clear(self) -> None:
        self.wrong = self.strangers = self.unended = self.waits = 0
        self.wait_s = 0.0

    @property
    def locked(self) -> bool:
        return self.wrong >= 3 or self.strangers >= 30

    @property
    def available(self) -> int:
        return self.balance - sum(amount for amount, _ in self.holds)


@dataclass
class Rules:
    """What the issue says, in time (start of the machine, seconds since)."""

    boot: int = 0
    now: float = 1000.0
    day: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    refusals: list[tuple[int, float]] = field(default_factory=list)
    pauses: int = 0
    pause_s: float = 0.0
    pause_from: tuple[int, float] = (0, 0.0)
    quiet_since: tuple[int, float] | None = None

    def passed(self, since: tuple[int, float]) -> float | None:
        return self.now - since[1] if since[0] == self.boot else None

    def paused(self) -> float:
        """A pause runs its time; one that a restart cut short begins again."""
        if not self.pause_s:
            return 0.0
        passed = self.passed(self.pause_from)
        if passed is None:
            self.pause_from = (self.boot, self.now)
            return self.pause_s
        if passed >= self.pause_s:
            self.quiet_since = (self.pause_from[0], self.pause_from[1] + self.pause_s)
            self.pause_s = 0.0
            return 0.0
        return self.pause_s - passed

    def look(self) -> None:
        """A restart makes refusals new; ten quiet minutes make the next pause short."""
        here = (self.boot, self.now)
        known = [each if each[0] == self.boot else here for each in self.refusals]
        self.refusals = [each for each in known if self.now - each[1] < 600]
        if self.quiet_since is not None and self.quiet_since[0] != self.boot:
            self.quiet_since = here
        if not self.refusals and self.quiet_since and self.now - self.quiet_since[1] > 600:
            self.pauses = 0

    def refuse(self) -> None:
        """The tenth refusal in ten minutes begins a pause, twice as long as the last one."""
        here = (self.boot, self.now)
        self.refusals.append(here)
        self.quiet_since = here
        if len(self.refusals) >= 10:
            self.pause_s = min(30.0 * 2**self.pauses, 3600.0)
            self.pause_from, self.refusals = here, []
            self.pauses += 1

    def wait(self, account: Account) -> None:
        account.strangers = min(30, account.strangers + 1)
        account.wait_s = min(60.0 * 2**account.waits, 3600.0)
        account.wait_from = (self.boot, self.now)
        account.waits += 1

    def begin(self, account: Account) -> bool:
        """Reserve an attempt; returns whether it is judged."""
        if account.wait_s:
            passed = self.passed(account.wait_from)
            if passed is None:
                account.wait_from = (self.boot, self.now)
            elif passed >= account.wait_s:
                account.wait_s = 0.0
        if account.unended and self.passed(account.last_begun) is None:
            account.last_begun = (self.boot, self.now)
        if account.locked or account.wait_s:
            return False
        if account.wrong + account.unended >= 3:
            if self.now - account.last_begun[1] >= 120:
                self.wait(account)
                account.unended -= 1
            return False
        account.unended += 1
        account.last_begun = (self.boot, self.now)
        return True

    def login(self, name: str, pin: str, face: str) -> Outcome:
        if self.paused():
            return Outcome.PAUSED
        self.look()
        account = self.accounts.get(name)
        judged = account is not None and self.begin(account)
        if face == "none":
            self.refuse()
            return Outcome.NO_FACE
        if account is not None and judged:
            if face == name and pin == account.pin:
                account.clear()
                return Outcome.GRANTED
            account.unended -= 1
            if face != name:
                self.wait(account)
            else:
                account.wrong += 1
        self.refuse()
        return Outcome.REFUSED

    def state(self, account: Account) -> str:
        if account.locked:
            return "locked"
        passed = self.passed(account.wait_from)
        waits = account.wait_s and (passed is None or passed < account.wait_s)
        return "waiting" if waits or account.wrong + account.unended >= 3 else "active"


class BankMachine(RuleBasedStateMachine):
    """The real stores beside the rules."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name)
        self.clock = BootClock()
        self.rules = Rules()
        self.start()

    def teardown(self) -> None:
        self.bank.audit.close()
        with contextlib.suppress(OSError):
            self._folder.cleanup()

    def start(self) -> None:
        """Open everything, as the machine does at start."""
        self.bank: Bank = open_at(self.path, self.clock)
        self.bank.ledger = Ledger(self.path / "ledger.sqlite", SEAL, clock=self.wall_clock)
        self.bank.remove_unfinished_enrolments()
        self.bank.ledger.check()
        self.bank.audit.check()
        self.logins = self.bank.logins(refuse_after_s=1e-6)

    @initialize()
    def there_are_customers(self) -> None:
        for name, amount in zip(NAMES, (250_000, 0), strict=True):
            self.enrol(name, PINS[0], amount)

    def wall_clock(self) -> datetime:
        return datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(days=self.rules.day)

    def known(self, name: str) -> Account | None:
        return self.rules.accounts.get(name)

    @rule(
        name=st.sampled_from(NAMES),
        pin=st.sampled_from(PINS),
        amount=st.sampled_from([0, 3000, 250_000]),
    )
    def enrol(self, name: str, pin: str, amount: int) -> None:
        application = Application(name.upper(), name, amount, pin, datetime.now(UTC))
        try:
            made = self.bank.enrolment().enrol(application, RUIZ, captured)
        except DuplicateUserError:
            assert self.known(name)
            return
        assert not self.known(name)
        self.rules.accounts[name] = Account(pin, amount, made.customer_id)

    @rule(name=st.sampled_from(NAMES))
    def enrol_with_a_weak_pin(self, name: str) -> None:
        with pytest.raises(DuplicateUserError if self.known(name) else PolicyError):
            self.bank.enrolment().enrol(
                Application(name, name, 0, WEAK, datetime.now(UTC)), RUIZ, captured
            )

    @rule(name=st.sampled_from(NAMES), at=st.integers(0, 12))
    def crash_in_an_enrolment(self, name: str, at: int) -> None:
        """The process dies at one call: nothing is taken back, and the next start tidies up."""
        faults = Faults()
        enrolments = Enrolments(
            store=faults("store", self.bank.store), hasher=self.bank.hasher,
            gallery=faults("gallery", self.bank.gallery),
            ledger=faults("ledger", self.bank.ledger), audit=faults("audit", self.bank.audit),
            duplicate_check=self.bank, commit=self.bank.commit(),
        )  # fmt: skip
        enrolments._undo = lambda record, pending: None
        faults.arm({("caller", at): raising(KeyboardInterrupt)})
        with contextlib.suppress(KeyboardInterrupt, DuplicateUserError):
            enrolments.enrol(
                Application(name, name, 500, "4071", datetime.now(UTC)), RUIZ, captured
            )
        self.start()
        record = self.bank.store.get(name)
        if not self.known(name) and record is not None:  # it died after its commit
            self.rules.accounts[name] = Account("4071", 500, record.customer_id)

    def check_face(self, face: str) -> Any:
        def check(record: Any, pressed: float, deadline: float) -> FaceResult:
            if face == "none":
                raise NoFaceError("none in time")
            if record is None:
                return FaceResult("", False, -1.0, 0.5, 3)
            same = record.username.casefold() == face.casefold()
            return FaceResult(record.customer_id, same, 1.0, 0.5, 3)

        return check

    @rule(
        name=st.sampled_from([*NAMES, "nobody"]),
        pin=st.sampled_from([*PINS, "", "４０７１"]),
        face=st.sampled_from([*NAMES, "none"]),
        times=st.sampled_from([1, 1, 1, 2, 3, 11]),
    )
    def log_in_somehow(self, name: str, pin: str, face: str, times: int) -> None:
        self.log_in(name, pin, face, times)

    def log_in(self, name: str, pin: str, face: str, times: int) -> None:
        for _ in range(times):
            expected = self.rules.login(name, pin, face)
            decision = self.logins.login(f" {name.upper()}", pin, self.check_face(face))
            assert decision.outcome is expected, decision
            assert (decision.session is None) == (expected is not Outcome.GRANTED)
            if decision.session is not None:
                assert decision.session.customer.customer_id == self.known(name).customer_id

    @rule(
        name=st.sampled_from(NAMES),
        how=st.sampled_from(["wrong PIN", "another face", "no face"]),
        times=st.sampled_from([1, 2, 3, 4, 9, 31]),
        patient=st.booleans(),
    )
    def log_in_wrongly(self, name: str, how: str, times: int, patient: bool) -> None:
        account = self.known(name)
        pin = account.pin if account and how != "wrong PIN" else "9753"
        face = {"wrong PIN": name, "another face": "a stranger", "no face": "none"}[how]
        for _ in range(times):
            if patient:
                self.time_passes(7200 if how == "another face" else 601)
            self.log_in(name, pin, face, 1)
            self.nothing_differs()

    @rule(
        name=st.sampled_from(NAMES),
        wanted=st.sampled_from([0, 500, 1000, 60_000, "rest", "more than the rest"]),
        patient=st.booleans(),
    )
    def own_login_and_withdrawal(self, name: str, wanted: int | str, patient: bool) -> None:
        account = self.known(name)
        pin = account.pin if account else PINS[0]
        if patient:
            self.time_passes(3601)
        if self.rules.login(name, pin, name) is not Outcome.GRANTED:
            assert self.logins.login(name, pin, self.check_face(name)).session is None
            return
        session = self.logins.login(name, pin, self.check_face(name)).session
        today = account.withdrawn.get(self.rules.day, 0) + sum(
            held for held, day in account.holds if day == self.rules.day
        )
        rest = min(account.available, DAY_LIMIT - today)
        rest -= rest % NOTE
        amount = {"rest": rest, "more than the rest": rest + NOTE}.get(wanted, wanted)
        allowed = (
            amount > 0
            and amount % NOTE == 0
            and amount <= account.available
            and amount <= DAY_LIMIT - today
        )
        try:
            session.withdraw(amount)
        except LedgerError:
            assert not allowed
            return
        assert allowed
        account.balance -= amount
        account.withdrawn[self.rules.day] = account.withdrawn.get(self.rules.day, 0) + amount

    @rule(name=st.sampled_from(NAMES))
    def crash_while_notes_come_out(self, name: str) -> None:
        account = self.known(name)
        if account is None:
            return
        try:
            hold = self.bank.ledger.hold(
                account.customer_id, NOTE, smallest_note_minor=NOTE, day_limit_minor=10**9
            )
        except LedgerError:
            assert account.available < NOTE
        else:
            assert hold.amount_minor == NOTE
            account.holds.append((NOTE, self.rules.day))
        self.start()

    @rule(paid=st.booleans())
    def settle_the_oldest_hold(self, paid: bool) -> None:
        holds = self.bank.office().holds(staff=RUIZ)
        assert len(holds) == sum(len(each.holds) for each in self.rules.accounts.values())
        if not holds:
            return
        hold, _ = holds[0]
        (account,) = [
            each for each in self.rules.accounts.values() if each.customer_id == hold.customer_id
        ]
        self.bank.office().settle(hold, paid, staff=RUIZ)
        amount, day = account.holds.pop(0)
        if paid:
            account.balance -= amount
            account.withdrawn[day] = account.withdrawn.get(day, 0) + amount

    @rule(name=st.sampled_from(NAMES))
    def crash_in_a_login(self, name: str) -> None:
        account = self.known(name)
        if account is not None:
            judged = self.bank.attempts.reserve(account.customer_id) is Standing.FREE
            assert judged == self.rules.begin(account)
        self.start()

    @rule(name=st.sampled_from(NAMES), new=st.sampled_from([*PINS, WEAK]), right=st.booleans())
    def change_pin(self, name: str, new: str, right: bool) -> None:
        account = self.known(name)
        if account is None:
            return
        old = account.pin if right else "9753"
        machine = SimpleNamespace(
            login=lambda username, pin, **_: self.logins.login(
                username, pin, self.check_face(name)
            ),
        )  # fmt: skip
        session = SimpleNamespace(customer=SimpleNamespace(username=name), attended=False)
        if new == WEAK:
            with pytest.raises(PolicyError):
                Machine.change_pin(machine, session, old, new)
            return
        expected = self.rules.login(name, old, name)
        assert Machine.change_pin(machine, session, old, new).outcome is expected
        if expected is Outcome.GRANTED:
            account.pin = new

    @rule(name=st.sampled_from(NAMES), pin=st.sampled_from(PINS))
    def new_pin_by_staff(self, name: str, pin: str) -> None:
        account = self.known(name)
        try:
            self.bank.office().new_pin(name, pin, signed=TWO)
        except UnknownUserError:
            assert account is None
            return
        account.pin = pin
        account.clear()

    @rule(name=st.sampled_from(NAMES))
    def unlock(self, name: str) -> None:
        try:
            self.bank.office().unlock(name, staff=RUIZ)
        except UnknownUserError:
            assert self.known(name) is None
            return
        self.known(name).clear()

    @rule(name=st.sampled_from(NAMES), override=st.booleans())
    def delete(self, name: str, override: bool) -> None:
        account = self.known(name)
        signed = TWO if override else None
        try:
            paid = self.bank.office().delete(name, staff=RUIZ, override=signed)
        except UnknownUserError:
            assert account is None
        except BalanceError as error:
            assert account.balance == error.balance_minor and not override
        except AtmError:
            assert account.holds
        else:
            assert paid == account.balance and not account.holds
            assert override or not account.balance
            del self.rules.accounts[name]

    @rule(seconds=st.sampled_from([1, 29, 30, 59, 60, 61, 119, 121, 599, 601, 3600, 9000]))
    def time_passes(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.rules.now += seconds

    @rule(name=st.sampled_from(NAMES))
    def wait_to_the_second(self, name: str) -> None:
        account = self.known(name)
        passed = self.rules.passed(account.wait_from) if account else None
        if passed is None or passed >= account.wait_s:
            return
        self.time_passes(account.wait_s - passed - 1)
        self.nothing_differs()
        self.time_passes(1)

    @rule(days=st.sampled_from([-1, 1, 400]))
    def somebody_sets_the_clock(self, days: int) -> None:
        self.rules.day += days

    @rule()
    def restart_of_the_computer(self) -> None:
        self.rules.boot += 1
        self.rules.now = self.clock.seconds = 5.0
        self.clock.boot = f"start {self.rules.boot}"
        self.start()

    @rule()
    def restart_of_the_program(self) -> None:
        self.start()

    @invariant()
    def nothing_differs(self) -> None:
        found = {
            customer.username: state for customer, state in self.bank.office().customers(staff=RUIZ)
        }
        expected = {
            name: self.rules.state(account) for name, account in self.rules.accounts.items()
        }
        assert {name.casefold(): state for name, state in found.items()} == {
            name.casefold(): state for name, state in expected.items()
        }
        for name, account in self.rules.accounts.items():
            record = self.bank.store.get(name)
            assert record is not None and record.customer_id == account.customer_id
            assert self.bank.ledger.balance(account.customer_id) == account.balance
            assert self.bank.ledger.available(account.customer_id) == account.available
        ids = {account.customer_id for account in self.rules.accounts.values()}
        assert self.bank.ledger.customer_ids() == ids
        templates = {record.template_id for record in self.bank.store.all()}
        assert self.bank.gallery.ids() == templates


def captured(customer_id: str, stop: Any) -> tuple[Template, list[Capture]]:
    """Return a face as a capture would; which one does not matter here."""
    row = np.ones((1, 512), np.float32)
    capture = Capture(
        np.zeros((4, 4, 3), np.uint8), (0.0, 0.0, 1.0, 1.0), np.ones((5, 2), np.float32)
    )
    return Template(customer_id, "bundled", "ab" * 32, row, CustomerSvm(row[0], 0.0)), [capture]


def run(examples: int, steps: int, drawn_by: int | None = None) -> None:
    machine = type("BankMachine", (BankMachine,), {})
    run_state_machine_as_test(
        machine if drawn_by is None else seed(drawn_by)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(autouse=True)
def at_once(no_sync: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atm.login.login, "FOLLOW_UP_DELAY_S", 0.0)


@pytest.mark.early
def test_no_sequence_tells_the_bank_from_its_rules() -> None:
    run(40, 30)


@pytest.mark.long
@pytest.mark.parametrize("part", range(100))
def test_none_of_ten_thousand_sequences_tells_the_bank_from_its_rules(part: int) -> None:
    run(100, 30, drawn_by=part)
