"""Thumbnails of the pictures that were judged wrongly, for the page of a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2

from face_auth.datasets.folders import REPOSITORY
from face_auth.datasets.photographs import ImageError, read_photograph
from face_auth.evaluation.material import InputError
from face_auth.evaluation.result import Mistake

SIDE: Final = 120
"""Longer side of a thumbnail, px."""
MOST: Final = 60
"""Thumbnails on a page."""
QUALITY: Final = 80


def check_outside_repository(folder: Path) -> None:
    """Check that a page with people's faces is not written among the program's files.

    Raises:
        InputError: If it would be.
    """
    if folder.resolve().is_relative_to(REPOSITORY):
        raise InputError(
            f"--show-mistakes puts people's faces on the page: name a folder outside {REPOSITORY} "
            "with --report."
        )


def thumbnails(mistakes: Sequence[Mistake]) -> list[tuple[Mistake, bytes | None]]:
    """Return the first mistakes, each with its picture as JPEG; None where it cannot be read."""
    return [(mistake, _thumbnail(mistake.path)) for mistake in mistakes[:MOST]]


def _thumbnail(path: Path) -> bytes | None:
    try:
        picture = read_photograph(path)
    except ImageError:
        return None
    scale = SIDE / max(picture.shape[:2])
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", small[:, :, ::-1], (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    return data.tobytes() if done else None
