"""Checkpoints of a run: one safetensors file with JSON in its header; no pickle.

The order of the faces, their alterations and dropout follow from the seed and the step alone, so
the step stands for the random numbers, the place in the data and the learning rate as well.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from face_auth.files import read_regular, write_whole
from face_auth.training.shards import TrainingError

FILE: Final = "checkpoint.safetensors"
LARGEST: Final = 2 << 30
MOMENTS: Final = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """The state of a run at one step.

    Attributes:
        tensors: Network, average, heads and moments, by name.
        about: Step, settings, digest of the data, and whatever else is text or numbers.
    """

    tensors: Mapping[str, Tensor]
    about: Mapping[str, Any]

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors of one part, by their own names."""
        prefix = f"{name}/"
        return {
            key.removeprefix(prefix): tensor
            for key, tensor in self.tensors.items()
            if key.startswith(prefix)
        }


def write(path: Path, parts: Mapping[str, Mapping[str, Tensor]], about: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically; a crash leaves the previous one.

    Raises:
        OSError: If it cannot be written.
    """
    tensors = {
        f"{part}/{name}": tensor.detach().cpu().contiguous()
        for part, own in parts.items()
        for name, tensor in own.items()
    }
    header = {"about": json.dumps(about, ensure_ascii=False)}
    write_whole(path, safetensors.torch.save(tensors, header), mode=0o644)


def read(path: Path) -> Checkpoint:
    """Return a checkpoint.

    Raises:
        TrainingError: If it is missing or damaged.
    """
    try:
        data = read_regular(path, LARGEST)
        tensors = safetensors.torch.load(data)
        length = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["about"])
        return Checkpoint(tensors, dict(about))
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise TrainingError(f"The checkpoint {path} cannot be read ({error}).") from error


def moments_of(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return AdamW's state for each parameter, by ``<number>/<what>``."""
    return {
        f"{number}/{what}": state[what]
        for number, state in optimiser.state_dict()["state"].items()
        for what in (*MOMENTS, "step")
    }


def set_moments(optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    """Restore the AdamW state that `moments_of` returned."""
    whole = optimiser.state_dict()
    numbers = sorted({int(name.split("/")[0]) for name in moments})
    whole["state"] = {
        number: {what: moments[f"{number}/{what}"] for what in (*MOMENTS, "step")}
        for number in numbers
    }
    optimiser.load_state_dict(whole)


def set_tensors(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Set every tensor of *module*.

    Raises:
        TrainingError: If one is missing, left over or of another shape.
    """
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise TrainingError(f"The checkpoint {path} is of another network ({error}).") from error
