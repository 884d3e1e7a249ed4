"""Tests of the protocols on drawn people with known embeddings, and on some real photographs."""

import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from face_auth.datasets.photographs import read_photograph
from face_auth.datasets.subject import subject
from face_auth.datasets.unseen import unseen_people as people_never_seen
from face_auth.evaluation import features, trials
from face_auth.evaluation.bootstrap import Attempts, Bootstrap, interval
from face_auth.evaluation.cache import Cache, digest
from face_auth.evaluation.command import main
from face_auth.evaluation.features import Extractor, Features, PhotographState
from face_auth.evaluation.frames import shaken
from face_auth.evaluation.material import load, photographs_in
from face_auth.evaluation.metrics import equal_error_rate, tar_at_fmr
from face_auth.evaluation.protocols import calibration, two_factor
from face_auth.evaluation.protocols.all_pairs import compare_all
from face_auth.evaluation.protocols.calibration import default_rate
from face_auth.evaluation.protocols.verification import in_threes
from face_auth.models import load_card
from face_auth.recognition.classifier import train_customer_svm
from face_auth.recognition.detection import Detector
from face_auth.recognition.embedding import load_network
from tests.face_auth.evaluation.drawn import NO_FACE, RULES, photographs, write_picture

# The command


def test_without_data_one_sentence_says_how_to_get_them(run, tmp_path, capsys) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "README.md").write_text("nothing yet")
    (tmp_path / "test").mkdir()
    assert run() == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert "python -m face_auth.datasets lfw" in said.err


def test_a_half_made_folder_is_not_measured(run, people, capsys) -> None:
    plan = {"source": "x", "kind": "folder", "people": "all", "seed": 1}
    record = json.dumps({"plan": plan, "complete": False})
    (people / "train" / "dataset.json").write_text(record)
    assert run() == 2
    assert "half made" in capsys.readouterr().err


def test_an_unknown_network_is_bad_input(run, people, capsys) -> None:
    assert run("--model", "nobodys") == 2
    assert "nobodys" in capsys.readouterr().err


def test_a_model_that_does_not_load_is_a_failure(run, people, monkeypatch, capsys) -> None:
    monkeypatch.setattr(features, "load_network", load_network)
    assert run() == 1
    assert "none.tflite" in capsys.readouterr().err


def test_tables_go_to_stdout_and_progress_to_stderr(run, people, capsys) -> None:
    assert run() == 0
    said = capsys.readouterr()
    assert "100.00 %" in said.out and "open-set" in said.out and "89.60 %" in said.out
    assert "training images" in said.err and "photo" not in said.out.split("photograph")[0]


def test_json_has_the_accuracy_an_image(run, people, capsys) -> None:
    assert run("--json", "--protocol", "closed-set") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["accuracy"] == 1.0
    assert list(content["protocols"]) == ["closed-set"]


# Closed and open set


def test_no_face_and_damage_in_testing_are_errors_and_named(run, people, capsys) -> None:
    write_picture(people / "test" / "p3" / "5.png", NO_FACE, 0)
    (people / "test" / "p4" / "5.png").write_bytes(b"no picture")
    assert run("--json", "--protocol", "closed-set") == 0
    said = capsys.readouterr()
    own = json.loads(said.out)["protocols"]["closed-set"]["groups"]["everybody"]
    assert own["accuracy"] == 14 / 16
    assert (own["images without a face"], own["unreadable images"]) == (1, 1)
    assert f"{people / 'test' / 'p3' / '5.png'}: no face" in said.err
    assert f"{people / 'test' / 'p4' / '5.png'}: damaged image" in said.err


def test_an_image_without_a_face_is_never_right_by_chance(run, people, capsys) -> None:
    for path in (people / "test").rglob("*.png"):
        write_picture(path, NO_FACE, 0)
    assert run("--json", "--protocol", "closed-set") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 0


