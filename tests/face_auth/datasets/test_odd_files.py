"""Tests of folders as people have them: odd names, no files, phone pictures, repeated pictures."""

import os
import shutil
import subprocess
import sys
import unicodedata
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from face_auth.datasets import folders
from face_auth.datasets.photographs import (
    ImageError,
    decode_photograph,
    people_in,
    read_photograph,
)
from face_auth.datasets.plan import Plan
from tests.face_auth.datasets.drawn_people import (
    FakeFinder,
    fill,
    photographs,
    picture,
    write_person,
    write_picture,
)

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def fake_finder(monkeypatch) -> None:
    monkeypatch.setattr(folders, "SubjectFinder", FakeFinder)


@pytest.fixture
def source(tmp_path, rng) -> Path:
    for name in ("Ada", "Grace"):
        write_person(tmp_path / "source", name, 8, rng)
    return tmp_path / "source"


def counts(folder: Path) -> dict[str, int]:
    return {name: len(files) for name, files in people_in(folder).items()}


WHOLE = {"Ada": 100, "Grace": 100}


def non_utf8(folder: Path) -> None:
    """A photograph, and a person, named in Latin-1."""
    own = folder / "Ada"
    shutil.copy(own / "Ada_0000.png", own / os.fsdecode(b"Jos\xe9.png"))
    shutil.copytree(own, folder / os.fsdecode(b"Jos\xe9"))


def dead_link(folder: Path) -> None:
    (folder / "Ada" / "x.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "Gone").symlink_to(folder / "nowhere")


def folder_like_a_picture(folder: Path) -> None:
    for number in range(30):  # so that one would be drawn for testing
        (folder / "Ada" / f"{number}x.jpg").mkdir()


def long_name(folder: Path) -> None:
    for path in list((folder / "Ada").iterdir())[:5]:  # so that some are drawn
        path.rename(path.with_name("x" * 240 + path.name[-8:]))
    write_person(folder, "More", 5, np.random.default_rng(1))
    for path in (folder / "More").iterdir():
        path.rename(folder / "Ada" / path.name)
    (folder / "More").rmdir()


def long_person(folder: Path) -> None:
    shutil.copytree(folder / "Ada", folder / ("y" * 250))


def line_break(folder: Path) -> None:
    (folder / "Ada" / "two\nlines.png").write_bytes(b"no picture")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (non_utf8, r"Jos\udce9"),
        (dead_link, "x.jpg"),
        (dead_link, "Gone"),
        (folder_like_a_picture, "x.jpg"),
        (long_name, "x" * 240),
        (long_person, "y" * 250),
        (line_break, r"two\nlines.png"),
    ],
)
def test_one_bad_entry_is_named_and_everybody_else_is_made(
    source, tmp_path, capsys, spoil, named
) -> None:
    spoil(source)
    for _ in range(2):  # a second run reads the problems of the first
        assert fill(source, tmp_path) == 0
        assert counts(tmp_path / "a") == WHOLE
        assert counts(tmp_path / "t") == {"Ada": 20, "Grace": 20}
        assert named in (tmp_path / "a" / "problems.txt").read_text("utf-8")
        assert capsys.readouterr().out.count("\n") >= 4, "problems are counted"


def test_a_folder_that_cannot_be_listed_is_named(source, tmp_path, monkeypatch, capsys) -> None:
    listed = Path.iterdir

    def refuses(folder: Path):
        if folder.name == "Closed":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    (source / "Closed").mkdir()
    monkeypatch.setattr(Path, "iterdir", refuses)
    assert fill(source, tmp_path) == 0
    assert counts(tmp_path / "a") == WHOLE
    said = capsys.readouterr().err
    assert f"{source / 'Closed'}: unreadable folder, Permission denied (left out)" in said


def test_every_photograph_may_have_a_long_name(tmp_path, rng, capsys) -> None:
    write_person(tmp_path / "source", "z" * 240, 6, rng)
    assert fill(tmp_path / "source", tmp_path) == 0
    assert counts(tmp_path / "a") == {"z" * 240: 100}


