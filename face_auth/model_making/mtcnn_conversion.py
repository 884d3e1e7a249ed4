"""Conversion of MTCNN's weights in the ``mtcnn`` package to three .tflite files.

``python -m face_auth.models convert mtcnn`` runs it. Only the conversion needs TensorFlow and the
package; ``cascade.py`` runs the files without either.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.files import write_whole
from face_auth.model_making.card_writing import card_of, digest, write_entry

FILES: Final = ("mtcnn_pnet.tflite", "mtcnn_rnet.tflite", "mtcnn_onet.tflite")
TOLERANCE: Final = 1e-4
"""How far a converted output may lie from the package's; measured on noise: below 1e-5."""

Weights = Sequence[NDArray[np.float32]]


def convert_mtcnn(folder: Path) -> None:
    """Write the three networks of MTCNN and their card; 2 MB, ten seconds.

    Each is float32, takes RGB as (value - 127.5) / 128 with a first dimension that can be resized
    (P-Net's height and width too), and gives box offsets, O-Net also landmarks, and at last the
    chances of no face and face. Nothing is written unless all three agree with the package's own
    networks on random pictures.

    Args:
        folder: Where to put them; must exist.

    Raises:
        ModelError: If TensorFlow or the package is not there, or an output differs.
        OSError: If a file cannot be written.
    """
    try:
        import tensorflow as tf
        from mtcnn.stages import StageONet, StagePNet, StageRNet
    except ImportError as error:
        raise ModelError(
            f"Converting MTCNN needs TensorFlow and the mtcnn package ({error}). "
            "Install both: pip install -r requirements.txt"
        ) from error
    plans = (
        (FILES[0], StagePNet, _pnet, (1, 57, 76, 3)),
        (FILES[1], StageRNet, _rnet, (1, 24, 24, 3)),
        (FILES[2], StageONet, _onet, (1, 48, 48, 3)),
    )
    made = {}
    for name, stage, graph, shape in plans:
        original = stage().model
        weights = [np.asarray(values, np.float32) for values in original.get_weights()]
        content = _converted(tf, graph, weights, shape)
        _check(tf, name, content, original, shape)
        made[name] = content
    for name, content in made.items():
        write_whole(folder / name, content, mode=0o644)
    files = {name: digest(content) for name, content in made.items()}
    write_entry(card_of("mtcnn", folder), "mtcnn", {"files": files})


def _converted(tf: Any, graph: Any, weights: Weights, shape: tuple[int, ...]) -> bytes:
    """Return the .tflite file of a graph with its weights as constants."""
    function = tf.function(
        lambda pictures: graph(tf, pictures, weights),
        input_signature=[tf.TensorSpec(shape, tf.float32)],
    )
    concrete = function.get_concrete_function()
    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())


def _check(tf: Any, name: str, content: bytes, original: Any, shape: tuple[int, ...]) -> None:
    """Compare with the package's network on random pictures."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(model_content=content)
    network.allocate_tensors()
    outputs = network.get_output_details()
    rng = np.random.default_rng(1)
    for _ in range(20):
        picture = rng.uniform(-1, 1, shape).astype(np.float32)
        network.set_tensor(network.get_input_details()[0]["index"], picture)
        network.invoke()
        expected = [np.asarray(values) for values in original(tf.constant(picture))]
        for output, values in zip(outputs, expected, strict=True):
            got = network.get_tensor(output["index"])
            if got.shape != values.shape or np.abs(got - values).max() > TOLERANCE:
                raise ModelError(
                    f"{name} does not give what the mtcnn package gives; nothing was written."
                )


def _pnet(tf: Any, x: Any, w: Weights) -> list[Any]:
    x = _pool(tf, _prelu(tf, _conv(tf, x, w[0:2]), w[2]), 2, "SAME")
    x = _prelu(tf, _conv(tf, x, w[3:5]), w[5])
    x = _prelu(tf, _conv(tf, x, w[6:8]), w[8])
    return [_conv(tf, x, w[9:11]), tf.nn.softmax(_conv(tf, x, w[11:13]))]


def _rnet(tf: Any, x: Any, w: Weights) -> list[Any]:
    x = _pool(tf, _prelu(tf, _conv(tf, x, w[0:2]), w[2]), 3, "SAME")
    x = _pool(tf, _prelu(tf, _conv(tf, x, w[3:5]), w[5]), 3, "VALID")
    x = _flat(tf, _prelu(tf, _conv(tf, x, w[6:8]), w[8]))
    x = _prelu(tf, _dense(x, w[9:11]), w[11])
    return [_dense(x, w[12:14]), tf.nn.softmax(_dense(x, w[14:16]))]


def _onet(tf: Any, x: Any, w: Weights) -> list[Any]:
    x = _pool(tf, _prelu(tf, _conv(tf, x, w[0:2]), w[2]), 3, "SAME")
    x = _pool(tf, _prelu(tf, _conv(tf, x, w[3:5]), w[5]), 3, "VALID")
    x = _pool(tf, _prelu(tf, _conv(tf, x, w[6:8]), w[8]), 2, "SAME")
    x = _flat(tf, _prelu(tf, _conv(tf, x, w[9:11]), w[11]))
    x = _prelu(tf, _dense(x, w[12:14]), w[14])
    return [_dense(x, w[15:17]), _dense(x, w[17:19]), tf.nn.softmax(_dense(x, w[19:21]))]


def _conv(tf: Any, x: Any, w: Weights) -> Any:
    return tf.nn.conv2d(x, w[0], 1, "VALID") + w[1]


def _dense(x: Any, w: Weights) -> Any:
    return x @ w[0] + w[1]


def _prelu(tf: Any, x: Any, slope: NDArray[np.float32]) -> Any:
    # Written so that the converter makes one PRELU of it, which LiteRT runs fast.
    return tf.nn.relu(x) + (-slope) * tf.nn.relu(-x)


def _pool(tf: Any, x: Any, size: int, padding: str) -> Any:
    return tf.nn.max_pool2d(x, size, 2, padding)


def _flat(tf: Any, x: Any) -> Any:
    # Columns first, as in the Matlab original; a fixed width, so that the batch can be resized.
    length = int(np.prod(x.shape[1:]))
    return tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (-1, length))
