"""A withdrawal killed at any moment pays once or not at all, and staff can tell which."""

from pathlib import Path

import pytest

from atm.accounts.ledger import Ledger
from tests.atm.accounts.withdrawal_crashes import SEAL, dispensed, kill_withdrawals


def test_killed_at_random_moments_withdrawals_neither_lose_nor_double_money(
    tmp_path: Path,
) -> None:
    kill_withdrawals(tmp_path, count=12, seed=6)


@pytest.mark.parametrize(
    ("point", "paid"),
    [
        ("held", 0),
        ("before dispensing", 0),
        ("after dispensing", 3),
        ("booked", 3),
    ],
)
def test_killed_at_each_step_of_a_withdrawal(tmp_path: Path, point: str, paid: int) -> None:
    kill_withdrawals(tmp_path, count=3, seed=7, dies_at=point)
    assert len(dispensed(tmp_path)) == paid
    ledger = Ledger(tmp_path / "ledger.sqlite", SEAL)
    lines = [
        each.kind
        for customer_id in ("alice", "bob")
        for each in ledger.transactions(customer_id, limit=100)
    ]
    assert lines.count("withdrawal") == paid
