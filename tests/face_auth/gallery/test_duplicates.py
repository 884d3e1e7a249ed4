"""Tests of the duplicate search: true hits among all customers, and few false ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.errors import ModelError
from face_auth.gallery import Capture, Gallery, Template
from face_auth.gallery.duplicates import FaceIndex, Thresholds, Whitening, load_thresholds, portrait
from face_auth.model_making.cohort import People
from face_auth.model_making.duplicate_thresholds import measure, tail_of, write_thresholds
from face_auth.model_making.photograph_embeddings import read_landmarks
from face_auth.models import CARD_FILE, MODELS, load_card, load_cohort
from face_auth.recognition.alignment import align
from face_auth.recognition.classifier import CustomerSvm
from face_auth.recognition.embedding import load_network
from face_auth.types import FaceResult

NETWORK = "ab" * 32


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def faces(rng: np.random.Generator) -> Callable[[int], np.ndarray]:
    """Five embeddings of a person by number, others at each call."""
    people = unit(rng.normal(size=(300, 512)))
    return lambda person: unit(people[person] + 0.03 * rng.normal(size=(5, 512)))


@pytest.fixture
def index(rng: np.random.Generator) -> FaceIndex:
    cohort = unit(rng.normal(size=(2000, 512)))
    return FaceIndex(NETWORK, Whitening(cohort), Thresholds({10: 0.4, 100: 0.5, 1000: 0.56}))


def test_thresholds_rise_straight_with_the_logarithm_of_the_number() -> None:
    thresholds = Thresholds({10: 0.4, 100: 0.5, 1_000: 0.56, 10_000: 0.6})
    assert [thresholds.at(n) for n in (0, 1, 10)] == [0.4] * 3
    assert thresholds.at(100) == pytest.approx(0.5)
    assert thresholds.at(316) == pytest.approx(0.53, abs=1e-3)
    assert thresholds.at(10_000) == pytest.approx(0.6)
    assert thresholds.at(100_000) == pytest.approx(0.64)


def test_who_is_enrolled_is_found_and_nobody_else(index: FaceIndex, faces) -> None:
    for person in range(200):
        index.add(f"c{person}", f"t{person}", faces(person))
    for person in range(200):
        found = index.closest(faces(person))
        assert found is not None
        assert found.customer_id == f"c{person}"
        assert found.similarity > 0.5
    assert [index.closest(faces(person)) for person in range(200, 300)] == [None] * 100


def test_whose_face_it_should_be_is_passed_over(index: FaceIndex, faces) -> None:
    assert index.closest(faces(0)) is None
    index.add("ada", "t0", faces(0))
    assert index.closest(faces(0), besides="ada") is None
    index.add("twin", "t1", faces(0))
    found = index.closest(faces(0), besides="ada")
    assert found is not None
    assert found.customer_id == "twin"
    assert index.closest(faces(0), besides="nobody") is not None


def test_a_new_face_takes_the_old_ones_place_and_the_removed_are_forgotten(
    index: FaceIndex, faces
) -> None:
    for person in range(40):
        index.add(f"c{person}", f"t{person}", faces(person))
    index.add("c7", "t7b", faces(100))
    index.remove("c3")
    index.remove("c39")
    index.remove("c3")
    assert len(index) == 38
    assert index.closest(faces(7)) is None
    assert [index.closest(faces(person)) for person in (3, 39)] == [None, None]
    for person in {*range(40)} - {3, 7, 39}:
        assert index.closest(faces(person)).customer_id == f"c{person}"
    assert index.closest(faces(100)).customer_id == "c7"


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((5, 512)),
        np.zeros((0, 512)),
        np.ones(512),
        np.ones((5, 128)),
        np.full((1, 512), np.nan),
    ],
    ids=["no direction", "none", "flat", "short", "no numbers"],
)
def test_what_is_no_embedding_is_refused(index: FaceIndex, rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="no embeddings"):
        index.add("ada", "t0", rows)
    with pytest.raises(ValueError, match="no embeddings"):
        index.closest(rows)
    assert len(index) == 0


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "gallery", template_key=b"t" * 32, capture_key=b"c" * 32)


def save(gallery: Gallery, number: int, rows: np.ndarray, network: str = NETWORK) -> None:
    template = Template(f"c{number}", "bundled", network, rows, CustomerSvm(rows[0], 0.0))
    gallery.save(f"t{number}", template, [])


def test_the_index_follows_the_gallery(index: FaceIndex, gallery: Gallery, faces) -> None:
    for number in range(4):
        save(gallery, number, faces(number))
    assert index.update(gallery, {f"c{n}": f"t{n}" for n in range(4)}) == []
    assert index.closest(faces(2)).customer_id == "c2"
    for number in range(3):
        gallery.remove(f"t{number}")  # nothing that is held is read again
    assert index.update(gallery, {f"c{n}": f"t{n}" for n in (1, 2, 3)}) == []
    assert index.closest(faces(0)) is None
    assert len(index) == 3


def test_who_cannot_be_searched_is_named_until_they_can(
    index: FaceIndex, gallery: Gallery, faces, tmp_path: Path
) -> None:
    save(gallery, 0, faces(0))
    save(gallery, 1, faces(1), network="cd" * 32)
    damaged = tmp_path / "gallery" / "t2.template"
    damaged.write_bytes(b"junk")
    templates = {"c0": "t0", "c1": "t1", "c2": "t2", "c3": "t0"}  # c3 points at another's template
    assert index.update(gallery, templates) == ["c1", "c2", "c3"]
    assert len(index) == 1
    assert index.update(gallery, templates | {"c0": "t2"}) == ["c0", "c1", "c2", "c3"]
    assert len(index) == 0  # not even by the face they had before
    damaged.unlink()
    save(gallery, 2, faces(2))
    assert index.update(gallery, templates) == ["c1", "c3"]
    assert index.closest(faces(2)).customer_id == "c2"


def test_a_face_result_does_not_show_its_embedding(faces) -> None:
    row = faces(0)[0]
    result = FaceResult("ada", False, 0.1, 0.5, 3, row)
    assert "embedding" not in repr(result)
    assert str(row[0]) not in repr(result)
    assert result == FaceResult("ada", False, 0.1, 0.5, 3)


def test_the_picture_for_staff_is_the_one_most_like_the_others(faces, rng) -> None:
    captures = [
        Capture(np.full((4, 4, 3), n, np.uint8), (0, 0, 1, 1), np.zeros((5, 2), np.float32))
        for n in range(5)
    ]
    rows = faces(0)
    mean = unit(rows[[0, 1, 2, 4]].mean(axis=0))
    rows[3] = mean
    assert portrait(captures, rows)[0, 0, 0] == 3


# The model card


def test_the_card_holds_thresholds_for_the_shipped_network() -> None:
    thresholds = load_thresholds(load_card())
    rising = [thresholds.at(n) for n in (10, 100, 1_000, 10_000)]
    assert rising == sorted(rising)
    assert 0.3 < rising[0] < rising[-1] < 0.8


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda entry: entry.pop("duplicates"), "has no thresholds"),
        (lambda entry: entry["duplicates"].update(cohort="00"), "another network or cohort"),
        (lambda entry: entry["duplicates"].update(network="00"), "another network or cohort"),
        (lambda entry: entry["duplicates"]["thresholds"].update({"10": 2}), "damaged"),
        (lambda entry: entry["duplicates"]["thresholds"].update({"10": 0.9}), "not valid"),
        (lambda entry: entry["duplicates"].update(thresholds={"10": 0.4}), "not valid"),
        (lambda entry: entry["duplicates"].update(thresholds=[1]), "damaged"),
    ],
)
def test_a_card_without_right_thresholds_says_what_to_do(
    tmp_path: Path, change: Callable[[dict], object], says: str
) -> None:
    content = json.loads((MODELS / CARD_FILE).read_text())
    change(content["bundled"])
    (tmp_path / CARD_FILE).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=f"{says}.*python -m face_auth.models duplicates"):
        load_thresholds(load_card("bundled", tmp_path))


def test_the_tail_of_random_people_is_that_of_their_dimension(rng: np.random.Generator) -> None:
    """Among random unit vectors cosines are normal with a deviation of 1/sqrt(512)."""
    people = {f"p{n}": unit(rng.normal(size=(1, 512))).repeat(5, axis=0) for n in range(400)}
    tail = tail_of(people, lambda rows: rows)
    assert (tail.people, tail.pairs) == (400, 79_800)
    for customers, deviations in ((10, 3.09), (100, 3.72), (1_000, 4.26), (10_000, 4.75)):
        expected = deviations / np.sqrt(512)
        assert tail.thresholds.by_customers[customers] == pytest.approx(expected, abs=0.012)
    with pytest.raises(ModelError, match="100 are needed"):
        tail_of({name: people[name] for name in list(people)[:99]}, lambda rows: rows)


def test_look_alikes_lift_the_whole_line(rng: np.random.Generator) -> None:
    """Forty pairs far outside the normal tail: at most ten of them are above the last threshold."""
    rows = unit(rng.normal(size=(400, 512)))
    rows[40:80] = unit(rows[:40] + 1.2 * unit(rng.normal(size=(40, 512))))
    tail = tail_of({f"p{n}": row[None].repeat(5, axis=0) for n, row in enumerate(rows)}, unit)
    scores = (rows @ rows.T)[np.triu_indices(400, 1)]
    assert (scores > 0.5).sum() > 20
    assert (scores > tail.thresholds.by_customers[100]).sum() <= 10


def test_what_is_measured_goes_into_the_card_and_comes_back(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    for file in (CARD_FILE, "bundled_cohort.npz"):
        shutil.copy(MODELS / file, tmp_path)
    cohort = load_cohort(load_card())
    spread = cohort.std(axis=0)
    people = unit(rng.normal(cohort.mean(axis=0), spread, (220, 512)))
    rows = unit(people.repeat(10, axis=0) + rng.normal(0, 0.3 * spread, (2200, 512)))
    names = [f"p{n // 10}" for n in range(2200)]
    said: list[str] = []
    measured = measure("bundled", tmp_path, People(rows, names), said.append)
    assert len(said) == 5
    assert measured["people"] == 220
    held_out = measured["false hits, thresholds from the other half of the people"]
    assert held_out["five photographs"]["customers"] == 109
    assert held_out["five photographs"]["share"] < 0.03
    assert measured["true hits by number of customers"]["five photographs"]["100"] > 0.99
    write_thresholds("bundled", tmp_path, measured)
    card = load_card("bundled", tmp_path)
    assert load_thresholds(card).at(1_000) == pytest.approx(measured["thresholds"]["1000"])
    assert card.thresholds == load_card().thresholds


# Real faces


@pytest.mark.faces
def test_real_people_are_found_again_and_newcomers_pass(
    shared: Path, unseen_people: list[tuple[str, list[Path]]]
) -> None:
    """Of sixty customers thirty come again with other photographs; 120 people are new."""
    network = load_network()
    landmarks = read_landmarks(shared / "data" / "faces" / "lfw_landmarks.npz")

    def embed(person: str, photographs: list[Path]) -> np.ndarray:
        named = [(f"{person}/{path.name}", path) for path in photographs]
        framed = [
            align(cv2.imread(str(path))[..., ::-1].copy(), landmarks[name])
            for name, path in named
            if name in landmarks
        ]
        return network.embed(np.stack(framed))

    again = [(name, files) for name, files in unseen_people if len(files) >= 10][:30]
    others = [one for one in unseen_people if one[0] not in {name for name, _ in again}][:150]
    index = FaceIndex.of(load_card())
    for name, files in again + others[:30]:
        index.add(name, f"template of {name}", embed(name, files[:5]))
    found = [index.closest(embed(name, files[5:10])) for name, files in again]
    right = sum(
        f is not None and f.customer_id == n for f, (n, _) in zip(found, again, strict=True)
    )
    assert right >= 29
    strangers = [index.closest(embed(name, files[:5])) for name, files in others[30:]]
    # at the 1 % that is aimed at, five of 120 or more come once in a hundred times
    assert sum(stranger is not None for stranger in strangers) <= 4
