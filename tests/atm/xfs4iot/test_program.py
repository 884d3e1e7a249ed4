"""The simulator as a program of its own, also killed with its device at some message."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.atm.xfs4iot.conftest import AMOUNT, Bank
from tests.atm.xfs4iot.test_dispenser import FIRST_TO_MOVE, MESSAGES
from tests.xfs4iot_messages import NO_SCHEMA, problems, schema_file

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def program(*options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The program on a free port; yields its address."""
    command = [sys.executable, "-m", "tools.xfs4iot_simulator", "--port", "0", *options]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().strip(), running
        finally:
            running.kill()


def test_it_pays_and_writes_journal_and_messages(bank: Bank, tmp_path: Path) -> None:
    messages, cassettes = tmp_path / "messages", ["--cassette", "20x9", "--cassette", "10x9"]
    journal = ["--journal", str(bank.journal), "--messages", str(messages)]
    with program(*cassettes, *journal) as (address, _running):
        assert bank.withdraw(address) == "paid"
    assert list(bank.paid.values()) == [AMOUNT]
    assert bank.paid.keys() == {each.reference for each in bank.booked}
    lines = messages.read_text("utf-8").splitlines()
    assert len(lines) == MESSAGES
    if schema_file() is None:
        pytest.skip(NO_SCHEMA)
    assert [found for line in lines for found in problems(line.partition(" ")[2])] == []


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (FIRST_TO_MOVE - 1, "returned"), (FIRST_TO_MOVE, "held"), (FIRST_TO_MOVE + 3, "held"),
        (MESSAGES - 1, "held"), (MESSAGES, "held"),
    ],
)  # fmt: skip
def test_it_is_killed_at_a_message(bank: Bank, at: int, ends: str) -> None:
    options = ["--journal", str(bank.journal), "--end", "kill", "--at", str(at)]
    with program(*options) as (address, running):
        assert bank.withdraw(address) == ends
        assert running.wait() == 9
    paid = bank.paid  # in the last message before it died the customer had taken the notes
    assert list(paid.values()) == ([AMOUNT] if at == MESSAGES else [])
    assert bank.booked == []
    assert [hold.reference for hold in bank.ledger.open_holds()] == list(paid) or not paid
