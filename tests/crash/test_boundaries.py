"""A kiosk killed at any disk call has lost nothing and left nothing unfinished."""

from pathlib import Path

import pytest

from tests.crash.boundaries import ACTS, all_boundaries, kill_at_each, kill_at_every, sample
from tests.crash.recovery import CRASHES, kill_starts
from tests.crash.syscalls import need_strace
from tests.crash.tellers import Tellers


@pytest.fixture(autouse=True)
def _strace() -> None:
    need_strace()


def test_killed_at_some_calls_of_each_act(tellers: Tellers, work: Path) -> None:
    chosen = sample(all_boundaries(tellers, work), count=48, seed=6)
    died = kill_at_each(tellers, chosen)
    assert min(died[act] for act in ACTS) >= 6


@pytest.mark.long
def test_killed_at_every_call_of_each_act(tellers: Tellers, work: Path) -> None:
    died = kill_at_every(tellers, work)
    print(f"\nkilled at {died.total()} calls: {dict(died)}")
    assert min(died[act] for act in ACTS) > 90


def test_start_after_a_crash_killed_too(tellers: Tellers, work: Path) -> None:
    assert kill_starts(tellers, work, every=20).total() > 8


@pytest.mark.long
def test_start_after_a_crash_killed_at_every_call(tellers: Tellers, work: Path) -> None:
    died = kill_starts(tellers, work)
    print(f"\nstarts killed at {died.total()} calls: {dict(died)}")
    assert died.keys() == {crash.act for crash in CRASHES}
