"""Inception-ResNet V1 in PyTorch, its layers named as keras-facenet names them.

Each array of the weights (``<layer>/kernel``, ``/bias``, ``/beta``, ``/moving_mean``,
``/moving_variance``, in Keras's layout) is one tensor here, so weights go both ways without loss.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from face_auth.errors import ModelError
from face_auth.models import DIMENSIONS

EPSILON: Final = 1e-3
MOMENTUM: Final = 0.005
"""Of batch normalisation, as keras-facenet's layers have them (there it is called 0.995)."""
DROPOUT: Final = 0.2
FEATURES: Final = 1792

Weights = Mapping[str, NDArray[np.floating]]


class Norm(nn.Module):
    """Batch normalisation with a shift and no scale."""

    def __init__(self, channels: int) -> None:
        """Start as the identity."""
        super().__init__()
        self.beta = nn.Parameter(torch.zeros(channels))
        self.register_buffer("moving_mean", torch.zeros(channels))
        self.register_buffer("moving_variance", torch.ones(channels))

    def forward(self, values: Tensor) -> Tensor:
        """Normalise over everything but the channels."""
        return functional.batch_norm(
            values,
            self.moving_mean,
            self.moving_variance,
            bias=self.beta,
            training=self.training,
            momentum=MOMENTUM,
            eps=EPSILON,
        )


