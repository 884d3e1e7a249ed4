"""Tests of the cohort: no vector matches a person it was made from."""

import json
from pathlib import Path

import numpy as np
import pytest

from face_auth.errors import ModelError
from face_auth.model_making.card_writing import digest
from face_auth.model_making.cohort import (
    KINDS,
    People,
    best_scores,
    blends,
    mixture,
    of_groups,
    together,
)
from face_auth.model_making.photograph_embeddings import embed_folder, read_landmarks
from face_auth.model_making.recipes import (
    check_cohort,
    make_cohort,
    matches_nobody,
    write_bundled,
    write_cohort,
)
from face_auth.model_making.trial import Trial, run_trial
from face_auth.models import MODELS, load_card, load_cohort, read_entry
from face_auth.recognition.embedding import load_network


def crowd(rng: np.random.Generator, count: int, each: int, spread: float = 0.15) -> People:
    """Return people with one direction each in 48 dimensions, photographs around it."""
    centres = rng.normal(size=(count, 1, 48))
    centres /= np.linalg.norm(centres, axis=2, keepdims=True)
    rows = (centres + rng.normal(size=(count, each, 48)) * spread / 7).reshape(-1, 48)
    unit = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
    return People(unit, [f"person {i:04}" for i in range(count) for _ in range(each)])


def test_people_are_grouped_by_name_whatever_the_order() -> None:
    people = People(np.eye(4, dtype=np.float32), ["b", "a", "b", "c"])
    grouped = [(name, rows.argmax(axis=1).tolist()) for name, rows in people]
    assert grouped == [("a", [1]), ("b", [0, 2]), ("c", [3])]
    assert people.one_each().argmax(axis=1).tolist() == [1, 0, 3]


@pytest.mark.parametrize("kind", ["mixture", "blends"])
def test_a_cohort_is_unit_rows_and_the_same_each_time(kind: str, rng: np.random.Generator) -> None:
    people = crowd(rng, 150, 2)
    first, again = KINDS[kind](people, 60), KINDS[kind](people, 60)
    assert first.shape == (60, 48)
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-6)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, KINDS[kind](people, 60, seed=7))


@pytest.mark.parametrize("kind", ["mixture", "blends"])
def test_a_cohort_needs_many_people(kind: str, rng: np.random.Generator) -> None:
    with pytest.raises(ModelError, match="photographs of 100 people at least, here are 99"):
        KINDS[kind](crowd(rng, 99, 3), 10)


def test_blends_lie_in_the_middle_of_two_different_people(rng: np.random.Generator) -> None:
    people = crowd(rng, 120, 1)
    for vector in blends(people, 40):
        first, second = np.sort(people.embeddings @ vector)[-2:]
        assert first == pytest.approx(second, abs=1e-5)
        assert second < 0.999


def test_a_person_far_from_all_others_is_not_drawn(rng: np.random.Generator) -> None:
    # Many alike, and one alone: a Gaussian of its own would be that person's portrait.
    alike = rng.normal(size=(199, 48)) * 0.05 + np.eye(48)[0]
    rows = np.concatenate([alike, -np.eye(48)[:1]])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people = People(rows.astype(np.float32), [f"{i:03}" for i in range(200)])
    assert (mixture(people, 2000) @ rows[-1]).max() < 0


def test_a_vector_that_is_a_persons_portrait_is_found(rng: np.random.Generator) -> None:
    people = crowd(rng, 150, 3)
    vectors = mixture(people, 200)
    portrait = people.one_each()[17]
    vectors[11] = portrait
    held_out = best_scores(vectors, people, held_out=True)
    assert held_out.argmax() == 11
    assert held_out[11] > 0.5
    assert not matches_nobody(vectors, people, {"1e-3": 0.5, "1e-4": 0.5}, lambda _: None)


def test_an_svm_that_knows_a_vector_as_nobody_scores_it_lower(rng: np.random.Generator) -> None:
    people = crowd(rng, 150, 3)
    vectors = mixture(people, 200)
    vectors[11] = people.one_each()[17]
    known = best_scores(vectors, people, held_out=False)[11]
    assert known < best_scores(vectors, people, held_out=True)[11]


def test_half_of_a_cohort_is_made_of_all_groups_in_equal_parts(rng: np.random.Generator) -> None:
    known = crowd(rng, 150, 1)
    first, second = crowd(rng, 40, 1), crowd(rng, 25, 1)
    first.embeddings[:, :24] += 1  # two groups that share nothing
    second.embeddings[:, 24:] += 1
    parts = of_groups(known, [first, second], 100)
    assert [len(part) for part in parts] == [50, 25, 25]
    assert (parts[1][:, :24].sum(axis=1) > parts[1][:, 24:].sum(axis=1)).all()
    assert (parts[2][:, :24].sum(axis=1) < parts[2][:, 24:].sum(axis=1)).all()
    with pytest.raises(ModelError, match="A group of 19 people is too small"):
        of_groups(known, [crowd(rng, 19, 1)], 100)


@pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
def test_no_vector_of_a_cohort_with_groups_matches_anybody(rng: np.random.Generator) -> None:
    known, unseen = crowd(rng, 120, 1), crowd(rng, 25, 20, spread=0.9)
    groups = [crowd(rng, 40, 1), crowd(rng, 30, 1)]
    groups = [
        People(group.embeddings, [f"{place} {name}" for name in group.names])
        for place, group in enumerate(groups)
    ]
    made = make_cohort(known, unseen, "mixture", lambda _: None, groups)
    assert made.vectors.shape == (2000, 48)
    everybody = together([known, *groups])
    assert made.sources == len(set(everybody.names))
    best = best_scores(made.vectors, everybody, held_out=False)
    assert best.max() < made.trial.threshold(1e-3)


@pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
def test_a_cohort_that_cannot_be_measured_is_not_made(rng: np.random.Generator) -> None:
    with pytest.raises(ModelError, match="too few to measure a threshold"):
        make_cohort(crowd(rng, 120, 1), crowd(rng, 4, 7), "mixture", lambda _: None)


def test_a_made_cohort_is_kept_with_what_was_measured(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    known, unseen = crowd(rng, 120, 1), crowd(rng, 25, 20, spread=0.9)
    said: list[str] = []
    made = make_cohort(known, unseen, "mixture", said.append)
    assert made.vectors.shape == (2000, 48)
    assert made.sources == 120
    assert best_scores(made.vectors, known, held_out=False).max() < made.trial.threshold(1e-3)
    (tmp_path / "model_card.json").write_text(
        json.dumps({"bundled": {"sha256": "ab", "thresholds": {"1e-5": 9}, "weaknesses": ["some"]}})
    )
    write_cohort("bundled", tmp_path, made)
    entry = read_entry("bundled", tmp_path)
    assert entry["weaknesses"] == ["some"]
    assert entry["provisional"] is True
    assert list(entry["thresholds"]) == ["1e-2", "1e-3"]  # 1e-5 was not measured
    assert entry["thresholds"]["1e-3"] == pytest.approx(made.trial.threshold(1e-3), abs=1e-4)
    assert entry["measured"]["kiosk protocol"]["customers"] == 25
    content = (tmp_path / entry["cohort"]["file"]).read_bytes()
    assert digest(content) == entry["cohort"]["sha256"]


def test_a_new_network_takes_its_predecessors_thresholds_out_of_the_card(tmp_path: Path) -> None:
    path = tmp_path / "model_card.json"
    path.write_text(json.dumps({"bundled": {"sha256": digest(b"old"), "thresholds": {"1e-3": 1}}}))
    write_bundled(tmp_path, b"old")
    assert read_entry("bundled", tmp_path)["thresholds"] == {"1e-3": 1}
    write_bundled(tmp_path, b"new")
    entry = read_entry("bundled", tmp_path)
    assert (entry["sha256"], entry["thresholds"], entry["cohort"]) == (digest(b"new"), {}, None)


def test_a_threshold_lets_no_more_impostors_pass_than_its_rate() -> None:
    impostor = np.arange(1000, dtype=np.float32)
    trial = Trial(1, np.array([5, 990, 995], np.float32), impostor)
    threshold = trial.threshold(0.01)
    assert (impostor >= threshold).sum() == 10
    assert trial.thresholds() == {"1e-2": threshold}
    assert trial.true_accept_rates() == {"1e-2": pytest.approx(2 / 3)}


def test_no_more_pass_when_impostors_are_equal() -> None:
    trial = Trial(1, np.ones(1, np.float32), np.ones(1000, np.float32))
    assert (trial.impostor >= trial.threshold(0.5)).sum() == 0


def test_the_trial_counts_each_draw_of_customers(rng: np.random.Generator) -> None:
    few, many = crowd(rng, 3, 5), crowd(rng, 2, 18)
    people = People(
        np.concatenate([few.embeddings, many.embeddings]),
        [*(f"few {name}" for name in few.names), *(f"many {name}" for name in many.names)],
    )
    trial = run_trial(people, mixture(crowd(rng, 120, 1), 50), draws=3)
    assert trial.customers == 2
    assert len(trial.genuine) == 3 * 2 * 10
    assert len(trial.impostor) == 3 * 2 * (51 - 18)
    assert trial.genuine.mean() > trial.impostor.max()


@pytest.mark.faces
def test_no_shipped_vector_passes_for_a_person_it_may_have_come_from(shared: Path) -> None:
    """Every thirtieth person here; ``python -m face_auth.models proof`` goes through all."""
    unseen = set((MODELS / "unseen_people.txt").read_text("utf-8").split())
    landmarks = read_landmarks(shared / "data" / "faces" / "lfw_landmarks.npz")
    known = sorted({name.split("/")[0] for name in landmarks} - unseen)
    chosen = set(known[::30])
    some = {name: points for name, points in landmarks.items() if name.split("/")[0] in chosen}
    people = embed_folder(shared / "data" / "lfw", load_network(), some, lambda _: None)
    assert len(list(people)) > 120
    said: list[str] = []
    assert check_cohort("bundled", MODELS, people, said.append), said
    assert len(said) == 2


@pytest.mark.faces
def test_a_shipped_vector_is_no_nearer_to_people_than_they_are_to_each_other(shared: Path) -> None:
    """A tenth of the people, one photograph each."""
    unseen = set((MODELS / "unseen_people.txt").read_text("utf-8").split())
    landmarks = read_landmarks(shared / "data" / "faces" / "lfw_landmarks.npz")
    known = sorted(name for name in landmarks if name.split("/")[0] not in unseen)
    first = {name.split("/")[0]: name for name in reversed(known)}
    chosen = sorted(first.values())[::10]
    some = {name: landmarks[name] for name in chosen}
    rows = embed_folder(shared / "data" / "lfw", load_network(), some, lambda _: None).embeddings
    cohort = load_cohort(load_card())
    others = rows @ rows.T
    np.fill_diagonal(others, -1)
    assert len(rows) > 350
    assert np.median((cohort @ rows.T).max(axis=1)) <= np.median(others.max(axis=1)) + 0.02
