"""Limits of the machine: its measured peak, and the least time that a stage's operations take."""

import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from face_auth.models import MODELS, read_listed
from face_auth.recognition.cascade import ONET_SIDE, RNET_SIDE, pyramid
from face_auth.recognition.detection import Detector

SMALL_BYTES: Final = 640 * 480 * 3
"""Bytes of a frame, which most stages work on and which fits into the processor's caches."""
LARGE_BYTES: Final = 64 * 2**20
"""Bytes that Argon2id works on at argon2-cffi's defaults."""

ARGON2_BLOCK: Final = 1024

INSTRUCTION_SETS: Final = {
    "SSE4.2": "sse4_2",
    "AVX2": "avx2",
    "AVX-VNNI": "avx_vnni",
    "AVX-512": "avx512f",
    "AVX-512 VNNI": "avx512_vnni",
    "AMX": "amx_tile",
    "NEON": "asimd",
    "dot products": "asimddp",
}
"""The flag of each in /proc/cpuinfo; the time of a network depends on the widest."""


@dataclass(frozen=True, slots=True)
class Peak:
    """Peak rates measured on this machine with all of its cores.

    Attributes:
        float_ops: Multiplications and additions of float32 a second, in a matrix product.
        int8_ops: The same of 8-bit integers, in LiteRT's matrix product; None where there was no
            TensorFlow to make it.
        small_bytes: Bytes a second, read and written, in copies as large as a frame, by one core.
        large_bytes: The same in copies of 64 MiB, by all cores.
    """

    float_ops: float
    int8_ops: float | None
    small_bytes: float
    large_bytes: float

    def described(self) -> dict[str, str | float]:
        """Return the rates by name, for the description of the machine."""
        named: dict[str, str | float] = {
            "float32 in a matrix product, Gop/s": self.float_ops / 1e9,
            "copies as large as a frame, GB/s": self.small_bytes / 1e9,
            "copies of 64 MiB, GB/s": self.large_bytes / 1e9,
        }
        if self.int8_ops is not None:
            named["8-bit integers in a matrix product, Gop/s"] = self.int8_ops / 1e9
        return named


@dataclass(frozen=True, slots=True)
class Operations:
    """Operations and bytes that a stage cannot do without.

    Attributes:
        floats: Multiplications and additions of float32, two for each weight used.
        int8s: The same of 8-bit integers.
        small: Bytes read and written that a frame's caches hold.
        large: Bytes read and written that they do not.
    """

    floats: float = 0
    int8s: float = 0
    small: float = 0
    large: float = 0

    def limit_ms(self, peak: Peak) -> float:
        """Return the least time in ms: that of the slowest kind, which hides the others."""
        int8_ops = peak.int8_ops or peak.float_ops
        seconds = max(
            self.floats / peak.float_ops + self.int8s / int8_ops,
            self.small / peak.small_bytes,
            self.large / peak.large_bytes,
        )
        return seconds * 1000


