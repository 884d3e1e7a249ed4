"""Embeddings of photographs, each computed once, by two threads, and cached."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import face_auth
from face_auth.datasets.photographs import (
    ImageError,
    content_of,
    photograph_bytes,
    read_photograph,
)
from face_auth.datasets.subject import SubjectFinder
from face_auth.evaluation.cache import Cache, digest
from face_auth.models import DIMENSIONS, MODELS, load_card, read_entry
from face_auth.recognition.embedding import Network, load_network

WORKERS: Final = 2
BATCH: Final = 16
"""Photographs that a worker takes at once."""

HASHED_AT_ONCE: Final = 2048

CODE: Final = (
    "camera/opencv",
    "datasets/photographs",
    "datasets/subject",
    "evaluation/features",
    "evaluation/frames",
    "recognition/alignment",
    "recognition/cascade",
    "recognition/detection",
    "recognition/embedding",
)
"""Modules that decide what an embedding is; a change in one makes stored ones stale."""

Alter = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


class PhotographState(IntEnum):
    """The outcome of a photograph: a face, no face, or a file that cannot be read or decoded."""

    FACE = 0
    NO_FACE = 1
    UNREADABLE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The embeddings of photographs, in the photographs' order.

    Attributes:
        states: A `PhotographState` each, shape (n,).
        reasons: Why there is no face, empty with one; strings, shape (n,).
        contents: Equal only where the decoded pictures are identical; 0 where that is not known;
            shape (n,).
        plain: The face's embedding, unit rows, zeros without a face; shape (n, 512).
        mirrored: The same of the face's mirror image.
    """

    states: NDArray[np.uint8]
    reasons: NDArray[np.object_]
    contents: NDArray[np.uint64]
    plain: NDArray[np.float32]
    mirrored: NDArray[np.float32]

    @classmethod
    def of(cls, plain: NDArray[np.float32], mirrored: NDArray[np.float32]) -> "Features":
        """Return the features of faces whose pictures are not known, by their embeddings."""
        count = len(plain)
        nothing = np.full(count, "", object), np.zeros(count, np.uint64)
        return cls(np.zeros(count, np.uint8), *nothing, plain, mirrored)

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether each photograph has a face, shape (n,)."""
        return np.asarray(self.states == PhotographState.FACE)

    def embeddings(self, *, mirror: bool = True) -> NDArray[np.float32]:
        """Return the network's embeddings, with or without the average over the mirror image."""
        return unit(self.plain + self.mirrored) if mirror else self.plain

    def joined(self, embeddings: NDArray[np.float32]) -> "Features":
        """Return these and further faces, whose embeddings are averaged already."""
        more = Features.of(embeddings, embeddings)
        return Features(*map(np.concatenate, zip(self._columns(), more._columns(), strict=True)))

    def take(self, indices: NDArray[np.integer]) -> "Features":
        """Return the features of some photographs."""
        return Features(*(column[indices] for column in self._columns()))

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.states, self.reasons, self.contents, self.plain, self.mirrored


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the rows scaled to length one; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), np.float32)


