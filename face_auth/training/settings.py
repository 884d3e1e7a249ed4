"""The settings of a run; the same settings and data give the same network."""

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from face_auth.training.shards import TrainingError

STAGES: Final = ("imitate", "names")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one stage of training.

    Attributes:
        stage: "imitate" (all faces, the teacher's vectors) or "names" (the named people's faces:
            a margin softmax over their names, and the teacher beside it).
        steps: Batches in all.
        batch: Faces in each.
        seed: Of the order of the faces, their alterations, dropout and random weights.
        rate: AdamW's learning rate at its highest.
        warm_up: Share of the steps in which the rate rises; then it falls as a cosine.
        decay: AdamW's weight decay of the kernels.
        average: How much of the averaged weights stays at each step: what is exported.
        imitation: Weight of the loss that is left to imitation, cosine and matrix together.
        margin: Of the softmax over names (CosFace).
        scale: Of its cosines.
        fewest: Faces that a person needs to be one of the names.
        held_out: Share of the faces kept from training to test with; a bank's own people.
        strength: Of the alterations, 0 (none) to 1.
        precision: "bfloat16" or "float32", of the network's products.
    """

    stage: str = "imitate"
    steps: int = 10_000
    batch: int = 128
    seed: int = 20261123
    rate: float = 1e-3
    warm_up: float = 0.05
    decay: float = 0.05
    average: float = 0.999
    imitation: float = 1.0
    margin: float = 0.35
    scale: float = 32.0
    fewest: int = 4
    held_out: float = 0.0
    strength: float = 1.0
    precision: str = "bfloat16"

    def __post_init__(self) -> None:
        """Check the ranges of all values.

        Raises:
            TrainingError: If a value is out of its range; the sentence names it.
        """
        ranges = {
            "steps": (1, math.inf),
            "batch": (2, 65536),
            "seed": (0, 2**62),
            "rate": (0, 1),
            "warm_up": (0, 1),
            "decay": (0, 1),
            "average": (0, 0.999999),
            "imitation": (0, 1000),
            "margin": (0, 1),
            "scale": (1, 256),
            "fewest": (2, math.inf),
            "held_out": (0, 0.9),
            "strength": (0, 1),
        }
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise TrainingError(f"{name} must be from {low} to {high}.")
        if self.stage not in STAGES or self.precision not in ("bfloat16", "float32"):
            raise TrainingError(f"There is no stage {self.stage} in {self.precision}.")

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        rising = self.warm_up * self.steps
        if step + 1 < rising:
            return self.rate * (step + 1) / rising
        falling = (step - rising) / max(self.steps - rising, 1)
        return self.rate * 0.5 * (1 + math.cos(math.pi * min(max(falling, 0.0), 1.0)))

    def as_json(self) -> str:
        """Return the settings as text."""
        return json.dumps(asdict(self), sort_keys=True)


def of_stage(stage: str, **given: Any) -> Settings:
    """Return a stage's default settings, overridden by the values *given* that are not None."""
    base = Settings(stage=stage)
    if stage == "names":
        base = replace(base, rate=2e-4, imitation=0.5, steps=5_000)
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def from_json(text: str) -> Settings:
    """Return settings from their text.

    Raises:
        TrainingError: If it is none.
    """
    try:
        values = json.loads(text)
        known = {field.name for field in fields(Settings)}
        if not isinstance(values, dict) or set(values) != known:
            raise ValueError("other names")
        return Settings(**values)
    except (ValueError, TypeError) as error:
        raise TrainingError(f"The settings of the run cannot be read ({error}).") from error
