"""Wire format of faces between kiosk and service: template for a login, new face, picture."""

import io
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from face_auth.gallery import Capture, Template
from face_auth.npz import read_arrays
from face_auth.recognition.classifier import CustomerSvm

DIMENSIONS: Final = 512
MOST_CAPTURES: Final = 10
LARGEST_SIDE: Final = 2000
UNIT_TOLERANCE: Final = 1e-3

_EXCUSED_BYTES = 128
_CLAIMED = struct.Struct(f"<32s{DIMENSIONS}fd{_EXCUSED_BYTES}s")
CLAIMED_BYTES: Final = _CLAIMED.size


class FaceWireError(ValueError):
    """The received data is not a face in this program's format."""


class ClaimedTemplate(NamedTuple):
    """Part of the claimed customer's template that a kiosk needs to verify a face in one login.

    Attributes:
        network_sha256: SHA-256 of the network whose embeddings *svm* scores.
        svm: The claimed customer's SVM.
        excused: As `CredentialRecord.excused`.
    """

    network_sha256: str
    svm: CustomerSvm
    excused: str | None


def pack_claimed(claimed: ClaimedTemplate) -> bytes:
    """Return *claimed* in `CLAIMED_BYTES` bytes, for every customer and every decoy.

    The enrolled embeddings are not sent, because the SVM alone scores a login.
    """
    excused = (claimed.excused or "").encode("ascii")
    if len(excused) > _EXCUSED_BYTES:
        raise FaceWireError("too many movements are excused")
    network = bytes.fromhex(claimed.network_sha256)
    return _CLAIMED.pack(network, *claimed.svm.weights.tolist(), claimed.svm.bias, excused)


def unpack_claimed(data: bytes) -> ClaimedTemplate:
    """Return the template that `pack_claimed` packed.

    Raises:
        FaceWireError: If *data* is not of that form.
    """
    try:
        network, *weights, bias, excused = _CLAIMED.unpack(data)
    except struct.error as error:
        raise FaceWireError("not a template of this program") from error
    if not np.isfinite([*weights, bias]).all():
        raise FaceWireError("a number is not finite")
    svm = CustomerSvm(np.asarray(weights, np.float32), bias)
    return ClaimedTemplate(network.hex(), svm, excused.rstrip(b"\0").decode("ascii") or None)


def pack_face(template: Template, captures: Sequence[Capture]) -> bytes:
    """Return a new face as an .npz file, without the customer's id."""
    arrays: dict[str, Any] = {
        "network": np.asarray(template.network),
        "network_sha256": np.asarray(template.network_sha256),
        "embeddings": template.embeddings,
        "svm_weights": template.svm.weights,
        "svm_bias": np.float64(template.svm.bias),
        "count": np.int64(len(captures)),
    }
    for index, capture in enumerate(captures):
        arrays[f"image{index}"] = capture.image
        arrays[f"box{index}"] = np.asarray(capture.box, np.float32)
        arrays[f"landmarks{index}"] = capture.landmarks
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def unpack_face(data: bytes, customer_id: str) -> tuple[Template, list[Capture]]:
    """Return the new face in *data* as that of *customer_id*.

    Raises:
        FaceWireError: If `pack_face` cannot have written it.
    """
    try:
        arrays = read_arrays(data)
        count = int(arrays["count"])
        if not 1 <= count <= MOST_CAPTURES:
            raise FaceWireError("an impossible number of pictures")
        captures = [_capture(arrays, index) for index in range(count)]
        svm = CustomerSvm(_numbers(arrays["svm_weights"], (DIMENSIONS,)), float(arrays["svm_bias"]))
        template = Template(
            customer_id=customer_id,
            network=str(arrays["network"])[:100],
            network_sha256=str(arrays["network_sha256"]),
            embeddings=_numbers(arrays["embeddings"], (count, DIMENSIONS)),
            svm=svm,
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FaceWireError(f"not a face of this program: {error}") from error
    lengths = np.linalg.norm(template.embeddings, axis=1)
    if not np.isfinite(svm.bias) or not (np.abs(lengths - 1) <= UNIT_TOLERANCE).all():
        raise FaceWireError("an embedding is not a unit vector")
    return template, captures


def pack_image(image: NDArray[np.uint8]) -> bytes:
    """Return one picture, RGB, shape (h, w, 3), as an .npz file."""
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, image=image)
    return packed.getvalue()


def unpack_image(data: bytes) -> NDArray[np.uint8]:
    """Return the picture that `pack_image` packed.

    Raises:
        FaceWireError: If *data* is not of that form.
    """
    try:
        return _image(read_arrays(data)["image"])
    except (KeyError, ValueError) as error:
        raise FaceWireError("not a picture of this program") from error


def _capture(arrays: Mapping[str, NDArray[Any]], index: int) -> Capture:
    box = _numbers(arrays[f"box{index}"], (4,))
    x, y, width, height = (float(value) for value in box)
    landmarks = _numbers(arrays[f"landmarks{index}"], (5, 2))
    return Capture(_image(arrays[f"image{index}"]), (x, y, width, height), landmarks)


def _image(found: NDArray[Any]) -> NDArray[np.uint8]:
    fits = found.ndim == 3 and found.dtype == np.uint8 and found.shape[2:] == (3,)
    if not fits or not min(found.shape) > 0 or max(found.shape) > LARGEST_SIDE:
        raise FaceWireError("not an RGB picture")
    return found


def _numbers(found: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if found.shape != shape or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise FaceWireError("an array has a wrong shape, or numbers that are not finite")
    return found.astype(np.float32)
