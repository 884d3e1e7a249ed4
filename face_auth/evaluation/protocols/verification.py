"""Protocol: verification by the kiosk's method, compared with alternative methods."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from face_auth.evaluation import charts, trials
from face_auth.evaluation.bootstrap import Attempts, Bootstrap, interval
from face_auth.evaluation.context import Context
from face_auth.evaluation.features import unit
from face_auth.evaluation.frames import ALTERATIONS, FRAMES
from face_auth.evaluation.metrics import equal_error_rate, false_match_rate, tar_at_fmr
from face_auth.evaluation.protocols import calibration
from face_auth.evaluation.result import Chart, Section, Table, as_list, one_in, percent
from face_auth.evaluation.trials import Floats, Scorer, TrialPeople

NAME: Final = "verification"
RATES: Final = (1e-2, 1e-3, 1e-4, 1e-5)
AT: Final = 1e-4
"""The false match rate at whose threshold several frames are compared."""
UNSUPPORTED: Final = "–"
KIOSK: Final = "customer SVM"
RIVALS_REPETITIONS: Final = 200
"""Of the bootstrap of what the kiosk does not do; the kiosk's own has more."""


def verification(context: Context) -> Section:
    """Enrol customers from five photographs and score genuine and impostor attempts."""
    attempts = context.kiosk_attempts
    scorers: dict[str, Scorer] = {
        KIOSK: context.svm_scorer,
        "cosine to the mean": trials.by_mean,
        "cosine to the nearest": trials.by_nearest,
    }
    curves: dict[str, charts.Rates] = {}
    comparison: dict[str, dict[str, Any]] = {}
    for mirror in (True, False):
        rows = context.features.embeddings(mirror=mirror)
        for name, scorer in scorers.items():
            is_kiosk = mirror and name == KIOSK
            scored = (
                attempts
                if is_kiosk
                else Attempts.together(trials.run(context.people, scorer, rows, rows))
            )
            bootstrap = (
                context.kiosk_bootstrap
                if is_kiosk
                else Bootstrap(scored, context.seed, RIVALS_REPETITIONS)
            )
            views = "image and mirror" if mirror else "image alone"
            comparison[f"{name}, {views}"] = _figures(scored, bootstrap)
            if mirror:
                curves[name] = charts.rates_of(scored.genuine, scored.impostor)
    points = calibration.points_of(context)
    frames = _frames(context, points)
    kiosk = comparison[f"{KIOSK}, image and mirror"]
    supported = [float(point.rate) for point in points if not point.missing]
    thresholds = {
        f"FMR {one_in(float(point.rate))}": point.threshold for point in points if not point.missing
    }
    return Section(
        name=NAME,
        title="Verification: is this the claimed customer?",
        summary=_summary(context, kiosk, supported),
        values={
            "customers": attempts.customers,
            "people": attempts.people,
            "photographs": len(context.people.paths),
            "photographs without a face": context.people.failed,
            "draws": len(context.kiosk_draws),
            "genuine attempts": len(attempts.genuine),
            "impostor attempts": len(attempts.impostor),
            "pairs": attempts.pairs,
            "comparison": comparison,
            "operating points": [dataclasses.asdict(point) for point in points],
            "frames": frames,
        },
        tables=(
            _comparison_table(context, comparison, supported),
            calibration.table(
                points,
                "The kiosk's thresholds",
                (
                    f"{attempts.pairs:,} distinct (customer, stranger) pairs. A rate is left out "
                    "where they are fewer than 10/FMR or the upper bound is above twice the rate. "
                    "Intervals by bootstrap over people.",
                ),
            ),
            *([_frames_table(frames, supported)] if supported else []),
        ),
        charts=(
            *(_curves(curves) if supported else ()),
            Chart(
                "scores",
                "Scores of the customer's SVM, and the thresholds.",
                charts.histogram(
                    ("the customer", attempts.genuine),
                    ("somebody else", attempts.impostor),
                    thresholds,
                ),
            ),
            Chart(
                "thresholds",
                "What moving the threshold does to both errors.",
                charts.trade_off(curves[KIOSK], thresholds),
            ),
        ),
    )


def in_threes(people: TrialPeople, draw: int, embeddings: Floats) -> tuple[TrialPeople, Floats]:
    """Return attempts of three different photographs of a person each, for one draw.

    Returns:
        The people with that one draw, each "photograph" being three; their mean embeddings.
    """
    genuine = people.probe[draw]
    is_customer = people.person < people.customers
    groups: list[list[int]] = []
    for person in range(len(people.names)):
        own = np.flatnonzero((people.person == person) & (genuine | ~is_customer)).tolist()
        groups += [own[start : start + FRAMES] for start in range(0, len(own) - FRAMES + 1, FRAMES)]
    rows = np.array(groups, np.int64).reshape(-1, FRAMES)
    first = rows[:, 0]
    threes = dataclasses.replace(
        people,
        person=people.person[first],
        enrolled=people.enrolled[draw : draw + 1],
        probe=genuine[first][np.newaxis],
        tried=np.ones(len(first), bool),
    )
    return threes, unit(embeddings[rows].mean(axis=1))


def _figures(attempts: Attempts, bootstrap: Bootstrap) -> dict[str, Any]:
    shares, errors = bootstrap.sweep(RATES)
    return {
        "eer": equal_error_rate(attempts.genuine, attempts.impostor)[0],
        "eer interval": as_list(interval(errors)),
        "tar": {
            f"{rate:g}": {
                "rate": tar_at_fmr(attempts.genuine, attempts.impostor, rate),
                "interval": as_list(interval(shares[:, column])),
            }
            for column, rate in enumerate(RATES)
        },
    }


