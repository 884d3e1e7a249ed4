"""Tests of the evaluation on folders as people have them: odd entries, repeated pictures, names."""

import io
import json
import os
import shutil
import sys
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.evaluation.faces import portraits
from face_auth.evaluation.material import InputError, photographs_in
from face_auth.evaluation.protocols.allowed import allowed
from face_auth.evaluation.protocols.pad.clips import clip_files
from face_auth.evaluation.protocols.pad.visits import subjects
from face_auth.evaluation.protocols.skin_tone import by_skin_tone
from face_auth.recogniser import Recogniser
from face_auth.recognition.detection import Detector
from tests.face_auth.evaluation.drawn import NO_FACE, photographs, write_picture


def closed_set(run, capsys) -> tuple[dict, str]:
    assert run("--json", "--protocol", "closed-set") == 0
    said = capsys.readouterr()
    return json.loads(said.out)["protocols"]["closed-set"], said.err


def test_what_is_no_photograph_is_named_and_the_rest_is_measured(run, people, capsys) -> None:
    own = people / "test" / "p3"
    os.mkfifo(own / "pipe.jpg")
    (own / "folder.jpg").mkdir()
    (own / "gone.jpg").symlink_to("nowhere.jpg")
    shutil.copy(own / "5.png", own / os.fsdecode(b"Jos\xe9.png"))
    shutil.copytree(own, people / "train" / os.fsdecode(b"Jos\xe9"), symlinks=True, ignore=pipes)
    found, said = closed_set(run, capsys)
    assert found["groups"]["everybody"]["images"] == 16 and found["accuracy"] == 1
    for name, why in {
        "test/p3/pipe.jpg": "not a regular file",
        "test/p3/folder.jpg": "not a regular file",
        "test/p3/gone.jpg": "dead link",
        r"test/p3/Jos\udce9.png": "name is not UTF-8",
        r"train/Jos\udce9": "name is not UTF-8",
    }.items():
        assert f"{people}/{name}: {why}" in said


def pipes(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "pipe.jpg"]


def test_a_file_that_cannot_be_opened_is_an_error_with_its_reason(
    run, people, monkeypatch, capsys
) -> None:
    forbidden, opens = people / "test" / "p3" / "5.png", os.open

    def refuses(path, *more, **named):
        if path == forbidden:
            raise PermissionError(13, "Permission denied")
        return opens(path, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuses)
        found, said = closed_set(run, capsys)
    assert f"{forbidden}: unreadable file, Permission denied (an error in testing)" in said
    assert found["groups"]["everybody"]["unreadable images"] == 1
    found, _ = closed_set(run, capsys)
    assert found["accuracy"] == 1, "it is not kept in the cache"


def test_one_photograph_six_times_measures_nothing(run, tmp_path, capsys) -> None:
    for person in range(3):
        for number in range(5):
            write_picture(tmp_path / "train" / f"p{person}" / f"{number}.png", person, 0)
        write_picture(tmp_path / "test" / f"p{person}" / "5.png", person, 0)
    assert run("--protocol", "closed-set") == 2
    said = capsys.readouterr()
    assert said.out == "" and "Every test image is a training image" in said.err
    own = tmp_path / "train" / "p1"
    assert f"{own / '3.png'}: identical to {own / '0.png'}" in said.err


def test_an_identical_test_picture_counts_once_and_a_trained_one_not_at_all(
    run, people, capsys
) -> None:
    own = people / "test" / "p3"
    shutil.copy(own / "5.png", own / "again.png")
    shutil.copy(people / "train" / "p3" / "0.png", own / "trained.png")
    found, said = closed_set(run, capsys)
    assert found["groups"]["everybody"]["images"] == 16
    assert f"{own / 'again.png'}: identical to {own / '5.png'}" in said
    assert f"{own / 'trained.png'}: identical to {people / 'train' / 'p3' / '0.png'}" in said


def test_a_copy_that_looks_like_its_photograph_is_no_repetition(run, people, capsys) -> None:
    own = people / "test" / "p0"
    (own / "4.png").rename(own / "4.png__00_plain.png")
    shutil.copy(own / "4.png__00_plain.png", own / "4.png__02_grey.png")
    found, said = closed_set(run, capsys)
    assert found["groups"]["everybody"]["images"] == 17 and "identical" not in said


def test_a_repeated_photograph_goes_with_its_copies(run, people, capsys) -> None:
    own = people / "test" / "p0"
    (own / "4.png").rename(own / "4.png__00_plain.png")
    write_picture(own / "4.png__05_dark.png", 0, 77)
    shutil.copy(own / "4.png__00_plain.png", own / "9.png__00_plain.png")
    write_picture(own / "9.png__05_dark.png", 0, 78)
    found, _ = closed_set(run, capsys)
    assert found["groups"]["everybody"]["images"] == 17
    assert found["groups"]["everybody"]["photographs"] == 16


def test_two_suffixes_are_two_photographs(run, people, capsys) -> None:
    write_picture(people / "test" / "p0" / "4.bmp", 0, 44)
    found, _ = closed_set(run, capsys)
    assert found["groups"]["everybody"]["photographs"] == 17


def test_the_same_picture_of_two_people_stays_with_both(run, people, capsys) -> None:
    shutil.copy(people / "test" / "p1" / "5.png", people / "test" / "p0" / "other.png")
    found, said = closed_set(run, capsys)
    assert found["groups"]["everybody"]["images"] == 17 and "identical" not in said


