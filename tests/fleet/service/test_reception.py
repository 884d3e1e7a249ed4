"""Tests of the limits at the service's door, and of its log's rate."""

import logging
from typing import Any

from atm.fleet.service.log_rate import EVERY_S, MOST, LogRate
from atm.fleet.service.reception import Limit


class Connection:
    """One that notes its end."""

    aborted = False

    def abort(self) -> None:
        self.aborted = True


def connections(count: int) -> list[Any]:
    return [Connection() for _ in range(count)]


def test_the_oldest_connection_of_a_key_gives_way() -> None:
    limit, (first, second, third, other) = Limit(2), connections(4)
    assert [limit.add("a", each) for each in (first, second)] == [False, False]
    assert not limit.add("b", other)
    assert limit.add("a", third)
    assert [each.aborted for each in (first, second, third, other)] == [True, False, False, False]


def test_the_oldest_of_all_gives_way_where_all_together_are_too_many() -> None:
    limit, made = Limit(2, in_all=3), connections(5)
    for number, each in enumerate(made):
        limit.add(str(number), each)
    assert [each.aborted for each in made] == [True, True, False, False, False]


def test_a_connection_that_ended_takes_no_room() -> None:
    limit, made = Limit(1, in_all=2), connections(50)
    for each in made:
        assert not limit.add("a", each)
        limit.remove(each)
        limit.remove(each)
    assert not any(each.aborted for each in made)


def test_log_takes_a_few_of_the_same_line_a_minute_and_counts_the_rest() -> None:
    now = 0.0
    rate = LogRate(lambda: now)

    def record(line: int) -> logging.LogRecord:
        return logging.LogRecord("x", logging.ERROR, "x.py", line, "%s", (line,), None)

    assert sum(rate.filter(record(1)) for _ in range(1_000)) == MOST
    assert rate.filter(record(2))
    now = EVERY_S
    later = record(1)
    assert rate.filter(later)
    assert later.getMessage() == f"1 ({1_000 - MOST} more before it were left out)"
    assert sum(rate.filter(record(1)) for _ in range(1_000)) == MOST - 1
