"""Labelled faces: the table, the shards, and which faces make cohorts."""

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.datasets.grouped_faces import (
    LANDMARKS,
    USUAL_BOX,
    Label,
    face_in,
    read_labels,
    read_pictures,
)
from face_auth.datasets.subject import SubjectFinder
from face_auth.errors import DatasetError

HEADER = "face,age,sex,group\n"


def shard(path: Path, names: list[str], rng: np.random.Generator) -> None:
    """Write a shard with a picture of noise for each name."""
    with tarfile.open(path, "w") as file:
        for name in names:
            picture = rng.integers(0, 256, (137, 137, 3), np.uint8)
            data = cv2.imencode(".webp", picture)[1].tobytes()
            member = tarfile.TarInfo(f"{name}.webp")
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))


def test_labelled_faces_come_with_their_labels(tmp_path: Path, rng: np.random.Generator) -> None:
    (tmp_path / "utkface_groups.csv").write_text(
        f"{HEADER}utkface/unnamed/1,31,female,black\nutkface/unnamed/2,4,male,white\n"
    )
    shard(tmp_path / "utkface-00.tar", ["utkface/unnamed/2", "utkface/unnamed/3"], rng)
    shard(tmp_path / "celebrities-00.tar", ["utkface/unnamed/1"], rng)  # not its collection
    found = list(read_pictures(tmp_path))
    assert [label for label, _ in found] == [Label("utkface/unnamed/2", 4, "male", "white")]
    assert found[0][1].shape == (137, 137, 3)


@pytest.mark.parametrize("table", [None, "face,age\nx,1\n", f"{HEADER}x,old,male,white\n"])
def test_a_table_that_cannot_be_read_is_said(table: str | None, tmp_path: Path) -> None:
    if table is not None:
        (tmp_path / "utkface_groups.csv").write_text(table)
    with pytest.raises(DatasetError, match=r"utkface_groups\.csv cannot be read"):
        read_labels(tmp_path)


def test_a_folder_without_a_labelled_face_and_a_damaged_shard_are_said(tmp_path: Path) -> None:
    (tmp_path / "utkface_groups.csv").write_text(f"{HEADER}utkface/unnamed/1,31,female,black\n")
    with pytest.raises(DatasetError, match="holds no labelled face"):
        list(read_pictures(tmp_path))
    (tmp_path / "utkface-00.tar").write_bytes(b"not a shard" * 100)
    with pytest.raises(DatasetError, match=r"utkface-00\.tar cannot be read"):
        list(read_pictures(tmp_path))


def test_cohorts_are_made_of_15_in_100_adults_and_of_no_child() -> None:
    adults = [Label(f"utkface/unnamed/{n:05}", 18, "male", "asian") for n in range(4000)]
    assert 0.13 < np.mean([label.for_cohort for label in adults]) < 0.17
    children = [Label(label.name, 17, "male", "asian") for label in adults]
    assert not any(label.for_cohort or label.adult for label in children)


def test_a_face_that_is_not_found_is_where_aligned_faces_are(rng: np.random.Generator) -> None:
    face = face_in(rng.integers(0, 256, (137, 137, 3), np.uint8), SubjectFinder())
    assert face.box == USUAL_BOX
    assert np.allclose(face.landmarks, LANDMARKS)
