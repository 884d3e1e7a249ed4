"""Face detection in images of any size: boxes, five landmarks and confidence."""

import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.models import MODELS, ModelFiles, read_listed
from face_auth.recognition.cascade import (
    FRAME_HEIGHT,
    FRAME_WIDTH,
    PNET_WINDOW,
    STRICT,
    Cascade,
    Scores,
)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face, in pixels of the detector's input image.

    Attributes:
        box: x, y, width, height; inside the image.
        landmarks: x, y of the image-left eye, the image-right eye, the nose, the image-left and
            the image-right corner of the mouth, shape (5, 2); may lie outside the image.
        confidence: How sure the last network is: above the detector's last threshold, at most 1.
    """

    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    confidence: float

    @property
    def height(self) -> float:
        """Height of the box, px."""
        return self.box[3]


@dataclass(frozen=True, slots=True)
class Placement:
    """The position and scale of an image in the letterboxed frame.

    Attributes:
        scale: Width and height of a pixel of the image in the frame, px.
        corner: Left and top of the image in the frame, px.
    """

    scale: tuple[float, float]
    corner: tuple[int, int]

    def to_image(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert x, y in the frame, shape (..., 2), to x, y in the image.

        A whole number is the middle of a pixel in both.
        """
        inner = points - np.array(self.corner, np.float32) + 0.5
        return np.asarray(inner / np.array(self.scale) - 0.5, np.float32)


def letterbox(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Placement]:
    """Fit an image into a frame of 640 x 480: enlarged or reduced, aspect kept, black bars.

    Args:
        image: RGB, shape (h, w, 3), values 0 to 255.

    Returns:
        The frame, shape (480, 640, 3), and where the image lies in it. An image that has that
        shape already is returned itself.

    Raises:
        ValueError: If *image* has another shape or type.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"not an RGB image of bytes: shape {image.shape}, {image.dtype}")
    height, width = image.shape[:2]
    if (width, height) == (FRAME_WIDTH, FRAME_HEIGHT):
        return image, Placement((1.0, 1.0), (0, 0))
    scale = min(FRAME_WIDTH / width, FRAME_HEIGHT / height)
    inner_width, inner_height = max(round(width * scale), 1), max(round(height * scale), 1)
    left, top = (FRAME_WIDTH - inner_width) // 2, (FRAME_HEIGHT - inner_height) // 2
    frame = np.zeros((FRAME_HEIGHT, FRAME_WIDTH, 3), np.uint8)
    frame[top : top + inner_height, left : left + inner_width] = cv2.resize(
        image,
        (inner_width, inner_height),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    return frame, Placement((inner_width / width, inner_height / height), (left, top))


class Detector:
    """The face detector (MTCNN). Any thread may call it; calls take turns."""

    def __init__(
        self,
        folder: Path | ModelFiles = MODELS,
        *,
        min_face: int = 100,
        threads: int = 1,
        scores: Scores = STRICT,
    ) -> None:
        """Load the three networks; 15 ms.

        Args:
            folder: Holds mtcnn_pnet.tflite, mtcnn_rnet.tflite and mtcnn_onet.tflite.
            min_face: Smallest face of interest, px of the letterboxed 640 x 480 frame.
            threads: How many processor threads one network may use. More than one gained
                nothing: the networks are too small. For throughput, give each of several threads
                a detector of its own.
            scores: What a face must exceed in each of the three networks.

        Raises:
            ModelError: If a file is missing or damaged.
            ValueError: If *min_face* is below 12 or above 480.
        """
        if not PNET_WINDOW <= min_face <= FRAME_HEIGHT:
            raise ValueError(f"min_face must be from {PNET_WINDOW} to {FRAME_HEIGHT} px")
        self._lock = threading.Lock()
        source = ModelFiles.of(folder)
        files = [
            read_listed("mtcnn", f"mtcnn_{name}.tflite", source)
            for name in ("pnet", "rnet", "onet")
        ]
        try:
            self._cascade = Cascade(files[0], files[1], files[2], min_face, threads, scores)
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"The face detector's files in {source.folder} do not run ({error}). "
                "Make them again: python -m face_auth.models convert mtcnn"
            ) from error

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """Return the faces in an image, the highest box first.

        Args:
            image: RGB, shape (h, w, 3), values 0 to 255; letterboxed to 640 x 480 first.

        Raises:
            ValueError: If *image* has another shape or type.
        """
        frame, placement = letterbox(image)
        with self._lock:
            found = self._cascade.find(frame)
        edge = np.array([image.shape[1], image.shape[0]], np.float32) - 1
        corners = np.clip(placement.to_image(found.boxes.reshape(-1, 2, 2)), 0, edge)
        landmarks = placement.to_image(found.landmarks)
        faces = [
            Face((x1, y1, x2 - x1, y2 - y1), points, score)
            for ((x1, y1), (x2, y2)), points, score in zip(
                corners.tolist(), landmarks, found.scores.tolist(), strict=True
            )
        ]
        return sorted(faces, key=lambda face: -face.height)
