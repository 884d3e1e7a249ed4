"""Calibration: thresholds from the kiosk's attempts, written into the model card."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.bootstrap import Attempts, Bootstrap, interval
from face_auth.evaluation.context import Context
from face_auth.evaluation.metrics import (
    Interval,
    false_match_rate,
    false_non_match_rate,
    refused_visits,
    threshold_at_fmr,
)
from face_auth.evaluation.result import Table, one_in, percent
from face_auth.model_making.card_writing import card_of, write_entry
from face_auth.models import read_entry

RATES: Final = ("1e-2", "1e-3", "1e-4", "1e-5")
PAIRS_PER_MATCH: Final = 10
"""Number of pairs needed for each pair that a rate lets pass."""
MOST_REFUSED: Final = 0.01
"""Share of honest visits, three tries each, that may fail at the rate that kiosks take."""
WIDEST: Final = 2.0
"""Largest ratio of the measured rate's upper bound to the rate."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One threshold and its error rates.

    Attributes:
        rate: The false match rate aimed at, as the card writes it.
        threshold: The lowest score that matches.
        fmr: The measured false match rate.
        fmr_interval: Its 95 % interval, by bootstrap over people.
        fnmr: The measured false non-match rate.
        fnmr_interval: Its interval.
        refused: The chance that a customer is refused three times in a row; None if nobody
            made three attempts.
        missing: Why the data cannot support this rate; empty if they can.
    """

    rate: str
    threshold: float
    fmr: float
    fmr_interval: Interval
    fnmr: float
    fnmr_interval: Interval
    refused: float | None
    missing: str


def operating_points(
    draws: Sequence[Attempts],
    attempts: Attempts,
    bootstrap: Bootstrap,
    further: NDArray[np.bool_] | None = None,
) -> list[OperatingPoint]:
    """Return a point for each of RATES, supported or not.

    Where further strangers are added, a threshold is the higher of two: that of all strangers, and
    that of those who come from the customers' own photographs, who are more like them.

    Args:
        draws: The attempts of each draw of enrolled photographs.
        attempts: All of them together.
        bootstrap: Over those.
        further: Whether an impostor attempt is by a further stranger, shape (m,).
    """
    points = []
    for rate in RATES:
        threshold = threshold_at_fmr(attempts.impostor, float(rate))
        if further is not None and further.any():
            own = attempts.impostor[~further]
            threshold = max(threshold, threshold_at_fmr(own, float(rate)))
        around = interval(bootstrap.fmr(threshold))
        points.append(
            OperatingPoint(
                rate=rate,
                threshold=threshold,
                fmr=false_match_rate(attempts.impostor, threshold),
                fmr_interval=around,
                fnmr=false_non_match_rate(attempts.genuine, threshold),
                fnmr_interval=interval(bootstrap.fnmr(threshold)),
                refused=_refused(draws, threshold),
                missing=_missing(float(rate), attempts.pairs, around),
            )
        )
    return points


def points_of(context: Context) -> list[OperatingPoint]:
    """Return the operating points of the kiosk's verification."""
    attempts = context.kiosk_attempts
    further = np.array([name in context.further_strangers for name in context.people.names])
    return operating_points(
        context.kiosk_draws, attempts, context.kiosk_bootstrap, further[attempts.stranger]
    )


def too_few(context: Context) -> str:
    """Return the sentence for data that support no false match rate."""
    loosest, pairs = one_in(float(RATES[0])), context.kiosk_attempts.pairs
    return f"{pairs:,} pairs of a customer and a stranger support no FMR, not even {loosest}."


def table(points: Sequence[OperatingPoint], title: str, notes: Sequence[str] = ()) -> Table:
    """Return the operating points as a table."""
    return Table(
        title,
        ("FMR aimed at", "threshold", "FMR, 95 %", "FNMR", "FNMR, 95 %", "refused three times", ""),
        [_row(point) for point in points],
        notes,
    )


