"""A reader of .npz files from untrusted sources: no pickle, bounded memory, one kind of error.

NumPy's own reader allocates whatever size the file claims, and lets through every exception
of zipfile and zlib.
"""

import io
import math
import re
import zipfile
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LARGEST: Final = 256 << 20
"""Bytes that the arrays of one file may take in all."""

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<|][bfiuU][0-9]{1,4})', 'fortran_order': (False|True),"
    rb" 'shape': \(((?:[0-9]{1,12}(?:, [0-9]{1,12})*)?),?\), \} *\n"
)


def read_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file by name.

    Args:
        data: What `numpy.savez` or `numpy.savez_compressed` wrote: numbers and text only.

    Raises:
        ValueError: If it is anything else, or larger than `LARGEST` when unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > LARGEST:
                raise ValueError("the arrays are too large")
            if {member.compress_type for member in members} - {
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            }:
                raise ValueError("the arrays are packed in another way")
            return {
                member.filename.removesuffix(".npy"): _array(archive.read(member))
                for member in members
            }
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,  # encrypted, it says
        NotImplementedError,
    ) as error:
        raise ValueError(f"not an archive of arrays: {error}") from error


def _array(content: bytes) -> NDArray[Any]:
    start = len(_MAGIC) + 2
    end = start + int.from_bytes(content[len(_MAGIC) : start], "little")
    header = _HEADER.fullmatch(content, start, end)
    if not content.startswith(_MAGIC) or header is None:
        raise ValueError("an array without a valid .npy header")
    try:
        dtype = np.dtype(header[1].decode("ascii"))
    except TypeError as error:
        raise ValueError("an array of no known type") from error
    shape = tuple(int(length) for length in header[3].split(b", ") if length)
    if len(shape) > 8 or math.prod(shape) * dtype.itemsize != len(content) - end:
        raise ValueError("an array of another size than its header says")
    if not math.prod(shape):
        return np.zeros(shape, dtype)
    flat = np.frombuffer(content, dtype, offset=end).copy()
    return flat.reshape(shape, order="F" if header[2] == b"True" else "C")
