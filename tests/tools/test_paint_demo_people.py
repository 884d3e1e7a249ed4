"""Tests of the painter: the committed people are what it paints."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from face_auth.camera.demo import portrait
from face_auth.camera.demo.portrait import LAYERS, read_layer
from tools.paint_demo_people import __main__ as command
from tools.paint_demo_people.looks import PEOPLE, looks
from tools.paint_demo_people.portrait import paint

MOST_BYTES = 2_000_000
COMMITTED = portrait.FOLDER


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the first person only, instead of the committed one."""
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "PEOPLE", PEOPLE[:1])
    yield tmp_path


def test_the_committed_layers_are_what_is_painted(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--check"]) == 0, capsys.readouterr().out


def test_nothing_else_is_committed_and_all_is_small() -> None:
    files = [path for path in COMMITTED.rglob("*") if path.is_file()]
    expected = {f"{number}/{name}.webp" for number in range(len(PEOPLE)) for name in LAYERS}
    assert {str(path.relative_to(COMMITTED)) for path in files} == expected
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


def test_painted_files_show_exactly_what_was_painted(folder: Path) -> None:
    assert command.main([]) == 0
    painted = paint(looks(PEOPLE[0]))
    assert set(painted) == set(LAYERS)
    for name, layer in painted.items():
        assert np.array_equal(read_layer(folder / "0" / f"{name}.webp"), layer), name


def test_the_check_names_what_is_altered_or_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(COMMITTED / "0", folder / "0")
    files = {name: folder / "0" / f"{name}.webp" for name in LAYERS}

    body = read_layer(files["body"])
    body[300, 640, 0] ^= 4
    Image.fromarray(body).save(files["body"], lossless=True, exact=True)
    head = read_layer(files["head"])[:-1]
    Image.fromarray(head).save(files["head"], lossless=True, exact=True)
    files["wall"].unlink()

    assert command.main(["--check"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 3
    assert str(files["wall"]) in told[0]
    assert told[1].startswith(f"{files['body']} differs from what is painted by up to 4 levels")
    assert told[2].startswith(f"{files['head']} has the shape (879, 800, 4)")
