"""Countdown of the machine's pause."""

from kiosk.countdown import Countdown


def test_whole_seconds_go_down_to_zero_and_stay_there() -> None:
    now = [100.0]
    left = Countdown(lambda: now[0])
    assert left.left_s == 0
    left.begin(12.2)
    for at, said in ((100.0, 13), (100.3, 12), (111.3, 1), (112.1, 1), (112.2, 0), (500.0, 0)):
        now[0] = at
        assert left.left_s == said, at


def test_the_last_answer_counts() -> None:
    now = [0.0]
    left = Countdown(lambda: now[0])
    left.begin(60.0)
    left.begin(5.0)
    assert left.left_s == 5
