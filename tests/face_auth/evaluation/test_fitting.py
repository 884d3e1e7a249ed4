"""Fitting of the liveness head: who is left out, and where the threshold lies."""

from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

from face_auth.evaluation.material import InputError
from face_auth.evaluation.protocols.pad.fitting import REFUSED, Samples, fit, left_out, samples
from face_auth.evaluation.protocols.pad.manifest import Presentation
from face_auth.liveness.head import INPUTS


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def drawn(rng: np.random.Generator, people: int = 6, each: int = 40, apart: float = 1.5) -> Samples:
    """Return samples of *people*, each bona fide and attacked, *apart* in the first input."""
    rows, shown = [], []
    for person in range(people):
        for spoof in (False, True):
            found = rng.normal(0, 1, (each, INPUTS))
            found[:, 0] -= apart * spoof
            rows.append(found)
            species = "phone" if spoof else "bona fide"
            where = f"c{person % 2}"
            shown += [Presentation(Path("x"), False, where, species, f"p{person}", True)] * each
    return Samples(np.vstack(rows), np.array([one.bona_fide for one in shown]), shown)


def test_the_threshold_leaves_two_in_a_hundred_bona_fide_below_it(rng) -> None:
    found, plain = drawn(rng, each=200), rng.normal(0, 1, (800, INPUTS))
    head = fit(found, plain)
    below = head.scores(found.inputs[found.bona_fide]) < 0, head.scores(plain[1::2]) < 0
    assert np.mean([one.mean() for one in below]) == pytest.approx(REFUSED, abs=0.002)
    assert (head.scores(found.inputs[~found.bona_fide]) < 0).mean() > 3 * REFUSED
    assert head.weights[0] > 5 * np.abs(head.weights[1:]).max()


def test_attacks_that_score_higher_do_not_move_the_threshold_of_the_same_head(rng) -> None:
    """Shifting all attacks alike changes how well a head tells, not who is refused."""
    plain = rng.normal(0, 1, (400, INPUTS))
    for apart in (0.5, 3.0):
        found = drawn(np.random.default_rng(1), each=200, apart=apart)
        scores = fit(found, plain).scores(found.inputs[found.bona_fide])
        assert (scores < 0).mean() == pytest.approx(REFUSED, abs=0.015)


@pytest.mark.parametrize(("by", "groups"), [("person", 6), ("collection", 2)])
def test_a_head_that_leaves_somebody_out_is_the_one_of_all_others(rng, by, groups) -> None:
    found, plain = drawn(rng), rng.normal(0, 1, (100, INPUTS))
    heads = left_out(found, plain, attrgetter(by))
    assert len(heads) == groups
    others = np.array([attrgetter(by)(one) not in ("p1", "c1") for one in found.shown])
    kept = [one for one, other in zip(found.shown, others, strict=True) if other]
    wanted = fit(Samples(found.inputs[others], found.bona_fide[others], kept), plain)
    got = heads["p1" if by == "person" else "c1"]
    assert got.as_entry() == wanted.as_entry()
    assert got.as_entry() != fit(found, plain).as_entry()


def test_one_kind_alone_cannot_be_fitted_on() -> None:
    with pytest.raises(InputError, match="attacks"):
        samples([], None, None)  # type: ignore[arg-type]