def _frames(
    context: Context, points: Sequence[calibration.OperatingPoint]
) -> dict[str, dict[str, Any]]:
    """Return what averaging the embeddings of several frames does, at the kiosk's thresholds."""
    people, scorer = context.people, context.svm_scorer
    rows = context.features.embeddings()
    visit = [
        context.extractor.extract(people.paths, name, f"imitated {name}") for name in ALTERATIONS
    ]
    found = np.all([frame.found for frame in visit], axis=0)
    frames = [frame.embeddings() for frame in visit]
    kinds: Mapping[str, Callable[[], list[Attempts]]] = {
        "one photograph": lambda: list(context.kiosk_draws),
        "one imitated frame": lambda: trials.run(
            people, scorer, rows, np.where(found[:, None], frames[0], 0)
        ),
        "three imitated frames of one visit": lambda: trials.run(
            people, scorer, rows, np.where(found[:, None], unit(np.mean(frames, axis=0)), 0)
        ),
        "three different photographs": lambda: [
            part
            for draw in range(len(people.enrolled))
            for threes, probes in [in_threes(people, draw, rows)]
            for part in trials.run(threes, scorer, rows, probes)
        ],
    }
    figures: dict[str, dict[str, Any]] = {}
    for name, attempt in kinds.items():
        scored = Attempts.together(attempt())
        if not (len(scored.genuine) and len(scored.impostor)):
            continue  # nobody has so many photographs
        figures[name] = {
            "genuine attempts": len(scored.genuine),
            "impostor attempts": len(scored.impostor),
            "tar": {
                f"{rate:g}": tar_at_fmr(scored.genuine, scored.impostor, rate) for rate in RATES
            },
            "at the kiosk's thresholds": {
                point.rate: {
                    "fmr": false_match_rate(scored.impostor, point.threshold),
                    "tar": float(np.mean(scored.genuine >= point.threshold)),
                }
                for point in points
            },
        }
    return figures


def _summary(context: Context, kiosk: Mapping[str, Any], supported: Sequence[float]) -> str:
    """Return the headline: true accept rates at the false match rates that the data support."""
    if not supported:
        return (
            f"EER {percent(kiosk['eer'])} of {len(context.kiosk_attempts.genuine):,} genuine "
            f"attempts. {calibration.too_few(context)}"
        )
    parts = [
        f"{percent(kiosk['tar'][f'{rate:g}']['rate'])} at FMR {one_in(rate)}"
        for rate in supported[-2:]
    ]
    return f"Genuine attempts that match: {' and '.join(parts)}."


def _curves(curves: Mapping[str, charts.Rates]) -> list[Chart]:
    """Return the charts over the false match rate, for data that support one."""
    return [
        Chart(
            "det",
            "Detection error trade-off of the three ways to score, image and mirror averaged.",
            charts.det(curves),
        ),
        Chart(
            "roc",
            "The same as ROC; the false match rate on a logarithmic axis.",
            charts.roc(curves),
        ),
    ]


def _comparison_table(
    context: Context, comparison: Mapping[str, Mapping[str, Any]], supported: Sequence[float]
) -> Table:
    def cell(share: float, ends: Sequence[float]) -> str:
        return f"{100 * share:.2f} ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"

    rows = [
        (
            name,
            cell(own["eer"], own["eer interval"]),
            *(
                cell(value["rate"], value["interval"]) if float(rate) in supported else UNSUPPORTED
                for rate, value in own["tar"].items()
            ),
        )
        for name, own in comparison.items()
    ]
    attempts = context.kiosk_attempts
    return Table(
        "Ways to score, %",
        ("", "EER", *_headings()),
        rows,
        (
            f"{attempts.customers} customers enrolled from five photographs each, drawn "
            f"{len(context.kiosk_draws)} times; {len(attempts.genuine):,} genuine and "
            f"{len(attempts.impostor):,} impostor attempts by {attempts.people:,} people. "
            f"{context.people.failed} photographs had no face and are not among them. "
            "In brackets 95 % intervals by bootstrap over people; – where the data support no "
            "such rate.",
        ),
    )


def _headings() -> list[str]:
    return [f"TAR at FMR {one_in(RATES[0])}", *(one_in(rate) for rate in RATES[1:])]


def _frames_table(frames: Mapping[str, Mapping[str, Any]], supported: Sequence[float]) -> Table:
    rows = []
    for name, own in frames.items():
        kiosk = own["at the kiosk's thresholds"]["1e-4"]
        rows.append(
            (
                name,
                *(
                    f"{100 * share:.2f}" if float(rate) in supported else UNSUPPORTED
                    for rate, share in own["tar"].items()
                ),
                one_in(kiosk["fmr"]) if AT in supported else UNSUPPORTED,
                f"{100 * kiosk['tar']:.2f}" if AT in supported else UNSUPPORTED,
            )
        )
    return Table(
        "Several frames (customer SVM, image and mirror, mean embedding), %",
        (
            "",
            *_headings(),
            f"FMR at the threshold of {one_in(AT)}",
            "TAR there",
        ),
        rows,
        (
            "The threshold comes from single photographs. Frames of one visit are imitated: the "
            "same photograph moved, turned and lit a little differently, with noise. Three "
            "different photographs are the best that three frames could bring.",
        ),
    )
