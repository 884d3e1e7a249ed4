"""Tests of the training and test folders: complete, repeatable, disjoint, problems reported."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.datasets import folders, plan
from face_auth.datasets.__main__ import main
from face_auth.datasets.alterations import NAMES, altered_copies
from face_auth.datasets.photographs import (
    CROP_SCALE,
    CROP_SIDE,
    ImageError,
    aligned_crop,
    decode_photograph,
    people_in,
    read_photograph,
)
from face_auth.datasets.unseen import unseen_people
from face_auth.errors import DatasetError
from face_auth.recognition.alignment import ALIGNED_SIZE, FIVE_POINTS
from face_auth.recognition.detection import Face
from tests.face_auth.datasets.drawn_people import (
    SIDE,
    FakeFinder,
    fill,
    photographs,
    picture,
    write_person,
)


@pytest.fixture(autouse=True)
def fake_finder(monkeypatch) -> None:
    monkeypatch.setattr(folders, "SubjectFinder", FakeFinder)


@pytest.fixture
def source(tmp_path, rng) -> Path:
    for name, count in {"Ada": 6, "Grace": 8, "Lone": 2}.items():
        write_person(tmp_path / "source", name, count, rng)
    return tmp_path / "source"


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.jpg"))
    }


def test_each_person_gets_100_training_and_20_test_images(source, tmp_path, capsys) -> None:
    assert fill(source, tmp_path) == 0
    train, test = people_in(tmp_path / "a"), people_in(tmp_path / "t")
    assert {name: len(files) for name, files in train.items()} == {"Ada": 100, "Grace": 100}
    assert {name: len(files) for name, files in test.items()} == {"Ada": 20, "Grace": 20}
    assert "200 training images" in capsys.readouterr().out


def test_no_photograph_is_in_both_folders(source, tmp_path) -> None:
    fill(source, tmp_path)
    train, test = people_in(tmp_path / "a"), people_in(tmp_path / "t")
    for name in ("Ada", "Grace"):
        assert len(photographs(train[name])) == 5
        assert len(photographs(test[name])) == 1
        assert not photographs(train[name]) & photographs(test[name])


def test_the_same_seed_makes_the_same_files_and_another_one_others(source, tmp_path) -> None:
    for folder, seed in (("1", "7"), ("2", "7"), ("3", "8")):
        fill(source, tmp_path / folder, "--seed", seed)
    assert content(tmp_path / "1") == content(tmp_path / "2")
    assert content(tmp_path / "1") != content(tmp_path / "3")


def test_who_else_is_there_changes_nothing(source, tmp_path, rng) -> None:
    fill(source, tmp_path / "1")
    write_person(source, "Aaron", 7, rng)
    fill(source, tmp_path / "2")
    before, after = content(tmp_path / "1"), content(tmp_path / "2")
    assert before.items() < after.items()


def test_training_images_are_crops_and_test_images_whole(source, tmp_path) -> None:
    fill(source, tmp_path)
    shapes = {
        cv2.imread(str(file)).shape
        for files in people_in(tmp_path / "a").values()
        for file in files
    }
    assert shapes == {(CROP_SIDE, CROP_SIDE, 3)}
    plain = next((tmp_path / "t" / "Ada").glob("*__00_plain.jpg"))
    original = cv2.imread(str(source / "Ada" / plain.name.split("__")[0]))
    assert np.abs(cv2.imread(str(plain)).astype(int) - original).mean() < 3


def test_too_few_images_are_reported_by_path_and_counted(source, tmp_path, capsys) -> None:
    fill(source, tmp_path)
    said = capsys.readouterr()
    assert f"{source / 'Lone'}: too few images" in said.err
    assert "too few images: 1" in said.out


def test_in_training_damage_and_no_face_are_skipped_and_reported(source, tmp_path, capsys) -> None:
    fill(source, tmp_path / "probe")
    taken = photographs(people_in(tmp_path / "probe" / "a")["Grace"])
    bad, dark = [source / "Grace" / name for name in sorted(taken)[:2]]
    bad.write_bytes(bad.read_bytes()[:40])
    cv2.imwrite(str(dark), np.zeros((SIDE, SIDE, 3), np.uint8))
    capsys.readouterr()
    assert fill(source, tmp_path) == 0
    said = capsys.readouterr()
    assert f"{bad}: damaged image" in said.err
    assert f"{dark}: no face" in said.err
    assert "damaged image: 1" in said.out and "no face: 1" in said.out
    used = photographs(people_in(tmp_path / "a")["Grace"])
    assert len(used) == 5 and not used & {bad.name, dark.name}


def test_a_test_photograph_stays_however_bad_it_is(source, tmp_path, capsys) -> None:
    fill(source, tmp_path / "probe")
    (tested,) = photographs(people_in(tmp_path / "probe" / "t")["Ada"])
    (source / "Ada" / tested).write_bytes(b"no picture")
    capsys.readouterr()
    assert fill(source, tmp_path) == 0
    assert f"{tested}: damaged image (an error in testing)" in capsys.readouterr().err
    (kept,) = people_in(tmp_path / "t")["Ada"]
    with pytest.raises(ImageError):
        read_photograph(kept)


def test_a_stopped_run_leaves_whole_folders_and_the_next_goes_on(
    source, tmp_path, monkeypatch
) -> None:
    fill(source, tmp_path / "whole")
    encode = folders._jpeg
    calls = 0

    def stops(image: np.ndarray) -> bytes:
        nonlocal calls
        calls += 1
        if calls > 150:
            raise OSError("disk full")
        return encode(image)

    monkeypatch.setattr(folders, "_jpeg", stops)
    monkeypatch.setattr(folders, "WORKERS", 1)
    assert fill(source, tmp_path) == 1
    begun = people_in(tmp_path / "a")
    assert {name: len(files) for name, files in begun.items()} == {"Ada": 100}
    record = plan.read_record(tmp_path / "a")
    assert record is not None and not record[1]

    calls = -10_000
    assert fill(source, tmp_path) == 0
    assert calls + 10_000 == 120, "only Grace is made anew"
    assert content(tmp_path / "a") == content(tmp_path / "whole" / "a")
    assert content(tmp_path / "t") == content(tmp_path / "whole" / "t")
    record = plan.read_record(tmp_path / "a")
    assert record is not None and record[1]
    assert not list(tmp_path.rglob("*.partial"))


def test_a_problem_found_before_a_stop_still_counts_after_it(source, tmp_path, capsys) -> None:
    fill(source, tmp_path)
    capsys.readouterr()
    assert fill(source, tmp_path) == 0
    assert "too few images: 1" in capsys.readouterr().out


def test_folders_with_anything_else_are_left_alone(source, tmp_path, capsys) -> None:
    (tmp_path / "a" / "mine").mkdir(parents=True)
    assert fill(source, tmp_path) == 2
    assert "did not make" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine"]


def test_another_seed_does_not_mix_into_a_filled_folder(source, tmp_path, capsys) -> None:
    fill(source, tmp_path)
    assert fill(source, tmp_path, "--seed", "2") == 2
    assert "made otherwise" in capsys.readouterr().err


def test_nonsense_is_exit_code_2_and_one_sentence(tmp_path, capsys) -> None:
    assert fill(tmp_path / "nowhere", tmp_path) == 2
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "dataset.json").write_text("{")
    with pytest.raises(DatasetError, match="damaged"):
        plan.read_record(tmp_path / "record")


def test_twenty_copies_the_first_untouched_and_each_another(rng) -> None:
    image = picture(rng)
    made = dict(altered_copies(image, np.random.default_rng(1)))
    assert tuple(made) == NAMES and len(NAMES) == 20
    np.testing.assert_array_equal(made["plain"], image)
    np.testing.assert_array_equal(made["plain_mirrored"], image[:, ::-1])
    np.testing.assert_array_equal(made["red_blue"], image[:, :, ::-1])
    assert len({copy.tobytes() for copy in made.values()}) == 20
    assert all(copy.shape == image.shape and copy.dtype == np.uint8 for copy in made.values())
    assert made["dark"].mean() < image.mean() - 20 < image.mean() + 20 < made["bright"].mean()
    assert made["low_contrast"].std() < image.std() < made["high_contrast"].std()
    assert np.ptp(made["grey"], axis=2).max() == 0


def test_aligned_crop_puts_the_landmarks_in_its_middle(rng) -> None:
    image = np.zeros((900, 900, 3), np.uint8)
    points = (FIVE_POINTS * 5 + 150).astype(np.float32)  # five times larger than needed
    for x, y in points:
        cv2.circle(image, (round(float(x)), round(float(y))), 18, (255, 255, 255), -1)
    crop = aligned_crop(image, Face((0, 0, 1, 1), points, 1.0))
    margin = (CROP_SIDE / CROP_SCALE - ALIGNED_SIZE) / 2
    for x, y in (FIVE_POINTS + margin) * CROP_SCALE:
        assert crop[round(y), round(x)].min() > 200
    assert crop.mean() < 30


def test_a_jpeg_that_was_cut_off_is_damaged(rng) -> None:
    data = cv2.imencode(".jpg", picture(rng))[1].tobytes()
    assert decode_photograph(data).shape == (SIDE, SIDE, 3)
    assert decode_photograph(data + b"\0\0").shape == (SIDE, SIDE, 3)
    for cut in (len(data) // 2, 30, 0):
        with pytest.raises(ImageError):
            decode_photograph(data[:cut])


def test_lfw_takes_unseen_people_with_six_photographs(tmp_path, rng, capsys) -> None:
    unseen = sorted(unseen_people())[:2]
    for name, count in {unseen[0]: 6, unseen[1]: 5, "Somebody_Seen": 7}.items():
        write_person(tmp_path / "lfw", name, count, rng)
    folders = ["--train", str(tmp_path / "a"), "--test", str(tmp_path / "t")]
    assert main(["lfw", "--source", str(tmp_path / "lfw"), *folders]) == 0
    assert list(people_in(tmp_path / "a")) == [unseen[0]]
    record = json.loads((tmp_path / "a" / "dataset.json").read_text())
    assert record["plan"]["source"] == str(tmp_path / "lfw")
    folders = ["--train", str(tmp_path / "a2"), "--test", str(tmp_path / "t2")]
    assert main(["lfw", "--source", str(tmp_path / "lfw"), "--people", "seen", *folders]) == 0
    assert list(people_in(tmp_path / "a2")) == ["Somebody_Seen"]


def test_lfw_comes_from_scikit_learn_without_a_source(tmp_path, rng, monkeypatch) -> None:
    name = min(unseen_people())
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))

    def fetch(**_options: object) -> None:
        write_person(tmp_path / "home" / "lfw_home" / "lfw_funneled", name, 6, rng)

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", fetch)
    folders = ["--train", str(tmp_path / "a"), "--test", str(tmp_path / "t")]
    assert main(["lfw", *folders]) == 0
    assert list(people_in(tmp_path / "a")) == [name]


def test_no_connection_is_a_failure_that_names_the_way_out(tmp_path, monkeypatch, capsys) -> None:
    def fails(**_options: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", fails)
    folders = ["--train", str(tmp_path / "a"), "--test", str(tmp_path / "t")]
    assert main(["lfw", *folders]) == 1
    assert "--source" in capsys.readouterr().err
