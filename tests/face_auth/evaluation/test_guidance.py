"""Tests of the guidance protocol on real photographs, and of training its occlusion classifiers."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from face_auth.datasets.photographs import read_photograph
from face_auth.evaluation.command import main
from face_auth.evaluation.faces import Portrait, typology_angle
from face_auth.evaluation.frames import READ_NOISE, WHITE, exposed
from face_auth.evaluation.material import photographs_in
from face_auth.evaluation.overlays import mask
from face_auth.evaluation.protocols import guidance, skin_tone
from face_auth.evaluation.protocols.two_factor import PinRules
from face_auth.models import MODELS
from face_auth.recognition.alignment import FIVE_POINTS, align
from face_auth.recognition.detection import Detector, Face, letterbox
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
    dark = values["altered"]["1 % of the light"]
    assert dark.get("too_dark", 0) + dark.get("no_face", 0) >= 7 / 8
    assert values["skin_tone"] == {"people": 0}  # nobody has four photographs
    assert values["altered"]["mask"]["covered"] >= 6 / 8
    assert values["altered"]["glasses"]["ok"] >= 6 / 8
    assert sum(values["altered"]["hand over eyes"].values()) == pytest.approx(1)


@pytest.mark.faces
def test_verdicts_and_recognition_are_counted_by_skin_tone(
    unseen_people, tmp_path, monkeypatch
) -> None:
    for name, files in unseen_people[:6]:
        (tmp_path / name).mkdir()
        for file in files[:6]:
            (tmp_path / name / file.name).symlink_to(file)
    monkeypatch.setattr(skin_tone, "EXPOSURES", (1.0, 0.25, 0.001))
    found = skin_tone.by_skin_tone(photographs_in(tmp_path), 0, 1)
    values = found.values
    assert values["people"] == 6
    angles = [angle for both in values["angles"].values() for angle in both]
    assert angles == sorted(angles)
    for tone in skin_tone.TONES:
        dark = values["sent_away"]["0.001"]
        gone = dark["no face"][tone][0] + dark["too dark"][tone][0]
        assert gone == 2
        assert values["sent_away"]["0.25"]["too dark"][tone] == [0, 2]
        lost = values["lost"][tone]
        assert lost["1"][0] == 0
        assert lost["0.001"][0] == lost["0.001"][1]
        if lost["1"][1]:
            assert values["recognition_fails_at"][tone] >= 0.001
    assert any("darker : lighter" in table.header for table in found.tables)


def test_less_light_is_less_light_and_more_noise() -> None:
    """Twice the grey level is some 4.6 times the light: the sensor counts electrons."""
    rng = np.random.default_rng(3)
    grey = np.full((200, 200, 3), 188, np.uint8)
    half = exposed(grey, 0.5, rng)  # 188 is half of white's light, so 137 a quarter
    assert half.mean() == pytest.approx(137, abs=1)
    assert exposed(grey, 1.0, rng).mean() == pytest.approx(188, abs=1)
    little = exposed(grey, 0.02, rng)
    electrons = 0.5 * 0.02 * WHITE
    noise = np.sqrt(electrons + READ_NOISE**2) / electrons
    # At this light sRGB's slope is 0.65 % of grey for 1 % of light.
    assert little.std() / little.mean() == pytest.approx(0.65 * noise, rel=0.1)
    assert exposed(np.zeros_like(grey), 1.0, rng).mean() < 4


def test_the_typology_angle_tells_light_from_dark_skin() -> None:
    """Of evenly coloured skin it is that of its colour in CIELAB, whatever the place."""
    points = np.array(FIVE_POINTS * 2 + 100, np.float32)
    angles = []
    for colour in ((60, 40, 30), (198, 134, 66), (241, 194, 125), (255, 224, 196)):
        frame = np.full((480, 640, 3), colour, np.uint8)
        face = Face((100, 100, 224, 224), points, 1.0)
        angles.append(typology_angle(Portrait("", Path(), frame, face)))
    assert angles == sorted(angles)
    assert angles[0] < -30
    assert angles[-1] > 41


def test_the_ratio_of_rates_has_an_interval() -> None:
    middle, low, high = skin_tone.rate_ratio(40, 100, 10, 100)
    assert middle == pytest.approx(4, rel=0.1)
    assert low == pytest.approx(2.1, abs=0.2)
    assert high == pytest.approx(7.2, abs=0.5)
    middle, low, high = skin_tone.rate_ratio(1, 100, 0, 100)
    assert low < 1 < middle < high  # too few to tell


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
        frame, _ = letterbox(read_photograph(files[0]))
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
