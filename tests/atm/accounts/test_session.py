"""A customer's session: money is held and logged before any note comes out."""

from pathlib import Path
from typing import Any

import pytest

from atm.accounts.accounts import (
    DayLimitError,
    InsufficientFundsError,
    LedgerError,
    NotAMultipleError,
)
from atm.accounts.dispenser import NotDispensed, SimulatedDispenser, Uncertain
from atm.accounts.ledger import Ledger
from atm.accounts.session import (
    HeldError,
    ReturnedError,
    Session,
    SessionClosedError,
)
from atm.errors import AtmError
from atm.people import Customer
from credentials.sealed.seal import Seal

ALICE = Customer("a" * 32, "alice", "Alice Example")


class Story:
    """A dispenser and a log in one list, so that their order can be seen."""

    name = "test"

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.steps: list[str] = []
        self.entries: list[dict[str, Any]] = []
        self.fails: BaseException | None = None
        self.log_fails_at = ""

    def dispense(self, reference: str, amount_minor: int) -> None:
        (hold,) = self.ledger.open_holds()
        assert (hold.reference, hold.amount_minor) == (reference, amount_minor)
        self.steps.append("dispense")
        if self.fails is not None:
            raise self.fails

    def record(self, kind: str, **fields: Any) -> None:
        if self.log_fails_at == fields["step"]:
            raise AtmError("The log cannot be written.")
        self.steps.append(f"{kind} {fields['step']}")
        self.entries.append(fields)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger.sqlite", Seal(b"s" * 32))
    made.open_account(ALICE.customer_id, 135000)
    return made


@pytest.fixture
def story(ledger: Ledger) -> Story:
    return Story(ledger)


@pytest.fixture
def session(ledger: Ledger, story: Story) -> Session:
    return Session(
        ALICE,
        ledger,
        story,
        smallest_note_minor=1_000,
        day_limit_minor=100_000,
        record=story.record,
        template=lambda: None,
        save_pin=lambda pin: None,
    )


def test_a_withdrawal_is_held_logged_dispensed_and_booked(
    session: Session, story: Story, ledger: Ledger
) -> None:
    done = session.withdraw(20000)
    assert (done.amount_minor, done.balance_minor) == (20000, 115000)
    assert session.balance() == ledger.balance(ALICE.customer_id) == 115000
    assert ledger.open_holds() == []
    assert story.steps == ["withdrawal held", "dispense", "withdrawal booked"]
    same = {
        "customer": ALICE.customer_id,
        "amount_minor": 20000,
        "reference": session.transactions()[0].reference,
    }
    assert story.entries == [{"step": "held", **same}, {"step": "booked", **same}]
    assert done.reference == same["reference"]


