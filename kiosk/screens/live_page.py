"""Base class of pages that show the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.camera_pane.marks import Ring
from kiosk.screens.base import Screen

if TYPE_CHECKING:
    from kiosk.camera_pane.view import CameraView


class LivePage(Screen):
    """A page that shows the camera in its `view`."""

    view: CameraView

    def prepare_marks(self, ring: Ring, wanted: int) -> None:
        """Have a worker draw what an attempt will need; see `CameraView.preparation`."""
        prepare = self.view.preparation(ring, wanted)
        self.work(lambda _attempt: prepare(), done=lambda _none: None)

    def pause(self) -> None:
        """Show no frozen picture, and no sentence about a camera that works."""
        self.view.words("", "")
        self.view.freeze()

    def resume(self) -> None:
        """Show the camera again."""
        self.view.resume()
