"""A kiosk killed while a dispenser pays by XFS4IoT pays nothing twice and loses nothing."""

from pathlib import Path

import pytest

from tests.crash.dispenser_kills import Kiosk
from tests.crash.syscalls import need_strace
from tests.crash.tellers import Tellers

MESSAGES = 34
DISPENSE, PRESENT = 26, 30


@pytest.mark.parametrize(
    ("at", "paid"),
    [(DISPENSE, 0), (DISPENSE + 2, 0), (PRESENT - 1, 0), (PRESENT, 80), (MESSAGES, 80)],
)
def test_killed_at_some_messages(tellers: Tellers, work: Path, at: int, paid: int) -> None:
    assert Kiosk(tellers, work).kill_at_message(at) == paid


@pytest.mark.long
def test_killed_at_every_message(tellers: Tellers, work: Path) -> None:
    paid = [Kiosk(tellers, work).kill_at_message(at) for at in range(1, MESSAGES + 1)]
    assert paid == [0] * (PRESENT - 1) + [80] * (MESSAGES - PRESENT + 1)


def _kill_at_syncs(tellers: Tellers, work: Path, every: int) -> int:
    """Kill at every *every*-th sync; one of them books what the customer has in hand."""
    need_strace()
    died = 0
    for call in ("fsync", "fdatasync"):
        when = 1
        while Kiosk(tellers, work).kill_at_call(call, when):
            died += 1
            when += every
    return died


def test_killed_at_some_syncs(tellers: Tellers, work: Path) -> None:
    assert _kill_at_syncs(tellers, work, every=6) >= 4


@pytest.mark.long
def test_killed_at_every_sync(tellers: Tellers, work: Path) -> None:
    assert _kill_at_syncs(tellers, work, every=1) >= 20
