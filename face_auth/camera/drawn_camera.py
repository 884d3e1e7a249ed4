"""A simulated camera with the drawn person; its clock advances with each frame taken."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

from face_auth.camera.open_source import make_source
from face_auth.camera.playback import DEMO_INTERVAL_S
from face_auth.types import Frame, Movement


class DrawnCamera:
    """A camera whose frames are 40 ms apart and drawn on request, so a busy machine loses none.

    Attributes:
        spec: As `face_auth.camera.sources.source_kind` takes it: "demo" or "demo:SEED".
        asked: The movement requested now, set by the caller; the drawn face makes it.
    """

    def __init__(self, spec: str) -> None:
        """Prepare the camera; nothing is drawn yet."""
        self.spec = spec
        self.asked: Movement | None = None

    def frames(
        self, *, after: float, until: float, cancel: threading.Event | None = None
    ) -> Iterator[Frame]:
        """Yield frames whose times lie between *after* and *until*, or until *cancel* is set."""
        now = after
        source = make_source(self.spec, lambda: now, lambda: self.asked).open()
        try:
            for index in itertools.count(1):
                now += DEMO_INTERVAL_S
                if now > until or (cancel is not None and cancel.is_set()):
                    return
                source.grab()
                image = source.retrieve()
                assert image is not None
                image.setflags(write=False)
                yield Frame(image, now, index)
        finally:
            source.close()
