"""A frozen graph as FaceNet's package holds it, with any weights."""

import re
from typing import Any

import numpy as np
import pytest

PARTS = ("beta", "moving_mean", "moving_variance")


def frozen(weights: dict[str, Any]) -> Any:
    """Return the GraphDef: normalisation folded into the convolutions, names as published."""
    tf = pytest.importorskip("tensorflow")
    graph = tf.compat.v1.GraphDef()

    def constant(name: str, values: Any) -> str:
        node = graph.node.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.asarray(values, np.float32)))
        return name

    for name, kernel in weights.items():
        if not name.endswith("/kernel") or name.startswith("Bottleneck"):
            continue
        layer = name.removesuffix("/kernel")
        theirs = "InceptionResnetV1/" + re.sub(r"_(?=Branch|Conv2d)", "/", layer)
        for block, repeated in (("35", "Repeat"), ("17", "Repeat_1"), ("8", "Repeat_2")):
            theirs = theirs.replace(f"/Block{block}_", f"/{repeated}/block{block}_")
        theirs = theirs.replace("/Repeat_2/block8_6/", "/Block8/")
        if f"{layer}/bias" in weights:
            bias = weights[f"{layer}/bias"]
        else:
            norm = {part: weights[f"{layer}_BatchNorm/{part}"] for part in PARTS}
            factor = 1 / np.sqrt(norm["moving_variance"] + 1e-3)
            kernel, bias = kernel * factor, norm["beta"] - norm["moving_mean"] * factor
        convolution = graph.node.add(name=f"{theirs}/Conv2D", op="Conv2D")
        convolution.input.extend(["above", constant(f"{theirs}/weights", kernel)])
        added = graph.node.add(name=f"{theirs}/BiasAdd", op="BiasAdd")
        added.input.extend([f"{theirs}/Conv2D", constant(f"{theirs}/Conv2D_bias", bias)])
    last = "InceptionResnetV1/Bottleneck"
    constant(f"{last}/weights", weights["Bottleneck/kernel"])
    for part in PARTS:
        constant(f"{last}/BatchNorm/{part}", weights[f"Bottleneck_BatchNorm/{part}"])
    return graph
