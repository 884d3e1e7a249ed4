"""Error rates of verification and identification, and their confidence intervals.

Scores: higher is more alike, a comparison matches at ``score >= threshold``. Genuine scores compare
a person with their own template, impostor scores with somebody else's.
"""

import math
import operator
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scores = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


def false_match_rate(impostor: Scores, threshold: float) -> float:
    """Return the share of impostor comparisons that match.

    Raises:
        ValueError: If there is none.
    """
    return float(np.mean(_some(impostor, "impostor") >= threshold))


def false_non_match_rate(genuine: Scores, threshold: float) -> float:
    """Return the share of genuine comparisons that do not match.

    Raises:
        ValueError: If there is none.
    """
    return float(np.mean(_some(genuine, "genuine") < threshold))


def threshold_at_fmr(impostor: Scores, fmr: float) -> float:
    """Return the lowest threshold at which at most *fmr* of the impostor comparisons match.

    Raises:
        ValueError: If there is no score, or *fmr* is not from 0 to 1.
    """
    scores = _some(impostor, "impostor")
    if not 0 <= fmr <= 1:
        raise ValueError(f"{fmr} is not a rate")
    allowed = math.floor(fmr * len(scores) + 1e-9)
    if allowed >= len(scores):
        return float(scores.min())
    # The highest score that must not match any more; the next number above it is the threshold.
    position = len(scores) - 1 - allowed
    return math.nextafter(float(np.partition(scores, position)[position]), math.inf)


def tar_at_fmr(genuine: Scores, impostor: Scores, fmr: float) -> float:
    """Return the share of genuine comparisons that match where at most *fmr* of the impostors do.

    Raises:
        ValueError: If one side has no score, or *fmr* is not from 0 to 1.
    """
    return 1 - false_non_match_rate(genuine, threshold_at_fmr(impostor, fmr))


def equal_error_rate(genuine: Scores, impostor: Scores) -> tuple[float, float]:
    """Return the rate where FMR and FNMR meet, and its threshold.

    Where they only cross between two scores it is the mean of both where they are nearest.

    Raises:
        ValueError: If one side has no score.
    """
    own = np.sort(_some(genuine, "genuine"))
    other = np.sort(_some(impostor, "impostor"))

    def rates(threshold: float) -> tuple[float, float]:
        fmr = 1 - int(np.searchsorted(other, threshold)) / len(other)
        return fmr, int(np.searchsorted(own, threshold)) / len(own)

    # FMR falls and FNMR rises with the threshold, so each list of scores has one crossing.
    candidates = [math.nextafter(float(max(own[-1], other[-1])), math.inf)]
    for scores in (own, other):
        crossing = bisect_left(scores, True, key=lambda score: operator.lt(*rates(score)))
        candidates += scores[max(crossing - 1, 0) : crossing + 1].tolist()
    gaps = {threshold: abs(operator.sub(*rates(threshold))) for threshold in sorted(candidates)}
    nearest = min(gaps, key=lambda threshold: gaps[threshold])
    return sum(rates(nearest)) / 2, nearest


def wilson(successes: float, trials: int) -> Interval:
    """Return Wilson's interval of a proportion.

    Args:
        successes: From 0 to *trials*; a share of it may count in part.
        trials: Independent ones.

    Raises:
        ValueError: If there was no trial, or more successes than trials.
    """
    from scipy.stats import binomtest

    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no proportion")
    result = binomtest(0, trials)
    result.k = successes  # SciPy's interval takes a part of a success; only its test does not
    ends = result.proportion_ci(method="wilson")
    return Interval(float(ends.low), float(ends.high))


def upper_bound(successes: int, trials: int, confidence: float = 0.95) -> float:
    """Return the exact (Clopper-Pearson) one-sided upper bound of a proportion.

    It is the largest true rate at which so few *successes* still happen with a chance of
    1 - *confidence*; 0 of 67 gives 4.4 %, 1 of 67 gives 6.9 %.

    Raises:
        ValueError: If there was no trial, or more successes than trials.
    """
    from scipy.stats import binomtest

    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no proportion")
    result = binomtest(successes, trials, alternative="less")
    return float(result.proportion_ci(confidence, method="exact").high)


def ranks(scores: Scores, truth: ArrayLike) -> NDArray[np.intp]:
    """Return the rank of each row's true class: 0 is the best score; ties count against it.

    Args:
        scores: Shape (n, k).
        truth: The true column of each row, n integers; -1 for a class that has no column.

    Returns:
        Shape (n,); k where the class has no column.
    """
    columns = np.asarray(truth, np.intp)
    own = np.take_along_axis(scores, np.maximum(columns, 0)[:, None], axis=1)
    places = (scores >= own).sum(axis=1) - 1
    return np.asarray(np.where(columns < 0, scores.shape[1], places), np.intp)


