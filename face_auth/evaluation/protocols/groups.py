"""Protocol: false matches within and across groups of people, at the kiosk's thresholds.

An impostor picks whom they resemble, so the rate that protects a customer is the one among people
of their own group and sex. There is one picture of each face: five imitated frames of it are
enrolled as the kiosk enrols five, and the picture itself attempts on everybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.grouped_faces import ADULT, CHILD, Label
from face_auth.evaluation.bootstrap import REPETITIONS, interval
from face_auth.evaluation.context import Context
from face_auth.evaluation.labelled import embed_labelled
from face_auth.evaluation.material import InputError, say
from face_auth.evaluation.metrics import Interval
from face_auth.evaluation.result import Section, Table, as_list
from face_auth.recognition.embedding import load_network

NAME: Final = "groups"
ENROLLED: Final = 5
FEWEST: Final = 50
"""Faces that a group needs for a row of the table."""
PROMISED_FOR: Final = 100
"""Faces of one group and sex from which the model card's promise counts."""
BANDS: Final = ((18, 29), (30, 49), (50, 200))
SAME_PERSON: Final = {"bundled": 0.684, "vggface2": 0.790}
"""Two faces are taken for one person where both networks' cosines are at least these: one in
100,000 pairs of different people in LFW exceeds them (`--protocol pairs` with each network)."""

Members = NDArray[np.bool_]
Matrix = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Labelled faces with the kiosk's scores of everybody's picture on everybody's template.

    Attributes:
        labels: n of them.
        scores: Of face i's picture on face j's template, shape (n, n).
        apart: Whether i and j are taken for two people, shape (n, n); False on the diagonal.
    """

    labels: Sequence[Label]
    scores: NDArray[np.float32]
    apart: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row of the table.

    Attributes:
        name: Who they are.
        own: Whether a face belongs to them, shape (n,).
        others: The strangers from outside, shape (n,); None where there are none.
    """

    name: str
    own: Members
    others: Members | None


@dataclass(frozen=True, slots=True)
class Rate:
    """A false match rate with its interval.

    Attributes:
        value: Matches divided by attempts.
        around: 95 %, by bootstrap over people.
        matches: How many attempts matched.
        attempts: How many there were.
    """

    value: float
    around: Interval
    matches: int
    attempts: int

    def __str__(self) -> str:
        """Return interval and counts as text: "0.9e-04 to 3.5e-04, 7 of 33,000"."""
        low, high = self.around.low, self.around.high
        return f"{low:.1e} to {high:.1e}, {self.matches} of {self.attempts:,}"


def groups(context: Context, folder: Path | None) -> Section:
    """Measure the false match rate of each group, sex and age band, within and across.

    Args:
        context: The network, and photographs of LFW, which tell who is the same person.
        folder: Labelled faces in shards, of which no cohort was made.

    Raises:
        InputError: If *folder* is None.
        DatasetError: If shards or labels cannot be read.
        ModelError: If a model file is missing or another one.
    """
    if folder is None:
        raise InputError("The protocol groups needs labelled faces: --groups DIR")
    faces, left_out = faces_of(context, folder)
    card = context.extractor.card
    rates = sorted(card.thresholds, key=float, reverse=True)
    adult = np.array([label.adult for label in faces.labels])
    cells: list[tuple[str, ...]] = []
    values: dict[str, Any] = {}
    for row in (
        *_by_group(faces.labels, FEWEST),
        *_by_age(faces.labels),
        Row("all adults", adult, None),
        Row(f"children up to {CHILD}", ~adult, adult),
    ):
        count = int(row.own.sum())
        values[row.name] = {"faces": count}
        for rate in rates:
            limit = card.thresholds[rate]
            within = _rate(faces, row.own, row.own, limit, context.seed)
            cell = [row.name, f"{count:,}", rate, f"{within.value:.1e}", str(within), "–"]
            values[row.name][rate] = {"within": _value(within)}
            if row.others is not None:
                across = _rate(faces, row.others, row.own, limit, context.seed)
                cell[-1] = f"{across.value:.1e}"
                values[row.name][rate]["across"] = _value(across)
            cells.append(tuple(cell))
    worst = {rate: worst_within(faces, card.thresholds[rate]) for rate in rates}
    summary = ", ".join(
        f"{fmr:.1e} at {rate} ({fmr / float(rate):.1f} times, {who})"
        for rate, (who, fmr) in worst.items()
    )
    table = Table(
        "False matches by group",
        ("who", "faces", "threshold", "FMR within", "95 %, matches", "FMR across"),
        cells,
        (
            "Within: both of the same group and sex (or age band and sex). Across: the customer is "
            "of that group, the stranger of another. Labels are annotators' guesses.",
            f"{left_out} pairs that both networks find to be one person are left out. Nobody here "
            "was in the impostor cohort.",
        ),
    )
    return Section(
        NAME,
        "Groups of people",
        f"The worst group of {PROMISED_FOR} adults or more: FMR {summary}.",
        {"groups": values, "worst within": worst, "pairs left out as one person": left_out},
        (table,),
    )


