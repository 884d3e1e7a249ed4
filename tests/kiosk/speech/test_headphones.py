"""Headphones: what the kernel says of a jack, and that speech follows it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.speech.headphones import Headphones, SwitchJack, find_jack
from tests.kiosk.fake_machine import FakeMachine
from tests.kiosk.login_steps import log_in
from tests.kiosk.speech.ear import Ear

PCH = "HDA Intel PCH Headphone"


class FakeJack:
    """A jack that a test plugs headphones into."""

    def __init__(self) -> None:
        self.state: bool | None = False

    def plugged(self) -> bool | None:
        """Return what the test says."""
        return self.state


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Two input devices, as Linux lists them."""
    for number, name in enumerate(("Power Button", PCH)):
        place = tmp_path / f"event{number}/device"
        place.mkdir(parents=True)
        (place / "name").write_text(name + "\n")
    return tmp_path


@pytest.mark.parametrize(("switches", "plugged"), [(0b100, True), (0b111, True), (0b011, False)])
def test_the_switch_of_the_named_device_is_the_jack(
    inputs: Path, switches: int, plugged: bool
) -> None:
    asked: list[str] = []

    def read(device: str) -> int:
        asked.append(device)
        return switches

    assert SwitchJack(PCH, inputs=inputs, switches=read).plugged() is plugged
    assert asked == ["/dev/input/event1"]


def test_the_list_of_devices_is_read_again_only_after_a_failure(inputs: Path) -> None:
    asked: list[str] = []

    def read(device: str) -> int:
        asked.append(device)
        if len(asked) == 3:
            raise OSError(19, "No such device")
        return 0b100

    jack = SwitchJack(PCH, inputs=inputs, switches=read)
    assert jack.plugged()
    (inputs / "event1").rename(inputs / "event7")
    assert [jack.plugged() for _ in range(3)] == [True, None, True]
    assert asked == [*["/dev/input/event1"] * 3, "/dev/input/event7"]


def test_a_jack_that_cannot_be_read_is_told_once_and_is_neither(
    inputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def denied(device: str) -> int:
        raise PermissionError(13, "Permission denied", device)

    for jack in (
        SwitchJack(PCH, inputs=inputs, switches=denied), SwitchJack("Other", inputs=inputs),
    ):  # fmt: skip
        assert [jack.plugged() for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 2
    assert "/dev/input/event1" in caplog.text and "no input device is named Other" in caplog.text


def test_off_is_no_jack() -> None:
    assert find_jack("off") is None
    assert isinstance(find_jack(PCH), SwitchJack)


@pytest.fixture
def plugging(kiosk: Any) -> tuple[Any, FakeJack, Ear]:
    """A window with a voice and a jack."""
    jack, ear = FakeJack(), Ear()
    kiosk.app.reader.voice = ear
    kiosk.app.headphones = Headphones(kiosk.app, jack)
    kiosk.settle(0.6)
    return kiosk, jack, ear


@pytest.mark.gui
def test_plugging_in_begins_speech_and_pulling_out_stops_it(plugging: Any) -> None:
    kiosk, jack, ear = plugging
    assert not ear.heard
    jack.state = True
    kiosk.until(lambda: "Your PIN and your face" in ear.words)
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.until(lambda: "Show balance, button" in ear.words)
    ear.slow = True
    kiosk.app.read_again()
    kiosk.until(lambda: ear.busy)
    jack.state = False
    kiosk.until(lambda: not ear.busy)
    assert not kiosk.app.access.speech
    heard = len(ear.heard)
    kiosk.settle(0.6)
    assert len(ear.heard) == heard


@pytest.mark.gui
def test_a_jack_that_cannot_be_told_any_more_is_silent(plugging: Any) -> None:
    kiosk, jack, _ear = plugging
    jack.state = True
    kiosk.until(lambda: kiosk.app.access.speech)
    jack.state = None
    kiosk.until(lambda: not kiosk.app.access.speech)


@pytest.mark.gui
def test_nobody_listens_in_on_an_open_account_or_on_staff(
    plugging: Any, machine: FakeMachine, sign_in: Callable[[Any], None]
) -> None:
    kiosk, jack, ear = plugging
    log_in(kiosk)
    kiosk.on("Account")
    jack.state = True
    kiosk.settle(0.6)
    assert not kiosk.app.access.speech
    jack.state = False
    kiosk.settle(0.6)
    kiosk.app.go_home()
    sign_in(kiosk)
    jack.state = True
    kiosk.settle(0.6)
    assert not kiosk.app.access.speech and not ear.heard
