"""Fixtures of the training tests: 200 drawn faces of ten people, and a teacher's vectors."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from face_auth.training.data import TrainingSet, gather
from face_auth.training.settings import Settings, of_stage
from face_auth.training.shards import SIDE, Faces
from face_auth.training.teacher import Rows

PEOPLE, EACH = 10, 20


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Two threads wait for each other on a machine that does other things as well."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def faces() -> Faces:
    """Soft colours for a face; each person's own, a little different in each picture."""
    rng = np.random.default_rng(20261123)
    names, pictures = [], []
    for person in range(PEOPLE):
        own = rng.integers(30, 226, (5, 5, 3))
        for number in range(EACH):
            coarse = np.clip(own + rng.normal(0, 15, own.shape), 0, 255).astype(np.uint8)
            pictures.append(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))
            names.append(f"drawn/person{person}/{number}")
    return Faces(tuple(names), np.stack(pictures).astype(np.uint8), ("",) * len(names), ())


@pytest.fixture(scope="session")
def vectors(faces: Faces) -> dict[str, Rows]:
    """Vectors of sixteen values: near each other for one person."""
    rng = np.random.default_rng(1)
    own = {person: rng.normal(size=16) for person in sorted(set(faces.people))}
    return {
        name: (own[person] + rng.normal(0, 0.1, 16)).astype(np.float32)
        for name, person in zip(faces.names, faces.people, strict=True)
    }


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Twenty steps through the two hundred faces, once."""
    return of_stage("names", steps=20, batch=10, rate=2e-3, average=0.9, scale=8.0, strength=0.1)


@pytest.fixture(scope="session")
def data(faces: Faces, vectors: dict[str, Rows], settings: Settings) -> TrainingSet:
    """All of them, on the processor."""
    return gather(faces, vectors, settings, "cpu")


@pytest.fixture(scope="session")
def unbroken(
    tmp_path_factory: pytest.TempPathFactory, data: TrainingSet, settings: Settings
) -> Path:
    """The folder of a run that nobody stopped."""
    from face_auth.training.run import Run

    folder = tmp_path_factory.mktemp("unbroken")
    assert Run(folder, data, settings).train()
    return folder