def test_a_file_that_cannot_be_opened_is_named(source, tmp_path, monkeypatch, capsys) -> None:
    fill(source, tmp_path / "probe")
    (tested,) = photographs(people_in(tmp_path / "probe" / "t")["Ada"])
    taken = min(photographs(people_in(tmp_path / "probe" / "a")["Ada"]))
    forbidden, opens = {tested, taken}, os.open

    def refuses(path, *more, **named):
        if str(path).endswith(tuple(forbidden)) and str(source) in str(path):
            raise PermissionError(13, "Permission denied")
        return opens(path, *more, **named)

    monkeypatch.setattr(os, "open", refuses)
    capsys.readouterr()
    assert fill(source, tmp_path) == 0
    said = capsys.readouterr().err
    for name in forbidden:
        assert f"{source / 'Ada' / name}: unreadable file" in said
    assert counts(tmp_path / "a") == WHOLE


@pytest.mark.faces
def test_a_pipe_called_like_a_picture_is_never_waited_for(unseen_people, tmp_path) -> None:
    name, paths = unseen_people[0]
    own = tmp_path / "source" / name
    own.mkdir(parents=True)
    for path in paths[:6]:
        shutil.copy(path, own)
    os.mkfifo(own / "a.jpg")
    command = [sys.executable, "-m", "face_auth.datasets", "folder", str(own.parent)]
    where = ["--train", str(tmp_path / "a"), "--test", str(tmp_path / "t")]
    done = subprocess.run(
        [*command, *where], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (
        f"{own / 'a.jpg'}: not a regular file" in done.stderr
        and "not a regular file: 1" in done.stdout
    )
    assert counts(tmp_path / "a") == {name: 100}


def test_the_same_stem_with_other_suffixes_loses_no_copy(tmp_path, rng) -> None:
    own = tmp_path / "source" / "Ada"
    own.mkdir(parents=True)
    for name in ("IMG_1.jpg", "IMG_1.png", "IMG_1.JPG", "IMG_2.jpg", "IMG_2.png", "IMG_2.jpeg"):
        write_picture(own / name, picture(rng))
    assert fill(tmp_path / "source", tmp_path) == 0
    assert counts(tmp_path / "a") == {"Ada": 100}
    assert counts(tmp_path / "t") == {"Ada": 20}


def test_two_photographs_of_one_stem_are_altered_in_their_own_ways(tmp_path, rng) -> None:
    drawn = picture(rng)
    for name in ("a.png", "a.bmp"):
        (tmp_path / name).mkdir()
        writer = folders._FolderWriter(Plan("", "folder", "all", 1), {}, tmp_path, tmp_path)
        writer._write(tmp_path / name, [(Path(name), drawn)])
    one, other = (
        cv2.imread(str(next((tmp_path / name).glob("*__10_dark.jpg"))))
        for name in ("a.png", "a.bmp")
    )
    assert np.abs(one.astype(int) - other).max() > 0


def test_a_name_in_two_code_points_is_one_person(source, tmp_path, rng, capsys) -> None:
    apart, joined = (unicodedata.normalize(form, "José") for form in ("NFD", "NFC"))
    for name, numbers in ((apart, range(4)), (joined, range(2, 6))):
        (source / name).mkdir()
        for number in numbers:
            write_picture(source / name / f"{number}.png", picture(rng))
    assert fill(source, tmp_path) == 0
    assert counts(tmp_path / "a") == {**WHOLE, joined: 100}
    # Two files of one name are no two photographs of one person: the output could not tell them.
    assert "another file has the same name: 2" in capsys.readouterr().out


def test_pictures_of_phones_are_photographs(tmp_path, rng) -> None:
    own = tmp_path / "source" / "Ada"
    own.mkdir(parents=True)
    for number in range(6):
        write_picture(own / f"{number}.jfif", picture(rng))
    assert fill(tmp_path / "source", tmp_path) == 0
    assert counts(tmp_path / "a") == {"Ada": 100}


def test_heic_without_its_reader_is_named(source, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (source / "Ada" / "phone.HEIC").write_bytes(HEIC)
    (source / "Ada" / "misnamed.jpg").write_bytes(HEIC)
    with pytest.raises(ImageError, match="pillow-heif"):
        read_photograph(source / "Ada" / "misnamed.jpg")
    (source / "Ada" / "misnamed.jpg").unlink()
    assert fill(source, tmp_path) == 0
    said = capsys.readouterr()
    assert f"{source / 'Ada' / 'phone.HEIC'}: HEIC" in said.err and "pillow-heif" in said.err
    assert counts(tmp_path / "a") == WHOLE


def test_heic_is_read_where_its_reader_is_installed(source, tmp_path, rng, monkeypatch) -> None:
    drawn = {number: picture(rng) for number in range(9)}
    reader = ModuleType("pillow_heif")
    reader.__spec__ = ModuleSpec("pillow_heif", None)
    reader.open_heif = lambda data: Heic(drawn[data[-1]])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pillow_heif", reader)
    (source / "Phone").mkdir()
    for number in range(6):
        path = source / "Phone" / (f"{number}.HEIC" if number else "misnamed.jpg")
        path.write_bytes(HEIC + bytes([number]))
    assert fill(source, tmp_path) == 0
    assert counts(tmp_path / "a") == {**WHOLE, "Phone": 100}
    np.testing.assert_array_equal(decode_photograph(HEIC + b"\x07"), drawn[7])
    drawn[8] = np.broadcast_to(np.uint8(0), (9000, 9000, 3))
    with pytest.raises(ImageError, match="too many pixels"):
        decode_photograph(HEIC + b"\x08")


class Heic:
    """What the reader returns before it decodes."""

    def __init__(self, image: np.ndarray) -> None:
        self.size, self._image = image.shape[1::-1], image

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self._image


def test_a_picture_of_100_megapixels_is_read(tmp_path, rng) -> None:
    own = tmp_path / "source" / "Ada"
    own.mkdir(parents=True)
    for number in range(6):
        drawn = picture(rng)
        large = cv2.resize(drawn, (10_000, 10_000)) if number == 3 else drawn
        write_picture(own / f"{number}.jpg", large)
    assert fill(tmp_path / "source", tmp_path) == 0
    assert counts(tmp_path / "a") == {"Ada": 100}
    assert counts(tmp_path / "t") == {"Ada": 20}, "a damaged one would be 1"


def test_a_picture_that_is_too_large_is_not_called_damaged(tmp_path) -> None:
    large = np.full((8_300, 8_300), 120, np.uint8)
    write_picture(tmp_path / "large.png", large)
    write_picture(tmp_path / "cut.jpg", cv2.resize(large, (9_000, 9_000)))
    data = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
    for name, why in {"large.png": "too many pixels", "cut.jpg": "damaged image"}.items():
        with pytest.raises(ImageError, match=why):
            read_photograph(tmp_path / name)


def test_one_photograph_six_times_is_one(source, tmp_path, capsys) -> None:
    for path in sorted((source / "Ada").iterdir())[1:]:
        shutil.copy(source / "Ada" / "Ada_0000.png", path)
    assert fill(source, tmp_path) == 0
    said = capsys.readouterr()
    assert counts(tmp_path / "a") == {"Grace": 100}
    assert "identical picture: 7" in said.out and "too few images: 1" in said.out


def test_a_picture_in_another_format_is_the_same_picture(source, tmp_path, capsys) -> None:
    for path in sorted((source / "Ada").glob("*.png")):
        cv2.imwrite(str(path.with_suffix(".bmp")), cv2.imread(str(path)))
    assert fill(source, tmp_path) == 0
    assert counts(tmp_path / "a") == WHOLE
    train, test = people_in(tmp_path / "a")["Ada"], people_in(tmp_path / "t")["Ada"]
    stems = [name.split(".")[0] for name in (*photographs(train), *photographs(test))]
    assert len(set(stems)) == 6, "no picture is taken twice"
