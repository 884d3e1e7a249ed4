"""Test of one epoch on LFW from random weights: far better than chance on unseen people."""

from pathlib import Path

import numpy as np
import pytest

from face_auth.datasets.unseen import unseen_people
from face_auth.evaluation.protocols.all_pairs import compare_all
from face_auth.model_making.photograph_embeddings import read_landmarks
from face_auth.training.choosing import Chooser
from face_auth.training.data import gather
from face_auth.training.people import Half, half_of, refuse_leaks
from face_auth.training.prepare import prepare
from face_auth.training.run import Run
from face_auth.training.settings import of_stage
from face_auth.training.shards import read_shards
from face_auth.training.teacher import read_vectors

pytestmark = pytest.mark.long
BATCH = 16
"""Small, so that one epoch has steps enough for batch normalisation's averages."""


def test_one_epoch_on_lfw_beats_chance_by_far(shared: Path, tmp_path: Path) -> None:
    unseen_names = unseen_people()
    landmarks = read_landmarks(shared / "data" / "faces" / "lfw_landmarks.npz")
    lfw = shared / "data" / "lfw"
    prepare(lfw, tmp_path / "known", "lfw", lambda name: name not in unseen_names, landmarks)
    prepare(
        lfw,
        tmp_path / "unseen",
        "lfw",
        lambda name: name in unseen_names and half_of(name) is Half.CHOOSING,
        landmarks,
    )
    training, unseen = (read_shards([tmp_path / name]) for name in ("known", "unseen"))
    refuse_leaks(training, unseen, unseen_names)
    settings = of_stage(
        "imitate", steps=len(training.names) // BATCH, batch=BATCH, average=0.98, strength=0.3
    )
    vectors = read_vectors([shared / "data" / "faces"])
    run = Run(tmp_path / "run", gather(training, vectors, settings, "cpu"), settings)
    assert run.train()
    chooser = Chooser(unseen, training, "cpu", settings.precision)
    rows = chooser.embed(run.average, unseen)
    person = np.unique(unseen.people, return_inverse=True)[1]
    # Chance is 0.01.
    assert compare_all(rows, person).tar(0.01) > 0.05
