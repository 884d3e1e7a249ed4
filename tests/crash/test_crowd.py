"""Enrolments of several processes at once are all saved, each of them complete."""

import pytest

from tests.crash.crowd import enrol_at_once
from tests.crash.tellers import Tellers


def test_four_processes_enrol_six_each(tellers: Tellers) -> None:
    assert enrol_at_once(tellers, processes=4, each=6) == 24


@pytest.mark.long
def test_four_processes_enrol_exactly_a_thousand(tellers: Tellers) -> None:
    assert enrol_at_once(tellers, processes=4, each=250) == 1000
