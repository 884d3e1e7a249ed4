"""Host of the machine behind the window: opens, warms up and closes it off the Tk thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from atm.errors import AtmError
from atm.folder import NoFolderError
from face_auth.errors import FaceAuthError
from face_auth.types import CameraState
from kiosk.fault_codes import code_of
from kiosk.worker import Attempt, Worker

if TYPE_CHECKING:
    from atm.machine import Machine
    from atm.settings import Settings
    from face_auth.types import Frame

LOOK_AGAIN_S = 1.0

_log = logging.getLogger(__name__)


class Condition(Enum):
    """Conditions of the kiosk, of which `READY` serves customers."""

    OPENING = auto()
    WARMING = auto()
    READY = auto()
    NO_CAMERA = auto()
    OTHER_CAMERA = auto()
    NO_FOLDER = auto()
    OUT = auto()


class MachineHost:
    """Opens, holds and closes the machine for the window."""

    def __init__(
        self,
        settings: Settings,
        worker: Worker,
        open_with: Callable[[Settings], Machine],
        furnish: Callable[[Machine, threading.Event], None],
        changed: Callable[[], None],
    ) -> None:
        """Open nothing yet.

        Args:
            settings: What the machine is opened with, until `open` is given others.
            worker: Where the work is done.
            open_with: Opens the machine.
            furnish: Puts into a data folder what it is to come with; called once it is ready,
                with an event that ends it.
            changed: Called on the Tk thread when the condition changes.
        """
        self.settings = settings
        """Of the machine that is open, or being opened."""
        self.machine: Machine | None = None
        self.problem = ""
        """Why the kiosk is out of service, for staff alone; "" while it is not."""
        self.code = ""
        """The same for everybody, as `fault_codes` has it."""
        self._no_folder = False
        self._worker = worker
        self._open_with = open_with
        self._furnish = furnish
        self._changed = changed
        self.furnished = False
        """Whether the data folder has what it is to come with, or could not get it."""
        self._attempt: Attempt[Machine] | None = None
        self.first_start = False
        """Whether there is no member of staff yet, as of the last second."""
        self._look_again_at = 0.0
        self._camera_problem = ""

    def open(
        self, settings: Settings | None = None, *, first: Callable[[], object] | None = None
    ) -> None:
        """Open the machine in place of the last one.

        Args:
            settings: These replace the last ones.
            first: Called on a worker while no machine is open; what it raises takes the kiosk out
                of service.
        """
        wanted = self.settings = settings or self.settings
        old, self.machine, self.problem, self._camera_problem = self.machine, None, "", ""
        self.first_start = self._no_folder = False
        self.furnished = False
        if self._attempt is not None:
            self._attempt.drop()

        def work(_attempt: Attempt[Machine]) -> Machine:
            if old is not None:
                old.close()
            if first is not None:
                first()
            return self._open_with(wanted)

        self._attempt = self._worker.start(
            work, done=self._opened, failed=self.fail, unwanted=self._close
        )
        self._changed()

    def close(self) -> None:
        """Close the machine; blocks for as long as its camera takes to let go."""
        machine, self.machine = self.machine, None
        if machine is not None:
            machine.close()

    @property
    def condition(self) -> Condition:
        """The kiosk's condition now; cheap."""
        if self.problem:
            return Condition.OUT
        if self._no_folder:
            return Condition.NO_FOLDER
        machine = self.machine
        if machine is None:
            return Condition.OPENING
        if not machine.ready:
            return Condition.WARMING
        if machine.camera.state == CameraState.LOST:
            return Condition.NO_CAMERA
        return Condition.OTHER_CAMERA if self.camera_problem else Condition.READY

    @property
    def camera_problem(self) -> str:
        """Why the camera may not be used, in English, as of the last second; "" when it may."""
        return self._camera_problem

    def refresh(self) -> None:
        """Have a worker read the machine's state again, once a second."""
        machine, now = self.machine, time.monotonic()
        if machine is not None and machine.ready and now >= self._look_again_at:
            self._look_again_at = now + LOOK_AGAIN_S
            self._worker.start(
                lambda _attempt: _look(machine), done=partial(self._looked, machine),
                failed=partial(self._failed, machine),
            )  # fmt: skip

    def _looked(self, machine: Machine, found: tuple[str, bool]) -> None:
        if machine is self.machine:
            self._camera_problem, self.first_start = found

    def _failed(self, machine: Machine, error: BaseException) -> None:
        if machine is self.machine:
            self.fail(error)

    @property
    def camera_lost(self) -> bool:
        """Whether there is a machine whose camera does not answer."""
        machine = self.machine if not self.problem else None
        return machine is not None and machine.camera.state == CameraState.LOST

    def latest(self) -> Frame | None:
        """Return the newest frame, or None; never blocks."""
        if self.machine is None or self.problem:
            return None
        return self.machine.camera.latest()

    def _opened(self, machine: Machine) -> None:
        self._attempt = None

        def warm(_attempt: Attempt[tuple[str, bool]]) -> tuple[str, bool]:
            found = _look(machine)
            machine.warm_up()
            return found

        def warmed(found: tuple[str, bool]) -> None:
            self._looked(machine, found)
            self._warm(machine)

        try:
            machine.camera.start()
        except Exception as error:
            self._close(machine)
            self.fail(error)
            return
        self.machine = machine
        self._worker.start(warm, done=warmed, failed=partial(self._failed, machine))
        self._changed()

    def _warm(self, machine: Machine) -> None:
        """Serve customers; a worker enrols the demonstration's customer."""

        def over(error: BaseException | None) -> None:
            if error is not None:
                _log.error(
                    "The demonstration's customer could not be enrolled: %s", error, exc_info=error
                )
            if machine is self.machine:
                self.furnished = True
                self._changed()

        self._worker.start(
            lambda attempt: self._furnish(machine, attempt.cancel), done=over, failed=over
        )
        self._changed()

    def fail(self, error: BaseException) -> None:
        """Take the kiosk out of service because of *error*, unless it is the very first start.

        The folder of a bank's kiosk is made by command, with staff of the service.
        """
        if isinstance(error, NoFolderError) and not self.settings.store:
            self._no_folder = True
            self._changed()
            return
        self.code = code_of(error)
        _log.error("Out of service, %s: %s", self.code, error, exc_info=error)
        self.problem = _sentence(error)
        self._changed()

    def _close(self, machine: Machine) -> None:
        self._worker.start(
            lambda _attempt: machine.close(),
            done=lambda _none: None,
            failed=lambda error: _log.error("The machine could not be closed: %s", error),
        )


def _look(machine: Machine) -> tuple[str, bool]:
    """Return why the camera may not be used ("" when it may), and whether there is no staff."""
    return machine.camera_problem, machine.staff.empty


def _sentence(error: BaseException) -> str:
    """Return the sentence for staff: the error's own where it has one."""
    if isinstance(error, AtmError | FaceAuthError) and str(error):
        return str(error)
    return f"{type(error).__name__}: the log has the details."
