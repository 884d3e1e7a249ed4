"""Tests of partial whitening by the network's last layer."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from face_auth.model_making.conversion import read_npz
from face_auth.training import whitening
from face_auth.training.augment import middle
from face_auth.training.command import main
from face_auth.training.inception import InceptionResNetV1, load_weights
from face_auth.training.people import one_each
from face_auth.training.shards import UNNAMED, Faces, TrainingError, write_shards


def test_one_face_of_each_named_person_is_taken_and_few_are_too_few(faces: Faces) -> None:
    names = (*faces.names[:-20], *(f"drawn/{UNNAMED}/{number}" for number in range(20)))
    mixed = Faces(names, faces.pictures, faces.photographs, ())
    assert one_each(mixed).names == tuple(f"drawn/person{person}/0" for person in range(9))
    with pytest.raises(TrainingError, match=r"1,024 named people; these are 9\."):
        whitening.whitened(InceptionResNetV1().eval(), mixed)


def test_the_layer_does_what_the_covariance_asks_for(
    shared: Path, faces: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another way: the singular values of the embeddings instead of their covariance's."""
    monkeypatch.setattr(whitening, "FEWEST", 2)
    network = InceptionResNetV1().eval()
    load_weights(network, read_npz(shared / "weights" / "inception_resnet_v1.npz"))
    people = Faces(
        tuple(f"drawn/{number}/0" for number in range(len(faces.names))),
        faces.pictures,
        faces.photographs,
        (),
    )
    before = _outputs(network, people)
    after = _outputs(whitening.whitened(network, people), people)
    assert np.array_equal(before, _outputs(network, people))

    lengths = np.linalg.norm(before, axis=1, keepdims=True)
    units = before / lengths
    mean = units.mean(axis=0)
    _, spread, directions = np.linalg.svd(units - mean)
    variance = np.zeros(len(directions))
    variance[: len(spread)] = spread**2 / (len(units) - 1)
    powers = np.maximum(variance, variance.max() * 1e-6) ** -0.15
    expected = (before - lengths.mean() * mean) @ (directions.T * powers) @ directions
    cosines = (after * expected).sum(axis=1)
    cosines /= np.linalg.norm(after, axis=1) * np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.9999
    assert np.linalg.norm(after - before, axis=1).min() > 1


def test_people_who_must_stay_unseen_do_not_whiten(
    tmp_path: Path, faces: Faces, capsys: pytest.CaptureFixture[str]
) -> None:
    named = zip(faces.names, faces.pictures, strict=True)
    entries = [(name.removeprefix("drawn/"), picture, "") for name, picture in named]
    write_shards(tmp_path / "set", "drawn", entries)
    given = ["--unseen", f"{tmp_path / 'set'}", "--whiten", f"{tmp_path / 'set'}"]
    assert main(["export", f"{tmp_path / 'run'}", *given, "--out", f"{tmp_path / 'out'}"]) == 2
    assert "belong to people who must stay unseen" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def _outputs(network: InceptionResNetV1, faces: Faces) -> NDArray[np.float64]:
    with torch.no_grad():
        rows = network.unscaled(middle(torch.from_numpy(faces.pictures)))
    return np.asarray(rows.numpy(), np.float64)
