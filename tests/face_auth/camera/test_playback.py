"""Files and folders as people have them: odd names, odd entries, slow videos, damaged pictures."""

import io
import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from face_auth.camera.jpegs import has_hole
from face_auth.camera.opencv import decode_picture
from face_auth.camera.playback import PictureFolder, VideoFile
from face_auth.camera.sources import SourceError, SourceKind, source_kind
from tests.face_auth.camera.mjpeg_server import index_of, jpeg, picture


def write_video(path: Path, rate: float) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (640, 480))
    for index in range(3):
        writer.write(np.ascontiguousarray(picture(index)[..., ::-1]))
    writer.release()


@pytest.mark.parametrize("name", ["10:30:00.mp4", "http:x.mp4", "concat:a|b.mp4", "a b%20c#.mp4"])
def test_a_video_is_opened_whatever_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(tmp_path / "clip.mp4", 25)
    (tmp_path / "clip.mp4").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    source = VideoFile(Path(name)).open()
    try:
        source.grab()
        image = source.retrieve()
    finally:
        source.close()
    assert image is not None
    assert index_of(image) == 0


def test_a_time_of_day_is_the_name_of_a_video() -> None:
    assert source_kind("10:30:00.mp4") is SourceKind.VIDEO


@pytest.mark.parametrize(("rate", "interval_s"), [(0.5, 2.0), (0.1, 10.0), (30, 1 / 30)])
def test_a_video_plays_at_its_own_rate(rate: float, interval_s: float, tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", rate)
    source = VideoFile(tmp_path / "clip.mp4").open()
    source.close()
    assert source.interval_s == pytest.approx(interval_s, rel=0.01)


# Folders

LONGEST = "n" * 240 + ".jpg"


def odd_entries(folder: Path) -> set[str]:
    """Put what is called a picture and is none into *folder*; return how each is named."""
    (folder / "a.jpg").mkdir()
    os.mkfifo(folder / "b.jpg")
    (folder / "c.jpg").symlink_to("nowhere.jpg")
    (folder / "d.jpg").symlink_to("d.jpg")
    (folder / "e.jpg").symlink_to("e" * 300)
    (folder / "f.jpg").symlink_to("/dev/zero")
    (folder / LONGEST).write_bytes(b"no picture")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jpg")).write_bytes(b"")
    return {*(f"{letter}.jpg" for letter in "abcdef"), LONGEST, "caf\\udce9.jpg"}


def test_a_folder_names_what_is_no_picture_and_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    odd = odd_entries(tmp_path)
    (tmp_path / "m.jpg").write_bytes(jpeg(4))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/z\xe9.jpg")).write_bytes(jpeg(7))
    source = PictureFolder(tmp_path).open()
    shown = []
    for _ in range(5):
        source.grab()
        image = source.retrieve()
        assert image is not None
        shown.append(index_of(image))
    assert shown == [4, 7, 4, 7, 4]
    assert source.skipped == len(odd)
    named = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert {text.split()[1] for text in named} == odd
    assert len(named) == len(odd)
    assert all(text.isprintable() and text.encode("utf-8") for text in named)


def test_a_folder_without_a_picture_names_one_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    source = PictureFolder(tmp_path).open()
    with pytest.raises(SourceError, match=r"can be read \(x\.jpg: it is not a regular file\)"):
        source.grab()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_its_exif_says(orientation: int, tmp_path: Path) -> None:
    """Telephones write most portraits lying down; OpenCV turns them today of its own accord."""
    stored = {
        1: (), 2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,), 5: (Image.Transpose.TRANSPOSE,),
        6: (Image.Transpose.ROTATE_90,), 7: (Image.Transpose.TRANSVERSE,),
        8: (Image.Transpose.ROTATE_270,),
    }[orientation]  # fmt: skip
    upright = picture(40)
    image = Image.fromarray(upright)
    for turn in stored:
        image = image.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "phone.jpg", exif=exif, quality=95)
    source = PictureFolder(tmp_path).open()
    source.grab()
    for shown in (source.retrieve(), decode_picture((tmp_path / "phone.jpg").read_bytes())):
        assert shown is not None
        assert shown.shape == upright.shape
        assert np.abs(shown.astype(int) - upright).mean() < 3


# Holes


def encoded(image: np.ndarray, **more: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", **more)
    return file.getvalue()


@pytest.fixture
def scene(rng: np.random.Generator) -> np.ndarray:
    """Something with detail everywhere, as a camera's noise gives it."""
    return cv2.GaussianBlur(rng.integers(0, 256, (480, 640, 3), np.uint8), (9, 9), 0)


def holed(data: bytes, begin: float, size: int) -> bytes:
    at = int(len(data) * begin)
    return data[:at] + bytes(size) + data[at + size :]


@pytest.mark.parametrize("begin", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("size", [64, 512, 4096])
@pytest.mark.parametrize("grey", [False, True])
def test_a_picture_zeroed_in_the_middle_is_damaged(
    scene: np.ndarray, begin: float, size: int, grey: bool
) -> None:
    data = encoded(scene[..., 0] if grey else scene)
    assert len(data) > 20_000
    assert decode_picture(data) is not None
    assert decode_picture(holed(data, begin, size)) is None


def test_a_picture_zeroed_to_its_end_is_damaged(scene: np.ndarray) -> None:
    data = encoded(scene)
    assert decode_picture(holed(data, 0.5, len(data) - len(data) // 2)) is None


@pytest.mark.parametrize(
    "more", [{}, {"optimize": True}, {"progressive": True}, {"quality": 30, "optimize": True}]
)
def test_plain_grounds_and_zeros_elsewhere_are_no_holes(
    scene: np.ndarray, more: dict[str, object]
) -> None:
    plain = scene.copy()
    plain[:300] = 255
    plain[400:] = 0
    thumbnail = b"\xff\xe1" + (5002).to_bytes(2, "big") + bytes(5000)
    for image in (scene, plain, np.zeros_like(scene), np.full_like(scene, 255)):
        data = encoded(image, **more)
        given = data[:2] + thumbnail + data[2:] + bytes(5000)
        assert not has_hole(given)
        assert decode_picture(given) is not None


@pytest.mark.faces
def test_no_real_photograph_has_a_hole(shared: Path) -> None:
    photographs = sorted((shared / "data" / "lfw").rglob("*.jpg"))[:500]
    assert len(photographs) == 500
    for path in photographs:
        data = path.read_bytes()
        assert not has_hole(data), path.name
        assert has_hole(holed(data, 0.6, 512)), path.name
