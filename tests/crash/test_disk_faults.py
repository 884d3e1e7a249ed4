"""On disk errors nothing untrue is reported, and the next start is sound."""

from pathlib import Path

import pytest

from tests.crash.disk_faults import OTHERS, SYNCS, fail_each, fail_some
from tests.crash.syscalls import need_strace
from tests.crash.tellers import Tellers


@pytest.fixture(autouse=True)
def _strace() -> None:
    need_strace()


def test_failing_sync_is_told_and_not_relied_on(tellers: Tellers, work: Path) -> None:
    seen = fail_some(tellers, work, count=15, seed=65)
    assert seen["faults"] > 10
    assert seen["failed"] > 4


@pytest.mark.long
def test_every_sync_fails_once(tellers: Tellers, work: Path) -> None:
    seen = fail_each(tellers, work, SYNCS, cuts=5, seed=66)
    print(f"\n{dict(seen)} with a failing sync")
    assert seen["faults"] > 150
    assert seen["failed"] > 100


@pytest.mark.long
def test_every_other_call_fails_once(tellers: Tellers, work: Path) -> None:
    seen = fail_each(tellers, work, OTHERS, cuts=0, seed=67)
    print(f"\n{dict(seen)} with another failing call")
    assert seen["faults"] > 300
