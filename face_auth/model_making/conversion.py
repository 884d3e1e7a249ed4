"""Conversion of published weights to .tflite files; the only module that builds networks.

It needs TensorFlow and keras-facenet, which are not needed at run time, and imports both only when
a network is built.
"""

import contextlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.models import DIMENSIONS

BUNDLED_SIZE: Final = 112
FLOAT_COSINE, INT8_COSINE = 0.999, 0.99
"""How near to the training run's own embeddings a converted network must be."""

Weights = Mapping[str, NDArray[np.float32]]


def build(size: int) -> Any:
    """Return keras-facenet's Inception-ResNet V1 with random weights, for faces of *size* px.

    Raises:
        ModelError: If TensorFlow or keras-facenet is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from keras_facenet.inception_resnet_v1 import InceptionResNetV1
    except ImportError as error:
        raise ModelError(
            f"Building a network needs TensorFlow and keras-facenet ({error}). "
            "Install both: pip install -r requirements.txt"
        ) from error
    return InceptionResNetV1(input_shape=(size, size, 3), classes=DIMENSIONS)


def set_weights(model: Any, weights: Weights) -> None:
    """Set every weight of a network by its name, ``<layer>/<weight>``.

    Raises:
        ModelError: If a weight is missing, left over, or of another shape.
    """
    wanted = {f"{layer.name}/{_own_name(w)}" for layer in model.layers for w in layer.weights}
    if wanted != set(weights):
        odd = sorted(wanted ^ set(weights))
        raise ModelError(
            f"The weights are not those of Inception-ResNet V1: {len(odd)} arrays are missing or "
            f"left over, {odd[0]} among them."
        )
    for layer in model.layers:
        arrays = [np.asarray(weights[f"{layer.name}/{_own_name(w)}"]) for w in layer.weights]
        for array, variable in zip(arrays, layer.weights, strict=True):
            if array.shape != tuple(variable.shape) or not np.isfinite(array).all():
                raise ModelError(
                    f"The weights {layer.name}/{_own_name(variable)} are damaged: shape "
                    f"{array.shape} instead of {tuple(variable.shape)}, or values not finite."
                )
        layer.set_weights([array.astype(np.float32) for array in arrays])


def read_npz(path: Path) -> Weights:
    """Return the arrays of an .npz file of weights, as float32.

    Raises:
        ModelError: If it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name].astype(np.float32) for name in archive.files}
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"The weights {path} cannot be read: {error}") from error


def read_h5(path: Path) -> Weights:
    """Return the arrays of a Keras 2 file of weights (.h5) by ``<layer>/<weight>``, as float32.

    Raises:
        ModelError: If it is not such a file.
    """
    import h5py  # type: ignore[import-untyped]

    weights = {}
    try:
        with h5py.File(path, "r") as file:
            for layer in file.attrs["layer_names"]:
                group = file[layer]
                for name in group.attrs["weight_names"]:
                    own = _text(name).rsplit("/", 1)[-1].split(":")[0]
                    weights[f"{_text(layer)}/{own}"] = np.asarray(group[name], np.float32)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is not a Keras file of weights: {error}") from error
    return weights


def to_tflite(model: Any, *, quantised: bool) -> bytes:
    """Return the .tflite file of a network.

    Args:
        model: With its weights set.
        quantised: Whether to keep the kernels as 8-bit integers, a scale for each channel, and to
            quantise activations as they come (dynamic range): a quarter of the size, five times
            as fast.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if quantised:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with contextlib.redirect_stdout(io.StringIO()):  # it lists every tensor
        return bytes(converter.convert())


def convert_bundled(weights: Path, say: Callable[[str], None] = print) -> bytes:
    """Return the bundled network, 8-bit, checked against the training run's embeddings.

    Args:
        weights: Folder of inception_resnet_v1.npz and check.npz.
        say: Gets a line on each step.

    Raises:
        ModelError: If weights are missing or wrong, or the result is not near enough.
    """
    model = build(BUNDLED_SIZE)
    set_weights(model, read_npz(weights / "inception_resnet_v1.npz"))
    faces, expected = read_check(weights / "check.npz")
    for word, quantised, least in (
        ("float32", False, FLOAT_COSINE),
        ("8-bit", True, INT8_COSINE),
    ):
        content = to_tflite(model, quantised=quantised)
        cosines = np.sum(run_once(content, faces) * expected, axis=1)
        say(
            f"{word}: {len(content) / 1e6:.1f} MB, cosine to the training run's embeddings of "
            f"{len(faces)} faces at least {cosines.min():.6f} (must exceed {least})"
        )
        if not cosines.min() > least:
            raise ModelError(f"The {word} network differs from the trained one; nothing written.")
    return content


def convert_checked(model: Any, size: int) -> bytes:
    """Return a network as 8-bit .tflite, checked against itself before the conversion.

    For weights that come without embeddings to compare with.

    Raises:
        ModelError: If the two differ on pictures of soft blobs.
    """
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (8, 8, 8, 3), np.uint8)
    faces = np.stack([cv2.resize(c, (size, size), interpolation=cv2.INTER_CUBIC) for c in coarse])
    expected = np.asarray(model((faces.astype(np.float32) - 127.5) / 127.5, training=False))
    content = to_tflite(model, quantised=True)
    cosines = np.sum(run_once(content, faces) * expected, axis=1)
    if not cosines.min() > INT8_COSINE:
        raise ModelError(
            f"The converted network differs from the fetched one (cosine {cosines.min():.4f}); "
            "nothing written."
        )
    return content


def read_check(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the faces (n, 112, 112, 3) and embeddings (n, 512) of check.npz.

    Raises:
        ModelError: If it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive["faces"], archive["embeddings"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ModelError(f"The check {path} cannot be read: {error}") from error


def run_once(content: bytes, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a .tflite network's output for faces (n, size, size, 3), without mirroring."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(model_content=content, num_threads=2)
    source = network.get_input_details()[0]["index"]
    network.resize_tensor_input(source, faces.shape)
    network.allocate_tensors()
    network.set_tensor(source, (faces.astype(np.float32) - 127.5) / 127.5)
    network.invoke()
    return np.asarray(network.get_tensor(network.get_output_details()[0]["index"]), np.float32)


def _own_name(variable: Any) -> str:
    return str(variable.name).rsplit("/", 1)[-1].split(":")[0]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
