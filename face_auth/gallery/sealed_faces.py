"""The stored form of a face, a template or captures, and its encryption.

The cipher is AES-256-GCM with a key for each purpose. The format's version, the key's id, the
customer's id, the template's id and the purpose are associated data, so a file that was put in
another's place does not open.

    magic and version, 14 bytes | key id, 4 | length of the customer's id, 1 | the id | nonce, 12 |
    ciphertext and tag
"""

import hmac
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from face_auth.errors import GalleryError
from face_auth.npz import read_arrays
from face_auth.recognition.classifier import CustomerSvm

MAGIC = b"ATM-GALLERY-2\n"
NONCE_BYTES = 12

_KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """One face image from the camera, cut out with a wide margin.

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
    """The biometric reference of one customer, made by one network.

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


class FaceSeal:
    """The encryption of stored faces for one purpose; safe to use from several threads."""

    def __init__(self, purpose: str, key: bytes, *, older: Iterable[bytes] = ()) -> None:
        """Encrypt with *key*, 32 secret bytes; decrypt with it and with *older* ones."""
        self._purpose = purpose
        self._ciphers = {_key_id(each): AESGCM(each) for each in (*older, key)}
        self.key_id = _key_id(key)

    def seal(self, plain: bytes, template_id: str, customer_id: str) -> bytes:
        """Return *plain* encrypted for its place.

        Raises:
            ValueError: If *customer_id* has more than 255 bytes.
        """
        owner = customer_id.encode("utf-8")
        if len(owner) > 255:
            raise ValueError("a customer id has at most 255 bytes")
        header = MAGIC + self.key_id + bytes([len(owner)]) + owner
        nonce = os.urandom(NONCE_BYTES)
        bound_to = self._associated(header, template_id)
        return header + nonce + self._ciphers[self.key_id].encrypt(nonce, plain, bound_to)

    def open(self, data: bytes, template_id: str, customer_id: str, *, where: object) -> bytes:
        """Return the plain text of *data*; *where* names the file in an error's message.

        Raises:
            GalleryError: If it is damaged, belongs elsewhere, or its key is not here.
        """
        key_id, owner, start = read_header(data, where)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise GalleryError(f"{where} is damaged, or was sealed with another key")
        if owner != customer_id:
            raise GalleryError(f"{where} is damaged, or belongs to someone else")
        body = start + NONCE_BYTES
        bound_to = self._associated(data[:start], template_id)
        try:
            return cipher.decrypt(data[start:body], data[body:], bound_to)
        except (InvalidTag, ValueError) as error:
            raise GalleryError(f"{where} is damaged, or belongs to someone else") from error

    def _associated(self, header: bytes, template_id: str) -> bytes:
        return b"\0".join([header, self._purpose.encode(), template_id.encode("utf-8")])


def read_header(data: bytes, where: object) -> tuple[bytes, str, int]:
    """Return the key's id, the customer's id and the nonce's offset, all unauthenticated.

    Raises:
        GalleryError: If *data* does not begin as `FaceSeal.seal` lets it.
    """
    at = len(MAGIC) + _KEY_ID_BYTES
    end = at + 1 + int.from_bytes(data[at : at + 1])
    if not data.startswith(MAGIC) or len(data) < end:
        raise GalleryError(f"{where} is not a gallery file")
    try:
        return data[len(MAGIC) : at], data[at + 1 : end].decode("utf-8"), end
    except UnicodeDecodeError as error:
        raise GalleryError(f"{where} is damaged") from error


def pack_template(template: Template) -> bytes:
    """Return *template* as bytes, without the customer's id."""
    return _packed(
        {
            "network": np.asarray(template.network),
            "network_sha256": np.asarray(template.network_sha256),
            "embeddings": template.embeddings,
            "svm_weights": template.svm.weights,
            "svm_bias": np.float64(template.svm.bias),
        }
    )


def unpack_template(plain: bytes, customer_id: str) -> Template:
    """Return the template that `pack_template` wrote.

    Raises:
        KeyError, TypeError, ValueError: If it is anything else.
    """
    arrays = read_arrays(plain)
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


def pack_captures(captures: Sequence[Capture]) -> bytes:
    """Return *captures* as bytes."""
    arrays: dict[str, Any] = {"count": np.int64(len(captures))}
    for index, capture in enumerate(captures):
        arrays[f"image{index}"] = capture.image
        arrays[f"box{index}"] = np.asarray(capture.box, np.float32)
        arrays[f"landmarks{index}"] = capture.landmarks
    return _packed(arrays)


def unpack_captures(plain: bytes) -> list[Capture]:
    """Return the captures that `pack_captures` wrote.

    Raises:
        KeyError, TypeError, ValueError, OverflowError: If it is anything else.
    """
    arrays = read_arrays(plain)
    return [_capture(arrays, index) for index in range(int(arrays["count"]))]


def _packed(arrays: Mapping[str, Any]) -> bytes:
    plain = io.BytesIO()
    np.savez_compressed(plain, allow_pickle=False, **arrays)
    return plain.getvalue()


def _capture(arrays: Mapping[str, NDArray[Any]], index: int) -> Capture:
    image, landmarks = arrays[f"image{index}"], arrays[f"landmarks{index}"]
    x, y, width, height = (float(value) for value in arrays[f"box{index}"])
    if image.ndim != 3 or image.dtype != np.uint8 or landmarks.shape != (5, 2):
        raise ValueError("no picture with a face")
    return Capture(image, (x, y, width, height), landmarks)


def _key_id(key: bytes) -> bytes:
    return hmac.digest(key, b"gallery key id", "sha256")[:_KEY_ID_BYTES]
