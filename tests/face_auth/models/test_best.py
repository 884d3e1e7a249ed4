"""The best network is the published one only where all that it needs is there and is the card's."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from face_auth.model_making.card_writing import digest
from face_auth.model_making.cohort import pack
from face_auth.models import best_network

NETWORK = b"the published network"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models folder with a published network that is never run here."""
    cohort = pack(np.eye(20, 512, dtype=np.float32), digest(NETWORK))
    (tmp_path / "published.tflite").write_bytes(NETWORK)
    (tmp_path / "published.npz").write_bytes(cohort)
    card = {
        "file": "published.tflite",
        "sha256": digest(NETWORK),
        "input": {"size": 160, "framing": "five_points"},
        "cohort": {"file": "published.npz", "sha256": digest(cohort)},
        "thresholds": {"1e-4": 0.2},
        "provisional": False,
    }
    (tmp_path / "model_card.json").write_text(json.dumps({"vggface2": card}))
    return tmp_path


def change_card(models: Path, **changes: object) -> None:
    path = models / "model_card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({"vggface2": card["vggface2"] | changes}))


def test_published_network_that_is_there_is_the_best(models: Path) -> None:
    assert best_network(models) == "vggface2"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda models: (models / "published.tflite").unlink(),
        lambda models: (models / "published.tflite").write_bytes(NETWORK + b"\n"),
        lambda models: (models / "published.npz").unlink(),
        lambda models: change_card(models, cohort=None),
        lambda models: change_card(models, thresholds={}),
        lambda models: change_card(models, sha256=digest(b"another network")),
        lambda models: (models / "model_card.json").write_text("{"),
        lambda models: (models / "model_card.json").unlink(),
    ],
)
def test_otherwise_it_is_the_bundled_one(models: Path, spoil: Callable[[Path], object]) -> None:
    spoil(models)
    assert best_network(models) == "bundled"
