"""Tests of the bundled network: its embeddings, and its refusal of wrong files."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.models import MODELS, Framing, load_card
from face_auth.recognition.alignment import FIVE_POINTS, align, crop_with_margin
from face_auth.recognition.embedding import Network, load_network


@dataclass(frozen=True)
class Located:
    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network()


@pytest.fixture
def faces(rng: np.random.Generator) -> NDArray[np.uint8]:
    coarse = rng.integers(0, 256, (11, 9, 9, 3), np.uint8)
    return np.stack([cv2.resize(c, (112, 112)) for c in coarse]).astype(np.uint8)


def test_embeddings_are_unit_rows_in_order(network: Network, faces: NDArray[np.uint8]) -> None:
    rows = network.embed(faces)
    assert rows.shape == (11, 512)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.array_equal(network.embed(faces[::-1]), rows[::-1])


def test_an_embedding_does_not_depend_on_its_batch(
    network: Network, faces: NDArray[np.uint8]
) -> None:
    together = network.embed(faces)
    alone = np.concatenate([network.embed(face[np.newaxis]) for face in faces])
    assert np.abs(together - alone).max() < 1e-5


def test_a_face_and_its_mirror_image_have_one_embedding(
    network: Network, faces: NDArray[np.uint8]
) -> None:
    assert np.allclose(network.embed(faces), network.embed(faces[:, :, ::-1]), atol=1e-6)
    one_view = load_network(mirror=False)
    assert not np.allclose(one_view.embed(faces), one_view.embed(faces[:, :, ::-1]), atol=1e-2)


def test_no_faces_give_no_rows(network: Network) -> None:
    assert network.embed(np.empty((0, 112, 112, 3), np.uint8)).shape == (0, 512)


def test_threads_may_share_a_network(network: Network, faces: NDArray[np.uint8]) -> None:
    parts = [faces[:1], faces[:5], faces[3:], faces[2:4]] * 6
    expected = [network.embed(part) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        for got, want in zip(pool.map(network.embed, parts), expected, strict=True):
            assert np.array_equal(got, want)


@pytest.mark.parametrize(
    "faces",
    [
        np.zeros((1, 160, 160, 3), np.uint8),
        np.zeros((112, 112, 3), np.uint8),
        np.zeros((1, 112, 112, 3), np.float32),
    ],
)
def test_other_shapes_and_types_are_refused(network: Network, faces: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="not faces of 112 px"):
        network.embed(faces)


def test_the_card_decides_how_a_face_is_framed(network: Network, rng: np.random.Generator) -> None:
    image = rng.integers(0, 256, (300, 300, 3), np.uint8)
    face = Located((80, 90, 100, 120), (FIVE_POINTS * 1.4 + 60).astype(np.float32))
    assert np.array_equal(network.frame_face(image, face), align(image, face.landmarks))
    card = replace(network.card, framing=Framing.BOX_WITH_MARGIN, margin=0.2)
    content = (MODELS / card.file).read_bytes()
    by_box = Network(card, content).frame_face(image, face)
    assert np.array_equal(by_box, crop_with_margin(image, face.box, 112, 0.2))


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    card = load_card()
    shutil.copy(MODELS / "model_card.json", tmp_path)
    content = bytearray((MODELS / card.file).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / card.file).write_bytes(content)
    with pytest.raises(ModelError, match=r"is not the one that its model card names.*git checkout"):
        load_network(folder=tmp_path)


def test_a_missing_network_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(MODELS / "model_card.json", tmp_path)
    with pytest.raises(ModelError, match=r"cannot be read.*git checkout"):
        load_network(folder=tmp_path)
    with pytest.raises(ModelError, match=r"python -m face_auth.models fetch vggface2"):
        load_network("vggface2", tmp_path)


def test_a_network_of_another_size_is_refused() -> None:
    card = load_card()
    content = (MODELS / card.file).read_bytes()
    with pytest.raises(ModelError, match="another network than its card says"):
        Network(replace(card, size=160), content)
    with pytest.raises(ModelError, match="LiteRT cannot run the network"):
        Network(card, b"not a network" * 100)


def test_the_card_says_what_a_network_was_trained_on() -> None:
    entry = json.loads((MODELS / "model_card.json").read_text("utf-8"))["bundled"]
    for collection in ("LFW", "UTKFace", "VGGFace2", "celebrities"):
        assert collection in entry["training data"]


def test_embeddings_are_those_of_the_trained_network() -> None:
    """In float32, by face_auth.training, of soft patches of colour: nobody's face is kept here."""
    rng = np.random.default_rng(20261123)
    coarse = rng.integers(30, 226, (40, 5, 5, 3)).astype(np.uint8)[:20]
    patches = [cv2.resize(one, (112, 112), interpolation=cv2.INTER_CUBIC) for one in coarse]
    with np.load(Path(__file__).with_name("bundled_embeddings.npz"), allow_pickle=False) as trained:
        expected = trained["embeddings"].astype(np.float32)
    rows = load_network(mirror=False).embed(np.stack(patches).astype(np.uint8))
    assert np.sum(rows * expected, axis=1).min() > 0.999