def describe() -> dict[str, str | float]:
    """Return a description of the machine."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "instruction sets": ", ".join(instruction_sets(_field("/proc/cpuinfo", "flags")))
        or "unknown",
        "cores": str(cores()),
        "memory": _field("/proc/meminfo", "MemTotal") or "unknown",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load before (1 min)": os.getloadavg()[0],
    }


def instruction_sets(flags: str) -> list[str]:
    """Return the instruction sets for networks that a processor with these *flags* has."""
    known = set(flags.split())
    return [name for name, flag in INSTRUCTION_SETS.items() if flag in known]


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def measure_peak(int8_product: bytes | None, seconds: float = 1.0) -> Peak:
    """Measure the machine's peak.

    Args:
        int8_product: A .tflite file of one 8-bit matrix product, or None.
        seconds: How long each kind is tried; the best run counts.
    """
    rng = np.random.default_rng(1)
    left, right = rng.random((2, 2048, 2048), np.float32)
    floats = 2 * 2048**3 / _best(lambda: left @ right, seconds)
    return Peak(
        float_ops=floats,
        int8_ops=None if int8_product is None else _int8_peak(int8_product, seconds),
        small_bytes=_copy_rate(SMALL_BYTES, 1, seconds),
        large_bytes=_copy_rate(LARGE_BYTES, cores(), seconds),
    )


def network_operations(content: bytes, shape: Sequence[int] | None = None) -> Operations:
    """Count the operations of one run of a .tflite network.

    Args:
        content: The file.
        shape: Shape of its input; None for the one in the file.
    """
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    if shape is not None:
        source = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(source, shape, strict=False)
    interpreter.allocate_tensors()
    tensors = {each["index"]: each for each in interpreter.get_tensor_details()}
    counts = {"floats": 0.0, "int8s": 0.0}
    for operation in interpreter._get_ops_details():
        if operation["op_name"] not in {"CONV_2D", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D"}:
            continue
        weights = tensors[operation["inputs"][1]]
        result = tensors[operation["outputs"][0]]["shape"]
        # Each value of the result is a sum over all weights of its output channel.
        over = 0 if operation["op_name"] != "DEPTHWISE_CONV_2D" else -1
        for_each = np.prod(weights["shape"]) / weights["shape"][over]
        kind = "int8s" if weights["dtype"] == np.int8 else "floats"
        counts[kind] += 2.0 * float(np.prod(result)) * float(for_each)
    return Operations(**counts)


def detector_operations(
    detector: Detector, frames: Sequence[NDArray[np.uint8]], folder: Path = MODELS
) -> Operations:
    """Return the operations of face detection, as the mean over *frames*."""
    cascade = detector._cascade
    with (
        mock.patch.object(cascade, "_rnet", wraps=cascade._rnet) as rnet,
        mock.patch.object(cascade, "_onet", wraps=cascade._onet) as onet,
    ):
        for frame in frames:
            detector.detect(frame)
    pnet = read_listed("mtcnn", "mtcnn_pnet.tflite", folder)
    floats = sum(
        network_operations(pnet, (1, height, width, 3)).floats for _, width, height in pyramid(100)
    )
    for counted, name, side in ((rnet, "rnet", RNET_SIDE), (onet, "onet", ONET_SIDE)):
        one = network_operations(read_listed("mtcnn", f"mtcnn_{name}.tflite", folder))
        patches = sum(len(call.args[0]) for call in counted.call_args_list)
        floats += one.floats * patches / len(frames)
        assert one.floats > side  # a network without operations would be a wrong reading
    return Operations(floats=floats, small=2 * SMALL_BYTES)


def argon2_operations(memory_kib: int, passes: int) -> Operations:
    """Return the bytes that Argon2id reads and writes.

    Each block is made of two others; from the second pass on its old content is read as well.
    """
    return Operations(large=memory_kib * ARGON2_BLOCK * (3 * passes + (passes - 1)))


def _best(work: Callable[[], object], seconds: float) -> float:
    """Return the shortest run of *work* in that many seconds, of at least five runs."""
    best, runs, end = float("inf"), 0, time.perf_counter() + seconds
    while runs < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
        runs += 1
    return best


def _int8_peak(content: bytes, seconds: float) -> float:
    interpreter = Interpreter(model_content=content, num_threads=cores())
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    values = np.random.default_rng(1).standard_normal(source["shape"]).astype(np.float32)
    interpreter.set_tensor(source["index"], values)
    return network_operations(content).int8s / _best(interpreter.invoke, seconds)


def _copy_rate(size: int, threads: int, seconds: float) -> float:
    """Return bytes read and written a second when each thread copies its share of *size*."""
    share = size // threads
    pairs = [(np.ones(share, np.uint8), np.empty(share, np.uint8)) for _ in range(threads)]
    # NumPy releases the interpreter lock while it copies, so the threads copy in parallel.
    rounds = max(1, 2**28 // size)

    def copy(source: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
        for _ in range(rounds):
            np.copyto(target, source)

    def at_once() -> None:
        workers = [threading.Thread(target=copy, args=pair) for pair in pairs]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return 2 * share * threads * rounds / _best(at_once, seconds)


def _field(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((" ".join(line.split(":", 1)[1].split()) for line in lines if name in line), "")
