"""Guidance yields to a login in progress, and to a slow machine."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from face_auth.types import Verdict
from kiosk.camera_pane.guidance import EVERY_S, Guide
from kiosk.worker import Worker

FRAME: Any = object()


class Slow:
    """A machine that takes so many seconds over a frame, by a clock that it moves itself."""

    ready = True

    def __init__(self, takes_s: float) -> None:
        self.now, self.judged, self._takes_s = 0.0, 0, takes_s

    def assess(self, frame: Any) -> Any:
        self.now += self._takes_s
        self.judged += 1
        return SimpleNamespace(verdict=Verdict.OK)


@pytest.fixture
def made(request: Any) -> Any:
    machine = Slow(request.param)
    host: Any = SimpleNamespace(machine=machine, latest=lambda: FRAME)
    guide = Guide(host, Worker(), lambda: None, lambda: machine.now)
    guide.watch(lambda _verdict: None)
    yield guide, machine
    guide.close()


def offer(guide: Guide, machine: Slow, after_s: float) -> bool:
    """Offer a frame so long after the last was judged; returns whether it is judged too."""
    machine.now += after_s
    before = machine.judged
    guide.offer(FRAME)
    while guide._thread.busy:
        time.sleep(0.001)
    return machine.judged > before


@pytest.mark.parametrize("made", [0.02], indirect=True)
def test_a_quick_machine_judges_as_often_as_it_may(made: Any) -> None:
    guide, machine = made
    assert offer(guide, machine, 1.0)
    assert offer(guide, machine, EVERY_S)


@pytest.mark.parametrize("made", [0.5], indirect=True)
def test_a_slow_machine_rests_as_long_as_it_worked(made: Any) -> None:
    guide, machine = made
    assert offer(guide, machine, 1.0)
    assert not offer(guide, machine, 0.2)
    assert not offer(guide, machine, 0.2)
    assert offer(guide, machine, 0.15)


@pytest.mark.parametrize("made", [0.02], indirect=True)
def test_it_rests_while_a_face_is_checked(made: Any) -> None:
    guide, machine = made
    guide.pause(True)
    assert not offer(guide, machine, 5.0)
    guide.look()
    assert machine.judged == 0
    guide.pause(False)
    assert offer(guide, machine, 5.0)
