"""Which liveness check each attempt gets, and who hears what it asks for."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from atm.errors import AtmError
from atm.settings import Liveness
from face_auth.camera import Camera
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.types import Movement

if TYPE_CHECKING:
    from face_auth.liveness.check import LivenessCheck
    from face_auth.liveness.passive import PassiveCheck

P = TypeVar("P")

CHALLENGE_S = 22.0
"""What a challenge may take: the first straight look and three requests at their longest."""


class ExcuseError(AtmError):
    """A customer cannot be excused from these requests."""


def excuses(kept: str | None) -> tuple[str, ...]:
    """Return the requests that somebody cannot follow, from `CredentialRecord.excused`."""
    return tuple(kept.split(",")) if kept else ()


def checked_excuses(requests: Collection[str]) -> list[str]:
    """Return requests that a customer cannot follow, each once, as a record keeps them.

    Args:
        requests: Values of `face_auth.types.Movement`; two must remain.

    Raises:
        ExcuseError: If a request is unknown, or fewer than two remain.
    """
    known = [request.value for request in Movement]
    if set(requests) - set(known):
        raise ExcuseError("The requests are " + ", ".join(known) + ".")
    excused = [name for name in known if name in requests]
    if len(known) - len(excused) < 2:
        raise ExcuseError("At least two requests must remain.")
    return excused


def challenge_s(liveness: Liveness) -> float:
    """Return how much longer a login may take for its liveness check, in seconds."""
    return CHALLENGE_S if liveness == "challenge" else 0.0


class LivenessDesk:
    """Loads the passive check once, and draws each attempt's requests afresh."""

    def __init__(self, setting: Liveness, minifas: Path | None) -> None:
        """Load nothing yet.

        Args:
            setting: What is asked of a face.
            minifas: The file of the published network; None: the fetched file, if there is one.
        """
        self.setting = setting
        self._minifas = minifas
        self._passive: PassiveCheck | None = None
        self.has_network: bool | None = None
        """Whether the published network takes part; None before `load`."""

    def load(self) -> bool:
        """Load what is needed and return whether the published network takes part.

        Raises:
            ModelError: If a file was named that is missing or is not the published one.
        """
        from face_auth.liveness.minifas import fetched_file
        from face_auth.liveness.passive import PassiveCheck

        if self.setting != "off" and self._passive is None:
            self._passive = PassiveCheck(self._minifas or fetched_file())
        self.has_network = self._passive is not None and self._passive.has_network
        return self.has_network

    def check(self, excused: Collection[str], *, enrols: bool = False) -> "LivenessCheck | None":
        """Return the check of one attempt; None where the setting is "off".

        Args:
            excused: Requests that the person cannot follow.
            enrols: Whether it is an enrolment.
        """
        from face_auth.liveness.check import make_check

        if self.setting == "off":
            return None
        self.load()
        assert self._passive is not None
        allowed = [request for request in Movement if request.value not in excused]
        return make_check(self.setting, self._passive, allowed=allowed, enrols=enrols)

    @contextlib.contextmanager
    def asking(
        self, camera: Camera | DrawnCamera, progress: Callable[[P], None] | None
    ) -> Iterator[Callable[[P], None]]:
        """Tell the demo camera's face what is asked for, and *progress* all of it."""

        def told(now: Any) -> None:
            camera.asked = now.asked.movement if hasattr(now, "asked") else now.pose
            if progress is not None:
                progress(now)

        try:
            yield told
        finally:
            camera.asked = None
