"""The drawn data set: what it holds, and that no report on it can be taken for one on people."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.datasets.drawn_people import PHOTOGRAPHS, draw_people
from face_auth.datasets.plan import Plan, write_record
from face_auth.evaluation.about import DRAWN
from tests.face_auth.evaluation.conftest import fake, models, people, run

__all__ = ["fake", "models", "people", "run"]


def test_every_drawn_person_has_different_pictures_of_the_same_seed(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("1", "2", "3"))
    for folder, seed in ((first, 1), (second, 1), (third, 2)):
        folder.mkdir()
        drawn = draw_people(folder, seed)
        assert len(drawn) == 8 and {len(paths) for paths in drawn.values()} == {PHOTOGRAPHS}
    files = sorted(path.relative_to(first) for path in first.rglob("*.png"))
    assert len({(first / file).read_bytes() for file in files}) == 8 * PHOTOGRAPHS
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)
    assert not any((first / file).read_bytes() == (third / file).read_bytes() for file in files)
    picture = cv2.imread(str(first / files[0]))
    assert picture.shape == (480, 640, 3)
    skin = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)[180:280, 260:380]
    assert np.median(skin[..., 0]) < 30 and np.median(skin[..., 1]) > 30, "a face, not blue"


@pytest.fixture
def drawn(people: Path) -> Path:
    plan = Plan("the demonstration's drawn people", "drawn", "all", 1)
    for folder in ("train", "test"):
        write_record(people / folder, plan)
    return people


def test_a_report_on_drawn_people_says_that_it_tells_nothing_about_people(
    run, drawn: Path, tmp_path: Path, capsys
) -> None:
    assert run("--report", str(tmp_path / "report")) == 0
    assert DRAWN in capsys.readouterr().out
    assert DRAWN in (tmp_path / "report" / "report.html").read_text("utf-8")
    content = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert content["warning"] == DRAWN
    write_record(drawn / "test", Plan("somewhere", "folder", "all", 1))
    write_record(drawn / "train", Plan("somewhere", "folder", "all", 1))
    assert run("--protocol", "closed-set") == 0
    assert DRAWN not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["calibrate", "train-occlusion"])
def test_nothing_of_the_kiosk_is_made_from_drawn_people(
    run, drawn: Path, models: Path, capsys, command: str
) -> None:
    before = (models / "model_card.json").read_bytes()
    assert run(command) == 2
    assert "these are drawn" in capsys.readouterr().err
    assert (models / "model_card.json").read_bytes() == before
