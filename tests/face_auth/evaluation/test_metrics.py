"""Tests of error rates: calculated by hand, by scikit-learn, and at chance level."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import det_curve, roc_curve

from face_auth.evaluation import metrics

GENUINE = np.array([0.9, 0.8, 0.2])
IMPOSTOR = np.array([0.7, 0.1, 0.1])


def test_rates_by_hand() -> None:
    assert metrics.false_match_rate(IMPOSTOR, 0.5) == pytest.approx(1 / 3)
    assert metrics.false_non_match_rate(GENUINE, 0.5) == pytest.approx(1 / 3)


def test_a_score_at_the_threshold_matches() -> None:
    assert metrics.false_match_rate(IMPOSTOR, 0.7) == pytest.approx(1 / 3)
    assert metrics.false_non_match_rate(GENUINE, 0.8) == pytest.approx(1 / 3)


def test_no_scores_have_no_rate() -> None:
    with pytest.raises(ValueError, match="no impostor"):
        metrics.false_match_rate(np.array([]), 0.5)
    with pytest.raises(ValueError, match="no genuine"):
        metrics.false_non_match_rate(np.array([]), 0.5)


def test_threshold_for_a_rate_is_the_lowest_that_keeps_it() -> None:
    scores = np.arange(10) / 10
    threshold = metrics.threshold_at_fmr(scores, 0.2)
    assert metrics.false_match_rate(scores, threshold) == pytest.approx(0.2)
    assert metrics.false_match_rate(scores, math.nextafter(threshold, 0)) == pytest.approx(0.3)


def test_threshold_for_a_rate_never_lets_tied_scores_exceed_it() -> None:
    scores = np.array([0.1, 0.5, 0.5, 0.5, 0.9])
    threshold = metrics.threshold_at_fmr(scores, 0.4)
    assert metrics.false_match_rate(scores, threshold) == pytest.approx(0.2)


def test_threshold_found_in_single_precision_holds_in_single_precision() -> None:
    scores = np.array([0.1, 0.3, 0.7], np.float32)
    threshold = metrics.threshold_at_fmr(scores, 0)
    assert metrics.false_match_rate(scores, threshold) == 0


def test_tar_by_hand() -> None:
    assert metrics.tar_at_fmr(GENUINE, IMPOSTOR, 0.0) == pytest.approx(2 / 3)
    assert metrics.tar_at_fmr(GENUINE, IMPOSTOR, 1 / 3) == pytest.approx(1)


def curve(genuine, impostor, thresholds) -> tuple[list[float], list[float]]:
    """FMR and FNMR at each threshold."""
    return (
        [metrics.false_match_rate(impostor, each) for each in thresholds],
        [metrics.false_non_match_rate(genuine, each) for each in thresholds],
    )


def test_equal_error_rate_by_hand() -> None:
    rate, threshold = metrics.equal_error_rate(GENUINE, IMPOSTOR)
    assert rate == pytest.approx(1 / 3)
    assert 0.2 < threshold <= 0.7
    assert metrics.equal_error_rate(np.array([2.0, 3.0]), np.array([0.0, 1.0]))[0] == 0
    assert metrics.equal_error_rate(np.array([0.0, 1.0]), np.array([2.0, 3.0]))[0] == 1


def test_equal_error_rate_is_where_the_curves_are_nearest(rng) -> None:
    for distance in (0.0, 0.5, 2.0):
        genuine = rng.normal(distance, 1, 57).round(1)
        impostor = rng.normal(0, 1, 301).round(1)
        fmr, fnmr = curve(genuine, impostor, np.concatenate([genuine, impostor, [np.inf]]))
        nearest = np.abs(np.subtract(fmr, fnmr)).min()
        rate, threshold = metrics.equal_error_rate(genuine, impostor)
        (at_fmr,), (at_fnmr,) = curve(genuine, impostor, [threshold])
        assert abs(at_fmr - at_fnmr) == pytest.approx(nearest)
        assert rate == pytest.approx((at_fmr + at_fnmr) / 2)


def test_curve_is_that_of_scikit_learn(rng) -> None:
    genuine = rng.normal(2, 1, 300).round(2)
    impostor = rng.normal(0, 1, 2000).round(2)
    truth = np.repeat([1, 0], [300, 2000])
    scores = np.concatenate([genuine, impostor])
    fmr, fnmr, thresholds = det_curve(truth, scores)
    ours = curve(genuine, impostor, thresholds)
    np.testing.assert_allclose(ours, (fmr, fnmr), atol=1e-12)
    far, tar, _ = roc_curve(truth, scores, drop_intermediate=False)
    for rate in (0.001, 0.01, 0.1):
        best = tar[far <= rate].max()
        assert metrics.tar_at_fmr(genuine, impostor, rate) == pytest.approx(best)


def test_shuffled_labels_give_chance(rng) -> None:
    scores = np.concatenate([rng.normal(3, 1, 4000), rng.normal(0, 1, 4000)])
    assert metrics.equal_error_rate(scores[:4000], scores[4000:])[0] < 0.1
    rng.shuffle(scores)
    genuine, impostor = scores[:4000], scores[4000:]
    assert metrics.equal_error_rate(genuine, impostor)[0] == pytest.approx(0.5, abs=0.03)
    assert metrics.tar_at_fmr(genuine, impostor, 0.01) == pytest.approx(0.01, abs=0.008)


@given(st.integers(0, 50), st.integers(1, 50))
def test_wilson_holds_the_proportion(successes: int, more: int) -> None:
    trials = successes + more
    interval = metrics.wilson(successes, trials)
    assert 0 <= interval.low <= successes / trials <= interval.high <= 1


def test_wilson_by_hand() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    interval = metrics.wilson(81, 263)
    assert (interval.low, interval.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    interval = metrics.wilson(0, 20)
    assert (interval.low, interval.high) == pytest.approx((0, 0.1611), abs=1e-4)
    with pytest.raises(ValueError, match="no proportion"):
        metrics.wilson(0, 0)


def test_ranks_count_ties_against_the_true_class() -> None:
    scores = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.1], [0.1, 0.2, 0.3], [0.3, 0.2, 0.1]])
    np.testing.assert_array_equal(metrics.ranks(scores, [0, 0, 0, -1]), [0, 1, 2, 3])


def test_identification_rate_by_hand() -> None:
    best = np.array([0.9, 0.8, 0.6, 0.3])
    correct = [True, False, True, True]
    strangers = np.array([0.7, 0.5, 0.2, 0.1])
    assert metrics.identification_rate(best, correct, strangers, 0.25)[0] == pytest.approx(0.5)
    assert metrics.identification_rate(best, correct, strangers, 0.0)[0] == pytest.approx(0.25)
    assert metrics.identification_rate(best, correct, strangers, 1.0)[0] == pytest.approx(0.75)


def test_refused_visits_by_hand() -> None:
    hard = np.array([0.0, 0.0, 0.0, 1.0])  # one of the four triples fails throughout
    easy = np.array([1.0, 1.0, 1.0])
    too_few = np.array([0.0, 0.0])
    assert metrics.refused_visits([hard, easy, too_few], 0.5) == pytest.approx(1 / 8)
    assert metrics.refused_visits([hard, too_few], 0.5, tries=1) == pytest.approx((3 / 4 + 1) / 2)
    with pytest.raises(ValueError, match="no customer"):
        metrics.refused_visits([too_few], 0.5)


def test_fold_accuracy_takes_the_threshold_of_the_other_folds() -> None:
    # Folds 0 and 1 part at 0.5; in fold 2 everything lies 0.4 higher, so one impostor passes.
    scores = np.array([0.9, 0.1, 0.8, 0.2, 1.3, 0.6])
    same = [True, False] * 3
    result = metrics.fold_accuracy(scores, same, [0, 0, 1, 1, 2, 2])
    assert result.folds[2] == 0.5
    assert result.mean == pytest.approx(np.mean(result.folds))
    assert result.standard_error == pytest.approx(np.std(result.folds, ddof=1) / math.sqrt(3))


def test_a_pair_that_cannot_be_compared_is_an_error() -> None:
    scores = np.array([0.9, 0.1] * 3)
    same, folds = [True, False] * 3, [0, 0, 1, 1, 2, 2]
    assert metrics.fold_accuracy(scores, same, folds).mean == 1
    scores[3] = np.nan
    assert metrics.fold_accuracy(scores, same, folds).folds == (1, 0.5, 1)


def test_fold_accuracy_of_shuffled_labels_is_chance(rng) -> None:
    same = np.repeat([True, False], 3000)
    scores = np.where(same, 1.0, 0.0) + rng.normal(0, 0.2, 6000)
    folds = np.tile(np.arange(10), 600)
    assert metrics.fold_accuracy(scores, same, folds).mean > 0.98
    rng.shuffle(same)
    shuffled = metrics.fold_accuracy(scores, same, folds)
    assert shuffled.mean == pytest.approx(0.5, abs=0.03)


def test_the_upper_bound_is_where_so_few_become_a_chance_of_one_in_twenty() -> None:
    # None of n: (1 - p)^n = 0.05.
    assert metrics.upper_bound(0, 67) == pytest.approx(1 - 0.05 ** (1 / 67))
    assert metrics.upper_bound(1, 67) == pytest.approx(0.0689, abs=1e-4)
    assert metrics.upper_bound(3, 3) == 1.0
    for passed, tried in ((0, 10), (4, 67), (150, 300)):
        bound = metrics.upper_bound(passed, tried)
        assert float(binom.cdf(passed, tried, bound)) == pytest.approx(0.05, abs=1e-6)
    for passed, tried in ((0, 0), (3, 2), (-1, 5)):
        with pytest.raises(ValueError):
            metrics.upper_bound(passed, tried)