def identification_rate(
    best: Scores, correct: ArrayLike, strangers: Scores, false_alarm_rate: float
) -> tuple[float, float]:
    """Return the detection-and-identification rate of an open set, and the threshold.

    Args:
        best: The highest score of each photograph of an enrolled person, shape (n,).
        correct: Whether that score is the right person's, shape (n,).
        strangers: The highest score of each stranger's photograph.
        false_alarm_rate: The share of *strangers* that may reach the threshold.

    Returns:
        The share of *best* that is correct and reaches the threshold; the threshold.

    Raises:
        ValueError: If one side is empty or the lengths differ.
    """
    scores, right = _some(best, "enrolled person's"), np.asarray(correct, bool)
    if scores.shape != right.shape:
        raise ValueError(f"{len(scores)} scores and {len(right)} answers do not fit together")
    threshold = threshold_at_fmr(strangers, false_alarm_rate)
    return float(np.mean(right & (scores >= threshold))), threshold


def refused_visits(scores: Sequence[Scores], threshold: float, tries: int = 3) -> float:
    """Return the probability that a customer is refused in all of *tries* different attempts.

    Each customer counts alike: for one with n attempts of which f fail, it is the share of all
    choices of *tries* attempts in which all fail, so that hard customers stay hard.

    Args:
        scores: The genuine scores of each customer; those with fewer than *tries* are left out.
        threshold: What a score must reach.
        tries: How many attempts a visit has.

    Raises:
        ValueError: If no customer has *tries* attempts.
    """
    shares = [
        math.comb(int((own < threshold).sum()), tries) / math.comb(len(own), tries)
        for own in (np.asarray(one, np.float64) for one in scores)
        if len(own) >= tries
    ]
    if not shares:
        raise ValueError(f"no customer made {tries} attempts")
    return float(np.mean(shares))


@dataclass(frozen=True, slots=True)
class FoldAccuracy:
    """The accuracy of same-person decisions at thresholds from the other folds.

    Attributes:
        mean: Of the folds' accuracies.
        standard_error: Of that mean.
        folds: Each fold's accuracy.
    """

    mean: float
    standard_error: float
    folds: tuple[float, ...]


def fold_accuracy(scores: Scores, same: ArrayLike, folds: ArrayLike) -> FoldAccuracy:
    """Return the accuracy over folds, each with the threshold that is best on all the others.

    Args:
        scores: Shape (n,); NaN for a pair that could not be compared, which counts as an error.
        same: Whether both are of one person, shape (n,).
        folds: The fold of each pair, shape (n,); at least two folds.

    Raises:
        ValueError: If the lengths differ or there is one fold only.
    """
    scores, truth, numbers = (
        np.asarray(scores, np.float64),
        np.asarray(same, bool),
        np.asarray(folds),
    )
    if not len(scores) == len(truth) == len(numbers):
        raise ValueError("scores, answers and folds differ in number")
    names = np.unique(numbers)
    if len(names) < 2:
        raise ValueError("a threshold from the other folds needs two folds or more")
    usable = ~np.isnan(scores)
    accuracies = []
    for name in names:
        inside = numbers == name
        train = usable & ~inside
        threshold = _most_accurate_threshold(scores[train], truth[train])
        right = usable[inside] & ((scores[inside] >= threshold) == truth[inside])
        accuracies.append(float(right.mean()))
    spread = float(np.std(accuracies, ddof=1)) / math.sqrt(len(accuracies))
    return FoldAccuracy(float(np.mean(accuracies)), spread, tuple(accuracies))


def _most_accurate_threshold(scores: Scores, same: NDArray[np.bool_]) -> float:
    """Return the middle between the two scores that are best separated."""
    order = np.argsort(scores)
    ordered, truth = scores[order], same[order]
    # Number of right answers if everything from position i on matches.
    right = np.concatenate([[0], np.cumsum(~truth)]) + truth.sum()
    right -= np.concatenate([[0], np.cumsum(truth)])
    edges = np.concatenate([[-np.inf], (ordered[1:] + ordered[:-1]) / 2, [np.inf]])
    distinct = np.concatenate([[True], ordered[1:] > ordered[:-1], [True]])
    return float(edges[np.where(distinct, right, -1).argmax()])


def _some(scores: Scores, name: str) -> NDArray[np.float64]:
    values = np.asarray(scores, np.float64).ravel()
    if not len(values):
        raise ValueError(f"there is no {name} score")
    return values
