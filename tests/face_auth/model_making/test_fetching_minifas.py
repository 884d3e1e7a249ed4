"""Tests of fetching the liveness network: complete and checked, or nothing."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.port import Port
from face_auth.errors import ModelError
from face_auth.liveness.minifas import FILE
from face_auth.model_making import fetching_minifas
from face_auth.model_making.fetching_minifas import fetch_minifas
from face_auth.models.__main__ import main

CONTENT = bytes(range(256)) * 4000


class Server(http.server.ThreadingHTTPServer):
    sent = CONTENT
    requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/best_model.onnx"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(self.server.sent)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching_minifas, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_file_comes_whole_with_progress_and_only_once(server, tmp_path) -> None:
    said: list[str] = []
    path = fetch_minifas(tmp_path / "models", server.url, said.append)
    assert path.read_bytes() == CONTENT
    assert [path.name] == [one.name for one in path.parent.iterdir()] == [FILE]
    assert sum(" of 1.0 MB" in line for line in said) == 4
    fetch_minifas(tmp_path / "models", server.url, said.append)
    assert server.requests == 1


@pytest.mark.parametrize("sent", [CONTENT[:1000], b"x" * len(CONTENT)], ids=["cut", "other"])
def test_what_is_cut_off_or_another_file_leaves_nothing(server, tmp_path, sent) -> None:
    server.sent = sent
    with pytest.raises(ModelError, match="nothing was kept"):
        fetch_minifas(tmp_path, server.url, lambda line: None)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_replaced(server, tmp_path) -> None:
    (tmp_path / FILE).write_bytes(b"damaged")
    assert fetch_minifas(tmp_path, server.url, lambda line: None).read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["http://example.org/x", "file:///etc/passwd", "no address"])
def test_only_https_is_fetched_from(tmp_path, url) -> None:
    with pytest.raises(ModelError, match="nothing was kept"):
        fetch_minifas(tmp_path, url, lambda line: None)


def test_the_command_says_what_went_wrong(tmp_path, capsys) -> None:
    with Port() as port:
        url = f"http://127.0.0.1:{port.number}/none"
        assert main(["--folder", str(tmp_path), "fetch", "minifas", "--url", url]) == 2
    assert "yourself" in capsys.readouterr().err
