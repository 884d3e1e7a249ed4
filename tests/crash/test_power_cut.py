"""A power cut loses only what was never acknowledged."""

from pathlib import Path

import pytest

from tests.crash.power_cut import cut_anywhere
from tests.crash.syscalls import need_strace
from tests.crash.tellers import Tellers


@pytest.fixture(autouse=True)
def _strace() -> None:
    need_strace()


def test_power_cut_loses_nothing_acknowledged(tellers: Tellers, work: Path) -> None:
    assert cut_anywhere(tellers, work, count=24, seed=63, each=6) > 24


@pytest.mark.long
def test_five_hundred_power_cuts(tellers: Tellers, work: Path) -> None:
    lost = cut_anywhere(tellers, work, count=500, seed=64)
    print(f"\n500 cuts, {lost} unsynced changes at their mercy")
    assert lost > 500
