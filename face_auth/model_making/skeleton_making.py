"""How the skeleton of the published network is made; needs TensorFlow and keras-facenet."""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.files import write_whole
from face_auth.model_making.conversion import build, set_weights, to_tflite
from face_auth.model_making.published_graph import weights_of
from face_auth.model_making.skeleton import FILE, Layer, Skeleton, filled

SIZE: Final = 160
"""Width and height of the faces that the published weights were trained on, px."""
FACTORS: Final = {"Block35": 0.17, "Block17": 0.1, "Block8": 0.2, "Block8_6": 1.0}
"""Residual scales of the blocks (David Sandberg's facenet, inception_resnet_v1.py)."""
LAYER: Final = re.compile(
    r"(?:Block\d+_\d+_|Mixed_\da_)?(?:Branch_\d_)?Conv2d_(?:\d[a-z]_)?\dx\d|Bottleneck"
)


def write_skeleton(folder: Path, graph: bytes) -> str:
    """Write the skeleton of a graph into the models folder; return a message."""
    skeleton = make_skeleton(graph)
    content = io.BytesIO()
    np.savez_compressed(content, **skeleton.arrays())
    write_whole(folder / FILE, content.getvalue(), mode=0o644)
    size = len(content.getvalue())
    return f"Wrote {folder / FILE} ({size / 1e3:.0f} kB); filled, it has SHA-256 {skeleton.sha256}."


def make_skeleton(graph: bytes) -> Skeleton:
    """Return the skeleton that a graph's constants fill.

    Args:
        graph: A serialised GraphDef.

    Raises:
        ModelError: If TensorFlow is missing, or the filled skeleton is not what TensorFlow makes.
    """
    weights = weights_of(graph)
    import keras

    keras.utils.clear_session()  # or names in the file would tell what was built before
    model = build(SIZE)
    set_weights(model, weights)
    content = to_tflite(model, quantised=True)
    layers = _layers(content, weights, graph)
    factors = tuple(_factor(name) for name in layers)
    empty = bytearray(content)
    for layer in layers.values():
        for start, count in ranges(layer):
            empty[start : start + count] = bytes(count)
    skeleton = Skeleton(bytes(empty), tuple(layers.values()), factors, "")
    made = filled(skeleton, graph)
    _compare(made, content, layers)
    return replace(skeleton, sha256=hashlib.sha256(made).hexdigest())


def _layers(
    content: bytes, weights: dict[str, NDArray[np.float32]], graph: bytes
) -> dict[str, Layer]:
    """Return the network's layers by keras-facenet's names, in the order in which they run."""
    from tensorflow.lite.python.schema_py_generated import BuiltinOperator, Model

    network = Model.GetRootAs(content, 0)
    plan = network.Subgraphs(0)
    weighted = (BuiltinOperator.CONV_2D, BuiltinOperator.FULLY_CONNECTED)
    start = _address(np.frombuffer(content, np.uint8))

    def source(name: str) -> int:
        return graph.index(weights[name].tobytes())

    layers = {}
    for number in range(plan.OperatorsLength()):
        operator = plan.Operators(number)
        if network.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() not in weighted:
            continue
        kernel, bias = (plan.Tensors(i) for i in operator.InputsAsNumpy()[1:])
        name = LAYER.findall(bias.Name().decode())[0]
        shape = kernel.ShapeAsNumpy()
        apart = name == "Bottleneck"
        quantisation = kernel.Quantization()
        scaled = quantisation is not None and quantisation.ScaleLength()
        layers[name] = Layer(
            inputs=int(np.prod(shape[1:])),
            outputs=int(shape[0]),
            kernel_from=source(f"{name}/kernel"),
            bias_from=source(
                f"{name}/bias" if f"{name}/bias" in weights else f"{name}_BatchNorm/beta"
            ),
            mean_from=source(f"{name}_BatchNorm/moving_mean") if apart else 0,
            variance_from=source(f"{name}_BatchNorm/moving_variance") if apart else 0,
            kernel_to=_address(network.Buffers(kernel.Buffer()).DataAsNumpy()) - start,
            scales_to=_address(quantisation.ScaleAsNumpy()) - start if scaled else 0,
            bias_to=_address(network.Buffers(bias.Buffer()).DataAsNumpy()) - start,
        )
    return layers


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _factor(name: str) -> float:
    """Return the residual scale that the converter multiplies a layer by."""
    block = re.match(r"(Block\d+)_\d+(?=_Conv2d)", name)
    return FACTORS.get(block[0], FACTORS[block[1]]) if block else 1.0


def ranges(layer: Layer) -> list[tuple[int, int]]:
    """Return where a layer's weights lie in the network: offsets and lengths, bytes."""
    values = layer.inputs * layer.outputs
    ranges = [(layer.kernel_to, values if layer.scales_to else 4 * values)]
    ranges += [(layer.bias_to, 4 * layer.outputs)]
    return [*ranges, (layer.scales_to, 4 * layer.outputs)] if layer.scales_to else ranges


def _compare(made: bytes, expected: bytes, layers: Mapping[str, Layer]) -> None:
    """Compare NumPy's network with TensorFlow's.

    The two are the same but for the normalisation that the graph keeps apart: TensorFlow's
    reciprocal square root is wrong in the last bit for some values, on some processors.

    Raises:
        ModelError: If anything else differs.
    """
    for name, layer in layers.items():
        for start, count in ranges(layer):
            integers = start == layer.kernel_to and layer.scales_to
            ours, theirs = (
                np.frombuffer(data[start : start + count], np.int8 if integers else "<f4")
                for data in (made, expected)
            )
            apart = np.abs(ours.astype(np.float64) - theirs).max()
            allowed = 1.0 if integers else 1e-6 * float(np.abs(theirs).max())
            if apart > (allowed if layer.variance_from else 0):
                raise ModelError(f"The filled layer {name} differs from TensorFlow's by {apart}.")
