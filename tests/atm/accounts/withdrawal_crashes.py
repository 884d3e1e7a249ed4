"""Withdrawals in a real process that is killed in the middle, and what must be left."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from atm.accounts.ledger import Ledger
from credentials.sealed.seal import Seal

ROOT = Path(__file__).parents[3]
SEAL = Seal(b"s" * 32)
OPENING_MINOR = 10**10
CUSTOMERS = ("alice", "bob")

# Withdraws for ever. The dispenser writes what it pays out to a file, synced, as the paper
# journal of a real one does; now and then it pays nothing, or pays and then breaks.
_WITHDRAW = """
import os, random, signal, sys
from pathlib import Path
from atm.accounts.dispenser import NotDispensed
from atm.accounts.ledger import Ledger
from atm.people import Customer
from atm.accounts.session import Session, WithdrawalError
from credentials.sealed.seal import Seal

folder, seed, dies_at = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
chance = random.Random(seed)

def append(name, line):
    handle = os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(handle, f"{line}\\n".encode())
    os.fsync(handle)
    os.close(handle)

def die(point):
    if point == dies_at:
        os.kill(os.getpid(), signal.SIGKILL)

class Dispenser:
    name = "test"

    def dispense(self, reference, amount_minor):
        die("before dispensing")
        luck = chance.random()
        if luck < 0.1 and not dies_at:
            raise NotDispensed("empty")
        append("dispensed", f"{reference} {amount_minor}")
        die("after dispensing")
        if luck > 0.9 and not dies_at:
            raise OSError("stuck")

def record(kind, *, step, reference, **fields):
    append("log", f"{step} {reference}")
    die(step)

ledger = Ledger(folder / "ledger.sqlite", Seal(b"s" * 32))
sessions = [
    Session(Customer(each, each, each), ledger, Dispenser(),
            smallest_note_minor=1000, day_limit_minor=10**12, record=record,
            template=lambda: None, save_pin=lambda pin: None)
    for each in ("alice", "bob")
]
print("ready", flush=True)
while True:
    try:
        done = chance.choice(sessions).withdraw(1000 * chance.randint(1, 9))
        print(done.reference, flush=True)
    except WithdrawalError:
        pass
"""


def kill_withdrawals(folder: Path, count: int, seed: int, dies_at: str = "") -> None:
    """Kill a withdrawing process *count* times and check the ledger after each.

    Args:
        folder: Empty; the ledger, the dispenser's journal and the log are kept in it.
        count: How many processes.
        seed: Of when they die and what they do.
        dies_at: Where a process kills itself in its first withdrawal: "held",
            "before dispensing", "after dispensing" or "booked". At a random moment when empty.

    Raises:
        AssertionError: If money is lost or paid twice, or what was acknowledged is not booked.
    """
    chance = random.Random(seed)
    ledger = Ledger(folder / "ledger.sqlite", SEAL)
    for customer_id in CUSTOMERS:
        ledger.open_account(customer_id, OPENING_MINOR)
    acknowledged: set[str] = set()
    for number in range(count):
        process = subprocess.Popen(
            [sys.executable, "-c", _WITHDRAW, str(folder), str(seed + number), dies_at],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if not dies_at:
            acknowledged |= {process.stdout.readline().strip() for _ in range(chance.randint(0, 3))}
            time.sleep(chance.uniform(0, 0.03))
            process.kill()
        # Not communicate(), which loses what readline() has read ahead on a busy machine.
        acknowledged |= set(process.stdout.read().split())
        process.wait()
        assert process.returncode == -9
        _check(folder, acknowledged)
    assert dispensed(folder) or dies_at in ("held", "before dispensing")


def _check(folder: Path, acknowledged: set[str]) -> None:
    ledger = Ledger(folder / "ledger.sqlite", SEAL)
    ledger.check()
    paid_out = dispensed(folder)
    booked = Counter(
        each.reference
        for customer_id in CUSTOMERS
        for each in ledger.transactions(customer_id, limit=10**6)
        if each.kind == "withdrawal"
    )
    holds = ledger.open_holds()
    known = booked + Counter(each.reference for each in holds)
    assert all(known[reference] == 1 for reference in paid_out), "dispensed, yet not kept once"
    assert set(booked) <= set(paid_out), "booked, yet never dispensed"
    assert acknowledged <= set(booked), "acknowledged, yet not booked"
    for hold in holds:
        ledger.settle(hold, paid=hold.reference in paid_out)
    ledger.check()
    left = sum(ledger.balance(each) for each in CUSTOMERS)
    assert left == len(CUSTOMERS) * OPENING_MINOR - sum(paid_out.values())
    assert left == sum(ledger.available(each) for each in CUSTOMERS)


def dispensed(folder: Path) -> dict[str, int]:
    """Return what the dispenser's journal says was paid out, by reference, in minor units."""
    journal = folder / "dispensed"
    lines = journal.read_text("ascii").splitlines() if journal.exists() else []
    pairs = [line.split() for line in lines]
    references = [reference for reference, _ in pairs]
    assert len(set(references)) == len(references), "one reference was dispensed twice"
    return {reference: int(amount) for reference, amount in pairs}
