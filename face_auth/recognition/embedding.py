"""The embedding network: Inception-ResNet V1 on LiteRT, from framed faces to unit embeddings."""

import threading
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.models import DIMENSIONS, MODELS, Framing, ModelCard, ModelFiles, load_card
from face_auth.recognition.alignment import align, crop_with_margin
from face_auth.recognition.litert import make_interpreter

LARGEST_BATCH: Final = 8
"""More at once is no faster for each face, and takes memory."""


class LocatedFace(Protocol):
    """The box and landmarks of a face in a photograph, px; a detector's Face is one."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return x, y, width, height."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """Return five points x, y, shape (5, 2)."""


class Network:
    """One loaded embedding network. Threads may share it; their calls take turns."""

    def __init__(
        self, card: ModelCard, model: bytes, *, threads: int = 2, mirror: bool = True
    ) -> None:
        """Prepare a network.

        Args:
            card: What the model card says about it.
            model: A .tflite file with float input (n, size, size, 3), output (n, 512).
            threads: For LiteRT.
            mirror: Whether to average each face's embedding with that of its mirror image, which
                recognises better and takes twice as long.

        Raises:
            ModelError: If *model* is no such network.
        """
        self.card = card
        self._mirror = mirror
        self._lock = threading.Lock()
        try:
            self._interpreter = make_interpreter(model, threads)
            self._interpreter.allocate_tensors()
            (source,) = self._interpreter.get_input_details()
            (result,) = self._interpreter.get_output_details()
            shapes = tuple(source["shape"]), tuple(result["shape"])
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"LiteRT cannot run the network {card.file}: {error}") from error
        if shapes != ((1, self.size, self.size, 3), (1, DIMENSIONS)):
            raise ModelError(f"{card.file} is another network than its card says: {shapes}")
        self._source, self._result = source["index"], result["index"]
        self._batch = 1

    @property
    def name(self) -> str:
        """The name under which the model card knows the network."""
        return self.card.name

    @property
    def sha256(self) -> str:
        """The SHA-256 of the network's file; a template belongs to exactly one."""
        return self.card.sha256

    @property
    def size(self) -> int:
        """Width and height of its input, px."""
        return self.card.size

    def frame_face(
        self,
        image: NDArray[np.uint8],
        face: LocatedFace,
        aligned: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """Return the face, framed as this network expects it.

        Args:
            image: RGB, shape (h, w, 3).
            face: Where it is in *image*.
            aligned: The face as `align` gives it, where somebody has aligned it already.

        Returns:
            RGB, shape (size, size, 3).

        Raises:
            ValueError: If the image has another shape, or the face lies nowhere in it.
        """
        if self.card.framing is Framing.FIVE_POINTS:
            return align(image, face.landmarks) if aligned is None else aligned
        return crop_with_margin(image, face.box, self.size, self.card.margin)

    def embed(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return one embedding per framed face.

        Args:
            faces: RGB, shape (n, size, size, 3), values 0 to 255.

        Returns:
            Unit-length rows, shape (n, 512), in the order of *faces*; a row does not depend on
            the others of its batch.

        Raises:
            ValueError: If *faces* has another shape or type.
        """
        if faces.dtype != np.uint8 or faces.shape[1:] != (self.size, self.size, 3):
            raise ValueError(f"not faces of {self.size} px: {faces.shape}, {faces.dtype}")
        if not self._mirror:
            return self._run(faces)
        # Side by side, so that one face and its mirror image are one batch of two.
        both = np.stack([faces, faces[:, :, ::-1]], axis=1).reshape(-1, *faces.shape[1:])
        mean = self._run(both).reshape(len(faces), 2, DIMENSIONS).sum(axis=1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)

    def _run(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = np.empty((len(faces), DIMENSIONS), np.float32)
        for start in range(0, len(faces), LARGEST_BATCH):
            part = faces[start : start + LARGEST_BATCH]
            values = (part.astype(np.float32) - 127.5) / 127.5
            with self._lock:
                if len(part) != self._batch:
                    self._interpreter.resize_tensor_input(self._source, values.shape)
                    self._interpreter.allocate_tensors()
                    self._batch = len(part)
                self._interpreter.set_tensor(self._source, values)
                self._interpreter.invoke()
                rows[start : start + len(part)] = self._interpreter.get_tensor(self._result)
        return rows


def load_network(
    name: str = "bundled",
    folder: Path | ModelFiles = MODELS,
    threads: int = 2,
    *,
    mirror: bool = True,
) -> Network:
    """Return a network, its file checked against the model card.

    Raises:
        ModelError: If card or file is missing, damaged or does not fit; the sentence says what
            to do.
    """
    card = load_card(name, folder)
    model = card.files.checked(card.file, card.sha256)
    return Network(card, model, threads=threads, mirror=mirror)
