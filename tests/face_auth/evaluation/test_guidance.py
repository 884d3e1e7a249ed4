"""Tests of the guidance protocol on real photographs, and of training its occlusion classifiers."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from face_auth.datasets.photographs import read_photograph
from face_auth.evaluation.command import main
from face_auth.evaluation.overlays import mask
from face_auth.evaluation.protocols import guidance
from face_auth.evaluation.protocols.two_factor import PinRules
from face_auth.models import MODELS
from face_auth.recognition.alignment import align
from face_auth.recognition.detection import Detector, letterbox
from face_auth.recognition.occlusion import load_occlusion_classifier

RULES = PinRules(shortest=4, allowed=9000, guesses=3)


@pytest.fixture
def photographs(unseen_people, tmp_path) -> Path:
    """Return a folder of forty people's photographs, one each."""
    for name, files in unseen_people[:40]:
        (tmp_path / "people" / name).mkdir(parents=True)
        (tmp_path / "people" / name / files[0].name).symlink_to(files[0])
    return tmp_path / "people"


@pytest.fixture
def evaluate(tmp_path, monkeypatch):
    """Return the command line, with data of its own and few faces to train on."""
    monkeypatch.setattr(guidance, "TRAINED_ON", 12)
    monkeypatch.setattr(guidance, "MEASURED_ON", 8)
    models = tmp_path / "models"
    models.mkdir()
    for card in MODELS.glob("*card.json"):
        shutil.copy(card, models)
    for file in ("inception_resnet_v1.tflite", "bundled_cohort.npz"):
        (models / file).symlink_to(MODELS / file)
    own = ["--models", str(models), "--cache", str(tmp_path / "cache")]
    return lambda *arguments: main(RULES, [*arguments, *own])


@pytest.mark.faces
def test_guidance_is_a_protocol(evaluate, photographs, capsys) -> None:
    assert evaluate("--protocol", "guidance", "--photographs", str(photographs), "--json") == 0
    values = json.loads(capsys.readouterr().out)["protocols"]["guidance"]
    assert values["photographs"] == 8
    assert values["unaltered"]["ok"] >= 6 / 8
    assert values["altered"]["25 % of the light"]["too_dark"] >= 7 / 8
    assert values["altered"]["mask"]["covered"] >= 6 / 8
    assert values["altered"]["glasses"]["ok"] >= 6 / 8
    assert sum(values["altered"]["hand over eyes"].values()) == pytest.approx(1)


@pytest.mark.faces
def test_trained_classifiers_are_the_ones_of_the_card(
    evaluate, photographs, unseen_people, tmp_path, capsys
) -> None:
    before = json.loads((MODELS / "model_card.json").read_text())
    assert evaluate("train-occlusion", "--photographs", str(photographs)) == 0
    assert capsys.readouterr().out == ""
    folder = tmp_path / "models"
    content = (folder / "covering.npz").read_bytes()
    card = json.loads((folder / "model_card.json").read_text())
    before["covering"]["files"]["covering.npz"] = hashlib.sha256(content).hexdigest()
    assert card == before  # the other entries, and who made these, stay
    assert content != (MODELS / "covering.npz").read_bytes()
    classifiers, detector, rng = (
        load_occlusion_classifier(folder),
        Detector(),
        np.random.default_rng(1),
    )
    plain, masked = [], []
    for _, files in unseen_people[50:62]:
        frame, _ = letterbox(read_photograph(files[0].read_bytes()))
        points = detector.detect(frame)[0].landmarks
        plain.append(classifiers.scores(align(frame, points))["mouth"])
        picture = mask(frame, points, rng)
        masked.append(classifiers.scores(align(picture, points))["mouth"])
    assert np.mean(np.array(masked) > 0) >= 10 / 12
    assert np.mean(np.array(plain) > 0) <= 2 / 12


@pytest.mark.faces
def test_photographs_that_are_all_for_training_are_bad_input(
    evaluate, photographs, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(guidance, "TRAINED_ON", 20)
    assert evaluate("--protocol", "guidance", "--photographs", str(photographs)) == 2
    assert "more than 40 photographs are needed" in capsys.readouterr().err
