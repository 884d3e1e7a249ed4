"""Tests of the conversion of weights to .tflite: rejected weights, and the result."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_auth.errors import ModelError
from face_auth.model_making.conversion import (
    build,
    convert_bundled,
    read_check,
    read_npz,
    run_once,
    set_weights,
    to_tflite,
)

pytestmark = pytest.mark.xdist_group("tensorflow")


@pytest.fixture(scope="module")
def model() -> Any:
    return build(112)


@pytest.fixture
def weights(model: Any) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    return {
        f"{layer.name}/{weight.name}": np.asarray(weight)
        for layer in model.layers
        for weight in layer.weights
    }


def test_weights_are_set_by_name(model: Any, weights: dict[str, Any]) -> None:
    weights["Bottleneck/kernel"] = np.full_like(weights["Bottleneck/kernel"], 0.25)
    set_weights(model, dict(reversed(weights.items())))
    (kernel,) = model.get_layer("Bottleneck").get_weights()
    assert (kernel == 0.25).all()


def test_a_missing_or_unknown_weight_is_refused(model: Any, weights: dict[str, Any]) -> None:
    kernel = weights.pop("Bottleneck/kernel")
    with pytest.raises(ModelError, match="1 arrays are missing or left over, Bottleneck/kernel"):
        set_weights(model, weights)
    with pytest.raises(ModelError, match="left over, Other/kernel"):
        set_weights(model, weights | {"Bottleneck/kernel": kernel, "Other/kernel": kernel})


@pytest.mark.parametrize("damaged", [np.ones((3, 3)), np.full((1792, 512), np.nan)])
def test_a_damaged_weight_is_refused(model: Any, weights: dict[str, Any], damaged: Any) -> None:
    assert weights["Bottleneck/kernel"].shape == (1792, 512)
    with pytest.raises(ModelError, match="Bottleneck/kernel are damaged"):
        set_weights(model, weights | {"Bottleneck/kernel": damaged})


def test_weights_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"inception_resnet_v1\.npz cannot be read"):
        convert_bundled(tmp_path, lambda _: None)
    np.savez(tmp_path / "pickled.npz", a=np.array([{}], object))
    with pytest.raises(ModelError, match="cannot be read"):
        read_npz(tmp_path / "pickled.npz")


@pytest.mark.parametrize(
    ("float_turn", "int8_turn", "refused"),
    [(0.0, 0.0, None), (0.01, 0.1, None), (0.1, 0.0, "float32"), (0.0, 0.2, "8-bit")],
)
def test_a_network_too_far_from_the_trained_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    float_turn: float,
    int8_turn: float,
    refused: str | None,
) -> None:
    """Cosines must exceed 0.999 as float and 0.99 as 8-bit: 0.04 and 0.14 rad."""
    faces = np.zeros((2, 112, 112, 3), np.uint8)
    np.savez(tmp_path / "check.npz", faces=faces, embeddings=np.eye(2, 512, dtype=np.float32))
    np.savez(tmp_path / "inception_resnet_v1.npz", a=np.zeros(1))

    def run(content: bytes, given: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        turn = int8_turn if content == b"True" else float_turn
        rows: np.ndarray[Any, Any] = np.eye(2, 512) * np.cos(turn)
        rows[1, 2] = np.sin(turn)
        rows[0, 0] = 1  # one face is right whatever the turn
        return rows

    monkeypatch.setattr("face_auth.model_making.conversion.build", lambda size: None)
    monkeypatch.setattr(
        "face_auth.model_making.conversion.set_weights", lambda model, weights: None
    )
    monkeypatch.setattr(
        "face_auth.model_making.conversion.to_tflite",
        lambda model, *, quantised: str(quantised).encode(),
    )
    monkeypatch.setattr("face_auth.model_making.conversion.run_once", run)
    if refused is None:
        assert convert_bundled(tmp_path, lambda _: None) == b"True"
    else:
        with pytest.raises(ModelError, match=f"The {refused} network differs"):
            convert_bundled(tmp_path, lambda _: None)


@pytest.mark.early
@pytest.mark.faces
def test_a_converted_network_gives_the_embeddings_of_its_training_run(
    model: Any, shared: Path
) -> None:
    set_weights(model, read_npz(shared / "weights" / "inception_resnet_v1.npz"))
    content = to_tflite(model, quantised=True)
    assert 23e6 < len(content) < 26e6
    faces, expected = read_check(shared / "weights" / "check.npz")
    rows = run_once(content, faces)
    assert np.sum(rows * expected, axis=1).min() > 0.99
