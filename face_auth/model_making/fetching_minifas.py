"""Download and check of the published liveness network."""

import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from face_auth.errors import ModelError
from face_auth.files import write_whole
from face_auth.liveness.minifas import FILE, SHA256
from face_auth.model_making.card_writing import digest

URL: Final = (
    "https://github.com/facenox/face-antispoof-onnx/raw/refs/heads/main/models/best_model.onnx"
)
LARGEST: Final = 16 << 20
"""Bytes that are read at most; the published file has 1.9 million."""
STALLED_S: Final = 30.0
PIECE: Final = 1 << 17


def fetch_minifas(folder: Path, url: str = URL, say: Callable[[str], None] = print) -> Path:
    """Download the liveness network into a folder, unless it is there, and return its file.

    Args:
        folder: Made if it is not there.
        url: Another address of the same file.
        say: Gets a line on each step.

    Raises:
        ModelError: If it cannot be had or is another file; nothing is kept then.
        OSError: If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    if path.is_file() and digest(path.read_bytes()) == SHA256:
        say(f"{path} is there and is the published file.")
        return path
    say(f"Fetching {url}")
    try:
        data = _read(url, say)
        why = "" if digest(data) == SHA256 else "what came has another SHA-256"
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = str(error) or type(error).__name__
    if why:
        raise ModelError(
            f"The liveness network could not be fetched from {url} ({why}); nothing was kept. Try "
            f"again, or put the file with SHA-256 {SHA256} at {path} yourself."
        )
    write_whole(path, data, mode=0o644)
    say(f"Wrote {path} ({len(data) / 1e6:.1f} MB).")
    return path


def _read(url: str, say: Callable[[str], None]) -> bytes:
    """Return the content at an address, reporting each quarter."""
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError("only https addresses are fetched from")
    with urllib.request.urlopen(url, timeout=STALLED_S) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        data, told = bytearray(), 0
        while piece := answer.read(PIECE):
            data += piece
            if len(data) > LARGEST:
                raise ValueError("it is far larger than the published file")
            quarter = 4 * len(data) // total if total else 0
            if quarter > told:
                told = quarter
                say(f"  {len(data) / 1e6:.1f} of {total / 1e6:.1f} MB")
        if len(data) < total:
            raise ValueError(f"the connection ended after {len(data)} of {total} bytes")
    return bytes(data)