def worst_within(faces: Faces, limit: float) -> tuple[str, float]:
    """Return which group of adults that is large enough has the highest FMR within, and that FMR.

    Args:
        faces: Scored by the network.
        limit: The threshold.

    Raises:
        InputError: If no group is large enough.
    """
    rates = []
    for row in _by_group(faces.labels, PROMISED_FOR):
        own = np.flatnonzero(row.own)
        pairs = faces.apart[np.ix_(own, own)]
        hits = pairs & (faces.scores[np.ix_(own, own)] >= limit)
        rates.append((float(hits.sum() / pairs.sum()), row.name))
    if not rates:
        raise InputError(f"No group has {PROMISED_FOR} labelled adults or more.")
    fmr, name = max(rates)
    return name, fmr


def faces_of(context: Context, folder: Path) -> tuple[Faces, int]:
    """Return the faces, and how many pairs of them are one person by both networks.

    Args:
        context: The network, and the cache of embeddings.
        folder: Labelled faces in shards.

    Raises:
        DatasetError: If shards or labels cannot be read.
        ModelError: If a model file is missing or another one.
    """
    own = context.extractor.card.name
    (other,) = SAME_PERSON.keys() - {own}
    cache = context.extractor.cache
    labels, probes, enrolled = embed_labelled(cache, folder, load_network(own), ENROLLED)
    _, others, _ = embed_labelled(cache, folder, load_network(other))
    say(f"training {len(labels):,} SVMs ...")
    scores = context.svm_scorer(enrolled, probes)
    same = (probes @ probes.T >= SAME_PERSON[own]) & (others @ others.T >= SAME_PERSON[other])
    np.fill_diagonal(same, False)
    apart = ~same
    np.fill_diagonal(apart, False)
    return Faces(labels, scores, apart), int(np.triu(same).sum())


def _by_group(labels: Sequence[Label], fewest: int) -> list[Row]:
    """Return a row for each group and sex of adults."""
    adult = np.array([label.adult for label in labels])
    group = np.array([label.group for label in labels])
    sex = np.array([label.sex for label in labels])
    found = []
    for name, which in product(sorted(set(group)), sorted(set(sex))):
        own = adult & (group == name) & (sex == which)
        if own.sum() >= fewest:
            found.append(Row(f"{name}, {which}", own, adult & (group != name)))
    return found


def _by_age(labels: Sequence[Label]) -> list[Row]:
    """Return a row for each age band of one sex."""
    age = np.array([label.age for label in labels])
    sex = np.array([label.sex for label in labels])
    found = []
    for (low, high), which in product(BANDS, sorted(set(sex))):
        band = (age >= low) & (age <= high)
        words = f"{low} to {high}" if high < BANDS[-1][1] else f"{low} and older"
        own = band & (sex == which)
        if own.sum() >= FEWEST:
            found.append(Row(f"{words}, {which}", own, ~band & (age >= ADULT)))
    return found


def _rate(faces: Faces, strangers: Members, customers: Members, limit: float, seed: int) -> Rate:
    """Return the false match rate of some strangers on some customers."""
    both = np.flatnonzero(strangers | customers)
    pairs = faces.apart[np.ix_(both, both)] & strangers[both][:, None] & customers[both]
    hits = pairs & (faces.scores[np.ix_(both, both)] >= limit)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(both), np.full(len(both), 1 / len(both)), REPETITIONS)
    drawn = weights.astype(np.float32)
    tried = ((drawn @ pairs.astype(np.float32)) * drawn).sum(axis=1)
    matched = ((drawn @ hits.astype(np.float32)) * drawn).sum(axis=1)
    matches, attempts = int(hits.sum()), int(pairs.sum())
    shares = np.asarray(matched[tried > 0] / tried[tried > 0], np.float64)
    return Rate(matches / attempts, interval(shares), matches, attempts)


def _value(rate: Rate) -> dict[str, Any]:
    return {
        "fmr": rate.value,
        "interval": as_list(rate.around),
        "matches": rate.matches,
        "attempts": rate.attempts,
    }
