"""Liveness policy: the check that each attempt gets, and excused movements."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from atm.errors import AtmError
from atm.settings import Liveness, Settings
from face_auth.camera import Camera
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.types import Movement

if TYPE_CHECKING:
    from face_auth.liveness.challenge import Speaking
    from face_auth.liveness.check import LivenessCheck
    from face_auth.liveness.passive import PassiveCheck
    from face_auth.models import ModelFiles

P = TypeVar("P")

CHALLENGE_S = 22.0
"""Seconds added to a login for a challenge: a straight look (8 s) and three movements (4.5 s each),
without the extension for slow machines."""

SPOKEN_S = 15.0
"""Seconds added where the customer listens: for the words of three movements, `WORDS_S` each."""


class ExcuseError(AtmError):
    """These movements cannot be excused: one is unknown, or too few remain."""


def excuses(kept: str | None) -> tuple[str, ...]:
    """Return a customer's excused movements, from `CredentialRecord.excused`."""
    return tuple(kept.split(",")) if kept else ()


def checked_excuses(movements: Collection[str]) -> list[str]:
    """Check *movements* as excuses; return each once, in the order a record keeps.

    Args:
        movements: Values of `face_auth.types.Movement`; two must remain.

    Raises:
        ExcuseError: If a movement is unknown, or fewer than two remain.
    """
    known = [movement.value for movement in Movement]
    if set(movements) - set(known):
        raise ExcuseError("The movements are " + ", ".join(known) + ".")
    excused = [name for name in known if name in movements]
    if len(known) - len(excused) < 2:
        raise ExcuseError("At least two movements must remain.")
    return excused


def challenge_s(liveness: Liveness) -> float:
    """Return the extra time of a login for its liveness check, in seconds."""
    return CHALLENGE_S if liveness == "challenge" else 0.0


def spoken_s(speaking: "Speaking | None") -> float:
    """Return the extra time of a login whose movements are spoken, in seconds."""
    return 0.0 if speaking is None else SPOKEN_S


class LivenessPolicy:
    """Makes each attempt's liveness check; loads the passive models once."""

    def __init__(self, settings: Settings, models: "ModelFiles | None" = None) -> None:
        """Load nothing yet.

        Args:
            settings: The machine's: what is asked, the network's file, whether the head judges.
            models: The model files of the machine, that one among them; None for the program's.
        """
        self.setting: Liveness = settings.liveness
        self._minifas = settings.minifas
        self._head = settings.liveness_head
        self._models = models
        self._passive: PassiveCheck | None = None
        self.has_network: bool | None = None
        """Whether the published network takes part; None before `load`."""

    def load(self) -> bool:
        """Load the models and return whether the published network takes part.

        Raises:
            ModelError: If a file was named that is missing or is not the published one, or the head
                is missing or damaged.
        """
        from face_auth.liveness.head import load_head
        from face_auth.liveness.passive import PassiveCheck
        from face_auth.models import LIVENESS_FILE, ModelFiles

        if self.setting != "off" and self._passive is None:
            models = self._models or ModelFiles(liveness=self._minifas)
            wanted = self._minifas is not None or LIVENESS_FILE in models
            head = load_head(models) if wanted and self._head else None
            self._passive = PassiveCheck(models if wanted else None, head)
        self.has_network = self._passive is not None and self._passive.has_network
        return self.has_network

    def check(
        self,
        excused: Collection[str],
        *,
        enrols: bool = False,
        speaking: "Speaking | None" = None,
    ) -> "LivenessCheck | None":
        """Return the check of one attempt; None where the setting is "off".

        Args:
            excused: Requests that the person cannot follow.
            enrols: Whether it is an enrolment.
            speaking: Whether a movement is still being asked for in words; None without words.
        """
        from face_auth.liveness.check import make_check

        if self.setting == "off":
            return None
        self.load()
        assert self._passive is not None
        allowed = [movement for movement in Movement if movement.value not in excused]
        return make_check(
            self.setting, self._passive, allowed=allowed, enrols=enrols, speaking=speaking
        )

    @contextlib.contextmanager
    def prompting(
        self,
        camera: Camera | DrawnCamera,
        progress: Callable[[P], None] | None,
        speaking: "Speaking | None" = None,
    ) -> Iterator[Callable[[P], None]]:
        """Yield a callback that tells the demo camera each movement and calls *progress*.

        Where a movement is spoken, the drawn customer hears it out.
        """

        def report(now: Any) -> None:
            if not hasattr(now, "asked"):
                camera.asked = now.pose
            elif speaking is None or not speaking(now.asked.request):
                camera.asked = now.asked.movement
            else:
                camera.asked = None
            if progress is not None:
                progress(now)

        try:
            yield report
        finally:
            camera.asked = None
