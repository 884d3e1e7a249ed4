"""A kiosk killed at any moment has lost nothing and left nothing unfinished."""

import pytest

from tests.crash.random_kills import kill_at_random
from tests.crash.tellers import Tellers


def test_killed_at_random_moments(tellers: Tellers) -> None:
    seen = kill_at_random(tellers, count=15, seed=61)
    assert seen["failed"] == 0
    assert seen["done"] > 15 and seen["in between"] > 5


@pytest.mark.long
def test_killed_a_thousand_times(tellers: Tellers) -> None:
    seen = kill_at_random(tellers, count=1000, seed=62)
    print(f"\n1000 kills: {dict(seen)}")
    assert seen["failed"] == 0
    assert seen["done"] > 1000 and seen["in between"] > 500
