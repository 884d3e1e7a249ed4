"""Partial whitening of embeddings as part of the network's last layer, at no cost at run time.

Embeddings of different people differ much along few directions. Evened out in part, the small
differences count as well: "Deep Image Retrieval" (Gordo et al., 2016) learns such a projection.
"""

import copy
from typing import Final

import torch
from torch.nn import functional

from face_auth.training.augment import middle
from face_auth.training.inception import EPSILON, InceptionResNetV1
from face_auth.training.people import one_each
from face_auth.training.shards import Faces, TrainingError
from face_auth.training.teacher import PartialWhitening

POWER: Final = -0.15
"""Of the covariance: of 0, -0.1, -0.15 and -0.2 the one that the choosing half found best."""
FEWEST: Final = 1024
"""People: twice as many as an embedding has values."""
AT_ONCE: Final = 128


def whitened(network: InceptionResNetV1, faces: Faces) -> InceptionResNetV1:
    """Return a network whose embeddings are centred and partly whitened over people.

    Args:
        network: In evaluation mode; it stays as it is.
        faces: Of people who are trained on; the first face of each named person is taken.

    Raises:
        TrainingError: If there are too few people.
    """
    people = one_each(faces)
    if len(people.names) < FEWEST:
        raise TrainingError(
            f"Whitening needs {FEWEST:,} named people; these are {len(people.names):,}."
        )
    outputs = _outputs(network, people)
    units = functional.normalize(outputs)
    part = PartialWhitening.of(units.numpy(), POWER)
    matrix = torch.from_numpy(part.matrix).double()
    matrix /= torch.linalg.matrix_norm(matrix, 2)
    mean = torch.from_numpy(part.mean).double() * outputs.norm(dim=1).double().mean()

    turned = copy.deepcopy(network)
    last = turned.last
    with torch.no_grad():
        deviation = (last.moving_variance.double() + EPSILON).sqrt()
        kernel = turned.bottleneck.weight.double() / deviation[:, None]
        beta = last.beta.double() - last.moving_mean.double() / deviation - mean
        turned.bottleneck.weight.copy_(matrix @ kernel)
        last.beta.copy_(matrix @ beta)
        last.moving_mean.zero_()
        last.moving_variance.fill_(1 - EPSILON)
    return turned


def _outputs(network: InceptionResNetV1, faces: Faces) -> torch.Tensor:
    """Return the last layer's outputs before scaling to length one, shape (n, 512)."""
    with torch.no_grad():
        rows = [
            network.unscaled(middle(torch.from_numpy(faces.pictures[start : start + AT_ONCE])))
            for start in range(0, len(faces.names), AT_ONCE)
        ]
    return torch.cat(rows)
