"""Embeddings of labelled faces, of whom no cohort was made, with imitated frames of each."""

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from face_auth.datasets.grouped_faces import CHILD, Label, face_in, read_labels, read_pictures
from face_auth.datasets.subject import SubjectFinder
from face_auth.evaluation.cache import Cache, digest
from face_auth.evaluation.frames import shaken
from face_auth.recognition.embedding import Network

CHILDREN: Final = 600
"""As many children are measured; they are outside what the kiosk promises."""

Floats = NDArray[np.float32]


def embed_labelled(
    cache: Cache, folder: Path, network: Network, frames: int = 0
) -> tuple[list[Label], Floats, Floats]:
    """Return the labelled adults of whom no cohort is made, and some children.

    Args:
        cache: Keeps the embeddings.
        folder: Holds the shards and the table of labels.
        network: Embeds them, with the mirror image.
        frames: How many imitated frames of each face to embed as well.

    Returns:
        n labels; the embeddings of their pictures, unit rows, shape (n, 512); those of the frames,
        shape (n, frames, 512).

    Raises:
        DatasetError: If shards or labels cannot be read.
    """
    labels = read_labels(folder)
    measured = _measured(labels.values())

    def embed() -> dict[str, NDArray[np.generic]]:
        finder = SubjectFinder()
        rows: list[Floats] = []
        names: list[str] = []
        bar = tqdm(total=len(measured), unit="face", desc=f"labelled faces, {network.name}")
        for label, picture in read_pictures(folder):
            if label.name in measured:
                views = [picture, *(shaken(picture, number) for number in range(frames))]
                framed = [network.frame_face(view, face_in(view, finder)) for view in views]
                rows.append(network.embed(np.stack(framed)))
                names.append(label.name)
                bar.update()
        return {"rows": np.stack(rows), "names": np.array(names)}

    code = inspect.getsource(shaken) + str(frames)
    key = digest("labelled faces", network.sha256, code, np.array(sorted(measured)))
    stored = cache.arrays(key, embed)
    rows = np.asarray(stored["rows"], np.float32)
    return [labels[str(name)] for name in stored["names"]], rows[:, 0].copy(), rows[:, 1:].copy()


def _measured(labels: Iterable[Label]) -> frozenset[str]:
    labels = list(labels)
    adults = [label.name for label in labels if label.adult and not label.for_cohort]
    children = sorted(label.name for label in labels if label.age <= CHILD)
    return frozenset(adults) | frozenset(children[:CHILDREN])