@pytest.mark.parametrize(
    ("amount", "error"),
    [(136000, InsufficientFundsError), (101000, DayLimitError), (1500, NotAMultipleError)],
)
def test_what_the_ledger_refuses_reaches_neither_log_nor_dispenser(
    session: Session, story: Story, amount: int, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        session.withdraw(amount)
    assert story.steps == []
    assert session.balance() == 135000


@pytest.mark.parametrize(
    ("amount", "error"),
    [(136000, InsufficientFundsError), (101000, DayLimitError), (1500, NotAMultipleError)],
)
def test_what_cannot_be_withdrawn_is_known_before_it_is_tried(
    session: Session, story: Story, ledger: Ledger, amount: int, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        session.check_withdrawal(amount)
    session.check_withdrawal(100000)
    assert story.steps == [] and ledger.open_holds() == []
    session.withdraw(60000)
    with pytest.raises(DayLimitError):
        session.check_withdrawal(50000)  # of today's limit 400 are left
    session.close()
    with pytest.raises(SessionClosedError):
        session.check_withdrawal(10000)


def test_without_a_log_no_money(session: Session, story: Story, ledger: Ledger) -> None:
    story.log_fails_at = "held"
    with pytest.raises(AtmError, match="The log cannot be written"):
        session.withdraw(20000)
    assert story.steps == []
    assert ledger.open_holds() == []
    assert session.balance() == 135000


def test_a_log_that_fails_after_the_notes_are_out_does_not_undo_them(
    session: Session, story: Story, ledger: Ledger
) -> None:
    story.log_fails_at = "booked"
    assert session.withdraw(20000).balance_minor == 115000
    assert ledger.balance(ALICE.customer_id) == 115000


def test_nothing_dispensed_is_nothing_taken(session: Session, story: Story, ledger: Ledger) -> None:
    story.fails = NotDispensed("The cassette is empty.")
    with pytest.raises(ReturnedError, match="nothing was taken"):
        session.withdraw(20000)
    assert story.steps == ["withdrawal held", "dispense", "withdrawal returned"]
    assert ledger.open_holds() == []
    assert session.balance() == 135000
    story.fails = None
    assert session.withdraw(100000).balance_minor == 35000


@pytest.mark.parametrize(
    "error", [Uncertain("The shutter jammed."), OSError("cable"), ValueError("odd")]
)
def test_after_an_uncertain_dispenser_the_amount_stays_on_hold(
    session: Session, story: Story, ledger: Ledger, error: Exception
) -> None:
    story.fails = error
    with pytest.raises(HeldError) as caught:
        session.withdraw(20000)
    (hold,) = ledger.open_holds()
    assert (caught.value.amount_minor, caught.value.reference) == (20000, hold.reference)
    assert hold.reference in str(caught.value)
    assert caught.value.__cause__ is error
    assert story.steps == ["withdrawal held", "dispense", "withdrawal uncertain"]
    assert (session.balance(), ledger.balance(ALICE.customer_id)) == (115000, 135000)
    ledger.settle(hold, paid=True)
    assert session.balance() == ledger.balance(ALICE.customer_id) == 115000


@pytest.mark.parametrize("step", ["book", "release"])
def test_what_cannot_be_settled_stays_on_hold(
    session: Session,
    story: Story,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def fails(_number: int) -> None:
        raise LedgerError("The disk is full.")

    monkeypatch.setattr(ledger, step, fails)
    story.fails = NotDispensed("empty") if step == "release" else None
    with pytest.raises(HeldError):
        session.withdraw(20000)
    assert len(ledger.open_holds()) == 1
    assert story.steps[-1] == "withdrawal uncertain"


def test_an_interrupt_while_dispensing_leaves_the_hold(
    session: Session, story: Story, ledger: Ledger
) -> None:
    story.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        session.withdraw(20000)
    assert len(ledger.open_holds()) == 1


def test_staff_cannot_settle_a_hold_that_is_being_paid_out(
    session: Session, story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settled_meanwhile(reference: str, amount_minor: int) -> None:
        (hold,) = ledger.open_holds()
        ledger.settle(hold, paid=False)

    monkeypatch.setattr(story, "dispense", settled_meanwhile)
    with pytest.raises(HeldError) as caught:
        session.withdraw(20000)
    assert "paid out now" in str(caught.value.__cause__)
    assert len(ledger.open_holds()) == 1


def test_a_closed_session_does_nothing(session: Session, story: Story) -> None:
    session.close()
    session.close()
    for act in (session.balance, session.transactions, lambda: session.withdraw(1000)):
        with pytest.raises(SessionClosedError):
            act()
    assert story.steps == []


def test_the_last_five_transactions_are_told_unless_more_are_asked_for(session: Session) -> None:
    for amount in (1000, 2000, 3000, 4000, 5000, 6000):
        session.withdraw(amount)
    told = [each.amount_minor for each in session.transactions()]
    assert told == [-6000, -5000, -4000, -3000, -2000]
    assert len(session.transactions(limit=7)) == 7


def test_the_simulated_dispenser_says_what_it_is(ledger: Ledger) -> None:
    session = Session(
        ALICE,
        ledger,
        SimulatedDispenser(),
        smallest_note_minor=1_000,
        day_limit_minor=100_000,
        record=None,
        template=lambda: None,
        save_pin=lambda pin: None,
    )
    assert session.dispenser_name == "simulated"
    assert session.withdraw(1000).balance_minor == 134000
