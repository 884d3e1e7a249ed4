"""Other programs on the same frames, each in a separate process.

The baseline (``mtcnn`` 1.0 + keras-facenet), and ``face_recognition`` (dlib) and DeepFace where
installed.
"""

import importlib.util
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts import in_one_line
from benchmarks.process import memory_mb

Picture = NDArray[np.uint8]
Work = Callable[[Picture], int]

DEFAULT: Final = "mtcnn, its defaults"
QUICK: Final = "mtcnn, min_face_size=100, pyramid mended"
BROKEN: Final = "mtcnn, min_face_size=100, as it comes"
EMBED: Final = "keras-facenet's network, model.predict, 160 px"
DLIB_DETECT: Final = "face_recognition (dlib HOG), detect"
DLIB_EMBED: Final = "face_recognition (dlib), landmarks + embed"
DEEPFACE: Final = "DeepFace, detect + embed (opencv, Facenet512)"
READY_LIMIT_S: Final = 300.0

NEEDS: Final = {
    "obvious": ("tensorflow", "mtcnn", "keras_facenet"),
    "dlib": ("face_recognition", "dlib"),
    "deepface": ("deepface",),
}


@dataclass(frozen=True, slots=True)
class Start:
    """Start times and memory of a rival.

    Attributes:
        import_s: Until its libraries were imported.
        load_s: From there until its networks had run once.
        memory_mb: What it then held (PSS).
        works: Names of what it can be asked for.
        failed: What raised an error when it was tried first, and which.
    """

    import_s: float
    load_s: float
    memory_mb: float
    works: tuple[str, ...]
    failed: Mapping[str, str]


class Rival:
    """A process that runs one rival's works on frames sent to it, and times them itself."""

    def __init__(self, name: str) -> None:
        """Start it; *name* is a key of NEEDS.

        Raises:
            RivalError: If it is not installed, or does not start.
        """
        missing = [need for need in NEEDS[name] if importlib.util.find_spec(need) is None]
        if missing:
            raise RivalError(f"{name} was not measured: {', '.join(missing)} is not installed.")
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(name, theirs), daemon=True)
        self._process.start()
        theirs.close()
        try:
            started = self._answer(READY_LIMIT_S)
        except RivalError as error:
            self.close()
            raise RivalError(f"{name} was not measured: {error}") from error
        self.start: Start = started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, work: str, frame: Picture) -> tuple[float, int]:
        """Return how many milliseconds *work* took on *frame*, and how many faces it found.

        Raises:
            RivalError: If it failed.
        """
        self._pipe.send((work, frame))
        took_ms, found = self._answer(READY_LIMIT_S)
        return float(took_ms), int(found)

    def int8_product(self) -> bytes:
        """Return a .tflite file of one 8-bit matrix product, for the machine's peak.

        Raises:
            RivalError: If it failed.
        """
        self._pipe.send(("int8_product", None))
        return bytes(self._answer(READY_LIMIT_S))

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def _answer(self, limit_s: float) -> Any:
        try:
            if not self._pipe.poll(limit_s):
                raise RivalError("it did not answer in time")
            kind, value = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise RivalError("its process ended") from error
        if kind == "failed":
            raise RivalError(str(value))
        return value


class RivalError(Exception):
    """A rival cannot be measured; the text says why."""


def _serve(name: str, pipe: Connection) -> None:
    """Main loop of the rival's process, until the other end closes the pipe."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        begin = time.perf_counter()
        load = {"obvious": _obvious, "dlib": _dlib, "deepface": _deepface}[name]()
        imported = time.perf_counter()
        works = load()
        failed: dict[str, str] = {}
        for work, call in works.items():
            try:
                call(np.zeros((480, 640, 3), np.uint8))
            except Exception as error:
                failed[work] = in_one_line(error)
        ready = time.perf_counter()
        held = memory_mb(os.getpid())
        usable = tuple(work for work in works if work not in failed)
        pipe.send(("done", Start(imported - begin, ready - imported, held, usable, failed)))
    except Exception as error:
        pipe.send(("failed", in_one_line(error)))
        return
    while True:
        try:
            asked, frame = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            if asked == "int8_product":
                pipe.send(("done", _int8_product()))
                continue
            begin = time.perf_counter()
            found = works[asked](frame)
            pipe.send(("done", ((time.perf_counter() - begin) * 1000, found)))
        except Exception as error:
            pipe.send(("failed", in_one_line(error)))


def _obvious() -> Callable[[], dict[str, Work]]:
    import tensorflow as tf  # noqa: F401
    from keras_facenet.inception_resnet_v1 import InceptionResNetV1
    from mtcnn import MTCNN

    def load() -> dict[str, Work]:
        detector = MTCNN()
        network = InceptionResNetV1(input_shape=(160, 160, 3), classes=512)  # random weights

        def quick(frame: Picture) -> int:
            with mended_pyramid():
                return len(detector.detect_faces(frame, min_face_size=100))

        def embed(frame: Picture) -> int:
            face = np.ascontiguousarray(frame[160:320, 240:400])
            values = (face[np.newaxis].astype(np.float32) - 127.5) / 127.5
            return len(network.predict(values, verbose=0))

        return {
            DEFAULT: lambda frame: len(detector.detect_faces(frame)),
            QUICK: quick,
            BROKEN: lambda frame: len(detector.detect_faces(frame, min_face_size=100)),
            EMBED: embed,
        }

    return load


def mended_pyramid() -> Any:
    """Return a context in which mtcnn's pyramid ends where P-Net's window would not fit.

    Unchanged, it has one level more, at which P-Net fails, and no face at all is found with any
    smallest face above 23 px in a 640 x 480 frame.
    """
    from unittest import mock

    from mtcnn.stages import stage_pnet

    whole = stage_pnet.build_scale_pyramid

    def ended(width: int, height: int, **options: Any) -> NDArray[np.float64]:
        scales: NDArray[np.float64] = np.asarray(whole(width, height, **options))
        return np.asarray(scales[np.floor(min(width, height) * scales) >= 12])

    return mock.patch.object(stage_pnet, "build_scale_pyramid", ended)


def _dlib() -> Callable[[], dict[str, Work]]:
    import face_recognition

    def load() -> dict[str, Work]:
        kept: dict[str, Any] = {"places": [(120, 420, 360, 220)]}

        def detect(frame: Picture) -> int:
            kept["places"] = face_recognition.face_locations(frame, model="hog")
            return len(kept["places"])

        def embed(frame: Picture) -> int:
            return len(face_recognition.face_encodings(frame, kept["places"]))

        return {DLIB_DETECT: detect, DLIB_EMBED: embed}

    return load


def _deepface() -> Callable[[], dict[str, Work]]:
    from deepface import DeepFace

    def represent(frame: Picture) -> int:
        return len(
            DeepFace.represent(
                frame[:, :, ::-1],
                model_name="Facenet512",
                detector_backend="opencv",
                enforce_detection=False,
            )
        )

    return lambda: {DEEPFACE: represent}


def _int8_product() -> bytes:
    """Return a product of 1024 x 1024 floats by 1024 x 1024 weights of 8 bits, as .tflite."""
    import tensorflow as tf

    side = 1024
    weights = np.random.default_rng(1).standard_normal((side, side)).astype(np.float32)
    function = tf.function(
        lambda rows: tf.matmul(rows, tf.constant(weights)),
        input_signature=[tf.TensorSpec((side, side), tf.float32)],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())
