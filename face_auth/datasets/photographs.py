"""Photographs in folders, one sub-folder per person: listing, decoding and cropping the face."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.camera.opencv import decode_picture
from face_auth.errors import FaceAuthError
from face_auth.recognition.alignment import ALIGNED_SIZE, FIVE_POINTS, similarity
from face_auth.recognition.detection import Face

SUFFIXES: Final = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})

CROP_SIDE: Final = 224
CROP_SCALE: Final = 1.4
"""Pixels of a crop per pixel of the network's aligned face; the rest is margin."""


class ImageError(FaceAuthError):
    """An image file is damaged, or is not an image."""


def people_in(folder: Path) -> dict[str, list[Path]]:
    """Return the image files of each person by the sub-folder's name, both sorted.

    Hidden sub-folders do not count. A person may have no image.

    Raises:
        OSError: If *folder* is not there or cannot be read.
    """
    people = sorted(path for path in folder.iterdir() if path.name[0] != "." and path.is_dir())
    return {
        person.name: sorted(
            file
            for file in person.iterdir()
            if file.suffix.lower() in SUFFIXES and file.name[0] != "."
        )
        for person in people
    }


def read_photograph(data: bytes) -> NDArray[np.uint8]:
    """Decode an image file's content.

    Returns:
        RGB, shape (h, w, 3), values 0 to 255.

    Raises:
        ImageError: If it is damaged, cut off, or no image.
    """
    image = decode_picture(data)
    if image is None:
        raise ImageError("damaged image")
    return image


def aligned_crop(image: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """Return the face turned upright and scaled, with a margin around it.

    Returns:
        RGB, shape (224, 224, 3); the network's 112 px square is 157 px in its middle.
    """
    margin = (CROP_SIDE / CROP_SCALE - ALIGNED_SIZE) / 2
    matrix = similarity(face.landmarks, (FIVE_POINTS + margin) * CROP_SCALE)
    factor = int(1 / np.hypot(matrix[0, 0], matrix[1, 0]))
    if factor >= 2:  # average first, or the camera's noise is sampled into the crop
        height, width = image.shape[0] // factor, image.shape[1] // factor
        part = image[: height * factor, : width * factor]
        image = np.asarray(
            cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
        points = (face.landmarks + 0.5) / factor - 0.5
        matrix = similarity(points, (FIVE_POINTS + margin) * CROP_SCALE)
    crop = cv2.warpAffine(image, matrix, (CROP_SIDE, CROP_SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)
