"""Tests with damaged and malicious pictures and videos, in bounded time and memory.

400 of each are tried, 5,000 where LONG_TESTS is set.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from face_auth.camera.http_stream import Dechunker
from face_auth.camera.jpegs import JpegReader
from face_auth.camera.opencv import decode_picture
from tests.face_auth.input_fuzzer import mutate

ROOT = Path(__file__).parent.parent.parent
COUNT = 5000 if os.environ.get("LONG_TESTS") else 400
MEMORY_MB = 800


def fuzz(*arguments: str) -> dict[str, Any]:
    """Run the fuzzer; a crash, a traceback or a hang fails the test and names the input."""
    limit_s = 600 + COUNT / 2
    command = [sys.executable, "-m", "tests.face_auth.input_fuzzer", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as hang:
        pytest.fail(f"hangs at {(hang.stderr or b'')[-200:]!r}")
    assert done.returncode == 0, done.stderr[-2000:].decode("utf-8", "replace")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("kind", ["pictures", "videos"])
def test_damaged_files_are_read_or_refused(kind: str) -> None:
    result = fuzz(kind, str(COUNT), "20261123")
    outcomes = result["outcomes"]
    assert sum(outcomes.values()) == COUNT
    assert outcomes["refused"] > COUNT // 5, "the mutations hardly damage anything"
    assert outcomes["read"] > COUNT // 5, "the mutations never get past the header"
    assert result["memory_mb"] < MEMORY_MB


@pytest.mark.faces
def test_damaged_photographs_are_read_or_refused(shared: Path) -> None:
    result = fuzz("pictures", str(COUNT), "7", str(shared / "data" / "lfw"))
    assert sum(result["outcomes"].values()) == COUNT
    assert result["memory_mb"] < MEMORY_MB


def test_files_that_are_huge_or_say_so_do_not_fill_the_memory() -> None:
    result = fuzz("bombs")
    refused = {name for name, outcome in result["outcomes"].items() if outcome == "refused"}
    assert refused >= {"huge.png", "claims.png", "long_chunk.png", "huge.avi"}
    assert result["memory_mb"] < MEMORY_MB


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tif", ".ppm"])
def test_whole_pictures_are_decoded_whatever_follows_them(
    suffix: str, rng: np.random.Generator
) -> None:
    image = rng.integers(0, 256, (30, 40, 3), np.uint8)
    data = cv2.imencode(suffix, image)[1].tobytes()
    for given in (data, data + b"what a telephone appends"):
        decoded = decode_picture(given)
        assert decoded is not None
        assert decoded.shape == (30, 40, 3)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(100), b"\x89PNG\r\n\x1a\n", b"P6", b"BM"])
def test_what_is_no_picture_is_none(data: bytes) -> None:
    assert decode_picture(data) is None


def test_damaged_streams_give_whole_pictures_of_what_was_sent(rng: np.random.Generator) -> None:
    pictures = [
        cv2.imencode(".jpg", rng.integers(0, 256, (8, 8 * n, 3), np.uint8))[1].tobytes()
        for n in range(1, 5)
    ]
    sent = b"".join(
        b"--edge\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(one), one)
        for one in pictures
    )
    given = 0
    for _ in range(5 * COUNT):
        body = mutate(sent, rng)
        reader, fed = JpegReader(), 0
        while fed < len(body):
            size = int(rng.integers(1, 400))
            reader.feed(body[fed : fed + size])
            fed += size
            while (found := reader.next()) is not None:
                assert found in body
                assert found.startswith(b"\xff\xd8\xff")
                assert found.endswith(b"\xff\xd9")
                given += 1
    assert given > 5 * COUNT


def test_damaged_chunks_are_decoded_or_refused(rng: np.random.Generator) -> None:
    body = rng.bytes(3000)
    chunked = b"".join(
        b"%x;ext\r\n%s\r\n" % (300, body[at : at + 300]) for at in range(0, 3000, 300)
    )
    refused = 0
    for number in range(5 * COUNT):
        sent = mutate(chunked, rng) if number else chunked
        decoder, fed, found = Dechunker(), 0, b""
        while fed < len(sent):
            size = int(rng.integers(1, 400))
            try:
                found += decoder.feed(sent[fed : fed + size])
            except ValueError:
                refused += 1
                break
            fed += size
        assert number or found == body
        assert len(found) <= len(sent)
    assert refused > COUNT
