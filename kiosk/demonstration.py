"""The demonstration: a drawn face, and a data folder of its own beside the kiosk's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atm.settings import Settings
    from kiosk.app import App

SUFFIX = "-demo"


class Demonstration:
    """Exchanges the machine for one that needs no camera, and back; and who stands before it."""

    def __init__(self, app: App, own: Settings) -> None:
        """Remember the kiosk's *own* settings."""
        self._app = app
        self._own = own
        self.on = False
        self._stranger: bool | None = None

    @property
    def drawn(self) -> bool:
        """Whether this is a demonstration whose camera shows a drawn person."""
        machine = self._app.service.machine
        kind = machine.kind if machine is not None else self._app.settings.kind
        return str(kind) == "demo" and self._app.settings.camera.split(":")[0] == "demo"

    @property
    def stranger(self) -> bool:
        """Whether somebody else than the drawn customer stands before the camera."""
        if self._stranger is None:
            return self._app.settings.camera not in ("demo", "demo:0")
        return self._stranger

    def start(self) -> None:
        """Open the demonstration's machine in the place of the kiosk's own."""
        from atm.folder import Kind

        folder = self._own.data_dir.with_name(self._own.data_dir.name + SUFFIX)
        self.on = True
        self._app.reopen(replace(self._own, data_dir=folder, kind=Kind.DEMO, camera="demo"))

    def end(self) -> None:
        """Go back to the kiosk's own data folder."""
        self.on = False
        self._stranger = None
        self._app.reopen(self._own)

    def exchange(self) -> None:
        """Let somebody else step before the camera, or the drawn customer again."""
        from atm.demo_customer import CAMERA, SOMEBODY_ELSE

        app, machine = self._app, self._app.machine
        self._stranger = not self.stranger
        camera = SOMEBODY_ELSE if self._stranger else CAMERA
        app.worker.start(
            lambda _attempt: machine.use_camera(camera), done=lambda _none: None, failed=app.fault
        )