def test_no_face_in_training_is_skipped_and_named(run, people, capsys) -> None:
    write_picture(people / "train" / "p3" / "0.png", NO_FACE, 0)
    assert run("--json", "--protocol", "closed-set") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["accuracy"] == 1
    assert f"{people / 'train' / 'p3' / '0.png'}: no face (skipped in training)" in said.err


def test_somebody_who_is_not_enrolled_is_always_an_error(run, people, capsys) -> None:
    shutil.rmtree(people / "train" / "p0")
    assert run("--json", "--protocol", "closed-set") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 14 / 16


def test_shuffled_labels_give_chance(run, tmp_path, capsys) -> None:
    rng = np.random.default_rng(3)
    for person in range(10):
        for photograph in range(12):
            label = int(rng.integers(10))
            path = tmp_path / "train" / f"p{label}" / f"{person}_{photograph}.png"
            write_picture(path, person, photograph)
        for photograph in range(12, 22):
            write_picture(
                tmp_path / "test" / f"p{person}" / f"{photograph}.png", person, photograph
            )
    assert run("--json", "--protocol", "closed-set") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == pytest.approx(0.1, abs=0.1)


def test_copies_count_as_one_photograph(run, people, capsys) -> None:
    for copy in range(1, 20):
        path = people / "test" / "p0" / f"4__{copy:02d}_dark.png"
        shutil.copy(people / "test" / "p0" / "4.png", path)
    (people / "test" / "p0" / "4.png").rename(people / "test" / "p0" / "4__00_plain.png")
    assert run("--json", "--protocol", "closed-set") == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["closed-set"]
    assert own["groups"]["everybody"]["images"] == 16 + 19
    assert own["groups"]["everybody"]["photographs"] == 16
    assert own["by alteration"] == {"plain": 1.0, "dark": 1.0}


def test_seen_and_unseen_people_have_a_column_each(run, people, capsys) -> None:
    unseen = min(people_never_seen())
    for folder in ("train", "test"):
        (people / folder / "p0").rename(people / folder / unseen)
        plan = {"source": str(people / "gone"), "kind": "lfw", "people": "all", "seed": 1}
        record = json.dumps({"plan": plan, "complete": True})
        (people / folder / "dataset.json").write_text(record)
    assert run("--json", "--protocol", "closed-set") == 0
    groups = json.loads(capsys.readouterr().out)["protocols"]["closed-set"]["groups"]
    assert {name: own["people"] for name, own in groups.items()} == {
        "everybody": 8,
        "unseen people": 1,
        "seen people": 7,
    }


def test_open_set_knows_strangers_by_their_low_scores(run, people, fake, capsys) -> None:
    photographs(people / "pool", 40, 1)
    pool = ["--photographs", str(people / "pool")]
    assert run("--json", "--protocol", "open-set", *pool) == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["open-set"]
    assert own["further strangers"] == 40
    assert own["identification rates"]["0.01"]["rate"] < 1, "p000 to p007 are the enrolled again"
    for person in range(8):  # a person of that name is no stranger
        (people / "pool" / f"p{person:03d}").rename(people / "pool" / f"p{person}")
    assert run("--json", "--protocol", "open-set", *pool) == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["open-set"]
    assert own["identification rates"]["0.01"]["rate"] == 1
    assert own["enrolled photographs"] == 16 and own["closed-set rate"] == 1
    assert own["further strangers"] == 32


# Verification, calibration, two factors


def attempts_of(genuine: list[float], impostor: list[float], customers: int = 2) -> Attempts:
    """Return attempts of two customers on each other, in turn."""
    m = len(impostor)
    return Attempts(
        customers=customers,
        people=customers,
        genuine=np.array(genuine),
        genuine_person=np.arange(len(genuine), dtype=np.int32) % customers,
        impostor=np.array(impostor),
        customer=np.arange(m, dtype=np.int32) % 2,
        stranger=(np.arange(m, dtype=np.int32) + 1) % 2,
    )


