"""Tests of the SVMs: their decisions, and their repeatability."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth.recognition.classifier import (
    CustomerSvm,
    train_customer_svm,
    train_identification_svm,
)


def people(
    rng: np.random.Generator, count: int, each: int, spread: float = 0.04
) -> NDArray[np.float32]:
    """Return unit rows, shape (count, each, 512): tight groups in random directions."""
    centres = rng.normal(size=(count, 1, 512))
    centres /= np.linalg.norm(centres, axis=2, keepdims=True)
    rows = centres + rng.normal(size=(count, each, 512)) * spread
    return np.asarray(rows / np.linalg.norm(rows, axis=2, keepdims=True), np.float32)


def test_a_customer_scores_above_strangers(rng: np.random.Generator) -> None:
    known = people(rng, 200, 1)[:, 0]
    customer, stranger = people(rng, 2, 10)
    svm = train_customer_svm(customer[:5], known)
    assert svm.score(customer[5:]).min() > svm.score(stranger).max()


def test_a_score_is_the_weighted_sum_and_the_bias() -> None:
    svm = CustomerSvm(np.array([1, -2], np.float32), 0.5)
    assert svm.score(np.array([[1, 0], [0, 1]], np.float32)).tolist() == [1.5, -1.5]


def test_training_again_gives_the_same_svm(rng: np.random.Generator) -> None:
    known, customer = people(rng, 300, 1)[:, 0], people(rng, 1, 5)[0]
    first = train_customer_svm(customer, known)
    train_customer_svm(known[:3], known[3:])
    second = train_customer_svm(customer, known)
    assert np.array_equal(first.weights, second.weights)
    assert first.bias == second.bias


def test_threads_do_not_disturb_each_others_training(rng: np.random.Generator) -> None:
    known, customers = people(rng, 1, 600, spread=0.06)[0], people(rng, 24, 5)
    alone = [train_customer_svm(customer, known).weights for customer in customers]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda rows: train_customer_svm(rows, known).weights, customers))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_few_photographs_weigh_as_much_as_many_impostors(rng: np.random.Generator) -> None:
    known, customer = people(rng, 1000, 1)[:, 0], people(rng, 1, 10)[0]
    svm = train_customer_svm(customer[:1], known)
    assert svm.score(customer[:1])[0] > 0.5
    assert svm.score(known).max() < 0


@pytest.mark.parametrize(
    ("enrolled", "cohort"),
    [
        (np.ones((0, 4)), np.ones((5, 4))),
        (np.ones((5, 4)), np.ones((0, 4))),
        (np.ones((5, 4)), np.ones((5, 3))),
        (np.ones(4), np.ones((5, 4))),
        (np.full((2, 4), np.nan), np.ones((5, 4))),
    ],
)
def test_a_side_that_is_empty_or_does_not_fit_is_refused(
    enrolled: NDArray[np.float32], cohort: NDArray[np.float32]
) -> None:
    with pytest.raises(ValueError, match=r"sides|fit|NaN"):
        train_customer_svm(enrolled.astype(np.float32), cohort.astype(np.float32))


def test_identification_names_the_right_person(rng: np.random.Generator) -> None:
    groups = people(rng, 12, 8)
    names = [f"person {i:02}" for i in range(12) for _ in range(4)]
    svm = train_identification_svm(groups[:, :4].reshape(-1, 512), names)
    assert svm.predict(groups[:, 4:].reshape(-1, 512)) == names
    assert svm.scores(groups[0]).shape == (8, 12)


def test_identification_gives_a_stranger_no_good_score(rng: np.random.Generator) -> None:
    groups, stranger = people(rng, 12, 8), people(rng, 1, 8)[0]
    svm = train_identification_svm(
        groups.reshape(-1, 512), [str(i) for i in range(12) for _ in range(8)]
    )
    assert svm.scores(stranger).max() < 0 < svm.scores(groups[3])[:, svm.people.index("3")].min()


def test_identification_of_two_people_has_two_scores(rng: np.random.Generator) -> None:
    groups = people(rng, 2, 6)
    svm = train_identification_svm(groups.reshape(-1, 512), ["b"] * 6 + ["a"] * 6)
    assert svm.people == ("a", "b")
    assert svm.predict(np.concatenate([groups[1], groups[0]])) == ["a"] * 6 + ["b"] * 6


def test_identification_refuses_one_person_or_wrong_lengths() -> None:
    with pytest.raises(ValueError, match="two people"):
        train_identification_svm(np.ones((2, 4), np.float32), ["a", "a"])
    with pytest.raises(ValueError, match="3 embeddings of 2 names"):
        train_identification_svm(np.ones((3, 4), np.float32), ["a", "b"])