class Extractor:
    """The kiosk's framing and embedding of the subject of each photograph, with a cache.

    A face that the kiosk's detector misses is looked for again: a photograph is all there is of a
    person, where a customer has another frame.
    """

    def __init__(
        self,
        network: str,
        cache: Path,
        folder: Path = MODELS,
        alterations: Mapping[str, Alter] | None = None,
    ) -> None:
        """Open the cache; models are loaded when something is missing in it.

        Args:
            network: Its name in the model card.
            cache: Folder of the cache files.
            folder: Holds the models.
            alterations: What may be done to a photograph before its face is looked for, by name.

        Raises:
            ModelError: If the model card knows no such network or detector.
            OSError: If the cache cannot be used.
        """
        self.card = load_card(network, folder)
        self._folder = folder
        self._alterations = alterations or {}
        self._own = threading.local()
        self.cache = Cache(cache / f"{network}-{self._identity().hex()[:16]}.sqlite")

    def _identity(self) -> bytes:
        """Return a digest of everything but the photograph that an embedding depends on."""
        home = Path(face_auth.__file__).parent
        code = [(home / f"{name}.py").read_bytes() for name in CODE]
        detector = repr(sorted(read_entry("mtcnn", self._folder).get("files", {}).items()))
        framing = f"{self.card.framing} {self.card.size} {self.card.margin}"
        return digest(self.card.sha256, framing, detector, *code)

    def extract(
        self, photographs: Sequence[Path], alteration: str = "", what: str = "photographs"
    ) -> Features:
        """Return the embeddings of *photographs*, in their order.

        Args:
            photographs: Files; one may occur several times.
            alteration: What to do to each first; a name from the constructor's alterations.
            what: Says in the progress bar what they are.

        Raises:
            ModelError: If a model file is missing or another one.
        """
        rows = np.zeros((2, len(photographs), DIMENSIONS), np.float32)
        features = Features.of(*rows)
        missing: dict[bytes, list[int]] = {}
        for start in range(0, len(photographs), HASHED_AT_ONCE):
            keys: dict[int, bytes] = {}
            for index, path in enumerate(photographs[start : start + HASHED_AT_ONCE], start):
                try:
                    keys[index] = digest(alteration, photograph_bytes(path))
                except ImageError as error:  # it may be readable next time, so it is not stored
                    _unpack(_packed(PhotographState.UNREADABLE, str(error)), features, index)
            stored = self.cache.find(sorted(set(keys.values())))
            for index, key in keys.items():
                if key in stored:
                    _unpack(stored[key], features, index)
                else:
                    missing.setdefault(key, []).append(index)
        todo = [(key, photographs[indices[0]]) for key, indices in missing.items()]
        with tqdm(total=len(todo), unit="photo", desc=what, disable=not todo) as bar:
            for entries in self._compute(todo, alteration):
                self.cache.add(entries)
                for key, value in entries:
                    for index in missing[key]:
                        _unpack(value, features, index)
                bar.update(len(entries))
        return features

    def _compute(
        self, todo: Sequence[tuple[bytes, Path]], alteration: str
    ) -> Iterator[list[tuple[bytes, bytes]]]:
        """Yield keys and packed results, a batch at a time, in order."""
        alter = self._alterations[alteration] if alteration else None
        batches = [todo[start : start + BATCH] for start in range(0, len(todo), BATCH)]
        with ThreadPoolExecutor(WORKERS) as pool:
            tasks = [pool.submit(self._batch, batch, alter) for batch in batches]
            try:
                for task in tasks:
                    yield task.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _batch(
        self, batch: Sequence[tuple[bytes, Path]], alter: Alter | None
    ) -> list[tuple[bytes, bytes]]:
        finder, network = self._models()
        results: list[bytes] = []
        faces: list[NDArray[np.uint8]] = []
        for _, path in batch:
            try:
                image = read_photograph(path)
            except ImageError as error:
                results.append(_packed(PhotographState.UNREADABLE, str(error)))
                continue
            content = content_of(image)
            image = alter(image) if alter else image
            face = finder.find(image)
            if face is None:
                results.append(_packed(PhotographState.NO_FACE, "no face", content))
                continue
            framed = network.frame_face(image, face)
            faces += [framed, framed[:, ::-1]]
            results.append(_packed(PhotographState.FACE, "", content))
        rows = iter(network.embed(np.stack(faces)).reshape(-1, 2 * DIMENSIONS) if faces else ())
        return [
            (key, result + (next(rows).tobytes() if result[0] == PhotographState.FACE else b""))
            for (key, _), result in zip(batch, results, strict=True)
        ]

    def _models(self) -> tuple[SubjectFinder, Network]:
        """Return this worker's own finder and network, each on one core."""
        if not hasattr(self._own, "models"):
            cv2.setNumThreads(1)
            self._own.models = (
                SubjectFinder(self._folder),
                load_network(self.card.name, self._folder, threads=1, mirror=False),
            )
        finder, network = self._own.models
        return finder, network


def _packed(state: PhotographState, reason: str, content: int = 0) -> bytes:
    """Return a result as bytes; the rows of a face follow."""
    return bytes([state]) + content.to_bytes(8, "little") + reason.encode()


def _unpack(value: bytes, features: Features, index: int) -> None:
    features.states[index] = value[0]
    features.contents[index] = int.from_bytes(value[1:9], "little")
    if value[0] == PhotographState.FACE:
        rows = np.frombuffer(value[9:], np.float32).reshape(2, DIMENSIONS)
        features.plain[index], features.mirrored[index] = rows
    else:
        features.reasons[index] = value[9:].decode()