def small_people(rng, people: int = 6, each: int = 8, spread: float = 0.6):
    own = rng.normal(size=(people, 1, 64))
    rows = features.unit((own + spread * rng.normal(size=(people, each, 64))).reshape(-1, 64))
    files = [(f"p{index // each}", Path(f"{index}.png")) for index in range(people * each)]
    known = Features.of(rows, rows)
    return *trials.arrange(files, known, seed=1, draws=2), rows


def test_arrange_enrols_five_and_never_lets_them_attempt_as_genuine(rng) -> None:
    people, _, _ = small_people(rng)
    assert people.customers == 6 and people.enrolled.shape == (2, 6, 5)
    for draw in range(2):
        enrolled = set(people.enrolled[draw].ravel().tolist())
        assert not enrolled & set(np.flatnonzero(people.probe[draw]).tolist())
        assert people.probe[draw].sum() == 6 * 3
    assert not np.array_equal(people.enrolled[0], people.enrolled[1])


def test_run_separates_genuine_from_impostor(rng) -> None:
    people, _, rows = small_people(rng)
    first, second = trials.run(people, trials.by_mean, rows, rows)
    assert len(first.genuine) == 18 and len(first.impostor) == 6 * 5 * 8
    assert first.pairs == 30
    assert (first.stranger != first.customer).all()
    assert min(first.genuine.min(), second.genuine.min()) > first.impostor.max()
    by_hand = rows[people.enrolled[0, 2]].mean(axis=0) @ rows[0]
    by_hand /= np.linalg.norm(rows[people.enrolled[0, 2]].mean(axis=0))
    found = first.impostor[(first.customer == 2) & (first.stranger == 0)]
    assert found[0] == pytest.approx(by_hand, abs=1e-5)


def test_a_stranger_enrolled_by_mistake_raises_the_false_accepts(rng) -> None:
    people, _, rows = small_people(rng)
    right = Attempts.together(trials.run(people, trials.by_nearest, rows, rows))
    threshold = float(right.impostor.max()) + 1e-6
    wrong_enrolled = people.enrolled.copy()
    wrong_enrolled[:, 2, 0] = people.enrolled[:, 4, 0]  # a face of the fifth as the third's
    mixed = trials.TrialPeople(**{**vars_of(people), "enrolled": wrong_enrolled})
    wrong = Attempts.together(trials.run(mixed, trials.by_nearest, rows, rows))
    assert (right.impostor >= threshold).sum() == 0
    accepted = wrong.impostor >= threshold
    assert accepted.sum() > 5
    assert set(wrong.customer[accepted]) == {2} and set(wrong.stranger[accepted]) == {4}


def vars_of(people: trials.TrialPeople) -> dict[str, object]:
    return {name: getattr(people, name) for name in people.__slots__}


def test_many_people_make_no_more_attempts_than_memory_allows(rng, monkeypatch) -> None:
    monkeypatch.setattr(trials, "MOST_ATTEMPTS", 6 * 30)
    people, _, rows = small_people(rng)
    assert len(people.enrolled) == 1
    (attempts,) = trials.run(people, trials.by_mean, rows, rows)
    assert 6 * 25 <= len(attempts.impostor) <= 6 * 30 and len(attempts.genuine) == 18


def test_every_pair_is_compared_and_only_the_highest_kept(rng) -> None:
    rows = features.unit(rng.normal(size=(600, 8)))
    person = rng.integers(0, 200, 600)
    cosines = (rows @ rows.T)[np.triu_indices(600, 1)].astype(float)
    same = (person[:, None] == person)[np.triu_indices(600, 1)]
    compared = compare_all(rows, person)
    assert len(compared.genuine) == same.sum() and compared.impostors == (~same).sum()
    for rate in (0.0, 0.001, 0.02):
        right = tar_at_fmr(cosines[same], cosines[~same], rate)
        assert compared.tar(rate) == pytest.approx(right, abs=1e-9)
    with pytest.raises(ValueError, match="kept"):
        compared.tar(0.5)


