"""The demonstration: a drawn face, and a data folder of its own beside the kiosk's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atm.settings import Settings
    from kiosk.app import App

SUFFIX = "-demo"


class Demonstration:
    """Exchanges the machine for one that needs no camera, and back."""

    def __init__(self, app: App, own: Settings) -> None:
        """Remember the kiosk's *own* settings."""
        self._app = app
        self._own = own
        self.on = False

    def start(self) -> None:
        """Open the demonstration's machine in the place of the kiosk's own."""
        from atm.folder import Kind

        folder = self._own.data_dir.with_name(self._own.data_dir.name + SUFFIX)
        self.on = True
        self._app.reopen(replace(self._own, data_dir=folder, kind=Kind.DEMO, camera="demo"))

    def end(self) -> None:
        """Go back to the kiosk's own data folder."""
        self.on = False
        self._app.reopen(self._own)
