"""Protocol: open-set identification, with half of the people and many others not enrolled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation import charts
from face_auth.evaluation.context import Context
from face_auth.evaluation.material import InputError
from face_auth.evaluation.metrics import identification_rate, wilson
from face_auth.evaluation.protocols.calibration import PAIRS_PER_MATCH
from face_auth.evaluation.result import Chart, Section, Table, as_list, between, one_in, percent

NAME: Final = "open-set"
STRANGERS: Final = 2000
RATES: Final = (0.01, 0.001)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledHalf:
    """The highest score of each photograph with one half of the people enrolled.

    Attributes:
        best: Of the enrolled people's test photographs.
        right: Whether that score is the right person's.
        strangers: Of the other half's test photographs and the further strangers.
    """

    best: Floats
    right: NDArray[np.bool_]
    strangers: Floats


def open_set(context: Context) -> Section:
    """Enrol one half, then the other, and identify the photographs of everybody else."""
    further, unseen = strangers(context)
    halves = _halves(context, further)
    rates: dict[str, dict[str, Any]] = {}
    rows = []
    count = sum(len(half.best) for half in halves)
    tries = sum(len(half.strangers) for half in halves)
    supported = [rate for rate in RATES if tries >= PAIRS_PER_MATCH / rate]
    for rate in RATES:
        hits = sum(
            identification_rate(half.best, half.right, half.strangers, rate)[0] * len(half.best)
            for half in halves
        )
        inside = wilson(min(hits, count), count)
        rates[f"{rate:g}"] = {"rate": hits / count, "interval": as_list(inside)}
        if rate in supported:
            rows.append((one_in(rate), percent(hits / count), between(inside)))
    forced = sum(int(half.right.sum()) for half in halves) / count
    rows.append(
        ("all (always names somebody)", percent(forced), between(wilson(forced * count, count)))
    )
    return Section(
        name=NAME,
        title="Open set: most faces are nobody's",
        summary=_summary(rates, supported, tries),
        values={
            "identification rates": rates,
            "closed-set rate": forced,
            "enrolled photographs": count,
            "stranger photographs": tries,
            "further strangers": len(further),
            "further strangers unseen": unseen,
        },
        tables=(
            Table(
                "Detection and identification",
                (
                    "strangers taken for somebody",
                    "enrolled named rightly",
                    "interval (Wilson, 95 %)",
                ),
                rows,
                (
                    f"Each half of the people is enrolled once, so {count} photographs of enrolled "
                    f"people and {tries:,} of strangers are judged. Among the strangers, in both "
                    f"halves, are {len(further):,} further people with one photograph each "
                    f"({unseen:,} of them not seen in training).",
                    "In both halves the threshold is the one at which so many strangers pass. A "
                    f"rate is left out where their photographs are fewer than {PAIRS_PER_MATCH} "
                    "times its number.",
                ),
            ),
        ),
        charts=(
            Chart(
                "open_set",
                "How many enrolled people are still named rightly when fewer strangers may be "
                "taken for somebody.",
                charts.open_set(halves),
            ),
        ),
    )


def _summary(rates: Mapping[str, Mapping[str, Any]], supported: Sequence[float], tries: int) -> str:
    """Return the headline at the strictest rate that the strangers' photographs support."""
    if not supported:
        return f"{tries:,} photographs of strangers are too few to tell how often one is named."
    share = percent(rates[f"{supported[-1]:g}"]["rate"])
    return (
        f"With strangers about, {share} of the enrolled are named rightly while "
        f"{one_in(supported[-1])} strangers is taken for somebody."
    )


def strangers(context: Context) -> tuple[list[Path], int]:
    """Return one photograph each of up to 2,000 people who are not in either folder.

    Those whom the network did not see come first; how many they are is the second value.
    """
    pool, material = context.material.photographs, context.material
    known = material.train.keys() | material.test.keys()
    rng = np.random.default_rng(context.seed)
    chosen: list[Path] = []
    unseen = 0
    for is_unseen in (True, False):
        names = sorted(
            name for name in pool.people if name not in known and (name in pool.unseen) == is_unseen
        )
        mixed = rng.permutation(names)[: STRANGERS - len(chosen)].tolist()
        chosen += [pool.people[name][int(rng.integers(len(pool.people[name])))] for name in mixed]
        unseen = unseen or len(chosen)
    return chosen, unseen


def _halves(context: Context, further: Sequence[Path]) -> list[EnrolledHalf]:
    trained, features = context.train
    images, tested = context.test
    plain = np.array([image.alteration == "plain" for image in images])
    names = np.random.default_rng(context.seed).permutation(
        sorted({image.person for image in trained} & {image.person for image in images})
    )
    if len(names) < 4:
        raise InputError("The open set needs four people or more in both folders.")
    others = context.extractor.extract(further, what="strangers")
    rows, probes = features.embeddings(), tested.embeddings()
    outsiders = np.where(others.found[:, None], others.embeddings(), 0)
    owner = np.array([image.person for image in trained])
    person = np.array([image.person for image in images])
    halves = []
    for enrolled in (names[: (len(names) + 1) // 2], names[(len(names) + 1) // 2 :]):
        inside = np.isin(owner, enrolled)
        svm = context.identification_svm(rows[inside], owner[inside].tolist())
        # A photograph without a face is neither named nor a false alarm.
        scores = np.where(tested.found[:, None], svm.scores(probes), -np.inf)
        alarms = np.where(others.found[:, None], svm.scores(outsiders), -np.inf)
        own = plain & np.isin(person, enrolled)
        named = np.array(svm.people)[scores.argmax(axis=1)]
        halves.append(
            EnrolledHalf(
                best=scores[own].max(axis=1).astype(np.float64),
                right=(named == person)[own] & tested.found[own],
                strangers=np.concatenate(
                    [scores[plain & ~np.isin(person, enrolled)].max(axis=1), alarms.max(axis=1)]
                ).astype(np.float64),
            )
        )
    return halves
