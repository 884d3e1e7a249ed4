"""Reader of LFW's pairs (View 2), and the accuracy of cosine scores on them by fold."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError

Pair = tuple[str, str, bool, int]


def read_pairs(path: Path, is_wanted: Callable[[str], bool]) -> list[Pair]:
    """Return the pairs of LFW's View 2 in which both people are wanted.

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
    """Return the share of correct decisions, each fold at the best threshold of the others."""
    right = 0
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        ranked = np.sort(cosines[train])
        steps = (ranked[1:] + ranked[:-1]) / 2
        hits = [np.mean((cosines[train] >= step) == same[train]) for step in steps]
        right += int(np.sum((cosines[test] >= steps[int(np.argmax(hits))]) == same[test]))
    return right / len(same)


def _photograph(person: str, number: str) -> str:
    return f"{person}/{person}_{int(number):04}.jpg"