def test_the_svm_scorer_is_the_kiosks(rng, tmp_path) -> None:
    people, _, rows = small_people(rng)
    cohort = features.unit(rng.normal(size=(50, 64)))
    with Cache(tmp_path / "c.sqlite") as cache:
        scorer = trials.by_svm(cohort, cache, "")
        scores = scorer(rows[people.enrolled[0]], rows)
        again = scorer(rows[people.enrolled[0]], rows)
    svm = train_customer_svm(rows[people.enrolled[0, 3]], cohort)
    np.testing.assert_allclose(scores[:, 3], svm.score(rows), atol=1e-5)
    np.testing.assert_array_equal(scores, again)


def test_bootstrap_of_identical_people_has_no_width() -> None:
    boot = Bootstrap(attempts_of([1.0, 0.0] * 4, [0.0, 0.0, 1.0, 1.0] * 4), seed=1)
    assert np.unique(boot.fmr(0.5)) == pytest.approx([0.5])
    assert Bootstrap(attempts_of([1.0] * 4, [0.0] * 4), 1).fnmr(0.5).max() == 0


def test_bootstrap_draws_people_not_attempts(rng) -> None:
    customers, each = 20, 200
    levels = np.repeat(rng.random(customers) < 0.3, each)  # all attempts of a person are alike
    genuine = np.where(levels, 0.0, 1.0)
    attempts = Attempts(
        customers=customers,
        people=customers,
        genuine=genuine,
        genuine_person=np.repeat(np.arange(customers, dtype=np.int32), each),
        impostor=np.zeros(2),
        customer=np.array([0, 1], np.int32),
        stranger=np.array([1, 0], np.int32),
    )
    around = interval(Bootstrap(attempts, 1).fnmr(0.5))
    share = float(np.mean(genuine < 0.5))
    naive = 2 * 1.96 * math.sqrt(share * (1 - share) / len(genuine))
    assert around.low <= share <= around.high
    assert around.high - around.low > 5 * naive


def test_bootstrap_sweep_agrees_with_plain_rates(rng) -> None:
    people, _, rows = small_people(rng, people=20, spread=2.0)
    attempts = Attempts.together(trials.run(people, trials.by_mean, rows, rows))
    boot = Bootstrap(attempts, 1, repetitions=400)
    boot._weights[:] = 1  # everybody once: each repetition is the measurement itself
    boot._total[:] = attempts.counts.sum()
    boot._own[:] = np.arange(1, len(attempts.genuine) + 1)
    shares, errors = boot.sweep((0.1, 0.01))
    assert shares[0] == pytest.approx(
        [tar_at_fmr(attempts.genuine, attempts.impostor, rate) for rate in (0.1, 0.01)]
    )
    plain = equal_error_rate(attempts.genuine, attempts.impostor)[0]
    assert errors[0] == pytest.approx(plain, abs=0.01)


def test_three_photographs_of_a_probe_are_never_enrolled_ones(rng) -> None:
    people, _, rows = small_people(rng, each=11)
    threes, probes = in_threes(people, 1, rows)
    assert probes.shape == (6 * 2, 64) and threes.probe.all()
    np.testing.assert_allclose(np.linalg.norm(probes, axis=1), 1, rtol=1e-5)
    (attempts,) = trials.run(threes, trials.by_mean, rows, probes)
    assert len(attempts.genuine) == 12 and attempts.genuine.min() > attempts.impostor.max()


def test_verification_reports_every_way_to_score(run, tmp_path, capsys) -> None:
    pool = photographs(tmp_path / "pool", 9, 8)
    assert run("--json", "--protocol", "verification", "--photographs", str(pool)) == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["verification"]
    assert (own["customers"], own["genuine attempts"]) == (9, 9 * 3 * trials.DRAWS)
    assert own["pairs"] == 72
    assert len(own["comparison"]) == 6 and len(own["frames"]) == 4
    assert all(way["eer"] == 0 for way in own["comparison"].values())


def test_without_photographs_both_folders_are_taken(run, people, capsys) -> None:
    assert run("--json", "--protocol", "verification") == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["verification"]
    assert own["photographs"] == 48 and own["genuine attempts"] == 8 * trials.DRAWS


