"""The ledger against a model: dictionaries follow every account and hold and must agree."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from atm.accounts.accounts import Hold, LedgerError
from atm.accounts.ledger import Ledger
from credentials.sealed.seal import Seal

DAY_LIMIT_MINOR = 15000
NOTE_MINOR = 10
CUSTOMERS = st.sampled_from(["alice", "bob"])
HOLDS = st.integers(1, 12)


def numbered(number: int) -> Hold:
    """Return what the ledger takes for the hold of that number."""
    return Hold(number, "", 0, datetime.now(UTC), "")


class LedgerAgainstModel(RuleBasedStateMachine):
    """Each rule is done to both; what the model forbids, the ledger must refuse."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.balances: dict[str, int] = {}
        self.open: dict[int, tuple[str, int, int]] = {}  # hold -> customer, amount, day
        self.spent: dict[tuple[str, int], int] = {}
        self.day = self.held = 0
        self.reopen()

    @rule()
    def reopen(self) -> None:
        self.ledger = Ledger(self.folder / "ledger.sqlite", Seal(b"s" * 32), clock=lambda: self.now)

    @rule()
    def next_day(self) -> None:
        self.now += timedelta(days=1)
        self.day += 1

    @rule(customer=CUSTOMERS, opening=st.integers(0, 40000))
    def open_account(self, customer: str, opening: int) -> None:
        with self.allowed(customer not in self.balances):
            self.ledger.open_account(customer, opening)
            self.balances[customer] = opening

    @rule(customer=CUSTOMERS)
    def close_account(self, customer: str) -> None:
        busy = any(owner == customer for owner, _, _ in self.open.values())
        with self.allowed(customer in self.balances and not busy):
            self.ledger.remove_account(customer)
            del self.balances[customer]

    @rule(customer=CUSTOMERS, amount=st.integers(-20, 16000), tens=st.booleans())
    def hold(self, customer: str, amount: int, tens: bool) -> None:
        amount = amount // 10 * 10 if tens else amount
        spent = self.spent.get((customer, self.day), 0)
        fits = amount > 0 and amount % NOTE_MINOR == 0
        with self.allowed(
            fits and amount <= self.available(customer) and spent + amount <= DAY_LIMIT_MINOR
        ):
            hold = self.ledger.hold(
                customer,
                amount,
                smallest_note_minor=NOTE_MINOR,
                day_limit_minor=DAY_LIMIT_MINOR,
            )
            self.held += 1
            assert hold.hold_id == self.held
            self.open[hold.hold_id] = (customer, amount, self.day)
            self.spent[customer, self.day] = spent + amount

    @rule(number=HOLDS, by_staff=st.booleans())
    def book(self, number: int, by_staff: bool) -> None:
        with self.allowed(number in self.open):
            if by_staff:
                self.ledger.settle(numbered(number), paid=True)
            else:
                self.ledger.book(numbered(number))
            customer, amount, _ = self.open.pop(number)
            self.balances[customer] -= amount

    @rule(number=HOLDS, by_staff=st.booleans())
    def release(self, number: int, by_staff: bool) -> None:
        with self.allowed(number in self.open):
            if by_staff:
                self.ledger.settle(numbered(number), paid=False)
            else:
                self.ledger.release(numbered(number))
            customer, amount, day = self.open.pop(number)
            self.spent[customer, day] -= amount

    @invariant()
    def agree(self) -> None:
        assert self.ledger.customer_ids() == set(self.balances)
        for customer, balance in self.balances.items():
            assert self.ledger.balance(customer) == balance
            assert self.ledger.available(customer) == self.available(customer)
            assert self.ledger.transactions(customer, 1)[0].balance_minor == balance
        assert {
            each.hold_id: (each.customer_id, each.amount_minor) for each in self.ledger.open_holds()
        } == {number: hold[:2] for number, hold in self.open.items()}
        self.ledger.check()

    def available(self, customer: str) -> int:
        held = sum(amount for owner, amount, _ in self.open.values() if owner == customer)
        return self.balances.get(customer, 0) - held

    def allowed(self, yes: bool) -> "Refused":
        return Refused(not yes)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


class Refused:
    """The block must raise a LedgerError, or must not."""

    def __init__(self, expected: bool) -> None:
        self.expected = expected

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is not None and not issubclass(kind, LedgerError):
            return False
        assert (kind is not None) == self.expected
        return True


TestLedgerAgainstModel = LedgerAgainstModel.TestCase
TestLedgerAgainstModel.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
