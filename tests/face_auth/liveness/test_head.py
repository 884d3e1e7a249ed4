"""The fitted head: its inputs, its arithmetic, and what a model card may say of it."""

import json

import cv2
import numpy as np
import pytest

from face_auth.camera.demo.face import DemoFace
from face_auth.errors import ModelError
from face_auth.liveness.head import INPUTS, LARGEST, LivenessHead, inputs_of, load_head
from face_auth.liveness.minifas import SIDE
from face_auth.models import CARD_FILE, LIVENESS_HEAD, MODELS, read_entry

NETWORK = np.array([1.5, -2.5])


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    """Return a drawn face with a sensor's noise."""
    picture = DemoFace(0).draw(0.0)[80:400, 160:480].astype(np.float32)
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    noisy = small + np.random.default_rng(1).normal(0, 3, small.shape)
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


def test_an_input_counts_by_its_distance_from_the_mean_up_to_three_deviations() -> None:
    means, deviations = np.arange(INPUTS, dtype=float), np.full(INPUTS, 2.0)
    head = LivenessHead(means, deviations, np.array([1.0, 0, 0, 0, 10.0]), -0.5)
    given = means + np.array([[0.0] * INPUTS, [4.0, 9, 9, 9, -1.0], [99.0, 0, 0, 0, -99.0]])
    assert head.scores(given).tolist() == [-0.5, 2.0 - 5.0 - 0.5, LARGEST - 10 * LARGEST - 0.5]


def test_the_inputs_are_the_networks_scores_and_fine_colour(crop) -> None:
    found = inputs_of(NETWORK, crop)
    assert found.shape == (INPUTS,)
    assert found[:2].tolist() == NETWORK.tolist()
    outside = crop.copy()
    outside[:24] = outside[104:] = outside[:, :24] = outside[:, 104:] = 0
    assert inputs_of(NETWORK, outside).tolist() == found.tolist(), "hair and background"


def test_coarser_colour_lowers_what_the_head_sees_and_less_light_hardly_does(crop) -> None:
    """What a second exposure loses must weigh more than what a darker face changes."""
    found = inputs_of(NETWORK, crop)[2:]
    luma, *chroma = cv2.split(cv2.cvtColor(crop, cv2.COLOR_RGB2YCrCb))
    coarse = [cv2.resize(cv2.resize(each, (32, 32)), (SIDE, SIDE)) for each in chroma]
    replayed = cv2.cvtColor(cv2.merge([luma, *coarse]), cv2.COLOR_YCrCb2RGB)
    darker = (crop * 0.6).astype(np.uint8)
    lost = found - inputs_of(NETWORK, replayed)[2:]
    dimmed = np.abs(found - inputs_of(NETWORK, darker)[2:])
    assert (lost > 0.2).all()
    assert (dimmed[:2] < lost[:2] / 2).all()


def test_the_shipped_head_is_read_and_says_where_it_comes_from() -> None:
    head = load_head()
    assert (head.weights > 0).all(), "each input grows with what speaks for a person"
    entry = read_entry(LIVENESS_HEAD)
    assert {"fitted on", "terms", "threshold", "made by"} <= entry.keys()
    again = LivenessHead(head.means, head.deviations, head.weights, head.bias).as_entry()
    assert again == {name: entry[name] for name in again}


@pytest.mark.parametrize(
    "change",
    [
        {"means": [0.0] * (INPUTS - 1)}, {"weights": [0.0] * (INPUTS + 1)},
        {"deviations": [1.0] * (INPUTS - 1) + [0.0]}, {"bias": "high"}, {"bias": float("nan")},
        {"weights": [float("inf")] * INPUTS}, {"means": None},
    ],
)  # fmt: skip
def test_a_damaged_entry_is_refused(tmp_path, change) -> None:
    entry = {name: read_entry(LIVENESS_HEAD)[name] for name in ("means", "deviations", "weights")}
    card = tmp_path / CARD_FILE
    card.write_text(json.dumps({LIVENESS_HEAD: entry | {"bias": 0.5}}))
    assert load_head(tmp_path).bias == 0.5
    card.write_text(json.dumps({LIVENESS_HEAD: entry | {"bias": 0.5} | change}))
    with pytest.raises(ModelError, match="damaged"):
        load_head(tmp_path)


def test_a_card_without_a_head_is_refused(tmp_path) -> None:
    (tmp_path / CARD_FILE).write_text("{}")
    with pytest.raises(ModelError, match=LIVENESS_HEAD):
        load_head(tmp_path)
    assert (MODELS / CARD_FILE).exists()