def test_calibrate_writes_what_the_data_support_and_nothing_else(
    run, tmp_path, models, capsys
) -> None:
    pool = photographs(tmp_path / "pool", 36, 6)
    before = json.loads((models / "model_card.json").read_text())["bundled"]
    assert run("calibrate", "--photographs", str(pool)) == 0
    card = load_card("bundled", models)
    assert list(card.thresholds) == ["1e-2"] and not card.provisional
    assert card.threshold("1e-4").fmr == "1e-2", "the strictest that is supported"
    assert card.threshold("1e-2").fnmr == 0
    entry = json.loads((models / "model_card.json").read_text())["bundled"]
    assert entry["kept"] == before["kept"] and entry["cohort"] == before["cohort"]
    assert entry["calibration"]["pairs"] == 36 * 35
    rate = entry["calibration"]["rates"]["1e-2"]
    assert rate["fmr"] <= 0.01 and rate["fmr upper bound"] <= 0.02 and rate["fnmr"] == 0
    assert set(entry["calibration"]["rates"]) == {"1e-2"}
    assert set(entry["calibration"]["left out"]) == {"1e-3", "1e-4", "1e-5"}
    assert "left out: 1,260 pairs of 10,000" in capsys.readouterr().out
    entry["thresholds"]["1e-2"] += 0.1  # a threshold that the calibration does not speak of
    (models / "model_card.json").write_text(json.dumps({"bundled": entry}))
    assert load_card("bundled", models).threshold("1e-2").fnmr is None


@pytest.mark.parametrize(
    ("refused", "rate"),
    [
        ((0.0, 0.01, 0.0101), "1e-3"),
        ((0.0, 0.0, 0.0), "1e-4"),
        ((0.02, 0.03, 0.04), "1e-2"),  # too many even at the loosest: that one
        ((0.0, 0.0, None), "1e-3"),
    ],
)
def test_kiosks_take_the_strictest_rate_that_honest_people_bear(refused, rate) -> None:
    points = [
        SimpleNamespace(rate=name, refused=share)
        for name, share in zip(("1e-2", "1e-3", "1e-4"), refused, strict=True)
    ]
    assert default_rate(points) == rate


def test_calibrate_with_too_few_people_leaves_the_card_alone(run, tmp_path, models) -> None:
    pool = photographs(tmp_path / "pool", 8, 6)
    before = (models / "model_card.json").read_bytes()
    assert run("calibrate", "--photographs", str(pool)) == 2
    assert (models / "model_card.json").read_bytes() == before


def test_a_rate_whose_upper_bound_is_too_wide_is_left_out(rng) -> None:
    # Enough pairs, but every match comes from one stranger who resembles everybody.
    customers, n = 40, 40 * 39
    customer, stranger = np.nonzero(~np.eye(customers, dtype=bool))
    impostor = np.where((stranger == 7) & (customer < 16), 1.0, 0.0) + rng.random(n) * 0.1
    attempts = Attempts(
        customers=customers,
        people=customers,
        genuine=np.full(customers, 2.0),
        genuine_person=np.arange(customers, dtype=np.int32),
        impostor=impostor,
        customer=customer.astype(np.int32),
        stranger=stranger.astype(np.int32),
    )
    point = calibration.operating_points([attempts], attempts, Bootstrap(attempts, 1))[0]
    assert point.fmr <= 0.01 and point.fmr_interval.high > 0.02
    assert "upper bound" in point.missing


def test_a_written_threshold_is_never_rounded_down() -> None:
    assert calibration._rounded(0.1234567) == 0.123457
    assert calibration._rounded(-0.1234567) == -0.123456


def test_two_factor_by_hand(run, tmp_path, capsys) -> None:
    pool = photographs(tmp_path / "pool", 36, 6)
    assert run("--json", "--protocol", "two-factor", "--photographs", str(pool)) == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["two-factor"]
    assert own["PIN guessed within the lock-out"] == pytest.approx(3 / 9000)
    rate = own["rates"]["1e-2"]
    assert rate["random PIN"] == pytest.approx(rate["fmr"] * 3 / 9000)
    assert rate["customer refused, a visit"] is None, "one genuine photograph is no visit"


