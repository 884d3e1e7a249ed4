"""Fixtures: a customer's session whose notes come from a simulated XFS4IoT dispenser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atm.accounts.accounts import Transaction
from atm.accounts.ledger import Ledger
from atm.accounts.session import HeldError, ReturnedError, Session
from atm.people import Customer
from atm.xfs4iot.dispenser import Limits, Xfs4iotDispenser
from credentials.sealed.seal import Seal
from tests.patience import LIMIT_S
from tests.xfs4iot_messages import Messages
from tools.xfs4iot_simulator.device import Device
from tools.xfs4iot_simulator.service import Simulator

ALICE = Customer("a" * 32, "alice", "Alice Example")
OPENING_MINOR = 100_000
AMOUNT = 80
"""In whole euros: three notes, so that some of them can be missing."""


class Bank:
    """A ledger with one customer, and simulated dispensers one after the other.

    Attributes:
        messages: All that was said.
        journal: Where devices write what the customer took.
    """

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite", Seal(b"s" * 32))
        self.ledger.open_account(ALICE.customer_id, OPENING_MINOR)
        self.messages = Messages()
        self.journal = folder / "journal"
        self.journal.touch()

    def device(self, fault: str = "") -> Device:
        """Return a device with notes for many withdrawals."""
        cassettes = {"unit1": (10, 20), "unit2": (20, 20), "unit3": (50, 20)}
        return Device(cassettes, fault=fault, journal=self.journal)

    def simulator(self, device: Device, **options: Any) -> Simulator:
        """Return a simulator of *device* whose messages are judged."""
        return Simulator(device, seen=self.messages.seen, **options)

    def withdraw(self, address: str, *, answer_s: float = LIMIT_S, take_s: float = LIMIT_S) -> str:
        """Withdraw `AMOUNT` as a customer does; return "paid", "returned" or "held"."""
        dispenser = Xfs4iotDispenser(address, None, "EUR", Limits(answer_s, answer_s, take_s))
        session = Session(
            ALICE, self.ledger, dispenser, smallest_note_minor=1_000, day_limit_minor=10**6,
            record=None, template=lambda: None, save_pin=lambda pin: None,
        )  # fmt: skip
        holds, ends = len(self.ledger.open_holds()), "paid"
        try:
            session.withdraw(100 * AMOUNT)
        except ReturnedError:
            ends = "returned"
        except HeldError:
            ends = "held"
        assert len(self.ledger.open_holds()) == holds + (ends == "held")
        return ends

    @property
    def paid(self) -> dict[str, int]:
        """Return what the customer took by reference, in euros; AssertionError if one twice."""
        lines = [line.split() for line in self.journal.read_text("ascii").splitlines()]
        found = {reference: int(amount) for reference, amount in lines}
        assert len(found) == len(lines), "paid twice"
        return found

    @property
    def booked(self) -> list[Transaction]:
        """All booked withdrawals."""
        found = self.ledger.transactions(ALICE.customer_id, 100)
        return [each for each in found if each.kind == "withdrawal"]

    def check(self, device: Device, total: int) -> None:
        """Check books, device and messages against each other, once the device is at rest."""
        assert self.messages.wrong == []
        assert device.total == total, "the device lost notes"
        self.ledger.check()
        booked = {each.reference: -each.amount_minor for each in self.booked}
        held = {hold.reference: hold.amount_minor for hold in self.ledger.open_holds()}
        for reference, amount in self.paid.items():
            assert reference in booked or reference in held, "paid, yet in no book"
            assert 100 * amount <= booked.get(reference, 0) + held.get(reference, 0)
        for reference, amount in booked.items():
            assert 100 * self.paid.get(reference, 0) == amount, "booked, yet not paid"
        spent = sum(booked.values()) + sum(held.values())
        assert self.ledger.available(ALICE.customer_id) == OPENING_MINOR - spent


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """A bank whose messages are judged at the end."""
    made = Bank(tmp_path)
    yield made
    assert made.messages.wrong == []
