"""Tests of the model card, and of the refusal of files that it does not name."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_auth.errors import ModelError
from face_auth.model_making.card_writing import check, digest, write_entry
from face_auth.model_making.cohort import pack
from face_auth.models import (
    MODELS,
    Framing,
    load_card,
    load_cohort,
    own_card,
    read_listed,
)
from face_auth.models.__main__ import main


def unit_rows(rng: np.random.Generator, count: int = 20) -> np.ndarray[Any, np.dtype[np.float32]]:
    rows = rng.normal(size=(count, 512))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A models folder with a network (never run here), a cohort, a detector and their card."""
    network = b"a network"
    cohort = pack(unit_rows(rng), digest(network))
    (tmp_path / "net.tflite").write_bytes(network)
    (tmp_path / "cohort.npz").write_bytes(cohort)
    (tmp_path / "pnet.tflite").write_bytes(b"a detector")
    entries = {
        "bundled": {
            "file": "net.tflite",
            "sha256": digest(network),
            "input": {"size": 112, "framing": "five_points"},
            "cohort": {"file": "cohort.npz", "sha256": digest(cohort)},
            "thresholds": {"1e-2": -0.5, "1e-3": -0.1, "1e-4": 0.2},
            "provisional": True,
        },
        "mtcnn": {"files": {"pnet.tflite": digest(b"a detector")}},
    }
    (tmp_path / "model_card.json").write_text(json.dumps(entries))
    return tmp_path


def change(folder: Path, **values: object) -> None:
    path = folder / "model_card.json"
    entries = json.loads(path.read_text())
    entries["bundled"] |= values
    path.write_text(json.dumps(entries))


def test_a_card_is_read_as_it_is_written(folder: Path) -> None:
    card = load_card("bundled", folder)
    assert (card.file, card.size, card.framing) == ("net.tflite", 112, Framing.FIVE_POINTS)
    assert card.sha256 == digest(b"a network")
    assert card.provisional is True
    assert load_cohort(card).shape == (20, 512)


def test_a_kiosk_without_a_rate_takes_the_cards(folder: Path) -> None:
    assert load_card("bundled", folder).threshold().fmr == "1e-4"
    change(folder, **{"default rate": "1e-3"})
    assert load_card("bundled", folder).threshold().fmr == "1e-3"
    change(folder, **{"default rate": "7"})
    with pytest.raises(ModelError, match="no false match rate"):
        load_card("bundled", folder)


@pytest.mark.parametrize(
    ("security", "value", "fmr"),
    [
        ("1e-3", -0.1, "1e-3"),
        ("0.001", -0.1, "1e-3"),
        ("1e-2", -0.5, "1e-2"),
        ("1e-5", 0.2, "1e-4"),
        ("5e-3", 0.2, "1e-4"),
    ],
)
def test_what_was_not_measured_gives_the_strictest_threshold(
    folder: Path, security: str, value: float, fmr: str
) -> None:
    threshold = load_card("bundled", folder).threshold(security)
    assert (threshold.value, threshold.fmr, threshold.provisional) == (value, fmr, True)


@pytest.mark.parametrize("security", ["0", "1", "-1e-4", "nan", "high"])
def test_a_rate_must_lie_between_0_and_1(folder: Path, security: str) -> None:
    with pytest.raises(ValueError, match=r"rate|could not convert"):
        load_card("bundled", folder).threshold(security)


def test_without_thresholds_there_is_no_decision(folder: Path) -> None:
    change(folder, thresholds={})
    with pytest.raises(ModelError, match="No threshold was measured"):
        load_card("bundled", folder).threshold()


@pytest.mark.parametrize(
    "values",
    [
        {"file": "../net.tflite"},
        {"file": "/etc/passwd"},
        {"sha256": None, "file": 3},
        {"input": {"size": 112, "framing": "freehand"}},
        {"input": {}},
        {"thresholds": {"strict": 0.1}},
        {"thresholds": {"1e-3": "inf"}},
        {"thresholds": {"7": 0.1}},
        {"thresholds": [0.1]},
        {"cohort": {"file": "a/b.npz", "sha256": ""}},
    ],
)
def test_a_wrong_card_is_refused(folder: Path, values: dict[str, object]) -> None:
    change(folder, **values)
    with pytest.raises(ModelError, match="describes the network bundled wrongly"):
        load_card("bundled", folder)