def _row(point: OperatingPoint) -> tuple[str, ...]:
    """Return a point's cells; of one that the data cannot support only the reason."""
    aim = one_in(float(point.rate))
    if point.missing:
        return (aim, *["–"] * 5, f"left out: {point.missing}")
    return (
        aim,
        f"{point.threshold:.4f}",
        f"{one_in(point.fmr_interval.low)} to {one_in(point.fmr_interval.high)}",
        percent(point.fnmr),
        f"{100 * point.fnmr_interval.low:.1f} to {100 * point.fnmr_interval.high:.1f} %",
        "–" if point.refused is None else percent(point.refused),
        "",
    )


def write(
    context: Context,
    points: Sequence[OperatingPoint],
    worst: Mapping[str, tuple[str, float]] | None = None,
) -> Path:
    """Write the supported thresholds into the network's model card, and return the card's file.

    Args:
        context: The network and its attempts.
        points: Of all rates.
        worst: By rate, the group of people with the highest FMR within, and that FMR.

    Raises:
        ModelError: If the card cannot be read.
        OSError: If it cannot be written.
    """
    card, attempts, people = context.extractor.card, context.kiosk_attempts, context.people
    pool = context.material.photographs
    supported = [point for point in points if not point.missing]
    entry: dict[str, Any] = dict(read_entry(card.name, card.folder))
    entry["thresholds"] = {point.rate: _rounded(point.threshold) for point in supported}
    entry["default rate"] = default_rate(supported)
    entry["provisional"] = False
    entry["calibration"] = {
        "data": ("LFW, people whom no network saw" if pool.lfw else "photographs of people")
        + (
            f"; {len(context.further_strangers):,} further strangers, adults of labelled faces"
            if context.further_strangers
            else ""
        ),
        "customers": attempts.customers,
        "people": attempts.people,
        "photographs": len(people.paths),
        "draws of five enrolled photographs": len(context.kiosk_draws),
        "genuine attempts": len(attempts.genuine),
        "impostor attempts": len(attempts.impostor),
        "pairs": attempts.pairs,
        "network": card.sha256,
        "cohort": card.cohort_sha256,
        "date": datetime.now(UTC).date().isoformat(),
        "rates": {point.rate: _values(point) for point in supported},
        "left out": {point.rate: point.missing for point in points if point.missing},
    }
    if worst:
        entry["calibration"]["promise within the worst group"] = {
            rate: {"group": who, "fmr": fmr} for rate, (who, fmr) in worst.items()
        }
    path = card_of(card.name, card.folder)
    write_entry(path, card.name, entry)
    return path


def default_rate(supported: Sequence[OperatingPoint]) -> str:
    """Return the strictest rate at which few honest visits fail; the loosest if there is none."""
    borne = [
        each for each in supported if each.refused is not None and each.refused <= MOST_REFUSED
    ]
    if not borne:
        return max(supported, key=lambda point: float(point.rate)).rate
    return min(borne, key=lambda point: float(point.rate)).rate


def _values(point: OperatingPoint) -> Mapping[str, object]:
    return {
        "threshold": _rounded(point.threshold),
        "fmr": point.fmr,
        "fmr upper bound": point.fmr_interval.high,
        "fnmr": point.fnmr,
        "fnmr upper bound": point.fnmr_interval.high,
    }


def _rounded(threshold: float) -> float:
    """Return it with six digits, never lower: nobody more may match."""
    return math.ceil(threshold * 1e6) / 1e6


def _refused(draws: Sequence[Attempts], threshold: float) -> float | None:
    try:
        shares = [refused_visits(draw.genuine_by_person(), threshold) for draw in draws]
    except ValueError:
        return None
    return sum(shares) / len(shares)


def _missing(rate: float, pairs: int, around: Interval) -> str:
    """Return what the data lack for a rate; nothing if they support it."""
    if pairs < PAIRS_PER_MATCH / rate:
        return f"{pairs:,} pairs of {PAIRS_PER_MATCH / rate:,.0f}"
    if around.high > WIDEST * rate:
        return f"upper bound {one_in(around.high)}"
    return ""