def test_a_visit_of_three_photographs_by_hand() -> None:
    # Customer 0: one of the stranger's four photographs matches; customer 1: none.
    scores = [1.0, 0, 0, 0, 0, 0, 0, 0]
    attempts = attempts_of([1.0, 1.0], scores)
    chance = two_factor.matched_in_a_visit([attempts], 0.5)
    assert chance == pytest.approx((1 - math.comb(3, 3) / math.comb(4, 3)) / 2)
    assert two_factor.matched_in_a_visit([attempts], 0.5, tries=5) is None


# Pairs


def test_pairs_are_read_compared_and_judged(run, tmp_path, capsys) -> None:
    pool = tmp_path / "pool"
    lines = ["2\t3"]
    for fold in range(2):
        for number in range(3):
            lines.append(f"P{fold}{number}\t1\t2")
        lines += [f"P{fold}{number}\t1\tP{fold}{(number + 1) % 3}\t1" for number in range(3)]
        for number in range(3):
            for photograph in (1, 2):
                name = f"P{fold}{number}"
                path = pool / name / f"{name}_{photograph:04d}.jpg"
                write_picture(path.with_suffix(".png"), 10 * fold + number, photograph)
                path.with_suffix(".png").rename(path)
    (pool / "pairs.txt").write_text("\n".join(lines) + "\n")
    assert run("--json", "--protocol", "pairs", "--photographs", str(pool)) == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["pairs"]
    assert own["all pairs, image and mirror"]["accuracy"] == 1
    assert own["all pairs, image and mirror"]["pairs"] == 12
    write_picture(pool / "x.png", NO_FACE, 0)
    (pool / "x.png").rename(pool / "P00" / "P00_0001.jpg")
    assert run("--json", "--protocol", "pairs", "--photographs", str(pool)) == 0
    own = json.loads(capsys.readouterr().out)["protocols"]["pairs"]
    assert own["all pairs, image and mirror"]["pairs without a face"] == 3
    assert own["all pairs, image and mirror"]["accuracy"] == 9 / 12


def test_pairs_without_their_list_are_bad_input(run, tmp_path, capsys) -> None:
    pool = photographs(tmp_path / "pool", 3, 2)
    assert run("--protocol", "pairs", "--photographs", str(pool)) == 2
    assert "pairs.txt" in capsys.readouterr().err


# Report


def test_report_is_one_page_that_needs_nothing_else(run, people, tmp_path, capsys) -> None:
    assert run("--report", str(tmp_path / "report")) == 0
    said = capsys.readouterr()
    assert "pairs is left out" in said.err
    page = (tmp_path / "report" / "report.html").read_text()
    assert "http" not in page and "<script" not in page and "<link" not in page
    pictures = sorted(path.stem for path in (tmp_path / "report").glob("*.png"))
    assert {"confusion", "alterations", "scores", "open_set", "thresholds"} == set(pictures)
    assert page.count('src="data:image/png;base64,') == len(pictures)
    for path in (tmp_path / "report").glob("*.png"):
        image = cv2.imread(str(path))
        assert image is not None and min(image.shape[:2]) > 300 and image.std() > 5
    content = json.loads((tmp_path / "report" / "report.json").read_text())
    assert set(content["protocols"]) == {"closed-set", "open-set", "verification", "two-factor"}


# Cache and extractor


def test_the_second_run_embeds_nothing(run, people, fake) -> None:
    assert run() == 0
    first = fake.embedded
    assert first == 48
    assert run() == 0
    assert fake.embedded == first


