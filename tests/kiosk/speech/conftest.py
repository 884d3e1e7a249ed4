"""A window that speaks into an ear."""

from dataclasses import replace
from typing import Any

import pytest

from atm.settings import Settings
from tests.kiosk.conftest import Kiosk
from tests.kiosk.fake_machine import FakeMachine
from tests.kiosk.speech.ear import Ear


@pytest.fixture
def ear() -> Ear:
    """What the window speaks into."""
    return Ear()


@pytest.fixture
def speaking(machine: FakeMachine, settings: Settings, ear: Ear) -> Any:
    """A window that has spoken since it was opened."""
    from kiosk.camera_pane.view import load_tools

    def open_with(asked: Settings) -> Any:
        load_tools()
        machine.settings = asked
        return machine

    made = Kiosk(replace(settings, speech="always"), open_with, voice=ear)
    made.until(lambda: made.app.host.machine is machine)
    made.until(lambda: "Your PIN and your face" in ear.words)
    yield made
    machine.hold.set()
    made.close()
