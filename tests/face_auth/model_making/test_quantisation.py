"""Tests of LFW's pairs: their reader, and the accuracy by fold."""

from pathlib import Path

import numpy as np
import pytest

from face_auth.datasets.pairs_list import fold_accuracy, read_pairs
from face_auth.errors import ModelError

PAIRS = """2\t1
Ann\t1\t4
Ann\t2\tBob\t13
Bob\t1\t2
Cy\t1\tAnn\t3
"""


def test_pairs_name_photographs_and_folds(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(PAIRS)
    assert read_pairs(tmp_path / "pairs.txt", lambda name: True) == [
        ("Ann/Ann_0001.jpg", "Ann/Ann_0004.jpg", True, 0),
        ("Ann/Ann_0002.jpg", "Bob/Bob_0013.jpg", False, 0),
        ("Bob/Bob_0001.jpg", "Bob/Bob_0002.jpg", True, 1),
        ("Cy/Cy_0001.jpg", "Ann/Ann_0003.jpg", False, 1),
    ]


def test_a_pair_counts_only_if_both_people_are_wanted(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(PAIRS)
    pairs = read_pairs(tmp_path / "pairs.txt", lambda name: name != "Cy")
    assert len(pairs) == 3
    assert [fold for *_, fold in pairs] == [0, 0, 1]


def test_pairs_of_another_form_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("2\t1\nAnn\n")
    with pytest.raises(ModelError, match="cannot be read"):
        read_pairs(tmp_path / "pairs.txt", lambda name: True)


def test_each_fold_is_judged_at_the_others_threshold() -> None:
    # Fold 0 parts at 0.5, fold 1 at 0.85: judged at each other's threshold, one of each is wrong.
    cosines = np.array([0.6, 0.8, 0.4, 0.1, 0.95, 0.9, 0.8, 0.7], np.float32)
    same = np.array([1, 1, 0, 0, 1, 1, 0, 0], bool)
    folds = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert fold_accuracy(cosines, same, folds) == pytest.approx(4 / 8)
    assert fold_accuracy(cosines[:4].repeat(2), same[:4].repeat(2), folds) == 1
