"""Download, check and conversion of the VGGFace2 weights that keras-facenet publishes.

keras-facenet downloads and checks; this module keeps partial files out of the models folder and
says what to do after a failure.
"""

import contextlib
import http.client
import shutil
import socket
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from face_auth.errors import ModelError
from face_auth.files import write_whole
from face_auth.model_making.card_writing import digest, write_entry
from face_auth.model_making.conversion import build, convert_checked, read_h5, set_weights
from face_auth.models import Framing, own_card

NAME: Final = "vggface2"
RELEASE: Final = "20180402-114759"
FILE: Final = "vggface2.tflite"
SIZE: Final = 160
MARGIN: Final = 0.125
"""16 px of 160 on each side of the box, as the weights were trained."""
STALLED_S: Final = 60.0
STEP_MB: Final = 10


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """The address, name and SHA-256 of a published file of weights."""

    url: str
    file: str
    sha256: str


def published(url: str | None = None) -> PublishedWeights:
    """Return keras-facenet's record of its VGGFace2 weights, with another address if given.

    Raises:
        ModelError: If keras-facenet is not installed.
    """
    known = _keras_facenet().metadata.MODEL_METADATA[RELEASE]
    return PublishedWeights(
        url or known["keras_weights_url"],
        known["keras_weights_filename"],
        known["keras_weights_sha256"],
    )


def fetch_vggface2(
    folder: Path, source: PublishedWeights, say: Callable[[str], None] = print
) -> None:
    """Write vggface2.tflite and its card into a folder, or neither.

    A file of weights that was put into *folder* by hand is taken instead of fetching one.

    Args:
        folder: Where to put them; made if it is not there.
        source: The weights.
        say: Gets a line on each step.

    Raises:
        ModelError: If the weights cannot be had, are other ones, or do not convert; the sentence
            says what to put where.
        OSError: If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    by_hand = folder / source.file
    if by_hand.is_file():
        if digest(by_hand.read_bytes()) != source.sha256:
            raise ModelError(
                f"{by_hand} is not the published file (its SHA-256 is not {source.sha256}). "
                f"Delete it to fetch it again, or put the file from {source.url} there."
            )
        say(f"Taking {by_hand}, which is there and is the published file.")
        content = _converted(by_hand, say)
    else:
        staging = Path(tempfile.mkdtemp(dir=folder, prefix=".vggface2.", suffix=".partial"))
        try:
            content = _converted(_download(source, staging, by_hand, say), say)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    write_whole(folder / FILE, content, mode=0o644)
    write_entry(own_card(NAME, folder), NAME, _entry(content, source))
    say(f"Wrote {folder / FILE} ({len(content) / 1e6:.1f} MB) and its card.")


def _download(
    source: PublishedWeights, staging: Path, by_hand: Path, say: Callable[[str], None]
) -> Path:
    """Fetch and check with keras-facenet's code, and return the file."""
    download_and_verify = _keras_facenet().utils.download_and_verify
    path = staging / source.file
    say(f"Fetching {source.url}")
    try:
        with _watched(path, source.url, say), _stalling_fails():
            download_and_verify(source.url, str(path), source.sha256)
        why = "" if digest(path.read_bytes()) == source.sha256 else "another file came"
    except AssertionError:
        why = "what came is not the published file: its SHA-256 differs"
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = str(error) or type(error).__name__
    if why:
        raise ModelError(
            f"The weights could not be fetched from {source.url} ({why}); nothing was kept. Try "
            f"again, or get the file {source.file} (SHA-256 {source.sha256}) some other way, put "
            f"it at {by_hand} and run the same command."
        )
    return path


def _converted(weights: Path, say: Callable[[str], None]) -> bytes:
    say("Converting; this takes half a minute.")
    model = build(SIZE)
    set_weights(model, read_h5(weights))
    return convert_checked(model, SIZE)


def _entry(content: bytes, source: PublishedWeights) -> dict[str, Any]:
    return {
        "file": FILE,
        "sha256": digest(content),
        "network": "Inception-ResNet V1, 512-d unit embeddings, dynamic-range 8-bit",
        "input": {
            "size": SIZE,
            "framing": Framing.BOX_WITH_MARGIN.value,
            "margin": MARGIN,
            "described": "MTCNN's box, wider by an eighth on each side, cut off at the picture's "
            "edge and stretched to 160 x 160; RGB, (value - 127.5) / 127.5",
        },
        "made from": {"file": source.file, "sha256": source.sha256, "url": source.url},
        "training data": "VGGFace2, by David Sandberg's facenet, published by keras-facenet. "
        "The pictures were collected for non-commercial research; whoever runs a bank's kiosks "
        "with these weights must clear that first.",
        "cohort": None,
        "thresholds": {},
        "provisional": True,
    }


@contextlib.contextmanager
def _watched(path: Path, url: str, say: Callable[[str], None]) -> Iterator[None]:
    """Report the progress of a download every ten megabytes."""
    done = threading.Event()

    def watch() -> None:
        total, told = _length(url), 0
        while not done.wait(0.5):
            come = int(path.stat().st_size / 1e6) if path.exists() else 0
            if come >= told + STEP_MB:
                told = come
                say(f"  {come} MB{f' of {total / 1e6:.0f}' if total else ''}")

    watcher = threading.Thread(target=watch, name="fetch-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _length(url: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10) as head:
            return int(head.headers.get("Content-Length") or 0)
    except (OSError, http.client.HTTPException, ValueError):
        return 0  # only the progress lines are poorer for it


@contextlib.contextmanager
def _stalling_fails() -> Iterator[None]:
    """Make a stalled connection fail; keras-facenet would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALLED_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _sweep(folder: Path) -> None:
    """Remove the partial files of an interrupted download."""
    for left in folder.glob(".vggface2.*.partial"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _keras_facenet() -> Any:
    try:
        import keras_facenet
    except ImportError as error:
        raise ModelError(
            f"Fetching needs TensorFlow and keras-facenet ({error}). "
            "Install both: pip install -r requirements.txt"
        ) from error
    return keras_facenet