class Unit(nn.Module):
    """A convolution without bias, with normalisation and ReLU."""

    def __init__(
        self, source: int, result: int, shape: tuple[int, int], stride: int, padded: bool
    ) -> None:
        """Create the layers; *padded* keeps the picture's size where the stride is one."""
        super().__init__()
        padding = (shape[0] // 2, shape[1] // 2) if padded else 0
        self.conv = nn.Conv2d(source, result, shape, stride, padding, bias=False)
        self.norm = Norm(result)

    def forward(self, values: Tensor) -> Tensor:
        """Return the unit's activation."""
        return functional.relu(self.norm(self.conv(values)))


class InceptionResNetV1(nn.Module):
    """The network from faces of 112 px to unit embeddings."""

    def __init__(self) -> None:
        """Make the network with random weights, from PyTorch's global random numbers."""
        super().__init__()
        self.units = nn.ModuleDict()
        self.rises = nn.ModuleDict()
        self._add("Conv2d_1a_3x3", 3, 32, (3, 3), stride=2, padded=False)
        self._add("Conv2d_2a_3x3", 32, 32, (3, 3), padded=False)
        self._add("Conv2d_2b_3x3", 32, 64, (3, 3))
        self._add("Conv2d_3b_1x1", 64, 80, (1, 1))
        self._add("Conv2d_4a_3x3", 80, 192, (3, 3), padded=False)
        self._add("Conv2d_4b_3x3", 192, 256, (3, 3), stride=2, padded=False)
        for number in range(1, 6):
            self._add_35(f"Block35_{number}")
        self._add("Mixed_6a_Branch_0_Conv2d_1a_3x3", 256, 384, (3, 3), stride=2, padded=False)
        self._add("Mixed_6a_Branch_1_Conv2d_0a_1x1", 256, 192, (1, 1))
        self._add("Mixed_6a_Branch_1_Conv2d_0b_3x3", 192, 192, (3, 3))
        self._add("Mixed_6a_Branch_1_Conv2d_1a_3x3", 192, 256, (3, 3), stride=2, padded=False)
        for number in range(1, 11):
            self._add_two(f"Block17_{number}", 896, 128, ("1x7", "7x1"), ((1, 7), (7, 1)))
        for branch, width in ((0, 384), (1, 256), (2, 256)):
            self._add(f"Mixed_7a_Branch_{branch}_Conv2d_0a_1x1", 896, 256, (1, 1))
            if branch == 2:
                self._add("Mixed_7a_Branch_2_Conv2d_0b_3x3", 256, 256, (3, 3))
            name = f"Mixed_7a_Branch_{branch}_Conv2d_1a_3x3"
            self._add(name, 256, width, (3, 3), stride=2, padded=False)
        for number in range(1, 7):
            self._add_two(f"Block8_{number}", FEATURES, 192, ("1x3", "3x1"), ((1, 3), (3, 1)))
        self.bottleneck = nn.Linear(FEATURES, DIMENSIONS, bias=False)
        self.last = Norm(DIMENSIONS)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def _add(
        self,
        name: str,
        source: int,
        result: int,
        shape: tuple[int, int],
        *,
        stride: int = 1,
        padded: bool = True,
    ) -> None:
        self.units[name] = Unit(source, result, shape, stride, padded)

    def _add_35(self, block: str) -> None:
        self._add(f"{block}_Branch_0_Conv2d_1x1", 256, 32, (1, 1))
        self._add(f"{block}_Branch_1_Conv2d_0a_1x1", 256, 32, (1, 1))
        self._add(f"{block}_Branch_1_Conv2d_0b_3x3", 32, 32, (3, 3))
        self._add(f"{block}_Branch_2_Conv2d_0a_1x1", 256, 32, (1, 1))
        self._add(f"{block}_Branch_2_Conv2d_0b_3x3", 32, 32, (3, 3))
        self._add(f"{block}_Branch_2_Conv2d_0c_3x3", 32, 32, (3, 3))
        self.rises[f"{block}_Conv2d_1x1"] = nn.Conv2d(96, 256, 1)

    def _add_two(
        self,
        block: str,
        channels: int,
        width: int,
        words: tuple[str, str],
        shapes: tuple[tuple[int, int], tuple[int, int]],
    ) -> None:
        self._add(f"{block}_Branch_0_Conv2d_1x1", channels, width, (1, 1))
        self._add(f"{block}_Branch_1_Conv2d_0a_1x1", channels, width, (1, 1))
        self._add(f"{block}_Branch_1_Conv2d_0b_{words[0]}", width, width, shapes[0])
        self._add(f"{block}_Branch_1_Conv2d_0c_{words[1]}", width, width, shapes[1])
        self.rises[f"{block}_Conv2d_1x1"] = nn.Conv2d(2 * width, channels, 1)

    def forward(self, faces: Tensor) -> Tensor:
        """Return unit rows, shape (n, 512), float32.

        Args:
            faces: RGB, shape (n, 3, 112, 112), values -1 to 1.
        """
        return functional.normalize(self.unscaled(faces), eps=1e-6)

    def unscaled(self, faces: Tensor) -> Tensor:
        """Return the rows that `forward` scales to length one; same arguments, shape and type."""
        values = self._through(faces, "Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3")
        values = functional.max_pool2d(values, 3, 2)
        values = self._through(values, "Conv2d_3b_1x1", "Conv2d_4a_3x3", "Conv2d_4b_3x3")
        for number in range(1, 6):
            values = self._block(values, f"Block35_{number}", 0.17)
        values = self._reduced(values, "Mixed_6a")
        for number in range(1, 11):
            values = self._block(values, f"Block17_{number}", 0.1)
        values = self._reduced(values, "Mixed_7a")
        for number in range(1, 6):
            values = self._block(values, f"Block8_{number}", 0.2)
        values = self._block(values, "Block8_6", 1.0, cut=False)
        values = functional.dropout(values.mean((2, 3)), DROPOUT, self.training)
        outputs: Tensor = self.last(self.bottleneck(values))
        return outputs.float()

    def _through(self, values: Tensor, *names: str) -> Tensor:
        for name in names:
            values = self.units[name](values)
        return values

    def _branches(self, values: Tensor, block: str) -> list[Tensor]:
        results = []
        for branch in range(3):
            prefix = f"{block}_Branch_{branch}_"
            names = [name for name in self.units if name.startswith(prefix)]
            if names:
                results.append(self._through(values, *names))
        return results

    def _block(self, values: Tensor, block: str, scale: float, *, cut: bool = True) -> Tensor:
        mixed = torch.cat(self._branches(values, block), 1)
        values = values + scale * self.rises[f"{block}_Conv2d_1x1"](mixed)
        return functional.relu(values) if cut else values

    def _reduced(self, values: Tensor, block: str) -> Tensor:
        pooled = functional.max_pool2d(values, 3, 2)
        return torch.cat([*self._branches(values, block), pooled], 1)

    def named_arrays(self) -> dict[str, Tensor]:
        """Return every tensor by the name of its array, shaped as in PyTorch."""
        arrays: dict[str, Tensor] = {}
        for name, unit in self.units.items():
            arrays[f"{name}/kernel"] = unit.conv.weight
            arrays |= _of_norm(f"{name}_BatchNorm", unit.norm)
        for name, rise in self.rises.items():
            arrays |= {f"{name}/kernel": rise.weight, f"{name}/bias": rise.bias}
        arrays["Bottleneck/kernel"] = self.bottleneck.weight
        return arrays | _of_norm("Bottleneck_BatchNorm", self.last)


def load_weights(network: InceptionResNetV1, weights: Weights) -> None:
    """Set every tensor of *network* from arrays in Keras's layout.

    Raises:
        ModelError: If an array is missing, left over, of another shape or not finite.
    """
    tensors = network.named_arrays()
    odd = sorted(tensors.keys() ^ set(weights))
    if odd:
        raise ModelError(
            f"The weights are not those of Inception-ResNet V1: {len(odd)} arrays are missing or "
            f"left over, {odd[0]} among them."
        )
    with torch.no_grad():
        for name, tensor in tensors.items():
            array = _turned(np.asarray(weights[name], np.float32), back=True)
            if array.shape != tuple(tensor.shape) or not np.isfinite(array).all():
                raise ModelError(f"The weights {name} are damaged: {array.shape} or not finite.")
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)))


def to_weights(network: InceptionResNetV1) -> dict[str, NDArray[np.float32]]:
    """Return every tensor of *network* as an array in Keras's layout."""
    return {
        name: np.ascontiguousarray(_turned(tensor.detach().float().cpu().numpy(), back=False))
        for name, tensor in network.named_arrays().items()
    }


def _of_norm(name: str, norm: Norm) -> dict[str, Tensor]:
    return {
        f"{name}/beta": norm.beta,
        f"{name}/moving_mean": norm.moving_mean,
        f"{name}/moving_variance": norm.moving_variance,
    }


def _turned(array: NDArray[np.float32], *, back: bool) -> NDArray[np.float32]:
    """Turn a kernel from PyTorch's order of axes into Keras's, or *back*."""
    if array.ndim == 4:  # out, in, rows, columns <-> rows, columns, in, out
        return array.transpose((3, 2, 0, 1) if back else (2, 3, 1, 0))
    return array.T if array.ndim == 2 else array
