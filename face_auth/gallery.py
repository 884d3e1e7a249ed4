"""Templates and captures, encrypted at rest.

Each customer has two files under the gallery's folder, both named by the template's id:
`<id>.template` (embeddings and the customer's own SVM) and `<id>.captures` (the face crops that it
was made from, so that another network can rebuild it). Both are AES-256-GCM, each under its own
key; the format's version, the key's id, the customer's id, the template's id and the purpose are
associated data, so that a file put in another's place does not open.

    magic and version, 14 bytes | key id, 4 | length of the customer's id, 1 | the id | nonce, 12 |
    ciphertext and tag
"""

import hmac
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from face_auth.arrays import read_arrays
from face_auth.classifier import CustomerSvm
from face_auth.errors import GalleryError
from face_auth.files import read_regular, write_whole

MAGIC = b"ATM-GALLERY-2\n"
NONCE_BYTES = 12

_KEY_ID_BYTES = 4
_LARGEST = 256 << 20


class _Key(NamedTuple):
    key_id: bytes
    cipher: AESGCM


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """One face as the camera gave it, cut out with a wide margin.

    Attributes:
        image: RGB, shape (h, w, 3), values 0 to 255.
        box: The face in *image*: x, y, width, height in pixels.
        landmarks: Shape (5, 2), pixels of *image*, in the order of `detection.Face`.
    """

    image: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What a probe is compared with: one customer, one network.

    Attributes:
        customer_id: Whose face it is.
        network: Name of the network that made the embeddings.
        network_sha256: SHA-256 of that network's file; no other network may score against it.
        embeddings: Unit rows, shape (n, 512), one for each capture.
        svm: The customer's own SVM over embeddings.
    """

    customer_id: str
    network: str
    network_sha256: str
    embeddings: NDArray[np.float32]
    svm: CustomerSvm


class Gallery:
    """The folder of all templates."""

    def __init__(self, folder: Path, *, template_key: bytes, capture_key: bytes) -> None:
        """Use *folder*, made if missing (0700), with two keys of 32 bytes each."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._keys = {"template": _key(template_key), "captures": _key(capture_key)}

    def save(self, template_id: str, template: Template, captures: Sequence[Capture]) -> None:
        """Write captures and template under a fresh *template_id*.

        Raises:
            OSError: If the disk refuses; nothing usable is left then.
        """
        arrays: dict[str, Any] = {"count": np.int64(len(captures))}
        for index, capture in enumerate(captures):
            arrays[f"image{index}"] = capture.image
            arrays[f"box{index}"] = np.asarray(capture.box, np.float32)
            arrays[f"landmarks{index}"] = capture.landmarks
        self._write(template_id, template.customer_id, "captures", arrays)
        self._write(
            template_id,
            template.customer_id,
            "template",
            {
                "network": np.asarray(template.network),
                "network_sha256": np.asarray(template.network_sha256),
                "embeddings": template.embeddings,
                "svm_weights": template.svm.weights,
                "svm_bias": np.float64(template.svm.bias),
            },
        )

    def load(self, template_id: str, customer_id: str) -> Template:
        """Return the template of *customer_id*.

        Raises:
            GalleryError: If it is missing, damaged, or another customer's.
        """
        arrays = self._read(template_id, customer_id, "template")
        try:
            with np.errstate(over="ignore"):
                embeddings = arrays["embeddings"].astype(np.float32)
                weights = arrays["svm_weights"].astype(np.float32)
            bias = float(arrays["svm_bias"])
            if embeddings.ndim != 2 or weights.shape != embeddings.shape[1:]:
                raise ValueError("the shapes do not fit together")
            if not (np.isfinite(embeddings).all() and np.isfinite([*weights, bias]).all()):
                raise ValueError("a number is not finite")
            return Template(
                customer_id=customer_id,
                network=str(arrays["network"]),
                network_sha256=str(arrays["network_sha256"]),
                embeddings=embeddings,
                svm=CustomerSvm(weights, bias),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise GalleryError(f"template {template_id} has another layout") from error

    def load_captures(self, template_id: str, customer_id: str) -> list[Capture]:
        """Return the captures that the template was made from, to rebuild it.

        Raises:
            GalleryError: If they are missing, damaged, or another customer's.
        """
        arrays = self._read(template_id, customer_id, "captures")
        try:
            return [_capture(arrays, index) for index in range(int(arrays["count"]))]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise GalleryError(f"captures {template_id} have another layout") from error

    def remove(self, template_id: str, customer_id: str | None = None) -> None:
        """Delete both files of *template_id*; one that is not there is no error.

        Whose face it is does not matter here; a database finds the row by it.
        """
        for purpose in self._keys:
            self._path(template_id, purpose).unlink(missing_ok=True)

    def remove_partials(self) -> None:
        """Delete what killed writers left unfinished; nobody may be writing meanwhile.

        Raises:
            OSError: If the disk refuses.
        """
        for stray in self._folder.glob(".*.partial"):
            stray.unlink(missing_ok=True)

    def ids(self) -> set[str]:
        """Return the ids of all templates and captures on disk, orphans included."""
        return {path.stem for kind in self._keys for path in self._folder.glob(f"*.{kind}")}

    def reseal(self, *, template_key: bytes, capture_key: bytes) -> list[str]:
        """Bring every file that is sealed with these former keys under the present ones.

        It may be killed and called again: each file is old or new. A file that neither keys open
        is left as it is.

        Returns:
            The names of the files that were left.

        Raises:
            OSError: If the disk refuses.
        """
        former = Gallery(self._folder, template_key=template_key, capture_key=capture_key)
        left = []
        for purpose, key in self._keys.items():
            for path in self._folder.glob(f"*.{purpose}"):
                try:
                    key_id, customer_id = _header(path, read_regular(path, _LARGEST))[:2]
                    if key_id == key.key_id:
                        self._open(path.stem, customer_id, purpose)
                    else:
                        plain = former._open(path.stem, customer_id, purpose)
                        self._seal(path.stem, customer_id, purpose, plain)
                except GalleryError:
                    left.append(path.name)
        return sorted(left)

    def _path(self, template_id: str, purpose: str) -> Path:
        return self._folder / f"{template_id}.{purpose}"

    def _write(
        self, template_id: str, customer_id: str, purpose: str, arrays: dict[str, Any]
    ) -> None:
        plain = io.BytesIO()
        np.savez_compressed(plain, allow_pickle=False, **arrays)
        self._seal(template_id, customer_id, purpose, plain.getvalue())

    def _seal(self, template_id: str, customer_id: str, purpose: str, plain: bytes) -> None:
        owner = customer_id.encode("utf-8")
        if len(owner) > 255:
            raise ValueError("a customer id has at most 255 bytes")
        key_id, cipher = self._keys[purpose]
        header = MAGIC + key_id + bytes([len(owner)]) + owner
        nonce = os.urandom(NONCE_BYTES)
        sealed = cipher.encrypt(nonce, plain, _associated(header, template_id, purpose))
        write_whole(self._path(template_id, purpose), header + nonce + sealed)

    def _read(self, template_id: str, customer_id: str, purpose: str) -> dict[str, NDArray[Any]]:
        try:
            return read_arrays(self._open(template_id, customer_id, purpose))
        except ValueError as error:
            path = self._path(template_id, purpose)
            raise GalleryError(f"{path} has another layout") from error

    def _open(self, template_id: str, customer_id: str, purpose: str) -> bytes:
        path = self._path(template_id, purpose)
        try:
            data = read_regular(path, _LARGEST)
        except OSError as error:
            raise GalleryError(f"{path} cannot be read: {error.strerror}") from error
        key_id, owner, start = _header(path, data)
        if key_id != self._keys[purpose].key_id:
            raise GalleryError(f"{path} is damaged, or was sealed with another key")
        if owner != customer_id:
            raise GalleryError(f"{path} is damaged, or belongs to someone else")
        body = start + NONCE_BYTES
        bound_to = _associated(data[:start], template_id, purpose)
        try:
            return self._keys[purpose].cipher.decrypt(data[start:body], data[body:], bound_to)
        except (InvalidTag, ValueError) as error:
            raise GalleryError(f"{path} is damaged, or belongs to someone else") from error


def _capture(arrays: Mapping[str, NDArray[Any]], index: int) -> Capture:
    image, landmarks = arrays[f"image{index}"], arrays[f"landmarks{index}"]
    x, y, width, height = (float(value) for value in arrays[f"box{index}"])
    if image.ndim != 3 or image.dtype != np.uint8 or landmarks.shape != (5, 2):
        raise ValueError("no picture with a face")
    return Capture(image, (x, y, width, height), landmarks)


def _key(key: bytes) -> _Key:
    return _Key(hmac.digest(key, b"gallery key id", "sha256")[:_KEY_ID_BYTES], AESGCM(key))


def _header(path: Path, data: bytes) -> tuple[bytes, str, int]:
    """Return a file's key id, its customer's id, and where its nonce starts; nothing is proven."""
    at = len(MAGIC) + _KEY_ID_BYTES
    end = at + 1 + int.from_bytes(data[at : at + 1])
    if not data.startswith(MAGIC) or len(data) < end:
        raise GalleryError(f"{path} is not a gallery file")
    try:
        return data[len(MAGIC) : at], data[at + 1 : end].decode("utf-8"), end
    except UnicodeDecodeError as error:
        raise GalleryError(f"{path} is damaged") from error


def _associated(header: bytes, template_id: str, purpose: str) -> bytes:
    return b"\0".join([header, purpose.encode(), template_id.encode("utf-8")])
