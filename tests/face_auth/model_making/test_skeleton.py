"""Tests of the published network's skeleton: made by TensorFlow, filled by NumPy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from face_auth.errors import ModelError
from face_auth.model_making import skeleton_making
from face_auth.model_making.conversion import build, run_once
from face_auth.model_making.skeleton import (
    Layer,
    Skeleton,
    fill,
    filled,
    quantise,
    read_skeleton,
)
from face_auth.model_making.skeleton_making import make_skeleton
from tests.face_auth.frozen_graph import frozen

pytestmark = pytest.mark.xdist_group("tensorflow")

SOURCES = {"kernel_from": 0, "bias_from": 0, "mean_from": 0, "variance_from": 0}
"""Where the parts of a layer lie depends on the graph; all else is the network's."""
HEAD = b"head"


def random_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights of every layer, by keras-facenet's names; no value occurs twice."""
    ranges = {"moving_variance": (0.5, 1.5), "kernel": (-0.08, 0.08)}
    return {
        f"{layer.name}/{part}": rng.uniform(
            *ranges.get(part, (-0.3, 0.3)), tuple(weight.shape)
        ).astype(np.float32)
        for layer in build(160).layers
        for weight in layer.weights
        for part in [weight.name.rsplit("/")[-1]]
    }


@pytest.mark.early
def test_the_filled_skeleton_is_what_tensorflow_converts_a_graph_to(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the skeleton that ships is the one that the command makes."""
    graph = frozen(random_weights(rng)).SerializeToString()
    converted: list[bytes] = []
    convert = skeleton_making.to_tflite

    def keep(model: object, *, quantised: bool) -> bytes:
        converted.append(convert(model, quantised=quantised))
        return converted[-1]

    monkeypatch.setattr(skeleton_making, "to_tflite", keep)
    made = make_skeleton(graph)
    content = fill(made, graph)
    ours, theirs = (np.frombuffer(data, np.uint8) for data in (content, converted[0]))
    last = made.layers[-1]
    assert last.outputs == 512 and last.variance_from
    alike = np.ones(len(theirs), bool)
    for start, count in skeleton_making.ranges(last):
        alike[start : start + count] = False
    assert np.array_equal(ours[alike], theirs[alike])
    assert np.count_nonzero(ours != theirs) < 4000  # of 24 million; four of each float's bytes
    faces = rng.integers(0, 256, (4, 160, 160, 3), np.uint8)
    cosines = run_once(content, faces) @ run_once(converted[0], faces).T
    assert np.diag(cosines).min() > 0.9999

    ships = read_skeleton()
    assert made.model == ships.model
    assert made.factors == pytest.approx(ships.factors, rel=1e-7)  # float32 in the file
    assert [replace(layer, **SOURCES) for layer in made.layers] == [
        replace(layer, **SOURCES) for layer in ships.layers
    ]


def test_the_skeleton_that_ships_has_room_for_every_weight_once() -> None:
    ships = read_skeleton()
    taken = np.zeros(len(ships.model), np.uint8)
    for layer in ships.layers:
        for start, count in skeleton_making.ranges(layer):
            taken[start : start + count] += 1
    assert taken.max() == 1
    assert not np.frombuffer(ships.model, np.uint8)[taken == 1].any()
    weights = sum(layer.inputs * layer.outputs for layer in ships.layers)
    assert 22e6 < weights < 24e6
    assert np.count_nonzero(taken) > 0.98 * len(ships.model)


def small(layer: Layer, factor: float = 1.0, size: int = 64) -> Skeleton:
    return Skeleton(bytes(size), (layer,), (factor,), "")


def graph_of(*arrays: list[float]) -> bytes:
    return HEAD + b"".join(np.array(array, "<f4").tobytes() for array in arrays)


def test_a_kernel_is_turned_and_scaled_with_its_bias() -> None:
    """Two inputs, three outputs, as float32; worked out by hand."""
    graph = graph_of([1, 2, 3, 4, 5, 6], [10, 20, 30])
    layer = Layer(2, 3, 4, 28, 0, 0, kernel_to=8, scales_to=0, bias_to=40)
    values = np.frombuffer(filled(small(layer, 0.5), graph), "<f4")
    assert values[2:8].tolist() == [0.5, 2, 1, 2.5, 1.5, 3]
    assert values[10:13].tolist() == [5, 10, 15]
    assert not values[:2].any() and not values[8:10].any() and not values[13:].any()


def test_a_normalisation_is_folded_into_the_kernel_and_the_bias() -> None:
    """Variances of 4 and 1/4 halve and double; a mean of 3 takes away as much of its own."""
    graph = graph_of([2, 2], [1, 1], [3, 3], [4 - 1e-3, 0.25 - 1e-3])
    layer = Layer(1, 2, 4, 12, 20, 28, kernel_to=4, scales_to=0, bias_to=16)
    values = np.frombuffer(filled(small(layer), graph), "<f4")
    assert values[1:3] == pytest.approx([1, 4])
    assert values[4:6] == pytest.approx([1 - 3 * 0.5, 1 - 3 * 2])


def test_integers_and_scales_give_the_kernel_back() -> None:
    graph = graph_of([1, -30, 0.25, 60, -0.5, 127], [7, 8])
    layer = Layer(3, 2, 4, 28, 0, 0, kernel_to=4, scales_to=12, bias_to=24)
    content = filled(small(layer), graph)
    integers = np.frombuffer(content, np.int8, 6, 4).reshape(2, 3)
    scales = np.frombuffer(content, "<f4", 2, 12)
    assert integers.tolist() == [[127, 32, -64], [-30, 60, 127]]
    assert scales == pytest.approx([1 / 127, 1])
    assert np.frombuffer(content, "<f4", 2, 24).tolist() == [7, 8]


def test_a_value_is_rounded_by_its_share_of_the_largest_and_not_by_the_rounded_scale() -> None:
    """Half a step as seen in the published weights: TensorFlow's integer is -65, not -66."""
    largest = np.float32(0.00020632052) * np.float32(127)
    integers, _ = quantise(np.array([[-0.0135139935, largest]], np.float32))
    assert abs(int(integers[0, 0])) in (65, 66)
    share = float(np.float32(-0.0135139935)) * 127 / float(largest)
    assert integers[0, 0] == round(share)


def test_a_skeleton_that_does_not_fit_is_refused() -> None:
    graph = graph_of([1, 2], [3, 4])
    layer = Layer(1, 2, 4, 12, 0, 0, kernel_to=4, scales_to=0, bias_to=16)
    with pytest.raises(ModelError, match="not the expected one"):
        fill(small(layer), graph)
    with pytest.raises(ModelError, match="does not fit"):
        fill(small(layer), graph[:-1])
    with pytest.raises(ModelError, match="does not fit"):
        fill(small(replace(layer, bias_to=60)), graph)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no archive"])
def test_a_missing_or_damaged_skeleton_is_said(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "skeleton.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="git checkout -- models"):
        read_skeleton(path)


def test_a_skeleton_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "skeleton.npz"
    arrays = small(Layer(1, 2, 4, 12, 0, 0, 4, 0, 16)).arrays()
    np.savez(path, **(arrays | {"layers": np.zeros((1, 5), np.int64)}))
    with pytest.raises(ModelError, match="cannot be read"):
        read_skeleton(path)
    np.savez(path, **arrays)
    assert read_skeleton(path).layers == (Layer(1, 2, 4, 12, 0, 0, 4, 0, 16),)