def test_the_cache_knows_a_photograph_by_its_content(run, people, fake) -> None:
    assert run("--protocol", "closed-set") == 0
    (people / "test" / "p0" / "4.png").rename(people / "test" / "p0" / "renamed.png")
    assert run("--protocol", "closed-set") == 0
    assert fake.embedded == 48
    write_picture(people / "test" / "p0" / "renamed.png", 0, 99)
    assert run("--protocol", "closed-set") == 0
    assert fake.embedded == 49


def test_another_network_has_another_cache(run, people, fake, models) -> None:
    assert run("--protocol", "closed-set") == 0
    path = models / "model_card.json"
    path.write_text(path.read_text().replace('"sha256": "abab', '"sha256": "cdcd', 1))
    assert run("--protocol", "closed-set") == 0
    assert fake.embedded == 2 * 48


def test_a_damaged_cache_is_begun_anew(run, people, fake, tmp_path) -> None:
    assert run("--protocol", "closed-set") == 0
    (file,) = (tmp_path / "cache").glob("*.sqlite")
    file.write_bytes(b"no database" * 1000)
    assert run("--protocol", "closed-set") == 0
    assert fake.embedded == 2 * 48


def test_digests_tell_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(np.zeros(4)) != digest(np.zeros((2, 2)))
    assert digest(np.zeros(4, np.float32)) != digest(np.zeros(4))


def test_extractor_tells_no_face_from_damage(fake, models, tmp_path) -> None:
    write_picture(tmp_path / "face.png", 1, 1)
    write_picture(tmp_path / "none.png", NO_FACE, 1)
    (tmp_path / "bad.png").write_bytes(b"bad")
    paths = [tmp_path / name for name in ("none.png", "face.png", "bad.png", "face.png")]
    found = Extractor("bundled", tmp_path / "cache", models).extract(paths)
    assert found.states.tolist() == [
        PhotographState.NO_FACE,
        PhotographState.FACE,
        PhotographState.UNREADABLE,
        PhotographState.FACE,
    ]
    assert fake.embedded == 1
    assert not found.embeddings()[0].any() and not found.embeddings()[2].any()
    np.testing.assert_array_equal(found.plain[1], found.plain[3])


def test_frames_of_a_visit_differ_a_little_and_are_the_same_every_time(rng) -> None:
    image = cv2.resize(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8), (120, 120))
    first, second = shaken(image, 1), shaken(image, 2)
    np.testing.assert_array_equal(first, shaken(image, 1))
    assert 0 < np.abs(first.astype(int) - second).mean() < 60


def test_lfw_is_known_by_its_names(tmp_path) -> None:
    names = sorted(people_never_seen())[:100]
    for index, name in enumerate([*names, "Somebody_Seen"]):
        write_picture(tmp_path / "lfw" / name / f"{name}_0001.png", index, 1)
    pool = photographs_in(tmp_path / "lfw")
    assert pool.lfw and pool.unseen == set(names)


# Real photographs


@pytest.mark.faces
def test_embeddings_are_the_kiosks(unseen_people, tmp_path) -> None:
    paths = [path for _, own in unseen_people[:3] for path in own[:2]]
    found = Extractor("bundled", tmp_path / "cache").extract(paths)
    detector, network = Detector(), load_network()
    for path, row in zip(paths, found.embeddings(), strict=True):
        image = read_photograph(path)
        face = subject(image, detector.detect(image))
        own = network.embed(network.frame_face(image, face)[np.newaxis])[0]
        assert float(own @ row) > 0.9999


@pytest.mark.faces
def test_unseen_people_are_recognised(unseen_people, shared, tmp_path, capsys) -> None:
    for name, own in unseen_people[:12]:
        for index, path in enumerate(own[:6]):
            target = tmp_path / ("test" if index == 5 else "train") / name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    folders = ["--train", str(tmp_path / "train"), "--test", str(tmp_path / "test")]
    own = ["--cache", str(tmp_path / "cache"), "--json", "--protocol", "closed-set"]
    assert main(RULES, [*folders, *own]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] >= 11 / 12
    assert load(tmp_path / "train", tmp_path / "test").photographs.people.keys() == {
        name for name, _ in unseen_people[:12]
    }
