"""Demonstration mode: a drawn face, and a data folder of its own beside the kiosk's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from atm.folder import Kind
from kiosk.machine_host import MachineHost
from kiosk.worker import Worker

if TYPE_CHECKING:
    from atm.settings import Settings

SUFFIX = "-demo"


class Demonstration:
    """Switches between the kiosk's machine and a demonstration's, and between its two faces."""

    def __init__(
        self,
        host: MachineHost,
        worker: Worker,
        reopen: Callable[[Settings], None],
        fault: Callable[[BaseException], None],
    ) -> None:
        """Remember the settings of *host* as the kiosk's own.

        Args:
            host: The machine behind the window.
            worker: Where the camera is exchanged.
            reopen: Opens the machine that other settings describe, and goes home.
            fault: Called on the Tk thread with what exchanging the camera raised.
        """
        self._host = host
        self._worker = worker
        self._reopen = reopen
        self._fault = fault
        self._own = host.settings
        self.on = False
        self._stranger: bool | None = None

    @property
    def drawn(self) -> bool:
        """Whether this is a demonstration whose camera shows a drawn person."""
        machine, settings = self._host.machine, self._host.settings
        kind = machine.kind if machine is not None else settings.kind
        return kind == Kind.DEMO and settings.camera.split(":")[0] == "demo"

    @property
    def stranger(self) -> bool:
        """Whether somebody other than the drawn customer stands before the camera."""
        if self._stranger is None:
            return self._host.settings.camera not in ("demo", "demo:0")
        return self._stranger

    def start(self) -> None:
        """Open the demonstration's machine in the place of the kiosk's own."""
        folder = self._own.data_dir.with_name(self._own.data_dir.name + SUFFIX)
        self.on = True
        self._reopen(replace(self._own, data_dir=folder, kind=Kind.DEMO, camera="demo"))

    def end(self) -> None:
        """Go back to the kiosk's own data folder."""
        self.on = False
        self._stranger = None
        self._reopen(self._own)

    def exchange(self) -> None:
        """Put the other person before the camera: the stranger, or the drawn customer again."""
        from atm.demo_customer import CAMERA, SOMEBODY_ELSE

        machine = self._host.machine
        if machine is None:
            return
        self._stranger = not self.stranger
        camera = SOMEBODY_ELSE if self._stranger else CAMERA
        self._worker.start(
            lambda _attempt: machine.use_camera(camera), done=lambda _none: None, failed=self._fault
        )
