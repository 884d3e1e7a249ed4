"""MiniFASNetV2-SE, a published network for presentation attack detection, run by OpenCV's dnn.

It was trained on CelebA-Spoof by the project facenox/face-antispoof-onnx (Apache-2.0). On one-face
LFW photographs its score is above -1.7 in 99 % and above 1.4 in 95 %.
"""

import threading
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.models import LIVENESS_FILE, ModelFiles
from face_auth.recognition.detection import Face

FILE: Final = LIVENESS_FILE
SHA256: Final = "af2381b88f38769222ed93379e12444e2a50814575de1c46170de570c55a42b6"
SIDE: Final = 128
AROUND: Final = (1.5, 1.9)
"""Sides of the squares that it looks at, in longer sides of the face's box: it was trained on the
first; both together tell more (docs/liveness.md)."""


class MiniFas:
    """The loaded network. Threads may share it; their calls take turns."""

    def __init__(self, source: Path | ModelFiles) -> None:
        """Load the network.

        Args:
            source: Its file, or the models folder that holds it.

        Raises:
            ModelError: If the file is missing or is not the published one.
        """
        files = source if isinstance(source, ModelFiles) else ModelFiles(liveness=source)
        path = files.path(FILE)
        try:
            data = files.checked(FILE, SHA256)
        except ModelError as error:
            raise ModelError(
                f"{path} is not the liveness network ({SHA256[:12]}...). "
                "Fetch it with: python -m face_auth.models fetch minifas"
            ) from error
        self._lock = threading.Lock()
        try:
            self._network = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except cv2.error as error:
            raise ModelError(f"OpenCV cannot run the liveness network {path}: {error}") from error

    def scores(self, image: NDArray[np.uint8], face: Face) -> NDArray[np.float64]:
        """Return the bona fide scores of a face, one for each of AROUND: real minus spoof.

        Args:
            image: RGB, shape (h, w, 3), values 0 to 255.
            face: Where it is in *image*.

        Returns:
            Differences of logits, unbounded; its authors' threshold is 0.
        """
        crops = np.stack([square(image, face, around) for around in AROUND])
        inputs = crops.astype(np.float32).transpose(0, 3, 1, 2) / 255
        with self._lock:
            self._network.setInput(np.ascontiguousarray(inputs))
            logits = np.asarray(self._network.forward(), np.float64)
        return np.asarray(logits[:, 0] - logits[:, 1])


def square(image: NDArray[np.uint8], face: Face, around: float = AROUND[0]) -> NDArray[np.uint8]:
    """Return the square around the face, missing borders reflected, SIDE x SIDE.

    Args:
        image: RGB, shape (h, w, 3).
        face: Where it is in *image*.
        around: Side of the square in longer sides of the face's box.

    Raises:
        ValueError: If it lies beside the picture.
    """
    x, y, width, height = face.box
    side = max(round(around * max(width, height)), 2)
    left, top = round(x + (width - side) / 2), round(y + (height - side) / 2)
    rows, columns = image.shape[:2]
    part = image[max(top, 0) : top + side, max(left, 0) : left + side]
    if part.size == 0:  # OpenCV would look for its mirror image for ever
        raise ValueError("the face lies beside the picture")
    over = (max(-top, 0), max(top + side - rows, 0), max(-left, 0), max(left + side - columns, 0))
    if any(over):
        part = np.asarray(cv2.copyMakeBorder(part, *over, cv2.BORDER_REFLECT_101), np.uint8)
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=how), np.uint8)
