"""The protocol of groups: rates within and across, one person's faces left out."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from face_auth.datasets.grouped_faces import Label
from face_auth.evaluation.material import InputError
from face_auth.evaluation.protocols import groups

THRESHOLDS = {"1e-2": 0.0, "1e-3": 0.5}


def people() -> list[Label]:
    """A hundred women of each of two groups, and two children."""
    adults = [
        Label(f"{group} {n}", 20 + n // 2, "female", group)
        for group in ("asian", "white")
        for n in range(100)
    ]
    return [*adults, Label("child a", 4, "male", "white"), Label("child b", 5, "male", "white")]


def measure(monkeypatch: pytest.MonkeyPatch, scores: Any, same: Any) -> Any:
    """Run the protocol on made-up scores, where *same* says who is one person."""
    labels = people()
    apart = ~same
    np.fill_diagonal(apart, False)
    faces = groups.Faces(labels, scores, apart)
    monkeypatch.setattr(groups, "faces_of", lambda *_: (faces, int(np.triu(same).sum())))
    card = SimpleNamespace(thresholds=THRESHOLDS)
    context: Any = SimpleNamespace(extractor=SimpleNamespace(card=card), seed=1)
    return groups.groups(context, Path("faces"))


def test_rates_within_and_across_and_the_worst_of_large_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = len(people())
    scores = np.full((count, count), -1, np.float32)
    np.fill_diagonal(scores, 9)  # their own: no impostor
    scores[0, 1] = 0.6  # asian on asian
    scores[2, 3] = 0.1
    scores[110, 4] = 0.7  # white on asian
    scores[120, 121] = 0.9  # one white person twice
    same = np.zeros((count, count), bool)
    same[120, 121] = same[121, 120] = True
    values = measure(monkeypatch, scores, same).values
    asian = values["groups"]["asian, female"]
    assert asian["faces"] == 100
    assert asian["1e-2"]["within"]["matches"] == 2
    assert asian["1e-2"]["within"]["attempts"] == 100 * 99
    assert asian["1e-3"]["within"]["fmr"] == pytest.approx(1 / (100 * 99))
    assert asian["1e-3"]["across"]["matches"] == 1
    assert asian["1e-3"]["across"]["attempts"] == 100 * 100
    white = values["groups"]["white, female"]["1e-3"]["within"]
    assert (white["matches"], white["attempts"]) == (0, 100 * 99 - 2)
    assert values["pairs left out as one person"] == 1
    assert values["worst within"] == {
        "1e-2": ("asian, female", pytest.approx(2 / 9900)),
        "1e-3": ("asian, female", pytest.approx(1 / 9900)),
    }


def test_without_a_group_of_a_hundred_no_group_is_called_the_worst() -> None:
    labels = [label for label in people() if label.name.split()[1] != "7"]
    many = (len(labels), len(labels))
    faces = groups.Faces(labels, np.zeros(many, np.float32), ~np.eye(len(labels), dtype=bool))
    with pytest.raises(InputError, match="100 labelled adults"):
        groups.worst_within(faces, 0.5)


def test_the_interval_is_of_people_not_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(people())
    scores = np.full((count, count), -1, np.float32)
    scores[5, :100] = 0.9  # one woman who matches every other
    found = measure(monkeypatch, scores, np.zeros((count, count), bool)).values
    within = found["groups"]["asian, female"]["1e-3"]["within"]
    assert within["matches"] == 99
    low, high = within["interval"]
    assert low == 0  # she may not be drawn at all
    assert high > 2 * within["fmr"]


def test_without_labelled_faces_the_protocol_says_what_it_needs() -> None:
    context: Any = None
    with pytest.raises(InputError, match="--groups"):
        groups.groups(context, None)
