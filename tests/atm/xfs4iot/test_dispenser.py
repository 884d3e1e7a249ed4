"""A withdrawal by XFS4IoT, whatever the device does: paid once, never lost, books add up."""

from collections.abc import Iterator
from typing import Any

import pytest

from atm.accounts.dispenser import Uncertain
from atm.xfs4iot.dispenser import Xfs4iotDispenser
from tests.atm.xfs4iot.conftest import AMOUNT, Bank
from tools.xfs4iot_simulator import service
from tools.xfs4iot_simulator.device import FAULTS, worth

MESSAGES = 34
"""Messages of an undisturbed withdrawal."""
FIRST_TO_MOVE = 26
"""The number of the Dispense command among them."""
SOME = (1, 4, 11, FIRST_TO_MOVE, FIRST_TO_MOVE + 1, 29, 30, 32, 33, MESSAGES)


def test_a_withdrawal_is_paid_and_booked(bank: Bank) -> None:
    device = bank.device()
    total = device.total
    with bank.simulator(device) as simulator:
        assert bank.withdraw(simulator.address) == "paid"
    bank.check(device, total)
    assert worth(device.taken) == AMOUNT and list(bank.paid.values()) == [AMOUNT]
    assert len(bank.messages.told) == MESSAGES
    assert bank.messages.told[FIRST_TO_MOVE - 1] == ("command", "CashDispenser.Dispense")
    assert bank.messages.told[-1] == ("unsolicited", "CashManagement.ItemsTakenEvent")


@pytest.mark.parametrize(
    ("fault", "ends", "taken"),
    [
        ("offline", "returned", 0),
        ("empty", "returned", 0),
        ("transport", "returned", 0),
        ("wrong-mix", "returned", 0),
        ("short", "returned", 0),
        ("short-silent", "returned", 0),
        ("bunches", "returned", 0),
        ("jam", "held", 0),
        ("present-none", "returned", 0),
        ("present-some", "held", 50),
        ("left", "held", 0),
        ("left-some", "held", 50),
        ("left-stuck", "held", 0),
        ("fraud", "held", AMOUNT),
    ],
)
def test_a_fault_of_the_device(bank: Bank, fault: str, ends: str, taken: int) -> None:
    device = bank.device(fault)
    total = device.total
    with bank.simulator(device) as simulator:
        assert bank.withdraw(simulator.address, take_s=0.05) == ends
        assert worth(device.taken) == taken
        bank.check(device, total)
        assert not device.slot or fault in ("present-some", "left-stuck")
        tried = ("command", "CashManagement.Retract") in bank.messages.told
        assert tried == (ends == "held" and fault != "jam")
        device.fault, device.jammed = "", False  # staff have mended it
        assert bank.withdraw(simulator.address) == "paid"
    assert worth(device.taken) == taken + AMOUNT, "another customer's notes were among them"
    bank.check(device, total)


def test_notes_that_were_taken_from_an_input_are_not_those_of_the_customer(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = service._COMMANDS["CashDispenser.Present"]

    def elsewhere(*asked: Any) -> Iterator[service.Said]:
        for kind, name, told in present(*asked):
            taken = name == "CashManagement.ItemsTakenEvent"
            yield kind, name, {"position": {"position": "inDefault"}} if taken else told

    monkeypatch.setitem(service._COMMANDS, "CashDispenser.Present", elsewhere)
    device = bank.device()
    total = device.total
    with bank.simulator(device) as simulator:
        assert bank.withdraw(simulator.address, take_s=0.05) == "held"
    bank.check(device, total)


def test_staff_read_what_state_the_device_reported(bank: Bank) -> None:
    with bank.simulator(bank.device("fraud")) as simulator:
        dispenser = Xfs4iotDispenser(simulator.address, None, "EUR")
        with pytest.raises(Uncertain, match="Present: success, taken, potentialFraud; Retract: "):
            dispenser.dispense("ABCDEFGH", 8000)


def test_every_fault_is_tried() -> None:
    (marks,) = [each for each in test_a_fault_of_the_device.pytestmark if each.args]
    assert {fault for fault, *_rest in marks.args[1]} == FAULTS.keys()


def _cut_at(bank: Bank, at: int) -> None:
    device = bank.device()
    total = device.total
    with bank.simulator(device, end="cut", at=at) as simulator:
        ends = bank.withdraw(simulator.address)
    bank.check(device, total)
    assert ends == ("returned" if at < FIRST_TO_MOVE else "held")
    assert worth(device.taken) == (AMOUNT if at > MESSAGES - 4 else 0)
    with bank.simulator(device) as simulator:  # the network is there again
        assert bank.withdraw(simulator.address) == "paid"
    assert worth(device.taken) == AMOUNT + (AMOUNT if at > MESSAGES - 4 else 0)
    bank.check(device, total)


@pytest.mark.parametrize("at", range(1, MESSAGES + 1))
def test_the_network_is_cut_at_a_message(bank: Bank, at: int) -> None:
    _cut_at(bank, at)


def _hang_at(bank: Bank, at: int) -> None:
    """The kiosk gives up; then the device goes on, and a later customer comes."""
    device = bank.device()
    total = device.total
    with bank.simulator(device, end="hang", at=at) as simulator:
        ends = bank.withdraw(simulator.address, answer_s=0.3, take_s=0.3)
    bank.check(device, total)
    assert ends != "paid"
    assert ends == "held" or not device.taken
    taken = worth(device.taken)
    with bank.simulator(device) as simulator:
        assert bank.withdraw(simulator.address) == "paid"
    assert worth(device.taken) == taken + AMOUNT
    bank.check(device, total)


@pytest.mark.parametrize("at", SOME)
def test_the_device_hangs_at_a_message_and_goes_on_later(bank: Bank, at: int) -> None:
    _hang_at(bank, at)


@pytest.mark.long
@pytest.mark.parametrize("at", sorted(set(range(1, MESSAGES + 1)) - set(SOME)))
def test_the_device_hangs_at_any_message(bank: Bank, at: int) -> None:
    _hang_at(bank, at)


def test_nobody_listens(bank: Bank) -> None:
    with bank.simulator(bank.device()) as simulator:
        address = simulator.address
    assert bank.withdraw(address) == "returned"
    assert bank.ledger.open_holds() == [] and bank.paid == {}


def test_staff_read_what_the_device_said(bank: Bank) -> None:
    with bank.simulator(bank.device("jam")) as simulator:
        dispenser = Xfs4iotDispenser(simulator.address, None, "EUR")
        with pytest.raises(Exception, match="hardwareError"):
            dispenser.dispense("ABCDEFGH", 8000)
        assert dispenser.note == (
            "Check the dispenser, which left a hold to settle."
            " It does not say where the notes are: hardwareError."
        )
        simulator.device.fault, simulator.device.jammed = "", False
        dispenser.dispense("BCDEFGHI", 8000)
        assert dispenser.note == ""
