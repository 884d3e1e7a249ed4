"""Comparison of the 8-bit network with the float network on the LFW pairs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from face_auth.datasets.pairs_list import fold_accuracy, read_pairs
from face_auth.model_making.conversion import BUNDLED_SIZE, build, read_npz, set_weights, to_tflite
from face_auth.model_making.photograph_embeddings import embed_files, read_landmarks
from face_auth.models import load_card
from face_auth.recognition.embedding import Network, load_network


def compare_quantisation(
    weights: Path,
    pairs_file: Path,
    pictures: Path,
    landmarks_file: Path | None,
    folder: Path,
    is_unseen: Callable[[str], bool],
) -> Iterator[str]:
    """Yield a line with the accuracy on unseen pairs for each form of the bundled network.

    Raises:
        ModelError: If a file is missing or damaged.
    """
    pairs = read_pairs(pairs_file, is_unseen)
    landmarks = read_landmarks(landmarks_file) if landmarks_file else None
    model = build(BUNDLED_SIZE)
    set_weights(model, read_npz(weights / "inception_resnet_v1.npz"))
    content = to_tflite(model, quantised=False)
    card = load_card("bundled", folder)
    same = np.array([pair[2] for pair in pairs])
    folds = np.array([pair[3] for pair in pairs])
    files = sorted({name for pair in pairs for name in pair[:2]})
    for mirror in (False, True):
        found = {}
        for word, network in (
            ("float32", Network(card, content, mirror=mirror)),
            ("8-bit", load_network("bundled", folder, mirror=mirror)),
        ):
            rows = embed_files(pictures, files, network, landmarks)
            cosines = np.array([rows[a] @ rows[b] for a, b, _, _ in pairs])
            found[word] = rows
            accuracy = fold_accuracy(cosines, same, folds)
            views = "image and mirror" if mirror else "one view"
            yield f"{word}, {views}: accuracy {accuracy:.4f} on {len(pairs)} pairs of unseen people"
        least = min(float(found["float32"][name] @ found["8-bit"][name]) for name in files)
        yield f"cosine between the two on {len(files)} photographs: at least {least:.5f}"