def test_a_name_in_two_code_points_is_one_person(run, people, capsys) -> None:
    for folder, form in (("train", "NFC"), ("test", "NFD")):
        name = unicodedata.normalize(form, "José")
        (people / folder / "p0").rename(people / folder / name)
    found, said = closed_set(run, capsys)
    assert found["accuracy"] == 1 and found["not enrolled"] == []
    assert "is not enrolled" not in said


def test_people_who_are_only_in_the_test_folder_are_named(run, people, capsys) -> None:
    shutil.rmtree(people / "train" / "p0")
    for path in (people / "train" / "p1").iterdir():
        write_picture(path, NO_FACE, 0)
    found, said = closed_set(run, capsys)
    assert found["accuracy"] == 12 / 16 and found["not enrolled"] == ["p0", "p1"]
    assert "p0 is not enrolled: 2 test images count as errors" in said
    assert run("--protocol", "closed-set") == 0
    assert "Not enrolled, so all their images are errors: p0, p1." in capsys.readouterr().out


def test_identical_photographs_are_one_for_verification(run, tmp_path, capsys) -> None:
    pool = photographs(tmp_path / "pool", 6, 7)
    for number in range(7, 12):
        shutil.copy(pool / "p002" / "00.png", pool / "p002" / f"{number}.png")
    assert run("--json", "--protocol", "verification", "--photographs", str(pool)) == 0
    said = capsys.readouterr()
    own = json.loads(said.out)["protocols"]["verification"]
    assert own["photographs"] == 42
    assert said.err.count(f"identical to {pool / 'p002' / '00.png'}") == 5


@pytest.mark.faces
def test_identical_photographs_are_one_for_guidance(unseen_people, tmp_path) -> None:
    for name, files in unseen_people[:3]:
        (tmp_path / name).mkdir()
        for number in range(4):
            shutil.copy(files[0], tmp_path / name / f"{number}.jpg")
    found = portraits(photographs_in(tmp_path), 0, Detector(), seed=1)
    people = [portrait.person for portrait in found]
    assert people and len(people) == len(set(people))


@pytest.mark.faces
def test_identical_photographs_are_one_for_what_customers_wear_and_for_tones(
    unseen_people, tmp_path
) -> None:
    for name, files in unseen_people[:3]:
        (tmp_path / name).mkdir()
        for number in range(6):
            shutil.copy(files[0], tmp_path / name / f"{number}.jpg")
    same = photographs_in(tmp_path)
    with pytest.raises(InputError, match="six usable photographs"):
        allowed(same, seed=1)
    assert by_skin_tone(same, 0, seed=1).values == {"people": 0}


@pytest.mark.faces
def test_identical_photographs_are_one_for_simulated_visits(unseen_people) -> None:
    recogniser = Recogniser.load()
    paths = (path for _, files in unseen_people for path in files)
    usable = next(path for path in paths if [*subjects([path], recogniser, seed=1)])
    assert len([*subjects([usable] * 3, recogniser, seed=1)]) == 1


def test_a_folder_that_cannot_hold_the_report_is_named_before_the_work(
    run, people, fake, capsys
) -> None:
    (people / "taken").write_text("a file")
    assert run("--report", str(people / "taken")) == 2
    said = capsys.readouterr()
    assert "taken" in said.err and fake.embedded == 0


def test_the_tables_are_printed_even_if_the_page_cannot_be_written(
    run, people, monkeypatch, capsys
) -> None:
    def full(path: Path, data: bytes, *, mode: int = 0o600) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("face_auth.evaluation.report.write_whole", full)
    assert run("--report", str(people / "report")) == 1
    said = capsys.readouterr()
    assert "100.00 %" in said.out and "No space left" in said.err


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_output_loses_a_result_to_a_name(run, people, monkeypatch, form) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    shutil.rmtree(people / "train" / "p0")
    (people / "test" / "p0").rename(people / "test" / "Łukasz")
    (people / "train").rename(people / os.fsdecode(b"Tr\xe9n"))
    report = ["--report", str(people / "report")]
    assert run(*form, *report, train=os.fsdecode(b"Tr\xe9n")) == 0
    sys.stdout.flush()
    assert rb"\u0141ukasz" in printed.getvalue() and rb"Tr\udce9n" in printed.getvalue()
    page = (people / "report" / "report.html").read_text("utf-8")
    assert "Łukasz" in page and r"Tr\udce9n" in page
    content = json.loads((people / "report" / "report.json").read_text("utf-8"))
    assert content["training"] == str(people / os.fsdecode(b"Tr\xe9n"))


def test_a_name_with_a_dollar_sign_is_no_formula(run, people) -> None:
    for folder in ("train", "test"):
        (people / folder / "p0").rename(people / folder / r"$\bad{x$")
    for path in (people / "test" / r"$\bad{x$").iterdir():
        write_picture(path, 1, 4)
        for number in range(12):  # so many mistakes are named in the chart
            write_picture(path.with_name(f"{number}.png"), 1, 100 + number)
    assert run("--report", str(people / "report")) == 0
    page = (people / "report" / "report.html").read_text()
    assert r"$\bad{x$" in page


def test_a_clip_that_is_no_video_is_named_and_the_rest_is_judged(tmp_path, capsys) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "gone.mp4").symlink_to("nowhere.mp4")
    real = tmp_path / "real.avi"
    video = cv2.VideoWriter(str(real), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for level in range(5):
        video.write(np.full((48, 64, 3), 40 * level, np.uint8))
    video.release()
    assert clip_files(tmp_path) == [real]
    said = capsys.readouterr().err
    for name in ("pipe.mp4", "text.mp4", "gone.mp4"):
        assert f"{tmp_path / name}: no readable video" in said
