"""Tests of fetching VGGFace2's weights from a server on loopback, with random weights."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
import pytest

from face_auth.errors import ModelError
from face_auth.model_making.conversion import build
from face_auth.model_making.fetching import (
    PublishedWeights,
    fetch_vggface2,
    is_fetched,
    published,
)
from face_auth.models import MODELS, Framing, load_card, load_cohort
from face_auth.recognition.embedding import load_network

pytestmark = pytest.mark.xdist_group("tensorflow")

FILE = "20180402-114759-weights.h5"


class Server(http.server.ThreadingHTTPServer):
    """Serves one file, as well or as badly as a test wants."""

    content = b""
    sent = 0
    announce = True
    status = 200
    requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{FILE}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(self.server.status)
        if self.server.announce:
            self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content[: self.server.sent])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def serve(server: Server, content: bytes, sent: int | None = None) -> PublishedWeights:
    server.content = content
    server.sent = len(content) if sent is None else sent
    return PublishedWeights(server.url, FILE, hashlib.sha256(content).hexdigest())


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, in the file layout in which Keras 2 saved the published ones."""
    path = tmp_path_factory.mktemp("weights") / FILE
    model = build(160)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group.create_dataset(name, data=np.asarray(weight), dtype=np.float32)
    return path


def test_keras_facenet_says_where_the_weights_are_and_which() -> None:
    source = published()
    assert source.file == FILE
    assert source.url.startswith("https://github.com/faustomorales/keras-facenet/releases/")
    assert len(source.sha256) == 64
    elsewhere = published("http://127.0.0.1/x.h5")
    assert (elsewhere.url, elsewhere.sha256) == ("http://127.0.0.1/x.h5", source.sha256)


@pytest.mark.early
def test_fetched_weights_become_a_network_that_runs(
    server: Server, weights: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    said: list[str] = []
    fetch_vggface2(tmp_path, serve(server, weights.read_bytes()), said.append)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "vggface2.card.json",
        "vggface2.tflite",
    ]
    network = load_network("vggface2", tmp_path)
    ours = load_card("vggface2")
    assert (network.size, network.card.framing) == (160, Framing.BOX_WITH_MARGIN)
    assert (network.card.margin, network.card.thresholds) == (ours.margin, ours.thresholds)
    assert network.sha256 != ours.sha256
    assert is_fetched(tmp_path)
    faces = rng.integers(0, 256, (3, 160, 160, 3), np.uint8)
    assert np.allclose(np.linalg.norm(network.embed(faces), axis=1), 1, atol=1e-5)
    cohort = MODELS / ours.cohort_file
    (tmp_path / cohort.name).write_bytes(cohort.read_bytes())
    assert len(load_cohort(load_card("vggface2", tmp_path))) == 2000
    assert any(server.url in line for line in said)


def test_a_connection_cut_midway_leaves_nothing(server: Server, tmp_path: Path) -> None:
    content = b"w" * 3_000_000
    source = serve(server, content, sent=1_000_000)
    with pytest.raises(ModelError, match="could not be fetched") as caught:
        fetch_vggface2(tmp_path, source, lambda _: None)
    assert list(tmp_path.iterdir()) == []
    for needed in (source.url, FILE, source.sha256, str(tmp_path / FILE), "got only"):
        assert needed in str(caught.value)


def test_a_cut_that_no_length_betrays_is_found_by_the_fingerprint(
    server: Server, tmp_path: Path
) -> None:
    source = serve(server, b"w" * 3_000_000, sent=1_000_000)
    server.announce = False
    with pytest.raises(ModelError, match="SHA-256 differs"):
        fetch_vggface2(tmp_path, source, lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_file_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    source = replace(serve(server, b"<html>not found</html>"), sha256="0" * 64)
    with pytest.raises(ModelError, match="not the published file"):
        fetch_vggface2(tmp_path, source, lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_has_no_such_file_is_named(server: Server, tmp_path: Path) -> None:
    source = serve(server, b"gone")
    server.status = 404
    with pytest.raises(ModelError, match="404"):
        fetch_vggface2(tmp_path, source, lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_nobody_at_the_address_is_said(tmp_path: Path, server: Server) -> None:
    source = serve(server, b"w")
    server.shutdown()
    server.server_close()
    with pytest.raises(ModelError, match="could not be fetched"):
        fetch_vggface2(tmp_path, source, lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_the_right_bytes_of_no_network_are_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a Keras file of weights"):
        fetch_vggface2(tmp_path, serve(server, b"not hdf5"), lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_layout_are_refused(
    server: Server, weights: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.h5"
    other.write_bytes(weights.read_bytes())
    with h5py.File(other, "r+") as file:
        file.attrs["layer_names"] = file.attrs["layer_names"][:-3]
    target = tmp_path / "models"
    with pytest.raises(ModelError, match="not those of Inception-ResNet V1"):
        fetch_vggface2(target, serve(server, other.read_bytes()), lambda _: None)
    assert list(target.iterdir()) == []


def test_a_file_put_there_by_hand_is_checked_and_nothing_is_fetched(
    server: Server, tmp_path: Path
) -> None:
    source = serve(server, b"right")
    (tmp_path / FILE).write_bytes(b"wrong")
    with pytest.raises(ModelError, match="is not the published file"):
        fetch_vggface2(tmp_path, source, lambda _: None)
    (tmp_path / FILE).write_bytes(b"right")
    with pytest.raises(ModelError, match="not a Keras file of weights"):
        fetch_vggface2(tmp_path, source, lambda _: None)
    assert server.requests == 0


def test_what_a_killed_fetch_left_is_swept_away(server: Server, tmp_path: Path) -> None:
    left = tmp_path / ".vggface2.abc.partial"
    left.mkdir()
    (left / FILE).write_bytes(b"half")
    source = replace(serve(server, b"x"), sha256="0" * 64)
    with pytest.raises(ModelError):
        fetch_vggface2(tmp_path, source, lambda _: None)
    assert not left.exists()


def test_a_failed_fetch_leaves_the_network_that_was_there(server: Server, tmp_path: Path) -> None:
    (tmp_path / "vggface2.tflite").write_bytes(b"yesterday's")
    with pytest.raises(ModelError):
        fetch_vggface2(tmp_path, serve(server, b"w" * 1000, sent=10), lambda _: None)
    assert (tmp_path / "vggface2.tflite").read_bytes() == b"yesterday's"
