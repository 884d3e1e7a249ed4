"""Does the 8-bit network recognise as well as the float one? Measured on the LFW pairs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.conversion import BUNDLED_SIZE, build, read_npz, set_weights, to_tflite
from face_auth.embedding import Network, load_network
from face_auth.errors import ModelError
from face_auth.models import load_card
from face_auth.pictures import embed_files, read_landmarks

FOLDS: Final = 10
Pair = tuple[str, str, bool, int]


def read_pairs(path: Path, is_wanted: Callable[[str], bool]) -> list[Pair]:
    """Return the pairs of View 2 of LFW whose people are both wanted.

    Args:
        path: pairs.txt.
        is_wanted: Of a person's name.

    Returns:
        The two photographs ("Name/Name_0001.jpg"), whether they show the same person, the fold.

    Raises:
        ModelError: If the file is missing or of another form.
    """
    try:
        head, *lines = path.read_text("utf-8").splitlines()
        folds, each = (int(number) for number in head.split())
        pairs = []
        for place, line in enumerate(line for line in lines if line.strip()):
            fields = line.split()
            same = len(fields) == 3
            other = fields[0] if same else fields[2]
            if is_wanted(fields[0]) and is_wanted(other):
                first, second = _photograph(fields[0], fields[1]), _photograph(other, fields[-1])
                pairs.append((first, second, same, place // (2 * each) % folds))
    except (OSError, ValueError, IndexError) as error:
        raise ModelError(f"The pairs {path} cannot be read: {error}") from error
    return pairs


def fold_accuracy(
    cosines: NDArray[np.float32], same: NDArray[np.bool_], folds: NDArray[np.int_]
) -> float:
    """Return the share of pairs judged rightly, each fold at the best threshold of the others."""
    right = 0
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        ranked = np.sort(cosines[train])
        steps = (ranked[1:] + ranked[:-1]) / 2
        hits = [np.mean((cosines[train] >= step) == same[train]) for step in steps]
        right += int(np.sum((cosines[test] >= steps[int(np.argmax(hits))]) == same[test]))
    return right / len(same)


def compare_precisions(
    weights: Path,
    pairs_file: Path,
    pictures: Path,
    landmarks_file: Path | None,
    folder: Path,
    is_unseen: Callable[[str], bool],
) -> Iterator[str]:
    """Yield a line for each way to run the bundled network: its accuracy on the unseen pairs.

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


def _photograph(person: str, number: str) -> str:
    return f"{person}/{person}_{int(number):04}.jpg"
