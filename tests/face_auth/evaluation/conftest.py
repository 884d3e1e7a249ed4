"""Fixtures: the evaluation's command on drawn people, with fake models and a cohort of nobody."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from face_auth.evaluation import features
from face_auth.evaluation.command import main
from tests.face_auth.evaluation.drawn import RULES, FakeModels, write_picture


@pytest.fixture
def fake(monkeypatch) -> FakeModels:
    models = FakeModels()
    monkeypatch.setattr(features, "SubjectFinder", models.finder)
    monkeypatch.setattr(features, "load_network", models.network)
    return models


@pytest.fixture
def models(tmp_path) -> Path:
    """A models folder with a card and a cohort of nobody."""
    folder = tmp_path / "models"
    folder.mkdir()
    vectors = np.random.default_rng(9).normal(size=(100, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.savez(folder / "cohort.npz", vectors=vectors, network="ab" * 32)
    digest_of = hashlib.sha256((folder / "cohort.npz").read_bytes()).hexdigest()
    entry = {
        "file": "none.tflite",
        "sha256": "ab" * 32,
        "input": {"size": 112, "framing": "five_points"},
        "cohort": {"file": "cohort.npz", "sha256": digest_of},
        "thresholds": {"1e-3": 0.5},
        "provisional": True,
        "kept": "as it is",
    }
    (folder / "model_card.json").write_text(json.dumps({"bundled": entry}))
    (folder / "mtcnn.card.json").write_text(json.dumps({"mtcnn": {"files": {"a": "b"}}}))
    return folder


@pytest.fixture
def run(tmp_path, models, fake):
    """Run the command on the test's own folders."""

    def command(*arguments: str, train: str = "train", test: str = "test") -> int:
        folders = ["--train", str(tmp_path / train), "--test", str(tmp_path / test)]
        own = ["--models", str(models), "--cache", str(tmp_path / "cache")]
        return main(RULES, [*arguments, *folders, *own])

    return command


@pytest.fixture
def people(tmp_path) -> Path:
    """Eight people, four training images and two test images each."""
    for person in range(8):
        for photograph in range(4):
            write_picture(
                tmp_path / "train" / f"p{person}" / f"{photograph}.png", person, photograph
            )
        for photograph in range(4, 6):
            write_picture(
                tmp_path / "test" / f"p{person}" / f"{photograph}.png", person, photograph
            )
    return tmp_path
