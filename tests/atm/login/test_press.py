"""Only frames between the press and the time limit are judged, tested on the whole machine."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from atm.folder import Kind
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application
from atm.settings import Settings
from face_auth.types import Frame

pytestmark = pytest.mark.faces


class Memory:
    """A camera that has kept every picture, and hands them out as `Camera.frames` says.

    Each was taken so many seconds after this was made, which is just before the press.
    """

    def __init__(self, *taken: tuple[float, np.ndarray]) -> None:
        self._begun = time.monotonic()
        self._taken = taken
        self.asked = None
        self.handed_out: list[float] = []

    def frames(self, *, after: float, until: float, cancel: Any = None) -> Iterator[Frame]:
        """Yield what was captured between the two."""
        for number, (seconds, image) in enumerate(self._taken, start=1):
            if after < self._begun + seconds < until:
                self.handed_out.append(seconds)
                yield Frame(image, self._begun + seconds, number)

    def close(self) -> None: ...


def in_a_frame(photograph: Path) -> np.ndarray:
    image = np.zeros((480, 640, 3), np.uint8)
    image[115:365, 195:445] = cv2.imread(str(photograph))[..., ::-1]
    return image


@pytest.fixture
def machine(unseen_people: Any, tmp_path: Path) -> Iterator[Machine]:
    """A machine with Ada enrolled; a login takes a minute at most."""
    (tmp_path / "enrol").mkdir()
    for file in unseen_people[0][1][:5]:
        shutil.copy(file, tmp_path / "enrol")
    settings = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.TEST,
        camera=str(tmp_path / "enrol"), liveness="off", login_limit_s=60,
    )  # fmt: skip
    made = open_machine(settings)
    staff = made.first_staff("ruiz", "482913")
    made.enrol(Application("ada", "Ada", 50_000, "4071", datetime.now(UTC)), staff=staff)
    yield made
    made.close()


def login(machine: Machine, *taken: tuple[float, np.ndarray]) -> tuple[Outcome, list[float]]:
    machine._registered_camera.close()
    machine._registered_camera._camera = memory = Memory(*taken)  # type: ignore[assignment]
    return machine.login("ada", "4071").outcome, memory.handed_out


def test_nothing_from_before_the_press_or_after_the_limit_is_judged(
    machine: Machine, unseen_people: Any
) -> None:
    usable = [
        image
        for image in map(in_a_frame, unseen_people[0][1][5:])
        if machine.warm_up().assess(image).face is not None
    ]
    ada = usable[0]
    stranger = in_a_frame(unseen_people[1][1][0])
    before, after, late = [-3.0, -2.0, -1.0], [30.0, 30.1, 30.2, 30.3], [300.0, 300.1, 300.2]
    own = [(at, ada) for at in after]
    others = [(at, stranger) for at in after]
    seen_before = [(at, ada) for at in before]
    assert login(machine, *own)[0] is Outcome.GRANTED
    assert login(machine, *seen_before, *others) == (Outcome.REFUSED, after[:3])
    machine.office.unlock("ada", staff=machine.staff.sign_in("ruiz", "482913"))
    assert login(machine, *[(at, stranger) for at in before], *own)[0] is Outcome.GRANTED
    assert login(machine, *seen_before, *[(at, ada) for at in late]) == (Outcome.NO_FACE, [])
