"""Templates and captures, encrypted at rest.

Each customer has two files under the gallery's folder, both named by the template's id:
`<id>.template` (embeddings and the customer's own SVM) and `<id>.captures` (the face crops that it
was made from, so that another network can rebuild it). Both are AES-256-GCM, each under its own
key; the customer's id, the template's id, the purpose and the format's version are associated
data, so that a file put in another's place does not open.
"""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from face_auth.classifier import CustomerSvm
from face_auth.errors import GalleryError
from face_auth.files import write_whole

MAGIC = b"ATM-GALLERY-1\n"
NONCE_BYTES = 12


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
        self._ciphers = {"template": AESGCM(template_key), "captures": AESGCM(capture_key)}

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
            return Template(
                customer_id=customer_id,
                network=str(arrays["network"]),
                network_sha256=str(arrays["network_sha256"]),
                embeddings=arrays["embeddings"].astype(np.float32),
                svm=CustomerSvm(
                    arrays["svm_weights"].astype(np.float32), float(arrays["svm_bias"])
                ),
            )
        except (KeyError, ValueError) as error:
            raise GalleryError(f"template {template_id} has another layout") from error

    def load_captures(self, template_id: str, customer_id: str) -> list[Capture]:
        """Return the captures that the template was made from, to rebuild it.

        Raises:
            GalleryError: If they are missing, damaged, or another customer's.
        """
        arrays = self._read(template_id, customer_id, "captures")
        try:
            return [
                Capture(
                    arrays[f"image{i}"],
                    tuple(float(v) for v in arrays[f"box{i}"]),  # type: ignore[arg-type]
                    arrays[f"landmarks{i}"],
                )
                for i in range(int(arrays["count"]))
            ]
        except (KeyError, ValueError) as error:
            raise GalleryError(f"captures {template_id} have another layout") from error

    def remove(self, template_id: str) -> None:
        """Delete both files of *template_id*; one that is not there is no error."""
        for purpose in self._ciphers:
            self._path(template_id, purpose).unlink(missing_ok=True)

    def ids(self) -> set[str]:
        """Return the ids of all templates and captures on disk, orphans included."""
        return {path.stem for kind in self._ciphers for path in self._folder.glob(f"*.{kind}")}

    def _path(self, template_id: str, purpose: str) -> Path:
        return self._folder / f"{template_id}.{purpose}"

    def _write(
        self, template_id: str, customer_id: str, purpose: str, arrays: dict[str, Any]
    ) -> None:
        plain = io.BytesIO()
        np.savez_compressed(plain, allow_pickle=False, **arrays)
        nonce = os.urandom(NONCE_BYTES)
        bound_to = _associated(template_id, customer_id, purpose)
        sealed = self._ciphers[purpose].encrypt(nonce, plain.getvalue(), bound_to)
        write_whole(self._path(template_id, purpose), MAGIC + nonce + sealed)

    def _read(self, template_id: str, customer_id: str, purpose: str) -> dict[str, NDArray[Any]]:
        path = self._path(template_id, purpose)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise GalleryError(f"{path} cannot be read: {error.strerror}") from error
        if not data.startswith(MAGIC):
            raise GalleryError(f"{path} is not a gallery file")
        sealed = data[len(MAGIC) :]
        try:
            plain = self._ciphers[purpose].decrypt(
                sealed[:NONCE_BYTES],
                sealed[NONCE_BYTES:],
                _associated(template_id, customer_id, purpose),
            )
        except (InvalidTag, ValueError) as error:
            raise GalleryError(f"{path} is damaged, or belongs to someone else") from error
        with np.load(io.BytesIO(plain), allow_pickle=False) as archive:
            return dict(archive)


def _associated(template_id: str, customer_id: str, purpose: str) -> bytes:
    return b"\0".join(
        [MAGIC, purpose.encode(), template_id.encode("utf-8"), customer_id.encode("utf-8")]
    )
