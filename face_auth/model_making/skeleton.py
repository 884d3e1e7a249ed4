"""A .tflite file without its weights, and how NumPy fills it from the published graph.

TensorFlow is needed to make a skeleton (``python -m face_auth.models skeleton vggface2``), but not
to fill it: that is what a kiosk does when it fetches the network.
"""

import hashlib
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.model_making.published_graph import EPSILON
from face_auth.models import MODELS
from face_auth.npz import read_arrays

FILE: Final = "published_skeleton.npz"


@dataclass(frozen=True, slots=True)
class Layer:
    """Where the weights of one layer lie in the graph (`*_from`) and in the network (`*_to`).

    Offsets are in bytes; 0 stands for a part that the layer does not have.

    Attributes:
        inputs, outputs: Values that one output is computed from, and outputs: the graph's kernel
            is a float32 array of shape (inputs, outputs), the network's of (outputs, inputs).
        mean_from, variance_from: A normalisation that the graph keeps apart.
        scales_to: One float32 scale for each output; 0 if the kernel stays float32.
    """

    inputs: int
    outputs: int
    kernel_from: int
    bias_from: int
    mean_from: int
    variance_from: int
    kernel_to: int
    scales_to: int
    bias_to: int


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A network whose weights are zero, and what fills them.

    Attributes:
        model: The .tflite file.
        layers: Where each layer's weights come from and go to.
        factors: By what each layer's kernel and bias are multiplied (a block's residual scale).
        sha256: Of the filled file.
    """

    model: bytes
    layers: tuple[Layer, ...]
    factors: tuple[float, ...]
    sha256: str

    def arrays(self) -> dict[str, Any]:
        """Return the content of the skeleton's .npz file."""
        return {
            "model": np.frombuffer(self.model, np.uint8),
            "layers": np.array([astuple(layer) for layer in self.layers], np.int64),
            "factors": np.array(self.factors, np.float32),
            "sha256": np.array(self.sha256),
        }


def read_skeleton(path: Path = MODELS / FILE) -> Skeleton:
    """Return the skeleton in a file.

    Raises:
        ModelError: If the file is missing or damaged.
    """
    try:
        arrays = read_arrays(path.read_bytes())
        return Skeleton(
            arrays["model"].tobytes(),
            tuple(Layer(*row) for row in arrays["layers"].tolist()),
            tuple(arrays["factors"].tolist()),
            str(arrays["sha256"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} cannot be read ({error}). Restore it from the program's repository: "
            "git checkout -- models"
        ) from error


def fill(skeleton: Skeleton, graph: bytes) -> bytes:
    """Return the .tflite file with the weights of a graph.

    Raises:
        ModelError: If the skeleton does not fit the graph, or the result is not the file that the
            skeleton promises.
    """
    try:
        content = filled(skeleton, graph)
    except ValueError as error:
        raise ModelError(f"The skeleton does not fit the published graph: {error}") from error
    if hashlib.sha256(content).hexdigest() != skeleton.sha256:
        raise ModelError(
            "The filled network is not the expected one (its SHA-256 differs); nothing was kept."
        )
    return content


def filled(skeleton: Skeleton, graph: bytes) -> bytes:
    """Return the .tflite file with the weights of a graph, unchecked.

    Raises:
        ValueError: If an offset lies outside the graph or the file.
    """
    model = bytearray(skeleton.model)

    def floats(offset: int, count: int) -> NDArray[np.float32]:
        return np.frombuffer(graph, "<f4", count, offset).astype(np.float32)

    def put(offset: int, values: NDArray[Any]) -> None:
        content = values.tobytes()
        if offset + len(content) > len(model):
            raise ValueError(f"no room for {len(content)} bytes at {offset}")
        model[offset : offset + len(content)] = content

    for layer, factor in zip(skeleton.layers, skeleton.factors, strict=True):
        size = layer.outputs
        kernel = floats(layer.kernel_from, layer.inputs * size).reshape(layer.inputs, size).T
        kernel = kernel * np.float32(factor)
        bias = floats(layer.bias_from, size) * np.float32(factor)
        if layer.variance_from:
            variance = floats(layer.variance_from, size) + np.float32(EPSILON)
            per_output = (1 / np.sqrt(variance, dtype=np.float64)).astype(np.float32)
            kernel = kernel * per_output[:, None]
            bias = bias - floats(layer.mean_from, size) * per_output
        if layer.scales_to:
            kernel_8bit, scales = quantise(kernel)
            put(layer.kernel_to, kernel_8bit)
            put(layer.scales_to, scales)
        else:
            put(layer.kernel_to, kernel)
        put(layer.bias_to, bias)
    return bytes(model)


def quantise(kernel: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a kernel as 8-bit integers, rounded as TensorFlow's converter rounds.

    Args:
        kernel: Shape (outputs, inputs); no row is all zeros.

    Returns:
        Integers of -127 to 127, shape (outputs, inputs), and the scale of each row: integer times
        scale is the value.
    """
    largest = np.abs(kernel).max(axis=1)
    steps = kernel.astype(np.float64) * (127 / largest.astype(np.float64))[:, None]
    return np.rint(steps).astype(np.int8), largest / np.float32(127)