def test_a_damaged_card_names_itself(folder: Path) -> None:
    (folder / "model_card.json").write_text('{"bundled": ')
    with pytest.raises(ModelError, match=r"model_card\.json cannot be read"):
        load_card("bundled", folder)


def test_a_cohort_of_another_network_is_refused(folder: Path, rng: np.random.Generator) -> None:
    other = pack(unit_rows(rng), digest(b"another network"))
    (folder / "cohort.npz").write_bytes(other)
    change(folder, cohort={"file": "cohort.npz", "sha256": digest(other)})
    with pytest.raises(ModelError, match="made for another network"):
        load_cohort(load_card("bundled", folder))


def test_a_changed_cohort_is_refused(folder: Path) -> None:
    (folder / "cohort.npz").write_bytes((folder / "cohort.npz").read_bytes() + b" ")
    with pytest.raises(ModelError, match="not the one that its model card names"):
        load_cohort(load_card("bundled", folder))


def test_a_pickle_in_a_cohort_is_not_opened(folder: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, vectors=np.array([{"a": 1}], object), network=np.array(digest(b"a network")))
    (folder / "cohort.npz").write_bytes(buffer.getvalue())
    change(folder, cohort={"file": "cohort.npz", "sha256": digest(buffer.getvalue())})
    with pytest.raises(ModelError, match="holds no impostor cohort"):
        load_cohort(load_card("bundled", folder))


def test_a_cohort_of_no_unit_vectors_is_refused(folder: Path, rng: np.random.Generator) -> None:
    content = pack(unit_rows(rng) * 2, digest(b"a network"))
    (folder / "cohort.npz").write_bytes(content)
    change(folder, cohort={"file": "cohort.npz", "sha256": digest(content)})
    with pytest.raises(ModelError, match="no unit embeddings"):
        load_cohort(load_card("bundled", folder))


def test_a_network_without_cohort_says_how_to_make_one(folder: Path) -> None:
    change(folder, cohort=None)
    with pytest.raises(ModelError, match=r"face_auth\.models cohort bundled --people"):
        load_cohort(load_card("bundled", folder))


def test_a_fetched_network_has_a_card_of_its_own(folder: Path) -> None:
    entry = json.loads((folder / "model_card.json").read_text())["bundled"]
    before = (folder / "model_card.json").read_bytes()
    write_entry(own_card("vggface2", folder), "vggface2", entry | {"provisional": False})
    assert load_card("vggface2", folder).provisional is False
    assert (folder / "model_card.json").read_bytes() == before


def test_listed_files_are_read_only_as_listed(folder: Path) -> None:
    assert read_listed("mtcnn", "pnet.tflite", folder) == b"a detector"
    with pytest.raises(ModelError, match=r"lists no file net\.tflite for mtcnn"):
        read_listed("mtcnn", "net.tflite", folder)
    (folder / "pnet.tflite").write_bytes(b"another one")
    with pytest.raises(ModelError, match="not the one that its model card names"):
        read_listed("mtcnn", "pnet.tflite", folder)


def test_check_goes_through_every_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--folder", str(folder), "check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 4
    assert "provisional" in lines[2]
    (folder / "pnet.tflite").unlink()
    (folder / "net.tflite").write_bytes(b"a networK")
    assert main(["--folder", str(folder), "check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["WRONG", "WRONG"]


def test_check_without_a_card_fails(tmp_path: Path) -> None:
    assert [right for right, _ in check(tmp_path)] == [False]


def test_the_files_that_ship_are_those_of_the_card() -> None:
    lines = list(check(MODELS))
    assert all(right for right, _ in lines), lines
    card = load_card()
    assert set(card.thresholds) >= {"1e-2", "1e-3", "1e-4"}
    assert card.thresholds["1e-2"] < card.thresholds["1e-3"] < card.thresholds["1e-4"]
    assert load_cohort(card).shape == (2000, 512)


def test_running_needs_no_tensorflow() -> None:
    code = (
        "import sys, numpy, face_auth.recognition.classifier, face_auth.recognition.embedding as e;"
        "e.load_network().embed(numpy.zeros((1, 112, 112, 3), 'uint8'));"
        "print({'tensorflow', 'keras', 'h5py'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=MODELS.parent,
    )
    assert done.stdout.strip() == "set()"


def test_an_error_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(tmp_path), "cohort", "bundled", "--people", str(tmp_path)]) == 2
    assert "unseen_people.txt cannot be read" in capsys.readouterr().err
