"""The losses: imitation of a teacher's vectors, and classification by the people's names."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from face_auth.models import DIMENSIONS
from face_auth.training.settings import Settings

MATRIX: Final = 10.0
"""Weight of the matrix of similarities beside the cosine to the teacher's vector."""


class Heads(nn.Module):
    """The layers that only training needs; export leaves them out.

    Attributes:
        project: From an embedding to the teacher's vector.
        names: A direction for each person, shape (people, 512).
    """

    def __init__(self, teacher_length: int, people: int) -> None:
        """Start with random weights from PyTorch's global random numbers."""
        super().__init__()
        self.project = nn.Linear(DIMENSIONS, teacher_length, bias=False)
        self.names = nn.Parameter(torch.randn(people, DIMENSIONS) * 0.05)


def losses(
    embeddings: Tensor,
    heads: Heads,
    teacher: Tensor,
    is_taught: Tensor,
    labels: Tensor,
    settings: Settings,
) -> dict[str, Tensor]:
    """Return the terms of a batch's loss and their weighted sum.

    Args:
        embeddings: Unit rows, shape (n, 512).
        heads: Trained with the network.
        teacher: Unit rows, shape (n, d); of no meaning where *is_taught* is false.
        is_taught: Whether the teacher has a vector of each face, shape (n,).
        labels: A number for each face's person, -1 for none, shape (n,).
        settings: Weights, margin and scale.

    Returns:
        "cosine" (1 - cosine to the teacher's vector), "matrix" (mean squared difference of the
        similarities within the batch), "names" (CosFace's cross entropy; 0 in the first stage)
        and "loss".
    """
    nothing = embeddings.sum() * 0
    parts = {"cosine": nothing, "matrix": nothing, "names": nothing}
    taught = torch.nonzero(is_taught)[:, 0]
    if settings.imitation and len(taught) > 1:
        own, aims = embeddings[taught], teacher[taught]
        guessed = functional.normalize(heads.project(own), eps=1e-6)
        parts["cosine"] = 1 - (guessed * aims).sum(1).mean()
        difference = own @ own.T - aims @ aims.T
        parts["matrix"] = difference.square().sum() / (len(taught) * (len(taught) - 1))
    named = torch.nonzero(labels >= 0)[:, 0]
    if settings.stage == "names" and len(named):
        cosines = embeddings[named] @ functional.normalize(heads.names, eps=1e-6).T
        margins = settings.margin * functional.one_hot(labels[named], len(heads.names))
        parts["names"] = functional.cross_entropy(
            settings.scale * (cosines - margins), labels[named]
        )
    imitation = settings.imitation * (parts["cosine"] + MATRIX * parts["matrix"])
    return parts | {"loss": imitation + parts["names"]}


def initialise_heads(
    heads: Heads, embeddings: Tensor, teacher: Tensor, is_taught: Tensor, labels: Tensor
) -> None:
    """Initialise the heads from the network, so that the first steps do not undo it.

    Args:
        heads: Set to the least squares from embeddings to teacher, and to the people's means.
        embeddings: Unit rows of some faces, shape (n, 512).
        teacher: As for `losses`.
        is_taught: As for `losses`.
        labels: As for `losses`.
    """
    with torch.no_grad():
        if is_taught.any():
            own, aims = embeddings[is_taught].double(), teacher[is_taught].double()
            ridge = 1e-2 * torch.eye(DIMENSIONS, dtype=torch.float64, device=own.device)
            solved = torch.linalg.solve(own.T @ own + ridge, own.T @ aims)
            heads.project.weight.copy_(solved.T.float())
        for person in labels[labels >= 0].unique().tolist():
            mean = embeddings[labels == person].mean(0)
            heads.names[person] = functional.normalize(mean, dim=0)
