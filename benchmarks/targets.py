"""The project's targets that depend on the network."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NetworkTargets:
    """What must be reached with one network.

    Attributes:
        versus_default: How many times as long the baseline must take for a frame at its defaults.
        versus_quick: The same with its smallest face at 100 px.
        login_ms: Most from the press to the decision, 95th percentile, liveness off.
        memory_mb: Most memory of the running kiosk (RSS).
    """

    versus_default: float
    versus_quick: float
    login_ms: float
    memory_mb: float


TARGETS: Final = {
    "bundled": NetworkTargets(16, 10, 250, 300),
    "vggface2": NetworkTargets(10, 6, 300, 320),
}
"""By the network's name in the model card. Times of a frame are ratios, because they hold on other
processors too; those of a login are for one with AVX2 and no wider vectors."""
