"""Tests of the .npz reader: own files come back, any other file is a ValueError."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from face_auth import npz
from face_auth.npz import read_arrays


def packed(**content: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **content)
    return file.getvalue()


def zipped(member: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.npy", member)
    return file.getvalue()


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float16).reshape(3, 4),
        np.asfortranarray(np.arange(12, dtype=np.float64).reshape(3, 4)),
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        np.array("bundled"),
        np.array(-7),
        np.array([True, False]),
        np.zeros((0, 512), np.float32),
        np.ones(1, np.float32),
    ],
)
def test_what_numpy_saved_comes_back(array: Any) -> None:
    for content in (packed(a=array), zipped(saved(array), zipfile.ZIP_STORED)):
        read = read_arrays(content)["a"]
        assert (read.dtype, read.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(read, array)


def header(text: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        packed(a=np.array([{"a": 1}], object)),
        zipped(b""),
        zipped(saved(np.ones(3))[:-1]),
        zipped(saved(np.ones(3)) + b"x"),
        zipped(saved(np.ones(3)), zipfile.ZIP_LZMA),
        zipped(header("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999,), }\n")),
        zipped(header("{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }\n", b"abc")),
        zipped(header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", b"abcdefgh")),
        zipped(header("{" * 1000 + "\n")),
        zipped(saved(np.ones(3))).replace(b"a.npy", b"b.npy", 1),
    ],
)
def test_anything_else_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match="arra"):
        read_arrays(content)


def test_a_flood_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed(a=np.zeros(1000))
    monkeypatch.setattr(npz, "LARGEST", 8000)
    with pytest.raises(ValueError, match="too large"):
        read_arrays(content)
